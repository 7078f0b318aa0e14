// SPDX-License-Identifier: MIT
// The cipher of QUIC-LB on server id and nonce, length kept: one AES block of 16 octets, or a four-round Feistel network
// on AES for any other length (draft-ietf-quic-load-balancers, "Server ID Encryption"; the layout of -19 and later, in which
// expand() puts its input first). Step by step as the draft writes it: servers' side, and the plain twin of quic_lb_decoder.
#pragma once

#include <cstdint>
#include <span>

#include "lb/aes128.h"

namespace lb {

// text   server id and nonce, 5..19 octets; encrypted in place
// cost   one AES block for 16 octets, else four. No allocation
void quic_lb_encrypt(const Aes128& aes, std::span<uint8_t> text) noexcept;

// text              what follows the first octet of a connection id, 5..19 octets; the first server_id_length of them are
//                   decrypted in place, those behind are left half way
// server_id_length  1..15, less than text.size() by 4 at least
// cost              one AES block for 16 octets, else three, or four if the server id is longer than the nonce (R5.3)
void quic_lb_decrypt(const Aes128& aes, size_t server_id_length, std::span<uint8_t> text) noexcept;

}  // namespace lb
