// SPDX-License-Identifier: MIT
// Writes STUN messages (RFC 8489) into the caller's bytes: the checks that Cleat sends to a client, and their answers
// (RFC 8445 section 7).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "lb/address.h"
#include "lb/hmac_sha1.h"
#include "lb/stun_wire.h"

namespace lb {

// Attribute by attribute, in the order of the calls; the header's length is right after each, padding is zero.
// What does not fit makes the whole message empty. integrity() comes after all that it shall cover, fingerprint() last.
// Cost: no allocation; copies, and for integrity() and fingerprint() an HMAC-SHA1 and a CRC over what is there.
class StunBuilder {
 public:
  // into  where the message goes; must outlive the builder
  StunBuilder(std::span<uint8_t> into, uint16_t method, StunClass what,
              const TransactionId& transaction) noexcept;

  // name  0..513 bytes: receiver's ufrag, ':', sender's ufrag (RFC 8445 section 7.2.2). More does not fit
  StunBuilder& username(std::string_view name) noexcept;
  StunBuilder& priority(uint32_t priority) noexcept;
  StunBuilder& use_candidate() noexcept;
  StunBuilder& controlling(uint64_t tie_breaker) noexcept;
  StunBuilder& controlled(uint64_t tie_breaker) noexcept;
  StunBuilder& xor_mapped_address(const Endpoint& mapped) noexcept;
  // code    300..699
  // reason  0..127 characters of UTF-8 (RFC 8489 section 14.8)
  StunBuilder& error_code(uint16_t code, std::string_view reason) noexcept;
  // Any other attribute. value: 0..65,535 bytes
  StunBuilder& attribute(uint16_t type, std::span<const uint8_t> value) noexcept;
  StunBuilder& integrity(const HmacSha1Key& key) noexcept;
  StunBuilder& fingerprint() noexcept;

  // The message so far, at the beginning of `into`; empty if something did not fit.
  [[nodiscard]] std::span<const uint8_t> message() const noexcept { return into_.first(size_); }

 private:
  // Appends an attribute with a value of zeros; nullptr: it does not fit.
  uint8_t* append(uint16_t type, size_t length) noexcept;
  StunBuilder& word(uint16_t type, uint64_t value, size_t length) noexcept;
  StunHeader& header() noexcept { return *reinterpret_cast<StunHeader*>(into_.data()); }

  std::span<uint8_t> into_;
  size_t size_ = 0;  // 0: something did not fit
};

// A connectivity check (RFC 8445 section 7.2.2).
struct StunCheck {
  TransactionId transaction{};
  std::string_view username;         // towards a client: client's ufrag, ':', server's ufrag
  uint32_t priority = 0;             // of the candidate that the check may reveal (section 7.1.1)
  uint64_t tie_breaker = 0;          // random, one for a session's life
  bool controlling = false;          // the role that the sender claims; an ICE-lite server's is controlled
  bool use_candidate = false;        // of a controlling sender only
  const HmacSha1Key* key = nullptr;  // of the receiver's ice-pwd; nullptr: unsigned
};

// Room for any check: the longest USERNAME, a role, PRIORITY, USE-CANDIDATE, integrity and FINGERPRINT.
inline constexpr size_t kMaxStunCheck = 20 + (4 + 516) + (4 + 8) + (4 + 4) + 4 + (4 + 20) + (4 + 4);
// Room for any success or error answer.
inline constexpr size_t kMaxStunAnswer = 96;

// All three end with FINGERPRINT, without which ICE agents may not answer (RFC 8445 section 7.1). They return the message
// at the beginning of `into`, or nothing if it does not fit.
std::span<const uint8_t> build_binding_request(std::span<uint8_t> into, const StunCheck& check) noexcept;

// mapped  whence the request came
// key     the one of the request; nullptr: unsigned
std::span<const uint8_t> build_binding_success(std::span<uint8_t> into, const TransactionId& transaction,
                                               const Endpoint& mapped, const HmacSha1Key* key) noexcept;

enum class StunError : uint16_t {
  kBadRequest = 400,       // RFC 8489 section 14.8
  kUnauthenticated = 401,  // of a signature that is not right; goes unsigned (section 9.1.3)
  kRoleConflict = 487,     // RFC 8445 section 7.3.1.1
};
// key  nullptr: unsigned
std::span<const uint8_t> build_binding_error(std::span<uint8_t> into, const TransactionId& transaction,
                                             StunError error, const HmacSha1Key* key) noexcept;

}  // namespace lb
