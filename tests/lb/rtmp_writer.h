// SPDX-License-Identifier: MIT
// RTMP as a peer writes it, naively: AMF 0 values, messages in chunks (Adobe's RTMP 1.0, section 5.3), handshakes.
#pragma once

#include <algorithm>
#include <bit>
#include <string_view>

#include "tests/lb/hex.h"

namespace lb::test {

inline Octets joined(std::initializer_list<Octets> parts) {
  Octets all;
  for (const Octets& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

inline Octets number(uint64_t value, unsigned bytes) {
  Octets octets;
  while (bytes-- > 0) octets.push_back(static_cast<uint8_t>(value >> 8 * bytes));
  return octets;
}

inline Octets octets_of(std::string_view value) { return {value.begin(), value.end()}; }
inline Octets amf_key(std::string_view key) { return joined({number(key.size(), 2), octets_of(key)}); }
inline Octets amf(std::string_view value) { return joined({{2}, amf_key(value)}); }
inline Octets amf(const char* value) { return amf(std::string_view(value)); }
inline Octets amf(double value) { return joined({{0}, number(std::bit_cast<uint64_t>(value), 8)}); }
inline Octets amf_null() { return {5}; }
// properties  amf_key() and a value in turn
inline Octets amf_object(std::initializer_list<Octets> properties) {
  return joined({{3}, joined(properties), {0, 0, 9}});
}

// A message as one end's encoder puts it on the wire.
struct RtmpOut {
  unsigned chunk_stream = 3, format = 0;
  uint8_t type = 20;
  uint32_t timestamp = 0, stream_id = 0;
  size_t chunk = 128;
};

inline Octets basic_header(unsigned format, unsigned id) {
  const auto top = static_cast<uint8_t>(format << 6);
  if (id < 64) return {static_cast<uint8_t>(top | id)};
  if (id < 320) return {top, static_cast<uint8_t>(id - 64)};
  return {static_cast<uint8_t>(top | 1), static_cast<uint8_t>(id - 64), static_cast<uint8_t>((id - 64) >> 8)};
}

// One chunk: a header and what follows it.
inline Octets chunk(const RtmpOut& out, size_t length, const Octets& payload) {
  Octets octets = basic_header(out.format, out.chunk_stream);
  const bool extended = out.timestamp >= 0xffffff;
  const auto add = [&octets](const Octets& more) { octets.insert(octets.end(), more.begin(), more.end()); };
  if (out.format < 3) add(number(extended ? 0xffffff : out.timestamp, 3));
  if (out.format < 2) add(joined({number(length, 3), {out.type}}));
  if (out.format < 1) add({static_cast<uint8_t>(out.stream_id), 0, 0, 0});
  if (extended) add(number(out.timestamp, 4));
  add(payload);
  return octets;
}

// All chunks of a message, one behind another.
inline std::vector<Octets> chunks_of(RtmpOut out, const Octets& payload) {
  std::vector<Octets> chunks;
  for (size_t at = 0; at == 0 || at < payload.size(); at += out.chunk) {
    const size_t end = std::min(payload.size(), at + out.chunk);
    chunks.push_back(
        chunk(out, payload.size(),
              Octets(payload.begin() + static_cast<long>(at), payload.begin() + static_cast<long>(end))));
    out.format = 3;
  }
  return chunks;
}
inline Octets message(const RtmpOut& out, const Octets& payload) {
  Octets octets;
  for (const Octets& part : chunks_of(out, payload)) octets.insert(octets.end(), part.begin(), part.end());
  return octets;
}

inline Octets command(std::string_view name, double transaction, std::initializer_list<Octets> arguments) {
  return joined({amf(name), amf(transaction), joined(arguments)});
}
inline Octets control(uint8_t type, uint32_t value) {
  return message({.chunk_stream = 2, .type = type}, number(value, 4));
}

// A handshake that nobody signed: C0 C1 C2, or S0 S1 S2.
inline Octets plain_handshake(uint8_t fill) {
  Octets octets(1 + 2 * 1536, fill);
  octets[0] = 3;
  std::fill(octets.begin() + 5, octets.begin() + 9, 0);  // no version: no digest
  return octets;
}

}  // namespace lb::test
