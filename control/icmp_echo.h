// SPDX-License-Identifier: MIT
// Echo request and reply (RFC 792; RFC 4443 section 4), as sockets send and receive them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace control {

struct Echo {
  uint16_t id = 0, sequence = 0;
  uint64_t token = 0;  // the data: what comes back must be the same
};

enum class EchoSocket : uint8_t {
  kRaw,   // IPv4: the IP header comes before what is received
  kPing,  // the kernel sets the id, and lets through what answers it
};

// The ICMP message, with its checksum for IPv4; of IPv6 the kernel makes it.
std::vector<uint8_t> echo_request(const Echo& echo, bool is_v4);

// bytes  as received, any
// True if they are the reply to `echo`: its sequence number, its data and, of a raw socket, its id.
bool answers_echo(std::span<const uint8_t> bytes, const Echo& echo, bool is_v4, EchoSocket socket);

}  // namespace control
