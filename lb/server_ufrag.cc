// SPDX-License-Identifier: MIT
#include "lb/server_ufrag.h"

#include <algorithm>

namespace lb {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr unsigned kSpareBits = 6 * kServerUfragLength - 128;
constexpr size_t kMarkBegin = 2, kMarkEnd = 8;
constexpr uint8_t kNoValue = 0xff;

// The value of each character, kNoValue for all that are not in the alphabet.
constexpr std::array<uint8_t, 256> kValues = [] {
  std::array<uint8_t, 256> values{};
  values.fill(kNoValue);
  for (size_t i = 0; i < kAlphabet.size(); ++i)
    values[static_cast<uint8_t>(kAlphabet[i])] = static_cast<uint8_t>(i);
  return values;
}();

}  // namespace

ServerUfrag encode_ufrag(const Aes128& key, uint16_t server_id, const UfragNonce& nonce) noexcept {
  AesBlock block{};
  block[0] = static_cast<uint8_t>(server_id >> 8);
  block[1] = static_cast<uint8_t>(server_id);
  std::copy(nonce.begin(), nonce.end(), block.begin() + kMarkEnd);
  block = key.encrypt(block);
  ServerUfrag ufrag;
  for (size_t i = 0; i < ufrag.size(); ++i) {
    unsigned value = 0;
    for (size_t bit = 6 * i; bit < 6 * i + 6; ++bit) {
      const unsigned set = bit < 128 ? block[bit / 8] >> (7 - bit % 8) & 1U : 0;
      value = value << 1 | set;
    }
    ufrag[i] = kAlphabet[value];
  }
  return ufrag;
}

std::optional<uint16_t> decode_ufrag(const Aes128& key, std::string_view ufrag) noexcept {
  if (ufrag.size() != kServerUfragLength) return std::nullopt;
  AesBlock block;
  uint32_t bits = 0;
  unsigned count = 0;
  size_t octets = 0;
  for (const char c : ufrag) {
    const uint8_t value = kValues[static_cast<uint8_t>(c)];
    if (value == kNoValue) return std::nullopt;
    bits = bits << 6 | value;
    count += 6;
    if (count < 8 || octets == block.size()) continue;
    count -= 8;
    block[octets++] = static_cast<uint8_t>(bits >> count);
  }
  if ((bits & ((1U << kSpareBits) - 1)) != 0) return std::nullopt;
  block = key.decrypt(block);
  if (std::any_of(block.begin() + kMarkBegin, block.begin() + kMarkEnd,
                  [](uint8_t octet) { return octet != 0; }))
    return std::nullopt;
  return static_cast<uint16_t>(block[0] << 8 | block[1]);
}

}  // namespace lb
