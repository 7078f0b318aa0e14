// SPDX-License-Identifier: MIT
// What tests of QUIC-LB share: configurations from hexadecimal, and a twin of the codec that shares nothing with it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "lb/quic_lb.h"
#include "tests/lb/evp_aes.h"
#include "tests/lb/hex.h"
#include "tests/lb/quic_lb_vectors.h"

namespace lb::test {

inline std::optional<AesKey> key_of(std::string_view hex) {
  if (hex.empty()) return std::nullopt;
  AesKey key{};
  std::ranges::copy(from_hex(hex), key.begin());
  return key;
}

inline QuicLbConfig config_of(unsigned id, unsigned server_id_length, unsigned nonce_length,
                              std::string_view key = "", bool encodes_length = false) {
  QuicLbConfig config;
  config.config_id = static_cast<uint8_t>(id);
  config.server_id_length = static_cast<uint8_t>(server_id_length);
  config.nonce_length = static_cast<uint8_t>(nonce_length);
  config.key = key_of(key);
  config.encodes_length = encodes_length;
  return config;
}

inline QuicLbConfig config_of(const QuicLbVector& v) {
  return config_of(v.config_id, v.server_id_length, v.nonce_length, v.key, v.encodes_length);
}

// REQUIRES: the draft allows them
inline QuicLbConfigs live(std::vector<QuicLbConfig> configs, bool instructions = has_aes_instructions()) {
  auto made = QuicLbConfigs::make(configs, instructions);
  EXPECT_TRUE(made.ok());
  return made.ok() ? made.value() : QuicLbConfigs();
}

// Routes a connection id of known length: the server id in hexadecimal, or the reason why there is none.
inline std::string routed(const QuicLbConfigs& configs, std::span<const uint8_t> cid,
                          CidEnd end = CidEnd::kExact) {
  const QuicLbId id = configs.decode(cid, end);
  return id.routable() ? to_hex(id.server_id.view()) : std::string(unroutable_name(id.reason));
}
inline std::string routed(const QuicLbConfigs& configs, std::string_view cid, CidEnd end = CidEnd::kExact) {
  return routed(configs, ExactOctets(from_hex(cid)).view(), end);
}

// Encrypts server id and nonce on a string of hexadecimal digits: n octets are 2n nibbles, the left half is the first n of
// them and the right half the last n, so that odd lengths need no rule of their own.
inline std::string plain_quic_lb_encrypt(const AesKey& key, const std::string& digits) {
  EvpAes aes(key);
  const size_t n = digits.size() / 2;
  const auto sealed = [&aes](const std::string& block) {
    AesBlock in{};
    std::ranges::copy(from_hex(block), in.begin());
    return to_hex(aes.encrypt(in));
  };
  if (n == 16) return sealed(digits);
  std::string half[2] = {digits.substr(0, n), digits.substr(n)};
  for (unsigned pass = 1; pass <= 4; ++pass) {
    std::string& target = half[pass % 2];  // 1 and 3 change the right half
    const std::string& source = half[1 - pass % 2];
    // A half of an odd number of nibbles fills its octets from the side where its text goes on.
    const std::string padded = n % 2 == 0 ? source : pass % 2 == 1 ? source + "0" : "0" + source;
    const uint8_t trailer[2] = {static_cast<uint8_t>(n), static_cast<uint8_t>(pass)};
    const std::string out = sealed(padded + std::string(28 - padded.size(), '0') + to_hex(trailer));
    const size_t skipped = n % 2 == 1 && pass % 2 == 1 ? 1 : 0;
    for (size_t i = 0; i < n; ++i) {
      const unsigned sum =
          from_hex(std::string("0") + target[i])[0] ^ from_hex(std::string("0") + out[i + skipped])[0];
      target[i] = "0123456789abcdef"[sum];
    }
  }
  return half[0] + half[1];
}

}  // namespace lb::test
