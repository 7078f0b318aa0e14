// SPDX-License-Identifier: MIT
// Reads one STUN message (RFC 8489) of ICE (RFC 8445). What a load balancer may conclude from one, and what it must not,
// is numbered S1 to S14 and S20 in tests/vectors/stun/STUN.md; the numbers here are those.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "lb/address.h"
#include "lb/hmac_sha1.h"
#include "lb/stun_wire.h"

namespace lb {

// clang-format off
#define CLEAT_STUN_FAULTS(X)                                                                          \
  X(kNotStun,           "not_stun")            /* S1-S3: another protocol's, no fault of the sender */ \
  X(kOddLength,         "odd_length")          /* S4: the length is no multiple of four */             \
  X(kOtherLength,       "other_length")        /* S5: the length is not the payload's */               \
  X(kAttributeTooLong,  "attribute_too_long")  /* S6: an attribute reaches beyond the message */       \
  X(kFingerprintLength, "fingerprint_length")  /* S8: FINGERPRINT is not of 4 bytes */                 \
  X(kFingerprintPlace,  "fingerprint_place")   /* S8: FINGERPRINT is not the last attribute */         \
  X(kUsernameTooLong,   "username_too_long")   /* S13: in a Binding request, over 513 bytes */
// clang-format on

enum class StunFault : uint8_t {
#define X(id, name) id,
  CLEAT_STUN_FAULTS(X)
#undef X
};

// "odd_length" and the like.
std::string_view stun_fault_name(StunFault fault) noexcept;

// A USERNAME of ICE as a client sends it: the receiver's ufrag first (RFC 8445 section 7.2.2).
struct Ufrags {
  std::string_view server;  // 4..256 ice-chars
  std::string_view client;  // whatever follows the first colon; nobody routes by it (S14)
};

// RFC 8839 section 5.4: ice-char = ALPHA / DIGIT / "+" / "/"
constexpr bool is_ice_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

// username  any bytes
// returns   nullopt unless 4..256 ice-chars (RFC 8839 section 5.4) stand before the first colon (S14)
// cost      reads at most the first 257 bytes
std::optional<Ufrags> split_username(std::string_view username) noexcept;

// One well-formed message; made by parse_stun() alone, so that nobody else proves a length. It points into the payload,
// which must outlive it and stay as it is. Of an attribute that comes twice the first counts (S11); what follows an
// integrity attribute is not seen, but for the other one and FINGERPRINT (S12). Accessors of an attribute return nullopt
// if it is absent or its value has a wrong size. No accessor allocates; where no cost is given it is a load or two.
class StunMessage {
 public:
  [[nodiscard]] StunClass message_class() const noexcept { return stun_class(header().type.host()); }
  [[nodiscard]] uint16_t method() const noexcept { return stun_method(header().type.host()); }
  [[nodiscard]] bool is_binding(StunClass what) const noexcept {
    return header().type.host() == stun_type(kStunBinding, what);
  }
  [[nodiscard]] TransactionId transaction() const noexcept { return header().transaction; }
  // The whole message, that is the payload.
  [[nodiscard]] std::span<const uint8_t> bytes() const noexcept { return {data_, size_}; }
  // More than kMaxAttributes: none was kept, the message counts as one without attributes (S6).
  [[nodiscard]] bool too_many_attributes() const noexcept { return too_many_; }

  // USERNAME of any message, any bytes; of a Binding request 0..513 of them.
  [[nodiscard]] std::optional<std::string_view> username() const noexcept;
  // What may route: of a Binding request only (S10), and only if split_username() takes it.
  [[nodiscard]] std::optional<Ufrags> ufrags() const noexcept;

  // RFC 8489 section 14.2. nullopt also for an unknown family and for an IPv4-mapped IPv6 address.
  [[nodiscard]] std::optional<Endpoint> xor_mapped_address() const noexcept;
  [[nodiscard]] std::optional<uint32_t> priority() const noexcept;
  [[nodiscard]] bool use_candidate() const noexcept;
  // The tie-breaker of the role that the sender claims.
  [[nodiscard]] std::optional<uint64_t> controlling() const noexcept;
  [[nodiscard]] std::optional<uint64_t> controlled() const noexcept;
  // 300..699 (RFC 8489 section 14.8).
  [[nodiscard]] std::optional<uint16_t> error_code() const noexcept;

  [[nodiscard]] bool has_fingerprint() const noexcept { return at(kFingerprint) != 0; }
  // Present and equal to the CRC of what precedes it (S8).  cost: the CRC of the message
  [[nodiscard]] bool fingerprint_ok() const noexcept;
  [[nodiscard]] bool has_integrity() const noexcept { return at(kIntegrity) != 0; }
  // MESSAGE-INTEGRITY is present and signed with `key` (RFC 8489 section 14.5); compared in constant time.
  // cost: hmac_sha1() over what precedes it
  [[nodiscard]] bool integrity_ok(const HmacSha1Key& key) const noexcept;

  static constexpr unsigned kMaxAttributes = 64;

 private:
  friend class StunWalk;
  enum Known : uint8_t {
    kUsername,
    kIntegrity,
    kErrorCode,
    kXorMapped,
    kPriority,
    kUseCandidate,
    kFingerprint,
    kControlled,
    kControlling,
    kKnownCount
  };

  [[nodiscard]] const StunHeader& header() const noexcept {
    return *reinterpret_cast<const StunHeader*>(data_);
  }
  [[nodiscard]] uint16_t at(Known which) const noexcept { return offsets_[which]; }
  [[nodiscard]] std::optional<std::span<const uint8_t>> value(Known which) const noexcept;
  template <typename Integer>
  [[nodiscard]] std::optional<Integer> integer(Known which) const noexcept;

  const uint8_t* data_ = nullptr;
  uint16_t size_ = 0;
  bool too_many_ = false;
  std::array<uint16_t, kKnownCount> offsets_{};  // of the attributes' headers; 0: absent
};

// A message or why there is none.
class [[nodiscard]] StunParsed {
 public:
  StunParsed(const StunMessage& message) noexcept
      : message_(message), ok_(true) {}                    // NOLINT: implicit by intent
  StunParsed(StunFault fault) noexcept : fault_(fault) {}  // NOLINT

  explicit operator bool() const noexcept { return ok_; }
  // REQUIRES: true as bool
  const StunMessage& operator*() const noexcept { return message_; }
  const StunMessage* operator->() const noexcept { return &message_; }
  // REQUIRES: false as bool
  [[nodiscard]] StunFault fault() const noexcept { return fault_; }

 private:
  StunMessage message_;
  StunFault fault_ = StunFault::kNotStun;
  bool ok_ = false;
};

// payload  one UDP payload, any length; only read
// returns  the message that fills it exactly. kNotStun sends it to the next classifier; any other fault is of a broken or
//          hostile sender. Whether CRC and signature are right is asked of the message, when it matters
// cost     no allocation; at most kMaxAttributes steps, the values are not read
StunParsed parse_stun(std::span<const uint8_t> payload) noexcept;

}  // namespace lb
