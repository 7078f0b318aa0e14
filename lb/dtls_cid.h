// SPDX-License-Identifier: MIT
// Connection id of the first DTLS record in a UDP payload: DTLS 1.2 (RFC 9146, content type tls12_cid) and DTLS 1.3
// (RFC 9147 section 4, the unified header). Records do not tell its length: the servers' configuration does.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace lb {

// datagram    the UDP payload, any length; only read; the result points into it
// cid_length  octets of the connection ids that the servers choose, 1..255. RFC 9147 section 9 wants them to be of one length
// returns     that many octets; nullopt if the first record is of another kind (handshake in the clear, a unified header
//             without its C bit: R10.1, R10.3), or ends beyond the datagram
// cost        no allocation; reads the record's header only
std::optional<std::span<const uint8_t>> find_dtls_cid(std::span<const uint8_t> datagram,
                                                      size_t cid_length) noexcept;

}  // namespace lb
