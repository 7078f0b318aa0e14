// SPDX-License-Identifier: MIT
// An SRT handshake as it lies in a UDP datagram (draft-sharabayko-srt-01, sections 3.2 and 3.2.1).
#pragma once

#include <array>

#include "lb/wire.h"

namespace lb {

// Control packets have the highest bit, and their type in the others.
inline constexpr uint16_t kSrtHandshake = 0x8000, kSrtShutdown = 0x8005;

// What data and control packets begin with.
struct CLEAT_WIRE SrtHeader {
  be16 packet_type, subtype;  // of a data packet: its number, with the highest bit clear
  be32 information, timestamp_us;
  be32 destination;  // the receiver's socket
};
static_assert(sizeof(SrtHeader) == 16);

struct CLEAT_WIRE SrtHandshakePacket {
  be16 packet_type, subtype;
  be32 information, timestamp_us, destination;
  be32 version;
  be16 encryption, extension;
  be32 initial_sequence, mtu, flow_window, type, socket_id, cookie;
  // libsrt writes each word of an address the other way round than the network has it; an IPv4 address is the first one, and
  // the others are zero.
  std::array<uint32_t, 4> peer;
};
static_assert(sizeof(SrtHandshakePacket) == 64);

struct CLEAT_WIRE SrtExtensionHeader {
  be16 type;
  be16 words;  // of content, four bytes each
};
static_assert(sizeof(SrtExtensionHeader) == 4);

}  // namespace lb
