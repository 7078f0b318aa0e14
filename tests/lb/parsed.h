// SPDX-License-Identifier: MIT
// A frame in a heap block of exactly its size, parsed: AddressSanitizer sees every byte read beyond it.
#pragma once

#include <memory>

#include "lb/parse.h"
#include "lb/parse_fast.h"
#include "tests/lb/frame_builder.h"

namespace lb::test {

struct Parsed {
  explicit Parsed(const Bytes& bytes) : block(new uint8_t[bytes.size()]), size(bytes.size()) {
    std::copy(bytes.begin(), bytes.end(), block.get());
    reason = parse({block.get(), static_cast<uint16_t>(size), 0, 0}, packet);
  }
  [[nodiscard]] long l4_offset() const { return packet.l4 == nullptr ? -1 : packet.l4 - block.get(); }

  std::unique_ptr<uint8_t[]> block;
  size_t size;
  Packet packet;
  std::optional<DropReason> reason;
};

// In all that a stage after parse() may read.
inline bool same(const Packet& a, const Packet& b) {
  return a.l2 == b.l2 && a.l3 == b.l3 && a.l4 == b.l4 && a.fragment_header == b.fragment_header &&
         a.src == b.src && a.dst == b.dst && a.l4_length == b.l4_length && a.src_port == b.src_port &&
         a.dst_port == b.dst_port && a.kind == b.kind && a.protocol == b.protocol &&
         a.tcp_flags == b.tcp_flags && a.v4 == b.v4 && a.piece == b.piece && a.hit == b.hit &&
         a.backend == b.backend && a.named == b.named && a.service == b.service && a.hash == b.hash &&
         a.slot == b.slot && a.listener == b.listener;
}

}  // namespace lb::test
