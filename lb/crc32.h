// SPDX-License-Identifier: MIT
// CRC-32 of ITU V.42 and IEEE 802.3 (reflected polynomial edb88320), which STUN's FINGERPRINT uses.
#pragma once

#include <cstdint>
#include <span>

namespace lb {

// bytes   any length; only read
// returns the CRC as a host integer: cbf43926 for "123456789"
// cost    no allocation; O(length), eight bytes a step, tables of 8 KiB
uint32_t crc32(std::span<const uint8_t> bytes) noexcept;

}  // namespace lb
