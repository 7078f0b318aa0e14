// SPDX-License-Identifier: MIT
#include "lb/rtmp_answers.h"

#include <array>
#include <bit>
#include <string_view>

#include "lb/rtmp_chunks.h"

namespace lb {
namespace {

constexpr uint8_t kControlStream = 2, kCommandStream = 3;  // chunk streams, as servers use them
enum Amf0 : uint8_t { kNumber = 0, kString = 2, kObject = 3, kNull = 5, kUndefined = 6, kObjectEnd = 9 };

// Format 0: no timestamp, message stream 0.
void put_header(ByteSink& out, uint8_t chunk_stream, RtmpType type, size_t length) {
  out.put(chunk_stream);
  const std::array<uint8_t, 11> header = {
      0, 0, 0, 0, 0, static_cast<uint8_t>(length), static_cast<uint8_t>(type)};
  out.put(header);
}

void put_control(ByteSink& out, RtmpType type, uint32_t value) {
  put_header(out, kControlStream, type, sizeof(value));
  out.put(be32::of(value));
}

void put_number(ByteSink& out, double value) {
  const auto bits = std::bit_cast<uint64_t>(value);
  out.put(kNumber);
  out.put(be32::of(static_cast<uint32_t>(bits >> 32)));
  out.put(be32::of(static_cast<uint32_t>(bits)));
}

void put_key(ByteSink& out, std::string_view key) {
  out.put(be16::of(static_cast<uint16_t>(key.size())));
  out.put({reinterpret_cast<const uint8_t*>(key.data()), key.size()});
}

void put_string(ByteSink& out, std::string_view text) {
  out.put(kString);
  put_key(out, text);
}

void put_property(ByteSink& out, std::string_view key, std::string_view value) {
  put_key(out, key);
  put_string(out, value);
}

void put_object_end(ByteSink& out) {
  put_key(out, "");
  out.put(kObjectEnd);
}

// Room for one chunk's payload, written before its header for the length's sake.
class Result {
 public:
  explicit Result(double transaction) noexcept {
    put_string(payload_, "_result");
    put_number(payload_, transaction);
  }
  ByteSink& payload() { return payload_; }
  void put_to(ByteSink& out) const {
    put_header(out, kCommandStream, RtmpType::kAmf0Command, payload_.size());
    out.put(payload_.bytes());
  }

 private:
  std::array<uint8_t, RtmpChunks::kDefaultChunk> room_;
  ByteSink payload_{room_};
};

}  // namespace

void put_rtmp_chunk_size(ByteSink& out, uint32_t size) noexcept {
  put_control(out, RtmpType::kSetChunkSize, size);
}
void put_rtmp_window(ByteSink& out, uint32_t bytes) noexcept {
  put_control(out, RtmpType::kWindowSize, bytes);
}

void put_rtmp_bandwidth(ByteSink& out, uint32_t bytes, uint8_t limit) noexcept {
  put_header(out, kControlStream, RtmpType::kPeerBandwidth, sizeof(bytes) + sizeof(limit));
  out.put(be32::of(bytes));
  out.put(limit);
}

void put_rtmp_connect_result(ByteSink& out, double transaction, double object_encoding) noexcept {
  Result result(transaction);
  ByteSink& payload = result.payload();
  payload.put(kObject);
  put_property(payload, "fmsVer", "FMS/3,5,3");
  put_object_end(payload);
  payload.put(kObject);
  put_property(payload, "level", "status");
  put_property(payload, "code", "NetConnection.Connect.Success");
  put_key(payload, "objectEncoding");
  put_number(payload, object_encoding);
  put_object_end(payload);
  result.put_to(out);
}

void put_rtmp_stream_result(ByteSink& out, double transaction) noexcept {
  Result result(transaction);
  result.payload().put(kNull);
  put_number(result.payload(), kRtmpStreamId);
  result.put_to(out);
}

void put_rtmp_empty_result(ByteSink& out, double transaction) noexcept {
  Result result(transaction);
  result.payload().put(kNull);
  result.payload().put(kUndefined);
  result.put_to(out);
}

}  // namespace lb
