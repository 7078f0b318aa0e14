// SPDX-License-Identifier: MIT
// Any bytes as a client and as a server of RTMP, into lb/rtmp_peek.h and what it is made of: however they are cut, the same
// comes of it; what is said to the two is well formed, and nothing that the client said is lost. Chunks are compared with a
// plain twin.
//
//   input = length of the client's part (2 bytes), what the client says behind C2, what the server says behind S2
//   cuts  = from the input's sum
#include <algorithm>
#include <random>

#include "lb/amf0.h"
#include "lb/rtmp_peek.h"
#include "lb/stream_key.h"
#include "tests/fuzz/plain_rtmp.h"
#include "tests/fuzz/target.h"

namespace fuzz {
namespace {

using Bytes = std::vector<uint8_t>;
using Octets = std::span<const uint8_t>;
using lb::RtmpPeek;
using State = RtmpPeek::State;

constexpr size_t kHandshake = 1 + 2 * lb::kRtmpHandshake;

Bytes behind_handshake(Octets said) {
  Bytes all(kHandshake, 0);
  all[0] = 3;
  all.insert(all.end(), said.begin(), said.end());
  return all;
}

// Pieces of 1 to `longest` bytes, each in memory of exactly its size, for AddressSanitizer.
class Pieces {
 public:
  Pieces(const Bytes& bytes, size_t longest, unsigned seed)
      : bytes_(bytes), longest_(longest), random_(seed) {}
  [[nodiscard]] size_t taken() const { return at_; }
  Bytes next(size_t most) {
    const size_t size = std::min({1 + random_() % longest_, bytes_.size() - at_, most});
    const auto begin = bytes_.begin() + static_cast<long>(at_);
    at_ += size;
    return {begin, begin + static_cast<long>(size)};
  }

 private:
  const Bytes& bytes_;
  const size_t longest_;
  std::mt19937 random_;
  size_t at_ = 0;
};

PlainRtmp read_chunks(const Bytes& stream, size_t longest, unsigned seed) {
  PlainRtmp read;
  lb::RtmpChunks chunks;
  Pieces pieces(stream, longest, seed);
  for (Bytes piece = pieces.next(SIZE_MAX); !piece.empty(); piece = pieces.next(SIZE_MAX)) {
    Octets bytes(piece);
    while (const auto message = chunks.next(bytes))
      read.messages.push_back(
          {static_cast<uint8_t>(message->type), {message->payload.begin(), message->payload.end()}});
    require(bytes.empty() || chunks.fault() != lb::RtmpFault::kNone, "all bytes are taken");
  }
  read.fault = chunks.fault();
  read.chunk_size = chunks.chunk_size();
  return read;
}

// Whatever is in a message, its values end where it ends.
void require_values_inside(const PlainRtmpMessage& message) {
  lb::Amf0Reader reader(message.payload);
  unsigned values = 0;
  while (!reader.is_at_end()) {
    lb::Amf0Reader twin = reader;
    if (const auto text = twin.string())
      require(text->empty() || (text->data() >= reinterpret_cast<const char*>(message.payload.data()) &&
                                text->size() < message.payload.size()),
              "a string lies in its message");
    if (reader.skip()) ++values;
  }
  require(values <= message.payload.size(), "each value takes a byte at least");
}

struct Outcome {
  State state{};
  lb::RtmpFault fault{};
  std::string host, app, stream;
  Bytes to_client, to_server;
  size_t client_taken = 0;
  uint32_t discarded = 0, written = 0;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome converse(const Bytes& client, const Bytes& server, size_t longest, unsigned seed) {
  RtmpPeek peek(1);
  Bytes client_room(RtmpPeek::kMostToClient), server_room(RtmpPeek::kMostToServer);
  lb::ByteSink to_client(client_room), to_server(server_room);
  Pieces said(client, longest, seed), answered(server, longest, seed + 1);
  const auto listen = [&] {
    while (peek.state() != State::kFailed && peek.state() != State::kSpliced) {
      const Bytes piece = said.next(peek.room());
      if (piece.empty()) break;
      peek.from_client(piece, to_client);
    }
  };
  listen();
  peek.open(to_server);
  while (peek.state() == State::kOpening) {
    const Bytes piece = answered.next(SIZE_MAX);
    if (piece.empty()) break;
    const size_t taken = peek.from_server(piece, to_server, to_client);
    require(taken == piece.size() || peek.state() != State::kOpening,
            "a server's bytes are taken until the splice");
  }
  const lb::RtmpName& name = peek.name();
  return {peek.state(),
          peek.fault(),
          std::string(name.host()),
          std::string(name.app()),
          std::string(name.stream()),
          {to_client.bytes().begin(), to_client.bytes().end()},
          {to_server.bytes().begin(), to_server.bytes().end()},
          peek.state() == State::kSpliced ? said.taken() : 0,
          peek.discarded(),
          peek.written()};
}

void require_sense(const Outcome& outcome, const Bytes& client) {
  require(outcome.written == outcome.to_client.size(), "what was written is counted");
  require((outcome.state == State::kFailed) == (outcome.fault != lb::RtmpFault::kNone), "who fails says why");
  const Bytes told(
      outcome.to_client.begin() + static_cast<long>(std::min(kHandshake, outcome.to_client.size())),
      outcome.to_client.end());
  const PlainRtmp answers = read_rtmp_plainly(told);
  require(answers.fault == lb::RtmpFault::kNone, "a client can read what it is told");
  if (outcome.state == State::kSpliced) {
    require(outcome.to_server.size() == outcome.client_taken,
            "the server gets as many bytes as the client said");
    require(std::equal(outcome.to_server.begin() + kHandshake, outcome.to_server.end(),
                       client.begin() + kHandshake),
            "the server gets the client's bytes");
  }
  (void)lb::StreamKey::make(outcome.host, outcome.app, outcome.stream);
}

}  // namespace
}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const fuzz::Octets all(data + 2, size - 2);
  const size_t middle = std::min<size_t>(data[0] << 8 | data[1], all.size());
  const fuzz::Bytes client(all.begin(), all.begin() + static_cast<long>(middle));
  const fuzz::Bytes server(all.begin() + static_cast<long>(middle), all.end());
  unsigned sum = 0;
  for (const uint8_t byte : all) sum = sum * 31 + byte;
  const size_t longest = sum % 3 == 0 ? 3 : sum % 3 == 1 ? 100 : 1448;

  for (const fuzz::Bytes& stream : {client, server}) {
    const fuzz::PlainRtmp plain = fuzz::read_rtmp_plainly(stream);
    fuzz::require(fuzz::read_chunks(stream, longest, sum) == plain, "messages are the plain twin's");
    for (const fuzz::PlainRtmpMessage& message : plain.messages) fuzz::require_values_inside(message);
  }
  const fuzz::Bytes said = fuzz::behind_handshake(client), answered = fuzz::behind_handshake(server);
  const fuzz::Outcome whole = fuzz::converse(said, answered, SIZE_MAX / 2, sum);
  fuzz::require_sense(whole, said);
  fuzz::require(fuzz::converse(said, answered, longest, sum) == whole,
                "however it is cut, the same comes of it");
  fuzz::count(whole.state == fuzz::State::kSpliced);
  return 0;
}
