// SPDX-License-Identifier: MIT
// Keys of the flow tables, and which of the two tables a flow lives in.
#pragma once

#include "lb/address.h"
#include "lb/flow_table.h"
#include "lb/limits.h"

namespace lb {

struct FlowTables {
  NarrowTable narrow;
  WideTable wide;
};

// client ip 32 | client port 16 | listener 16. REQUIRES: client.is_v4()
inline NarrowTable::Key narrow_key(const IpAddress& client, uint16_t client_port, ListenerId listener) {
  return {uint64_t{client.as_v4().raw} | uint64_t{client_port} << 32 | uint64_t{listener} << 48};
}

// vip_port  the port that the client addressed
inline WideTable::Key wide_key(const IpAddress& client, uint16_t client_port, ListenerId listener,
                               uint16_t vip_port) {
  return {uint64_t{vip_port} | uint64_t{client_port} << 32 | uint64_t{listener} << 48, client.high(),
          client.low()};
}

inline ListenerId listener_of(const NarrowTable::Key& key) { return static_cast<ListenerId>(key[0] >> 48); }
inline ListenerId listener_of(const WideTable::Key& key) { return static_cast<ListenerId>(key[0] >> 48); }
inline uint16_t client_port_of(const NarrowTable::Key& key) { return static_cast<uint16_t>(key[0] >> 32); }
inline uint16_t client_port_of(const WideTable::Key& key) { return static_cast<uint16_t>(key[0] >> 32); }
inline IpAddress client_of(const NarrowTable::Key& key) {
  return IpAddress::v4({static_cast<uint32_t>(key[0])});
}
inline IpAddress client_of(const WideTable::Key& key) { return IpAddress::of_words(key[1], key[2]); }

// A client as `source-ip` knows it: the IPv4 address, or the IPv6 /64 (one household, RFC 6177).
inline IpAddress client_network(const IpAddress& client) {
  return client.is_v4() ? client : IpAddress::of_words(client.high(), 0);
}
// Their entries have client port and VIP port 0 and the pool's `clients` id as listener.
inline NarrowTable::Key narrow_client_key(const IpAddress& client, ListenerId clients) {
  return narrow_key(client, 0, clients);
}
inline WideTable::Key wide_client_key(const IpAddress& client, ListenerId clients) {
  return wide_key(client_network(client), 0, clients, 0);
}

// Servers' SRT sockets (lb/srt_sockets.h) have the socket in the place of the address, and client port 1.
inline constexpr uint16_t kSocketPort = 1;
inline NarrowTable::Key narrow_socket_key(uint32_t socket, ListenerId clients) {
  return narrow_key(IpAddress::v4(be32::of(socket)), kSocketPort, clients);
}
// REQUIRES: the key has a pool's `clients` id as listener
inline bool is_socket_key(const NarrowTable::Key& key) { return client_port_of(key) == kSocketPort; }
inline uint32_t socket_of(const NarrowTable::Key& key) { return client_of(key).as_v4().host(); }

}  // namespace lb
