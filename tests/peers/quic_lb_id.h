// SPDX-License-Identifier: MIT
// Connection ids as a QUIC-LB server makes them (draft-ietf-quic-load-balancers-21 section 5), with nettle's AES.
// Written from the draft and apart from Cleat, which must read them: nothing of lb is included here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace peers {

using Bytes = std::vector<uint8_t>;

// nullopt for an odd number of digits or what is no digit.
std::optional<Bytes> from_hex(const std::string& text);
std::string to_hex(const uint8_t* bytes, size_t size);

struct QuicLbConfig {
  uint8_t config_id = 7;     // 0..6; 7: ids that name no server (unroutable)
  std::optional<Bytes> key;  // 16 bytes; none: in clear
  Bytes server_id;           // 1..15 bytes
  size_t nonce_length = 7;   // 4..18; for config id 7 the number of random bytes after the first
  size_t tail_length = 0;    // bytes of the server's own after the nonce

  size_t id_length() const { return 1 + server_id.size() + nonce_length + tail_length; }

  // "ID:KEY:SERVERID:NONCELENGTH[:TAILLENGTH]", KEY "-" for none; or "none". nullopt if that breaks a limit.
  static std::optional<QuicLbConfig> parse(const std::string& text);
};

// random  nonce_length + tail_length bytes
// returns id_length() bytes, whose first holds config id and length
Bytes make_quic_lb_id(const QuicLbConfig& config, const uint8_t* random);

}  // namespace peers
