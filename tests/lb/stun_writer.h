// SPDX-License-Identifier: MIT
// STUN messages for tests, written as plainly as can be and as wrong as wanted, and the plain twins of what lb computes
// fast: a CRC bit by bit, libcrypto's own HMAC.
#pragma once

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lb/stun.h"
#include "tests/lb/frame_builder.h"
#include "tests/lb/hex.h"

namespace lb::test {

inline Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

inline uint32_t plain_crc32(const Bytes& bytes) {
  uint32_t crc = 0xffffffff;
  for (const uint8_t byte : bytes)
    for (unsigned bit = 0; bit < 8; ++bit) {
      const bool odd = ((crc ^ byte >> bit) & 1) != 0;
      crc = crc >> 1 ^ (odd ? 0xedb88320 : 0);
    }
  return crc ^ 0xffffffff;
}

inline Sha1Digest plain_hmac_sha1(const Bytes& key, const Bytes& bytes) {
  Sha1Digest digest{};
  unsigned length = 0;
  const uint8_t* no_null =
      key.empty() ? digest.data() : key.data();  // libcrypto refuses an empty key at nullptr
  HMAC(EVP_sha1(), no_null, static_cast<int>(key.size()), bytes.data(), bytes.size(), digest.data(), &length);
  return digest;
}

inline const TransactionId kTransaction{
    {0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae}};  // of RFC 5769

// StunWriter(0x0001).attribute(0x0006, "srvA:cliB").fingerprint().bytes()
class StunWriter {
 public:
  explicit StunWriter(unsigned type) {
    for (const unsigned octet : {type >> 8, type, 0U, 0U, 0x21U, 0x12U, 0xa4U, 0x42U})
      bytes_.push_back(lo(octet));
    for (const uint8_t octet : kTransaction.bytes) bytes_.push_back(octet);
  }

  StunWriter& attribute(unsigned type, const Bytes& value, uint8_t padding = 0) {
    return header(type, static_cast<unsigned>(value.size())).raw(value).pad(padding);
  }
  StunWriter& attribute(unsigned type, std::string_view text) { return attribute(type, bytes_of(text)); }
  StunWriter& username(std::string_view text) { return attribute(0x0006, text); }
  // An attribute's header alone.
  StunWriter& header(unsigned type, unsigned length) {
    return raw({hi(type), lo(type), hi(length), lo(length)});
  }
  StunWriter& raw(const Bytes& bytes) {
    for (const uint8_t octet : bytes) bytes_.push_back(octet);
    return *this;
  }
  StunWriter& integrity(std::string_view key) {
    set_length(bytes_.size() + 24);
    const Sha1Digest digest = plain_hmac_sha1(bytes_of(key), bytes_);
    return attribute(0x0008, Bytes(digest.begin(), digest.end()));
  }
  StunWriter& fingerprint() {
    set_length(bytes_.size() + 8);
    const uint32_t crc = plain_crc32(bytes_) ^ 0x5354554e;
    return header(0x8028, 4).raw({hi(crc >> 16), lo(crc >> 16), hi(crc), lo(crc)});
  }
  // A length field other than the right one.
  StunWriter& length(unsigned wrong) {
    wrong_ = wrong;
    return *this;
  }

  [[nodiscard]] Bytes bytes() {
    set_length(bytes_.size());
    if (wrong_) bytes_[2] = hi(*wrong_), bytes_[3] = lo(*wrong_);
    return bytes_;
  }

 private:
  static uint8_t hi(unsigned value) { return static_cast<uint8_t>(value >> 8); }
  static uint8_t lo(unsigned value) { return static_cast<uint8_t>(value); }
  StunWriter& pad(uint8_t padding) {
    while (bytes_.size() % 4 != 0) bytes_.push_back(padding);
    return *this;
  }
  void set_length(size_t size) {
    bytes_[2] = hi(static_cast<unsigned>(size - 20));
    bytes_[3] = lo(static_cast<unsigned>(size - 20));
  }

  Bytes bytes_;
  std::optional<unsigned> wrong_;
};

// A payload in a heap block of exactly its size, parsed: AddressSanitizer sees every byte read beyond it.
struct ParsedStun {
  explicit ParsedStun(const Bytes& bytes)
      : block(new uint8_t[bytes.size()]), size(bytes.size()), parsed(StunFault::kNotStun) {
    std::copy(bytes.begin(), bytes.end(), block.get());
    parsed = parse_stun({block.get(), size});
  }
  const StunMessage* operator->() const { return parsed.operator->(); }
  // "" for a message, else the fault's name
  [[nodiscard]] std::string fault() const {
    return parsed ? "" : std::string(stun_fault_name(parsed.fault()));
  }

  std::unique_ptr<uint8_t[]> block;
  size_t size;
  StunParsed parsed;
};

inline Bytes binding_request(std::string_view username) {
  return StunWriter(0x0001).username(username).bytes();
}

// The ufrag that routes; "none"; or why there is no message.
inline std::string server_of(const Bytes& bytes) {
  const ParsedStun stun(bytes);
  if (!stun.parsed) return stun.fault();
  const auto ufrags = stun->ufrags();
  return ufrags ? std::string(ufrags->server) : "none";
}

}  // namespace lb::test
