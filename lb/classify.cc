// SPDX-License-Identifier: MIT
#include "lb/classify.h"

#include "lb/affinity.h"
#include "lb/icmp_error.h"
#include "lb/wire.h"

namespace lb {
namespace {

using icmpv6::kNeighbourAdvertisement;
using icmpv6::kNeighbourSolicitation;

// Neighbour discovery teaches Cleat whatever address it is sent to.
bool is_neighbour_discovery(const Packet& packet) {
  // Never in pieces (RFC 6980 section 5).
  return !packet.v4 && packet.protocol == Protocol::kIcmpv6 && packet.fragment_header == nullptr &&
         (packet.l4[0] == kNeighbourSolicitation || packet.l4[0] == kNeighbourAdvertisement);
}

void punt(Packet& packet, Verdict& verdict) {
  packet.kind = Kind::kDone;
  verdict.action = Action::kPunt;
}

// True, and its sender is told, if the packet may not go one hop further.
bool ttl_is_over(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, Verdict& verdict) {
  if (ttl(packet) > 1) [[likely]]
    return false;
  tell_ttl_expired(worker, snapshot, now, packet);
  worker.drop(packet, verdict, DropReason::kTtlExpired);
  return true;
}

void classify_client(Worker& worker, const Snapshot& snapshot, Now now, uint16_t vip, Packet& packet,
                     Verdict& verdict) {
  const uint16_t index = snapshot.service_table.find(vip, packet.protocol, packet.dst_port);
  if (index == ServiceTable::kNone) return worker.drop(packet, verdict, DropReason::kNoService);
  if (ttl_is_over(worker, snapshot, now, packet, verdict)) return;
  packet.service = &snapshot.services[index];
  packet.kind = Kind::kClient;
  look_among(worker, packet, packet.service->listener);
}

void classify_reply(Worker& worker, const Snapshot& snapshot, Now now, LipIndex lip, Packet& packet,
                    Verdict& verdict) {
  if (packet.dst_port < kFirstLocalPort) return worker.drop(packet, verdict, DropReason::kReplyWithoutSlot);
  if (ttl_is_over(worker, snapshot, now, packet, verdict)) return;
  packet.kind = Kind::kReply;
  packet.slot = NatSlots::index(lip, packet.protocol, packet.dst_port);
  worker.segment.slots().prefetch(packet.slot);
}

}  // namespace

void classify(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, Verdict& verdict) noexcept {
  if (packet.kind == Kind::kArp) return;
  const LocalAddress* local = snapshot.addresses.find(packet.dst);
  if (local == nullptr) {
    if (packet.l4 != nullptr && is_neighbour_discovery(packet)) {
      packet.kind = Kind::kLocal;
      return;
    }
    return punt(packet, verdict);
  }
  if (packet.piece != Piece::kWhole) [[unlikely]] {
    if (packet.protocol != Protocol::kTcp && packet.protocol != Protocol::kUdp)
      return worker.drop(packet, verdict, DropReason::kFragment);
    if (packet.piece == Piece::kLater) {
      if (!ttl_is_over(worker, snapshot, now, packet, verdict)) packet.kind = Kind::kFragment;
      return;
    }
  }
  switch (packet.protocol) {
    case Protocol::kTcp:
    case Protocol::kUdp:
      if (local->vip != LocalAddress::kNone)
        return classify_client(worker, snapshot, now, local->vip, packet, verdict);
      return classify_reply(worker, snapshot, now, local->lip, packet, verdict);
    case Protocol::kIcmp:
    case Protocol::kIcmpv6:
      packet.kind = Kind::kLocal;
      return;
  }
  worker.drop(packet, verdict, DropReason::kNoService);
}

}  // namespace lb
