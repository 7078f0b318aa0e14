// SPDX-License-Identifier: MIT
#include "lb/stun.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstring>

#include "lb/crc32.h"

namespace lb {
namespace {

template <typename Wire>
const Wire& lay(const uint8_t* bytes) {
  return *reinterpret_cast<const Wire*>(bytes);
}

}  // namespace

std::string_view stun_fault_name(StunFault fault) noexcept {
  static constexpr std::string_view kNames[] = {
#define X(id, name) name,
      CLEAT_STUN_FAULTS(X)
#undef X
  };
  return kNames[static_cast<unsigned>(fault)];
}

std::optional<Ufrags> split_username(std::string_view username) noexcept {
  const size_t colon = username.substr(0, 257).find(':');
  if (colon == std::string_view::npos || colon < 4) return std::nullopt;
  const std::string_view server = username.substr(0, colon);
  if (!std::all_of(server.begin(), server.end(), is_ice_char)) return std::nullopt;
  return Ufrags{server, username.substr(colon + 1)};
}

std::optional<std::span<const uint8_t>> StunMessage::value(Known which) const noexcept {
  if (at(which) == 0) return std::nullopt;
  const uint8_t* attribute = data_ + at(which);
  return std::span(attribute + kStunAttributeHeaderBytes, lay<StunAttributeHeader>(attribute).length.host());
}

template <typename Integer>
std::optional<Integer> StunMessage::integer(Known which) const noexcept {
  const auto bytes = value(which);
  if (!bytes || bytes->size() != sizeof(Integer)) return std::nullopt;
  Integer number = 0;
  for (const uint8_t byte : *bytes) number = static_cast<Integer>(number << 8 | byte);
  return number;
}

std::optional<std::string_view> StunMessage::username() const noexcept {
  const auto bytes = value(kUsername);
  if (!bytes) return std::nullopt;
  return std::string_view(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

std::optional<Ufrags> StunMessage::ufrags() const noexcept {
  if (!is_binding(StunClass::kRequest)) return std::nullopt;
  const auto name = username();
  return name ? split_username(*name) : std::nullopt;
}

std::optional<Endpoint> StunMessage::xor_mapped_address() const noexcept {
  const auto bytes = value(kXorMapped);
  if (!bytes || bytes->size() < 8) return std::nullopt;
  const uint8_t family = (*bytes)[1];
  const uint8_t* address = bytes->data() + 4;
  const auto port = static_cast<uint16_t>(lay<be16>(bytes->data() + 2).host() ^ (kStunCookie >> 16));
  if (family == kStunIpv4 && bytes->size() == 8)
    return Endpoint{IpAddress::v4(be32::of(lay<be32>(address).host() ^ kStunCookie)), port};
  if (family != kStunIpv6 || bytes->size() != 20) return std::nullopt;
  // RFC 8489 section 14.2: xored with the cookie and the transaction id, which lie side by side in the header.
  std::array<uint8_t, 16> plain;
  for (size_t i = 0; i < plain.size(); ++i) plain[i] = address[i] ^ data_[4 + i];
  const IpAddress v6 = IpAddress::v6(plain.data());
  if (v6.is_v4()) return std::nullopt;
  return Endpoint{v6, port};
}

std::optional<uint32_t> StunMessage::priority() const noexcept { return integer<uint32_t>(kPriority); }

bool StunMessage::use_candidate() const noexcept {
  const auto bytes = value(kUseCandidate);
  return bytes && bytes->empty();
}

std::optional<uint64_t> StunMessage::controlling() const noexcept { return integer<uint64_t>(kControlling); }

std::optional<uint64_t> StunMessage::controlled() const noexcept { return integer<uint64_t>(kControlled); }

std::optional<uint16_t> StunMessage::error_code() const noexcept {
  const auto bytes = value(kErrorCode);
  if (!bytes || bytes->size() < 4) return std::nullopt;
  const unsigned hundreds = (*bytes)[2] & 7, rest = (*bytes)[3];
  if (hundreds < 3 || hundreds > 6 || rest > 99) return std::nullopt;
  return static_cast<uint16_t>(hundreds * 100 + rest);
}

bool StunMessage::fingerprint_ok() const noexcept {
  const uint16_t end = at(kFingerprint);
  if (end == 0) return false;
  const uint32_t said = lay<be32>(data_ + end + kStunAttributeHeaderBytes).host();
  return said == (crc32({data_, end}) ^ kFingerprintXor);
}

bool StunMessage::integrity_ok(const HmacSha1Key& key) const noexcept {
  const auto signature = value(kIntegrity);
  if (!signature || signature->size() != sizeof(Sha1Digest)) return false;
  // RFC 8489 section 14.5: signed as if the message ended with this attribute.
  const uint16_t end = at(kIntegrity);
  const StunAttributeHeader head = {header().type,
                                    be16::of(static_cast<uint16_t>(end + 24 - kStunHeaderBytes))};
  const Sha1Digest expected =
      hmac_sha1(key, {reinterpret_cast<const uint8_t*>(&head), sizeof(head)}, {data_ + 4, end - 4U});
  return CRYPTO_memcmp(expected.data(), signature->data(), expected.size()) == 0;
}

}  // namespace lb
