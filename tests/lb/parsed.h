// SPDX-License-Identifier: MIT
// A frame in a heap block of exactly its size, parsed: AddressSanitizer sees every byte read beyond it.
#pragma once

#include <memory>

#include "lb/parse.h"
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

}  // namespace lb::test
