// SPDX-License-Identifier: MIT
#include "lb/local.h"

#include "lb/arp.h"
#include "lb/checksum.h"
#include "lb/icmp_relay.h"
#include "lb/neighbour_discovery.h"
#include "lb/next_hop.h"

namespace lb {
namespace {

void finish(Worker& worker, Packet& packet, Verdict& verdict, Action action) {
  packet.kind = Kind::kDone;
  verdict.action = action;
  if (action == Action::kConsumed) worker.counters.consumed.add(1);
}

void handle_arp(Worker& worker, const Snapshot& snapshot, Now now, const Frame& frame, Packet& packet,
                Verdict& verdict) {
  const ArpPacket arp = *reinterpret_cast<const ArpPacket*>(packet.l3);
  const IpAddress sender = IpAddress::v4(arp.sender_ip);
  const IpAddress target = IpAddress::v4(arp.target_ip);
  if (arp.sender_mac.is_group()) return worker.drop(packet, verdict, DropReason::kBadArp);
  if (arp.sender_ip.raw != 0) worker.neighbours.learn(frame.port, sender, arp.sender_mac, now);
  if (snapshot.addresses.find(target) == nullptr) return finish(worker, packet, verdict, Action::kPunt);
  if (arp.operation == be16::of(kArpRequest) && sender != target && answers_on(snapshot, target, frame.port))
    worker.out.push(frame.port,
                    arp_reply(worker.macs[frame.port], arp.target_ip, arp.sender_mac, arp.sender_ip));
  finish(worker, packet, verdict, Action::kConsumed);
}

void handle_discovery(Worker& worker, const Snapshot& snapshot, Now now, const Frame& frame, Packet& packet,
                      Verdict& verdict) {
  const auto message = read_neighbour_message(packet);
  if (!message) return worker.drop(packet, verdict, DropReason::kBadNeighbourDiscovery);
  const IpAddress& speaker = message->solicitation ? packet.src : message->target;
  if (message->mac && !message->mac->is_group() && !speaker.is_unset())
    worker.neighbours.learn(frame.port, speaker, *message->mac, now);
  if (snapshot.addresses.find(message->target) == nullptr)
    return finish(worker, packet, verdict, Action::kPunt);
  if (message->solicitation && answers_on(snapshot, message->target, frame.port)) {
    const auto* ethernet = reinterpret_cast<const EthernetHeader*>(packet.l2);
    worker.out.push(frame.port, neighbour_advertisement(worker.macs[frame.port], message->target,
                                                        ethernet->source, packet.src, true));
  }
  finish(worker, packet, verdict, Action::kConsumed);
}

// Turns an echo request round in place. Addresses swap, which leaves every sum as it was; type and TTL change.
void answer_echo(Worker& worker, const Frame& frame, Packet& packet, Verdict& verdict, uint8_t reply_type) {
  auto* ethernet = reinterpret_cast<EthernetHeader*>(packet.l2);
  auto* echo = reinterpret_cast<IcmpHeader*>(packet.l4);
  ethernet->destination = ethernet->source;
  ethernet->source = worker.macs[frame.port];
  ChecksumDelta type;
  type.change(be16::of(static_cast<uint16_t>(echo->type << 8)),
              be16::of(static_cast<uint16_t>(reply_type << 8)));
  echo->type = reply_type;
  echo->checksum = type.apply(echo->checksum);
  // Of nothing but zeros (type, code, identifier, sequence, data) the sum is zero and its complement ffff; RFC 1624 has no
  // header like that. Both stand for zero everywhere else.
  if (echo->checksum.raw == 0) echo->checksum.raw = 0xffff;
  constexpr uint8_t kTtl = 64;
  if (packet.v4) {
    auto* ip = reinterpret_cast<Ipv4Header*>(packet.l3);
    const be32 asker = ip->source;
    ip->source = ip->destination;
    ip->destination = asker;
    ChecksumDelta ttl;
    ttl.change(be16::of(static_cast<uint16_t>(ip->ttl << 8)), be16::of(static_cast<uint16_t>(kTtl << 8)));
    ip->ttl = kTtl;
    ip->checksum = ttl.apply(ip->checksum);
  } else {
    auto* ip = reinterpret_cast<Ipv6Header*>(packet.l3);
    const std::array<uint8_t, 16> asker = ip->source;
    ip->source = ip->destination;
    ip->destination = asker;
    ip->hop_limit = kTtl;
  }
  verdict.port = frame.port;
  finish(worker, packet, verdict, Action::kTx);
}

}  // namespace

bool answers_on(const Snapshot& snapshot, const IpAddress& address, PortIndex port) noexcept {
  const auto on_link = snapshot.routes.on_link_port(address);
  return !on_link || *on_link == port;
}

void handle_local(Worker& worker, const Snapshot& snapshot, Now now, Frame& frame, Packet& packet,
                  Verdict& verdict) noexcept {
  if (packet.kind == Kind::kArp) return handle_arp(worker, snapshot, now, frame, packet, verdict);
  const uint8_t type = packet.l4[0];
  if (packet.protocol == Protocol::kIcmpv6 && packet.fragment_header == nullptr &&
      (type == icmpv6::kNeighbourSolicitation || type == icmpv6::kNeighbourAdvertisement))
    return handle_discovery(worker, snapshot, now, frame, packet, verdict);
  if (packet.v4 && packet.protocol == Protocol::kIcmp && type == icmp::kEchoRequest)
    return answer_echo(worker, frame, packet, verdict, icmp::kEchoReply);
  if (!packet.v4 && packet.protocol == Protocol::kIcmpv6 && type == icmpv6::kEchoRequest)
    return answer_echo(worker, frame, packet, verdict, icmpv6::kEchoReply);
  if (is_icmp_error(packet)) return relay_icmp_error(worker, snapshot, now, frame, packet, verdict);
  worker.drop(packet, verdict, DropReason::kIcmpNotForwarded);
}

}  // namespace lb
