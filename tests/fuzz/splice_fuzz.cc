// SPDX-License-Identifier: MIT
// Any TCP segments of both ends of a flow with a PROXY header. Until the server has acknowledged the header, no byte in its place is
// another than the header's; nothing but the header comes before the server's answer to the SYN, or in a SYN; what the server sends
// keeps its bytes; checksums stay right.
//
//   input = way (1 byte)            one of four pairs of families
//           record*
//   record = head (1 byte)          bit 0 of the server; bits 1-3 n: 8 n bytes of payload; bits 4-7 words of options, 10 at most
//            flags (1 byte)         TCP's
//            number (2 bytes)       signed, from the stream's first byte: the client's sequence number, the server's acknowledgement
//            window (2 bytes)
//            options, payload       zeros where the input ends before them
#include <algorithm>
#include <span>

#include "tests/fuzz/target.h"
#include "tests/lb/splice_rig.h"

namespace fuzz {
namespace {

using namespace lb;
using test::Bytes;
using test::Outcome;
using test::SegmentSeen;

constexpr unsigned kInputsPerWorld = 64;

struct Record {
  bool of_server = false;
  uint8_t flags = 0;
  int16_t number = 0;
  uint16_t window = 0;
  Bytes options, payload;
};

Bytes take(std::span<const uint8_t>& input, size_t count) {
  const size_t there = std::min(count, input.size());
  Bytes bytes(input.begin(), input.begin() + static_cast<ptrdiff_t>(there));
  bytes.resize(count);
  input = input.subspan(there);
  return bytes;
}

Record next_record(std::span<const uint8_t>& input) {
  const Bytes head = take(input, 6);
  Record record;
  record.of_server = (head[0] & 1) != 0;
  record.flags = head[1];
  record.number = static_cast<int16_t>(head[2] << 8 | head[3]);
  record.window = static_cast<uint16_t>(head[4] << 8 | head[5]);
  record.options = take(input, 4 * std::min<size_t>(head[0] >> 4, 10));
  record.payload = take(input, 8 * (head[0] >> 1 & 7U));
  return record;
}

// One flow after the other between the same two ends.
class Flow {
 public:
  explicit Flow(const test::SpliceWay& way) : rig_(way, 0xfffffff0) {}

  void run(std::span<const uint8_t> input) {
    while (!input.empty()) {
      const Record record = next_record(input);
      record.of_server ? from_server(record) : from_client(record);
    }
  }

 private:
  static bool has(uint8_t flags, uint8_t flag) { return (flags & flag) != 0; }
  [[nodiscard]] uint32_t number(const Record& record) const {
    return rig_.base() + static_cast<uint32_t>(int32_t{record.number});
  }

  static Bytes said(test::FrameBuilder segment, const Record& record) {
    return segment.flags(record.flags)
        .window(record.window)
        .tcp_options(record.options)
        .payload(record.payload);
  }

  void from_client(const Record& record) {
    const Endpoint before = rig_.lip();
    const Outcome out = rig_.to_server(said(rig_.client().sequence(number(record)), record));
    count(out.action == Action::kTx);
    if (out.action != Action::kTx) return;
    if (rig_.lip() != before) answered_ = acknowledged_ = doubted_ = false;
    const SegmentSeen seen = test::segment_of(out.frame);
    require(seen.checksums_hold, "the server gets right checksums");
    require(seen.options.size() == record.options.size(), "options keep their length");
    if (has(seen.flags, tcp_flag::kSyn)) {
      doubted_ = answered_;
      return require(seen.payload.empty(), "a SYN has no payload");
    }
    if (has(seen.flags, tcp_flag::kRst)) return;
    require(!doubted_ || seen.payload.empty(), "nothing comes before the server's answer to another SYN");
    if (acknowledged_) return;
    require(answered_, "nothing comes before the server's answer");
    const Bytes header = rig_.header();
    for (size_t i = 0; i < seen.payload.size(); ++i) {
      const uint32_t place = seen.sequence + static_cast<uint32_t>(i) - base_;
      require(place >= header.size() || seen.payload[i] == header[place], "only Cleat writes the header");
    }
  }

  void from_server(const Record& record) {
    if (rig_.lip().port == 0) return;
    const Outcome out =
        rig_.to_client(said(rig_.server().sequence(4711).acknowledge(number(record)), record));
    count(out.action == Action::kTx);
    if (out.action != Action::kTx) return;
    const SegmentSeen seen = test::segment_of(out.frame);
    require(seen.checksums_hold, "the client gets right checksums");
    require(seen.sequence == 4711 && seen.payload == record.payload && seen.flags == record.flags,
            "what the server sends is untouched");
    require(seen.window <= record.window, "no window grows");
    require(seen.options.size() == record.options.size(), "options keep their length");
    if (!has(record.flags, tcp_flag::kAck)) return;
    if (has(record.flags, tcp_flag::kSyn)) {
      acknowledged_ = acknowledged_ && !doubted_ && base_ == number(record);
      answered_ = true;
      doubted_ = false;
      base_ = number(record);
    } else if (answered_ && !has(record.flags, tcp_flag::kRst)) {
      doubted_ = false;
      acknowledged_ |= static_cast<int32_t>(number(record) - base_) >= static_cast<int32_t>(rig_.length());
    }
  }

  test::SpliceRig rig_;
  bool answered_ = false, acknowledged_ = false;
  bool doubted_ = false;  // another SYN went out, and the server has not spoken since
  uint32_t base_ = 0;
};

class World {
 public:
  void run(std::span<const uint8_t> input) {
    if (!input.empty()) flows_[input[0] % std::size(test::kSpliceWays)].run(input.subspan(1));
  }

 private:
  std::array<Flow, 4> flows_{Flow(test::kSpliceWays[0]), Flow(test::kSpliceWays[1]),
                             Flow(test::kSpliceWays[2]), Flow(test::kSpliceWays[3])};
};

}  // namespace
}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::run_in_a_world<fuzz::World>(data, size, fuzz::kInputsPerWorld);
  return 0;
}
