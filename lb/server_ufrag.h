// SPDX-License-Identifier: MIT
// A server's number hidden in the ICE ufrag that it uses, so that a Binding request (RFC 8445 section 7.2.2: USERNAME begins
// with the server's ufrag) says whose it is without any memory of the session. Rung 2 of the ICE ladder.
//
//   16 octets: server id 2 | mark 6 (zeros) | nonce 8      one AES-128 block under the fleet's key
//   22 characters: the 128 bits, six at a time from the highest, in the order of RFC 4648 section 4 (all are ice-chars);
//   the last one carries two bits and four zeros
//
// The mark makes a foreign ufrag of 22 characters pass as ours once in 2^48; without the key nobody can make one for a
// server of his choice, or tell two of one server from two of two. A server may still have changed what it was asked for:
// the id is a hint to verify.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "lb/aes128.h"

namespace lb {

inline constexpr size_t kServerUfragLength = 22;  // SRS takes 4..32 characters, RFC 8839 section 5.4 4..256
using ServerUfrag = std::array<char, kServerUfragLength>;
using UfragNonce = std::array<uint8_t, 8>;

// server_id  0..65535, the fleet's own numbering
// nonce      random, another for each session: RFC 8445 section 5.3 wants 24 bits of a ufrag to be random
// cost       one AES block; no allocation
ServerUfrag encode_ufrag(const Aes128& key, uint16_t server_id, const UfragNonce& nonce) noexcept;

// ufrag    any text
// returns  nullopt: another length, a character that is none of ours, or not made with this key
// cost     a length check for a foreign ufrag of another length, else one AES block; no allocation
std::optional<uint16_t> decode_ufrag(const Aes128& key, std::string_view ufrag) noexcept;

}  // namespace lb
