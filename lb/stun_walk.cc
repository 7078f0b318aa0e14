// SPDX-License-Identifier: MIT
#include "lb/stun.h"

namespace lb {
namespace {

constexpr size_t kMaxUdpPayload = 65507;

}  // namespace

// The one walk over the attributes: proves that each lies inside the message, and keeps where the known ones are.
class StunWalk {
 public:
  explicit StunWalk(std::span<const uint8_t> payload) noexcept {
    message_.data_ = payload.data();
    message_.size_ = static_cast<uint16_t>(payload.size());
  }

  StunParsed run() noexcept {
    // Message length and steps are multiples of 4, so where one byte remains a whole header does.
    for (size_t at = kStunHeaderBytes; at < message_.size_;) {
      if (message_.at(StunMessage::kFingerprint) != 0) return StunFault::kFingerprintPlace;
      if (++count_ > StunMessage::kMaxAttributes) return without_attributes();
      const auto& attribute = *reinterpret_cast<const StunAttributeHeader*>(message_.data_ + at);
      const size_t length = attribute.length.host();
      const size_t next = at + kStunAttributeHeaderBytes + ((length + 3) & ~size_t{3});
      if (next > message_.size_) return StunFault::kAttributeTooLong;
      if (const auto fault = keep(attribute.type.host(), length, static_cast<uint16_t>(at))) return *fault;
      at = next;
    }
    return message_;
  }

 private:
  std::optional<StunFault> keep(uint16_t type, size_t length, uint16_t at) noexcept {
    switch (type) {
      case stun_attribute::kFingerprint:
        if (length != sizeof(be32)) return StunFault::kFingerprintLength;
        message_.offsets_[StunMessage::kFingerprint] = at;
        break;
      case stun_attribute::kMessageIntegrity:
        first(StunMessage::kIntegrity, at);
        signed_ = true;
        break;
      case stun_attribute::kMessageIntegritySha256:
        signed_ = true;
        break;
      case stun_attribute::kUsername:
        if (signed_) break;
        if (length > kMaxIceUsername && message_.at(StunMessage::kUsername) == 0 &&
            message_.is_binding(StunClass::kRequest))
          return StunFault::kUsernameTooLong;
        first(StunMessage::kUsername, at);
        break;
      default:
        if (const auto known = of_type(type); known && !signed_) first(*known, at);
    }
    return std::nullopt;
  }

  static std::optional<StunMessage::Known> of_type(uint16_t type) noexcept {
    switch (type) {
      case stun_attribute::kErrorCode:
        return StunMessage::kErrorCode;
      case stun_attribute::kXorMappedAddress:
        return StunMessage::kXorMapped;
      case stun_attribute::kPriority:
        return StunMessage::kPriority;
      case stun_attribute::kUseCandidate:
        return StunMessage::kUseCandidate;
      case stun_attribute::kIceControlled:
        return StunMessage::kControlled;
      case stun_attribute::kIceControlling:
        return StunMessage::kControlling;
      default:
        return std::nullopt;
    }
  }

  void first(StunMessage::Known which, uint16_t at) noexcept {
    if (message_.offsets_[which] == 0) message_.offsets_[which] = at;
  }

  StunParsed without_attributes() noexcept {
    message_.offsets_ = {};
    message_.too_many_ = true;
    return message_;
  }

  StunMessage message_;
  unsigned count_ = 0;
  bool signed_ = false;  // an integrity attribute was passed
};

StunParsed parse_stun(std::span<const uint8_t> payload) noexcept {
  if (payload.size() < kStunHeaderBytes || payload[0] > 3) return StunFault::kNotStun;
  const auto& header = *reinterpret_cast<const StunHeader*>(payload.data());
  if (header.cookie != be32::of(kStunCookie)) return StunFault::kNotStun;
  if (header.length.host() % 4 != 0) return StunFault::kOddLength;
  if (kStunHeaderBytes + header.length.host() != payload.size() || payload.size() > kMaxUdpPayload)
    return StunFault::kOtherLength;
  return StunWalk(payload).run();
}

}  // namespace lb
