// SPDX-License-Identifier: MIT
#include "lb/stun_builder.h"

#include <algorithm>
#include <cstring>

#include "lb/crc32.h"

namespace lb {
namespace {

std::string_view reason_of(StunError error) {
  switch (error) {
    case StunError::kBadRequest:
      return "Bad Request";
    case StunError::kUnauthenticated:
      return "Unauthenticated";
    case StunError::kRoleConflict:
      return "Role Conflict";
  }
  return {};
}

std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::span<const uint8_t> finish(StunBuilder& builder, const HmacSha1Key* key) {
  if (key != nullptr) builder.integrity(*key);
  return builder.fingerprint().message();
}

}  // namespace

StunBuilder::StunBuilder(std::span<uint8_t> into, uint16_t method, StunClass what,
                         const TransactionId& transaction) noexcept
    : into_(into) {
  if (into.size() < kStunHeaderBytes) return;
  header() = {be16::of(stun_type(method, what)), be16{}, be32::of(kStunCookie), transaction};
  size_ = kStunHeaderBytes;
}

uint8_t* StunBuilder::append(uint16_t type, size_t length) noexcept {
  const size_t end = size_ + kStunAttributeHeaderBytes + ((length + 3) & ~size_t{3});
  if (size_ == 0 || length > 0xffff || end > into_.size() || end - kStunHeaderBytes > 0xffff) {
    size_ = 0;
    return nullptr;
  }
  uint8_t* attribute = into_.data() + size_;
  *reinterpret_cast<StunAttributeHeader*>(attribute) = {be16::of(type),
                                                        be16::of(static_cast<uint16_t>(length))};
  uint8_t* value = attribute + kStunAttributeHeaderBytes;
  std::fill(value, into_.data() + end, uint8_t{0});
  size_ = end;
  header().length = be16::of(static_cast<uint16_t>(end - kStunHeaderBytes));
  return value;
}

StunBuilder& StunBuilder::attribute(uint16_t type, std::span<const uint8_t> value) noexcept {
  if (uint8_t* to = append(type, value.size())) std::copy(value.begin(), value.end(), to);
  return *this;
}

StunBuilder& StunBuilder::word(uint16_t type, uint64_t value, size_t length) noexcept {
  if (uint8_t* to = append(type, length))
    for (size_t i = length; i-- > 0; value >>= 8) to[i] = static_cast<uint8_t>(value);
  return *this;
}

StunBuilder& StunBuilder::username(std::string_view name) noexcept {
  if (name.size() > kMaxIceUsername) size_ = 0;
  return attribute(stun_attribute::kUsername, bytes_of(name));
}

StunBuilder& StunBuilder::priority(uint32_t priority) noexcept {
  return word(stun_attribute::kPriority, priority, 4);
}

StunBuilder& StunBuilder::use_candidate() noexcept { return word(stun_attribute::kUseCandidate, 0, 0); }

StunBuilder& StunBuilder::controlling(uint64_t tie_breaker) noexcept {
  return word(stun_attribute::kIceControlling, tie_breaker, 8);
}

StunBuilder& StunBuilder::controlled(uint64_t tie_breaker) noexcept {
  return word(stun_attribute::kIceControlled, tie_breaker, 8);
}

StunBuilder& StunBuilder::xor_mapped_address(const Endpoint& mapped) noexcept {
  const bool v4 = mapped.address.is_v4();
  uint8_t* to = append(stun_attribute::kXorMappedAddress, v4 ? 8 : 20);
  if (to == nullptr) return *this;
  to[1] = v4 ? kStunIpv4 : kStunIpv6;
  const be16 port = be16::of(static_cast<uint16_t>(mapped.port ^ (kStunCookie >> 16)));
  std::memcpy(to + 2, &port, sizeof(port));
  // The cookie and the transaction id, which lie side by side (RFC 8489 section 14.2).
  const uint8_t* mask = into_.data() + offsetof(StunHeader, cookie);
  const uint8_t* address = mapped.address.bytes() + (v4 ? 12 : 0);
  for (size_t i = 0; i < (v4 ? 4U : 16U); ++i) to[4 + i] = address[i] ^ mask[i];
  return *this;
}

StunBuilder& StunBuilder::error_code(uint16_t code, std::string_view reason) noexcept {
  uint8_t* to = append(stun_attribute::kErrorCode, 4 + reason.size());
  if (to == nullptr) return *this;
  to[2] = static_cast<uint8_t>(code / 100);
  to[3] = static_cast<uint8_t>(code % 100);
  std::copy(reason.begin(), reason.end(), to + 4);
  return *this;
}

StunBuilder& StunBuilder::integrity(const HmacSha1Key& key) noexcept {
  const size_t covered = size_;
  uint8_t* to = append(stun_attribute::kMessageIntegrity, sizeof(Sha1Digest));
  if (to == nullptr) return *this;
  const Sha1Digest signature = hmac_sha1(key, {into_.data(), covered}, {});
  std::copy(signature.begin(), signature.end(), to);
  return *this;
}

StunBuilder& StunBuilder::fingerprint() noexcept {
  const size_t covered = size_;
  uint8_t* to = append(stun_attribute::kFingerprint, sizeof(be32));
  if (to == nullptr) return *this;
  const be32 crc = be32::of(crc32({into_.data(), covered}) ^ kFingerprintXor);
  std::memcpy(to, &crc, sizeof(crc));
  return *this;
}

std::span<const uint8_t> build_binding_request(std::span<uint8_t> into, const StunCheck& check) noexcept {
  StunBuilder builder(into, kStunBinding, StunClass::kRequest, check.transaction);
  builder.username(check.username);
  if (check.controlling)
    builder.controlling(check.tie_breaker);
  else
    builder.controlled(check.tie_breaker);
  if (check.use_candidate) builder.use_candidate();
  builder.priority(check.priority);
  return finish(builder, check.key);
}

std::span<const uint8_t> build_binding_success(std::span<uint8_t> into, const TransactionId& transaction,
                                               const Endpoint& mapped, const HmacSha1Key* key) noexcept {
  StunBuilder builder(into, kStunBinding, StunClass::kSuccess, transaction);
  builder.xor_mapped_address(mapped);
  return finish(builder, key);
}

std::span<const uint8_t> build_binding_error(std::span<uint8_t> into, const TransactionId& transaction,
                                             StunError error, const HmacSha1Key* key) noexcept {
  StunBuilder builder(into, kStunBinding, StunClass::kError, transaction);
  builder.error_code(static_cast<uint16_t>(error), reason_of(error));
  return finish(builder, key);
}

}  // namespace lb
