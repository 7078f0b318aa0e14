// SPDX-License-Identifier: MIT
#include "lb/crc32.h"

#include <array>
#include <cstring>

#include "lb/bytes.h"

namespace lb {
namespace {

using Tables = std::array<std::array<uint32_t, 256>, 8>;

// kTables[n][b]: what byte b does to the CRC when n bytes follow it ("slicing by eight", Kounavis and Berry, 2005).
constexpr Tables make_tables() {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (unsigned bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320U : 0U);
    tables[0][byte] = crc;
  }
  for (unsigned n = 1; n < 8; ++n)
    for (uint32_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = tables[n - 1][byte];
      tables[n][byte] = (before >> 8) ^ tables[0][before & 0xff];
    }
  return tables;
}

constexpr Tables kTables = make_tables();

// The word's bytes in memory order, the first one followed by `after + 3` more.
uint32_t fold_word(uint32_t word, unsigned after) {
  return kTables[after + 3][word & 0xff] ^ kTables[after + 2][word >> 8 & 0xff] ^
         kTables[after + 1][word >> 16 & 0xff] ^ kTables[after][word >> 24];
}

}  // namespace

uint32_t crc32(std::span<const uint8_t> bytes) noexcept {
  uint32_t crc = ~0U;
  size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    uint32_t words[2];
    std::memcpy(words, bytes.data() + at, 8);
    crc = fold_word(crc ^ words[0], 4) ^ fold_word(words[1], 0);
  }
  for (; at < bytes.size(); ++at) crc = (crc >> 8) ^ kTables[0][(crc ^ bytes[at]) & 0xff];
  return ~crc;
}

}  // namespace lb
