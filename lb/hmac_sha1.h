// SPDX-License-Identifier: MIT
// HMAC-SHA1 (RFC 2104) with the key's two blocks hashed beforehand, so that a packet costs no allocation and no hashing
// of the key.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <type_traits>

namespace lb {

using Sha1Digest = std::array<uint8_t, 20>;

// A prepared key. Plain data without pointers, so that it may lie in the segment; as secret as the key itself.
class HmacSha1Key {
 public:
  // Not the key of anything: hmac_sha1() with it means nothing.
  constexpr HmacSha1Key() = default;
  // key   any length; for STUN's short-term credentials the password's bytes (RFC 8489 section 9.1.1). Over 64
  //       bytes, its SHA-1 takes its place (RFC 2104 section 2)
  // cost  two blocks of SHA-1, three and more for a long key; no allocation
  explicit HmacSha1Key(std::span<const uint8_t> key) noexcept;

 private:
  friend Sha1Digest hmac_sha1(const HmacSha1Key&, std::span<const uint8_t>,
                              std::span<const uint8_t>) noexcept;
  using State = std::array<uint32_t, 5>;  // SHA-1 after one block (RFC 3174 section 6.1)

  State inner_{}, outer_{};
};
static_assert(sizeof(HmacSha1Key) == 40 && std::is_trivially_copyable_v<HmacSha1Key>);

// The HMAC of `head` followed by `rest`: two pieces, so that a message can be signed as if its head were another.
//
// head, rest  any length, only read
// cost        no allocation; a block of SHA-1 for each 64 bytes begun, after 9 bytes more, and one for the key
Sha1Digest hmac_sha1(const HmacSha1Key& key, std::span<const uint8_t> head,
                     std::span<const uint8_t> rest) noexcept;

}  // namespace lb
