// SPDX-License-Identifier: MIT
#include "lb/rtmp_handshake.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>

#include "lb/hash.h"
#include "lb/hmac_sha256.h"

namespace lb {
namespace {

using Part = std::array<uint8_t, kRtmpHandshake>;

// Both names are followed by the same 32 bytes, where a whole key is asked for.
constexpr std::string_view kServerName = "Genuine Adobe Flash Media Server 001";
constexpr std::string_view kPlayerName = "Genuine Adobe Flash Player 001";
constexpr std::array<uint8_t, 32> kKeyTail = {
    0xf0, 0xee, 0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0, 0xd1, 0x02, 0x9e, 0x7e, 0x57,
    0x6e, 0xec, 0x5d, 0x2d, 0x29, 0x80, 0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb, 0x31, 0xae};
// Players take a version of 0 for a server without digests, and ffmpeg one below 3.
constexpr std::array<uint8_t, 4> kSigningVersion = {4, 0, 0, 1};

// The four bytes whose sum says where the digest is: before the block of the key, or behind it.
constexpr size_t kSelectors[] = {772, 8};

std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

size_t digest_at(std::span<const uint8_t, kRtmpHandshake> part, size_t selector) {
  const unsigned sum = part[selector] + part[selector + 1] + part[selector + 2] + part[selector + 3];
  return selector + 4 + sum % 728;
}

Sha256Digest digest_around(std::span<const uint8_t, kRtmpHandshake> part, size_t at, std::string_view name) {
  return hmac_sha256(bytes_of(name), part.first(at), part.subspan(at + sizeof(Sha256Digest)));
}

std::optional<size_t> signed_selector(std::span<const uint8_t, kRtmpHandshake> c1) {
  for (const size_t selector : kSelectors) {
    const size_t at = digest_at(c1, selector);
    const Sha256Digest digest = digest_around(c1, at, kPlayerName);
    if (std::equal(digest.begin(), digest.end(), c1.begin() + static_cast<long>(at))) return selector;
  }
  return std::nullopt;
}

void put_random(std::span<uint8_t> into, uint64_t seed) {
  for (; !into.empty(); into = into.subspan(std::min(into.size(), sizeof(uint64_t)))) {
    const uint64_t word = hash_word(into.size(), seed);
    std::memcpy(into.data(), &word, std::min(into.size(), sizeof(word)));
  }
}

void sign_s1(std::span<uint8_t, kRtmpHandshake> s1, size_t selector) {
  std::copy(kSigningVersion.begin(), kSigningVersion.end(), s1.begin() + 4);
  const size_t at = digest_at(s1, selector);
  const Sha256Digest digest = digest_around(s1, at, kServerName);
  std::copy(digest.begin(), digest.end(), s1.begin() + static_cast<long>(at));
}

void sign_s2(std::span<uint8_t, kRtmpHandshake> s2, std::span<const uint8_t> client_digest) {
  std::array<uint8_t, kServerName.size() + kKeyTail.size()> key;
  std::copy(kKeyTail.begin(), kKeyTail.end(), std::copy(kServerName.begin(), kServerName.end(), key.begin()));
  const Sha256Digest once = hmac_sha256(key, client_digest, {});
  const auto random = s2.first(kRtmpHandshake - sizeof(Sha256Digest));
  const Sha256Digest digest = hmac_sha256(once, random, {});
  std::copy(digest.begin(), digest.end(), s2.begin() + random.size());
}

}  // namespace

void answer_rtmp_handshake(std::span<const uint8_t, kRtmpHandshake> c1, uint64_t seed,
                           ByteSink& out) noexcept {
  Part s1{}, s2;
  put_random(std::span(s1).subspan(8), seed);
  if (const auto selector = signed_selector(c1)) {
    sign_s1(s1, *selector);
    put_random(s2, ~seed);
    sign_s2(s2, c1.subspan(digest_at(c1, *selector), sizeof(Sha256Digest)));
  } else {
    std::copy(c1.begin(), c1.end(), s2.begin());
  }
  out.put(kRtmpVersion);
  out.put(s1);
  out.put(s2);
}

void begin_rtmp_handshake(ByteSink& out) noexcept {
  constexpr Part kUnsigned{};
  out.put(kRtmpVersion);
  out.put(kUnsigned);
}

}  // namespace lb
