// SPDX-License-Identifier: MIT
// Whose nearly all packets are: a client's to a service, or a backend's to a LIP. For these it does what classify() (lb/classify.h)
// does, its plain twin; all others are left to that.
#pragma once

#include "lb/affinity.h"
#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/worker.h"

namespace lb {

// The service of the client's packet before: in a burst most are for one. Good for one burst.
struct RecentService {
  IpAddress vip;  // unset: none yet
  Protocol protocol{};
  uint16_t port = 0;
  const Service* service = nullptr;
};

// packet   kind kIp or kArp, TTL as it came
// recent   read, and written when a client's packet is for another service
// returns  false, and nothing changed: ask classify()
// cost     nothing of the snapshot is read if the packet is for the recent service; else one cache line of the address table, one of
//          the service table
inline bool classify_fast(Worker& worker, const Snapshot& snapshot, RecentService& recent,
                          Packet& packet) noexcept {
  if (packet.kind != Kind::kIp || packet.l4 == nullptr || ttl(packet) <= 1 ||
      (packet.protocol != Protocol::kTcp && packet.protocol != Protocol::kUdp))
    return false;
  if (packet.dst != recent.vip || packet.dst_port != recent.port || packet.protocol != recent.protocol) {
    const LocalAddress* const local = snapshot.addresses.find(packet.dst);
    if (local == nullptr) return false;
    if (local->vip == LocalAddress::kNone) {
      if (packet.dst_port < kFirstLocalPort) return false;
      packet.kind = Kind::kReply;
      packet.slot = NatSlots::index(local->lip, packet.protocol, packet.dst_port);
      worker.segment.slots().prefetch(packet.slot);
      return true;
    }
    const uint16_t index = snapshot.service_table.find(local->vip, packet.protocol, packet.dst_port);
    if (index == ServiceTable::kNone) return false;
    recent = {packet.dst, packet.protocol, packet.dst_port, &snapshot.services[index]};
  }
  packet.service = recent.service;
  packet.kind = Kind::kClient;
  look_among(worker, packet, packet.service->listener);
  return true;
}

}  // namespace lb
