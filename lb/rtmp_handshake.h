// SPDX-License-Identifier: MIT
// RTMP's handshake (Adobe's RTMP 1.0, section 5.2): the server's half towards a client, plain or with Flash's digests, and
// the client's half towards a server, plain. Digests are in no specification: they are what players and servers agree on.
#pragma once

#include <cstdint>
#include <span>

#include "lb/byte_sink.h"

namespace lb {

inline constexpr uint8_t kRtmpVersion = 3;
inline constexpr size_t kRtmpHandshake = 1536;  // bytes of C1, C2, S1 and S2 each; C0 and S0 are the version

// S0, S1 and S2. Flash and librtmp go on only if S1 and S2 are signed, once they have signed C1.
//
// c1    signed at either of the two places that are in use: the answer is, too. Otherwise S2 is C1
// seed  what S1's random bytes are made from; needs not be secret, for they protect nothing
// cost  24 blocks of SHA-256 for each place looked at, 51 for an answer that is signed
void answer_rtmp_handshake(std::span<const uint8_t, kRtmpHandshake> c1, uint64_t seed,
                           ByteSink& out) noexcept;

// C0 and C1 of a client that asks for no digest. C2 is to be the server's S1, byte by byte.
void begin_rtmp_handshake(ByteSink& out) noexcept;

}  // namespace lb
