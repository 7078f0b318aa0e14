// SPDX-License-Identifier: MIT
#include "tests/fuzz/plain_rtmp.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "lb/rtmp_chunks.h"

namespace fuzz {
namespace {

using lb::RtmpFault;
using Bytes = std::vector<uint8_t>;

struct Stream {
  uint8_t type = 0;
  bool extended = false, in_message = false;
  size_t length = 0;
  Bytes payload;
};

class Reader {
 public:
  explicit Reader(const Bytes& bytes) : bytes_(bytes) {}

  PlainRtmp read() {
    while (result_.fault == RtmpFault::kNone && read_chunk()) {
    }
    return result_;
  }

 private:
  // Big-endian, `count` bytes of it.
  std::optional<uint32_t> take(size_t count) {
    if (bytes_.size() - at_ < count) return std::nullopt;
    uint32_t value = 0;
    for (size_t i = 0; i < count; ++i) value = value << 8 | bytes_[at_++];
    return value;
  }
  bool fail(RtmpFault fault) {
    result_.fault = fault;
    return false;
  }

  std::optional<uint32_t> read_id(uint32_t first) {
    if ((first & 63) > 1) return first & 63;
    const auto low = take(1), high = (first & 63) == 1 ? take(1) : std::optional<uint32_t>(0);
    if (!low || !high) return std::nullopt;
    return 64 + *low + 256 * *high;
  }

  // False: the bytes end, or are wrong.
  bool read_chunk() {
    const auto first = take(1);
    if (!first) return false;
    const unsigned format = *first >> 6;
    const auto id = read_id(*first);
    if (!id) return false;
    const bool is_new = !streams_.contains(*id);
    std::optional<uint32_t> time, length, type;
    if (format < 3 && !(time = take(3))) return false;
    if (format < 2 && (!(length = take(3)) || !(type = take(1)))) return false;
    if (format < 1 && !take(4)) return false;
    const bool extended = time ? *time == 0xffffff : !is_new && streams_[*id].extended;
    if (extended && !take(4)) return false;

    if (is_new && format > 1) return fail(RtmpFault::kBadChunk);
    if (is_new && streams_.size() == lb::RtmpChunks::kMaxChunkStreams)
      return fail(RtmpFault::kManyChunkStreams);
    Stream& stream = streams_[*id];
    if (stream.in_message && (format == 0 || (length && *length != stream.length)))
      return fail(RtmpFault::kBadChunk);
    stream.extended = extended;
    if (!stream.in_message) {
      if (length) stream.length = *length;
      if (type) stream.type = static_cast<uint8_t>(*type);
      stream.payload.clear();
      if (!begin_message(*id, stream)) return false;
    }
    return read_payload(*id, stream);
  }

  bool begin_message(uint32_t id, Stream& stream) {
    static const std::map<uint8_t, size_t> kControl = {{1, 4}, {2, 4}, {3, 4}, {5, 4}, {6, 5}};
    stream.in_message = true;
    if (stream.type == 17 || stream.type == 20) {
      if (stream.length > lb::RtmpChunks::kMaxCommand) return fail(RtmpFault::kLongCommand);
      if (!commanding_.empty()) return fail(RtmpFault::kTwoCommands);
      commanding_.insert(id);
    }
    const auto least = kControl.find(stream.type);
    if (least != kControl.end() && (stream.length < least->second || stream.length > 8))
      return fail(RtmpFault::kBadControl);
    return true;
  }

  bool read_payload(uint32_t id, Stream& stream) {
    const size_t wanted = std::min<size_t>(stream.length - stream.payload.size(), result_.chunk_size);
    if (bytes_.size() - at_ < wanted) return false;
    const auto begin = bytes_.begin() + static_cast<long>(at_);
    stream.payload.insert(stream.payload.end(), begin, begin + static_cast<long>(wanted));
    at_ += wanted;
    return stream.payload.size() < stream.length || end_message(id, stream);
  }

  bool end_message(uint32_t id, Stream& stream) {
    stream.in_message = false;
    commanding_.erase(id);
    const auto value = [&stream] {
      return uint32_t{stream.payload[0]} << 24 | uint32_t{stream.payload[1]} << 16 |
             uint32_t{stream.payload[2]} << 8 | stream.payload[3];
    };
    if (stream.type == 1) {
      result_.chunk_size = value() & 0x7fffffff;
      if (result_.chunk_size < 128) return fail(RtmpFault::kBadControl);
    } else if (stream.type == 2) {
      commanding_.erase(value());
      if (streams_.contains(value())) streams_[value()].in_message = false;
    } else if (stream.type == 5 || stream.type == 6 || stream.type == 17 || stream.type == 20) {
      result_.messages.push_back({stream.type, stream.payload});
    }
    return true;
  }

  const Bytes& bytes_;
  size_t at_ = 0;
  std::map<uint32_t, Stream> streams_;
  std::set<uint32_t> commanding_;  // chunk streams within a command
  PlainRtmp result_;
};

}  // namespace

PlainRtmp read_rtmp_plainly(const std::vector<uint8_t>& stream) { return Reader(stream).read(); }

}  // namespace fuzz
