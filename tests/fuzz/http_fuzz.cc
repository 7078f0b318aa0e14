// SPDX-License-Identifier: MIT
// Any bytes as one direction of a TCP connection into lb/http_stream.h, and into lb/whip_text.h: however they are cut,
// doubled and put out of order, what is handed over is what the plain twin finds in the whole.
//
//   input = steer (4 bytes), text
//   steer = longest segment, by kLongest | how far a segment may be late | one in so many comes twice | sequence number
#include <algorithm>
#include <memory>
#include <random>
#include <string>

#include "lb/http_stream.h"
#include "lb/whip_text.h"
#include "tests/fuzz/plain_http.h"
#include "tests/fuzz/target.h"

namespace fuzz {
namespace {

using Octets = std::span<const uint8_t>;
using Messages = std::vector<PlainMessage>;

constexpr size_t kLongest[] = {1, 7, 64, 285, 536, 1400, 4000, 9000};
constexpr size_t kMostSegments = 512;

struct Segment {
  size_t begin = 0, length = 0;
};

void require_same_text(const std::string& location, const std::string& body) {
  const auto credentials = lb::ice_credentials(body);
  const auto plain = ice_credentials_plainly(body);
  require(credentials.has_value() == plain.has_value(),
          "credentials are there when the plain twin finds them");
  if (plain) {
    require(credentials->ufrag.view() == plain->ufrag, "the ufrag is the plain twin's");
    require(credentials->password.view() == plain->password, "the password is the plain twin's");
  }
  const auto name = lb::named_session(location, body);
  const auto plain_name = named_session_plainly(location, body);
  require(name.has_value() == plain_name.has_value(), "a session is named when the plain twin finds it");
  if (name) require(name->view() == *plain_name, "the session's name is the plain twin's");
}

class Connection {
 public:
  Connection(Octets text, uint32_t sequence) : text_(text), sequence_(sequence) { stream_->begin(sequence); }

  void add(const Segment& segment) {
    // of exactly its size, for AddressSanitizer
    const std::vector<uint8_t> bytes(text_.begin() + static_cast<long>(segment.begin),
                                     text_.begin() + static_cast<long>(segment.begin + segment.length));
    stream_->add(sequence_ + static_cast<uint32_t>(segment.begin), bytes);
    read();
  }
  const Messages& end() {
    stream_->end();
    read();
    return messages_;
  }

 private:
  void require_inside(std::string_view text) const {
    if (text.empty()) return;
    const auto* begin = reinterpret_cast<const char*>(stream_.get());
    require(text.data() >= begin && text.data() + text.size() <= begin + sizeof(lb::HttpStream),
            "what is handed over lies in the buffer");
  }
  void read() {
    while (const auto message = stream_->next()) {
      const lb::HttpHead& head = message->head;
      for (const std::string_view text : {head.method, head.location, message->body}) require_inside(text);
      messages_.push_back({head.request, head.status, std::string(head.method), std::string(head.location),
                           std::string(message->body)});
    }
  }

  const Octets text_;
  const uint32_t sequence_;
  const std::unique_ptr<lb::HttpStream> stream_ = std::make_unique<lb::HttpStream>();
  Messages messages_;
};

std::vector<Segment> cut(size_t size, size_t longest, std::mt19937& random) {
  std::vector<Segment> segments;
  longest = std::max(longest, size / kMostSegments + 1);
  for (size_t at = 0; at < size; at += segments.back().length)
    segments.push_back({at, std::min(1 + random() % longest, size - at)});
  return segments;
}

Messages read_in_order(Octets text) {
  Connection connection(text, 1);
  for (size_t at = 0; at < text.size(); at += 1400)
    for (unsigned twice = 0; twice < 2; ++twice)  // the second time what had no room at first
      connection.add({at, std::min<size_t>(1400, text.size() - at)});
  return connection.end();
}

Messages read_as_it_comes(Octets steer, Octets text) {
  std::mt19937 random(steer[0] + steer[1] * 256U + steer[2] * 65536U);
  const std::vector<Segment> in_order = cut(text.size(), kLongest[steer[0] % 8], random);
  std::vector<Segment> sent;
  for (const Segment& segment : in_order) {
    sent.push_back(segment);
    if (steer[2] != 0 && random() % steer[2] == 0) sent.push_back(segment);
  }
  const size_t late = steer[1] % 32;
  for (size_t i = 0; i < sent.size(); ++i)
    std::swap(sent[i], sent[std::min(i + random() % (late + 1), sent.size() - 1)]);
  Connection connection(text, steer[3] * 0x01010101U);
  for (const Segment& segment : sent) connection.add(segment);
  // What fell out of the window, or made a hole too many, comes again: a window or a hole is filled by each round.
  for (size_t round = 0; round < 2 * (1 + text.size() / lb::StreamBuffer::kCapacity); ++round)
    for (const Segment& segment : in_order) connection.add(segment);
  return connection.end();
}

}  // namespace
}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kSteer = 4;
  if (size < kSteer) return 0;
  const fuzz::Octets steer(data, kSteer), text(data + kSteer, size - kSteer);
  const std::string whole(reinterpret_cast<const char*>(text.data()), text.size());
  const fuzz::Messages plain = fuzz::read_http_plainly(whole);
  fuzz::count(!plain.empty());
  fuzz::require(fuzz::read_in_order(text) == plain, "in order, messages are the plain twin's");
  fuzz::require(fuzz::read_as_it_comes(steer, text) == plain,
                "however it is cut, messages are the plain twin's");
  fuzz::require_same_text(whole, whole);
  for (const fuzz::PlainMessage& message : plain) fuzz::require_same_text(message.location, message.body);
  return 0;
}
