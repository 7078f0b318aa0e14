// SPDX-License-Identifier: MIT
#include "lb/icmp_relay.h"

#include <algorithm>

#include "lb/affinity.h"
#include "lb/checksum.h"
#include "lb/emit.h"
#include "lb/icmp_quote.h"
#include "lb/ip_header.h"
#include "lb/pass_on.h"
#include "lb/pick.h"
#include "lb/rewrite.h"
#include "lb/splice.h"
#include "lb/touch_stream.h"
#include "lb/translate.h"
#include "lb/tunnel.h"
#include "lb/wire.h"

namespace lb {
namespace {

// The quote's headers, and of TCP or UDP what read_icmp_quote() proved and rewriting needs.
static_assert(sizeof(IcmpHeader) + kMostQuotedHeader + sizeof(TcpHeader) <= kMaxEmittedIp);

class Relay {
 public:
  Relay(Worker& worker, const Snapshot& snapshot, Now now, Frame& frame, Packet& packet, Verdict& verdict)
      : worker_(worker), snapshot_(snapshot), now_(now), frame_(frame), packet_(packet), verdict_(verdict) {}

  void run() {
    if (icmp_checksum(packet_.src, packet_.dst, {packet_.l4, packet_.l4_length}).raw != 0)
      return drop(DropReason::kBadIcmp);
    const auto quote = read_icmp_quote(
        {packet_.l4 + sizeof(IcmpHeader), packet_.l4_length - sizeof(IcmpHeader)}, packet_.v4);
    if (!quote) return drop(DropReason::kBadIcmp);
    quote_ = *quote;
    // Whoever speaks of a packet that the address he speaks to never sent is mistaken, or lies.
    const LocalAddress* local = snapshot_.addresses.find(packet_.dst);
    if (quote_.source != packet_.dst || quote_.piece == Piece::kLater) return drop(DropReason::kIcmpNoFlow);
    if (local->vip != LocalAddress::kNone) return of_client(local->vip);
    if (quote_.is_tunnel() && !find_slot(local->lip)) return of_tunnel();
    of_backend(local->lip);
  }

 private:
  void drop(DropReason reason) { worker_.drop(packet_, verdict_, reason); }
  [[nodiscard]] Protocol protocol() const { return static_cast<Protocol>(quote_.protocol); }

  [[nodiscard]] bool is_too_big() const {
    const auto* icmp = reinterpret_cast<const IcmpHeader*>(packet_.l4);
    return packet_.v4 ? icmp->type == icmp::kUnreachable && icmp->code == icmp::kFragmentationNeeded
                      : icmp->type == icmpv6::kPacketTooBig;
  }

  // A packet of Cleat's to a client.
  void of_client(uint16_t vip) {
    const uint16_t index = snapshot_.service_table.find(vip, protocol(), quote_.source_port);
    if (index == ServiceTable::kNone) return drop(DropReason::kIcmpNoFlow);
    Packet flow;
    flow.v4 = packet_.v4;
    flow.src = quote_.destination;
    flow.src_port = quote_.destination_port;
    flow.dst = quote_.source;
    flow.dst_port = quote_.source_port;
    flow.protocol = protocol();
    flow.service = &snapshot_.services[index];
    auto found = look_up(flow, flow.service->listener);
    if (!found && flow.service->moved != flow.service->listener) found = look_up(flow, flow.service->moved);
    if (flow.service->forward != Forward::kNat) return to_server_as_it_is(flow, found);
    const NatSlots& slots = worker_.segment.slots();
    if (!found || !is_slot(found->slot()) || found->slot() >= slots.size())
      return drop(DropReason::kIcmpNoFlow);
    const auto view = NatSlots::read(slots.at(found->slot()));
    if (!view || view->control.backend() != found->backend()) return drop(DropReason::kIcmpNoFlow);
    const Backend& backend = snapshot_.backends[found->backend()];
    const IpAddress& lip = snapshot_.lips[NatSlots::lip_of(found->slot())];
    const uint16_t port = backend.port != 0 ? backend.port : flow.dst_port;
    if (protocol() == Protocol::kTcp)
      sequence_ = server_own_sequence(slots.at(found->slot()), quoted_sequence());
    send(lip, backend.address, {backend.address, lip, port, NatSlots::port_of(found->slot())});
  }

  std::optional<FlowControl> look_up(Packet& flow, ListenerId listener) {
    look_among(worker_, flow, listener);
    return peek_flow(worker_, flow);
  }

  // The server itself wrote the quoted packet.
  void to_server_as_it_is(const Packet& flow, const std::optional<FlowControl>& found) {
    auto backend = found ? std::optional(found->backend()) : std::nullopt;
    const Pool& pool = snapshot_.pools[flow.service->pool];
    if (!backend && pool.pick == PickMethod::kMaglev && flow.service->affinity == Affinity::kTuple)
      backend = pick(worker_, snapshot_, flow.service->pool, tuple_hash(snapshot_, flow));
    if (!backend) return drop(DropReason::kIcmpNoFlow);
    if ((packet_.v4 ? packet_.l3[8] : packet_.l3[7]) <= 1) return drop(DropReason::kTtlExpired);
    if (!worker_.icmp_relays.take(now_)) return drop(DropReason::kIcmpLimited);
    packet_.service = flow.service;
    packet_.backend = *backend;
    packet_.hash = flow.hash;
    cut_padding(frame_, packet_);
    worker_.counters.icmp_relayed.add(1);
    pass_on(worker_, snapshot_, now_, frame_, packet_, flow.service->forward, verdict_);
  }

  // The outer packet of a tunnel. With 8 bytes of it nobody knows whose packet was inside; the next one that does not fit is answered.
  void of_tunnel() {
    const auto* icmp = reinterpret_cast<const IcmpHeader*>(packet_.l4);
    if (!is_too_big()) return drop(DropReason::kIcmpNotForwarded);
    if (!worker_.icmp_relays.take(now_)) return drop(DropReason::kIcmpLimited);
    const uint32_t mtu = packet_.v4 ? icmp->rest.host() & 0xffff : icmp->rest.host();
    for (size_t id = 0; id < snapshot_.backends.size(); ++id)
      if (snapshot_.backends[id].address == quote_.destination)
        worker_.path_mtus.learn(static_cast<BackendId>(id), packet_.dst.family(),
                                static_cast<uint16_t>(std::min(mtu, 0xffffU)), now_.tick());
    consume();
  }

  // The slot by which the quoted packet went to its backend.
  std::optional<SlotView> find_slot(LipIndex lip) const {
    const bool has_ports = protocol() == Protocol::kTcp || protocol() == Protocol::kUdp;
    if (!has_ports || quote_.source_port < kFirstLocalPort) return std::nullopt;
    const auto view =
        NatSlots::read(worker_.segment.slots().at(NatSlots::index(lip, protocol(), quote_.source_port)));
    if (!view || view->control.state() == SlotState::kProbing) return std::nullopt;
    const Backend& backend = snapshot_.backends[view->control.backend()];
    const uint16_t port = backend.port != 0 ? backend.port : view->vip_port;
    if (quote_.destination != backend.address || quote_.destination_port != port) return std::nullopt;
    return view;
  }

  [[nodiscard]] bool says_unreachable() const {
    const auto* icmp = reinterpret_cast<const IcmpHeader*>(packet_.l4);
    return packet_.v4 ? icmp->type == icmp::kUnreachable && icmp->code != icmp::kFragmentationNeeded
                      : icmp->type == icmpv6::kUnreachable;
  }

  // A packet of Cleat's to a backend, for a client.
  void of_backend(LipIndex lip) {
    const auto view = find_slot(lip);
    if (!view) return drop(DropReason::kIcmpNoFlow);
    const Listener& listener = snapshot_.listener(view->listener);
    const SlotIndex index = NatSlots::index(lip, protocol(), quote_.source_port);
    if (says_unreachable()) {
      worker_.counters.failures[view->control.backend()].unreachable.add(1);
      if (protocol() == Protocol::kUdp) note_srt_unreachable(worker_, listener, now_, index);
    }
    if (protocol() == Protocol::kTcp) {
      NatSlot& slot = worker_.segment.slots().at(index);
      sequence_ = client_sequence(slot, quoted_sequence(), view->client.family());
      if (is_too_big()) note_too_big(slot, quoted_sequence());
    }
    send(listener.vip, view->client, {view->client, listener.vip, view->client_port, view->vip_port});
  }

  // read_icmp_quote() proved so much.
  [[nodiscard]] uint32_t quoted_sequence() const {
    return reinterpret_cast<const TcpHeader*>(quote_.l4)->sequence.host();
  }

  // ends  of the quoted packet, as its sender wrote it
  void send(const IpAddress& from, const IpAddress& to, const Ends& ends) {
    if (from.is_v4() != to.is_v4() || ends.source.is_v4() != from.is_v4())
      return drop(DropReason::kFamilyMismatch);
    auto icmp = std::optional(*reinterpret_cast<const IcmpHeader*>(packet_.l4));
    if (from.is_v4() != packet_.v4) icmp = translate_icmp_error(*icmp, packet_.dst.family(), quote_.piece);
    if (!icmp) return drop(DropReason::kIcmpNotForwarded);
    if (!worker_.icmp_relays.take(now_)) return drop(DropReason::kIcmpLimited);
    std::array<uint8_t, kMaxEmittedIp> message;
    const size_t length = sizeof(*icmp) + put_quote(std::span(message).subspan(sizeof(*icmp)), ends);
    icmp->checksum = {};
    std::memcpy(message.data(), &*icmp, sizeof(*icmp));
    icmp->checksum = icmp_checksum(from, to, {message.data(), length});
    std::memcpy(message.data(), &*icmp, sizeof(*icmp));
    const Protocol protocol = from.is_v4() ? Protocol::kIcmp : Protocol::kIcmpv6;
    if (emit_ip(worker_, snapshot_, now_, from, to, protocol, {message.data(), length}))
      worker_.counters.icmp_relayed.add(1);
    consume();
  }

  // Returns its length.
  size_t put_quote(std::span<uint8_t> into, const Ends& ends) const {
    ChecksumDelta delta;
    delta.change(quote_.source, ends.source);
    delta.change(quote_.destination, ends.destination);
    uint8_t* const l4 = ends.source.is_v4() == packet_.v4 ? put_same_header(into.data(), ends, delta)
                                                          : put_other_header(into.data(), ends);
    const size_t l4_length = std::min(quote_.l4_length, into.size() - static_cast<size_t>(l4 - into.data()));
    std::memcpy(l4, quote_.l4, l4_length);
    delta.change(be16::of(quote_.source_port), be16::of(ends.source_port));
    delta.change(be16::of(quote_.destination_port), be16::of(ends.destination_port));
    auto* ports = reinterpret_cast<UdpHeader*>(l4);
    ports->source = be16::of(ends.source_port);
    ports->destination = be16::of(ends.destination_port);
    if (sequence_) {
      delta.change(be32::of(quoted_sequence()), be32::of(*sequence_));
      reinterpret_cast<TcpHeader*>(l4)->sequence = be32::of(*sequence_);
    }
    if (protocol() == Protocol::kUdp) {
      ports->checksum = delta.apply_udp(ports->checksum);
    } else if (l4_length >= offsetof(TcpHeader, checksum) + sizeof(be16)) {
      auto* tcp = reinterpret_cast<TcpHeader*>(l4);
      tcp->checksum = delta.apply(tcp->checksum);
    }
    return static_cast<size_t>(l4 - into.data()) + l4_length;
  }

  // As it was quoted, options and extension headers included.
  uint8_t* put_same_header(uint8_t* at, const Ends& ends, const ChecksumDelta& addresses) const {
    std::memcpy(at, quote_.ip, quote_.ip_length);
    if (packet_.v4) {
      auto* ip = reinterpret_cast<Ipv4Header*>(at);
      ip->source = ends.source.as_v4();
      ip->destination = ends.destination.as_v4();
      ip->checksum = addresses.apply(ip->checksum);
    } else {
      auto* ip = reinterpret_cast<Ipv6Header*>(at);
      std::memcpy(ip->source.data(), ends.source.bytes(), 16);
      std::memcpy(ip->destination.data(), ends.destination.bytes(), 16);
    }
    return at + quote_.ip_length;
  }

  // What the sender wrote, as far as it can be told.
  uint8_t* put_other_header(uint8_t* at, const Ends& ends) const {
    IpFields fields;
    fields.protocol = quote_.protocol;
    fields.contents = quote_.claimed_contents();
    fields.ttl = packet_.v4 ? quote_.ip[8] : quote_.ip[7];
    fields.place.more = quote_.piece == Piece::kFirst;
    fields.dont_fragment = !fields.place.more;
    return put_ip_header(at, ends.source, ends.destination, fields);
  }

  void consume() { worker_.consume(packet_, verdict_); }

  Worker& worker_;
  const Snapshot& snapshot_;
  const Now now_;
  Frame& frame_;
  Packet& packet_;
  Verdict& verdict_;
  IcmpQuote quote_;
  std::optional<uint32_t> sequence_;  // of the quoted segment, as its sender wrote it
};

}  // namespace

bool is_icmp_error(const Packet& packet) noexcept {
  const uint8_t type = packet.l4[0];
  if (packet.v4)
    return packet.protocol == Protocol::kIcmp &&
           (type == icmp::kUnreachable || type == icmp::kTimeExceeded || type == icmp::kParameterProblem);
  return packet.protocol == Protocol::kIcmpv6 && type >= icmpv6::kUnreachable &&
         type <= icmpv6::kParameterProblem;
}

void relay_icmp_error(Worker& worker, const Snapshot& snapshot, Now now, Frame& frame, Packet& packet,
                      Verdict& verdict) noexcept {
  Relay(worker, snapshot, now, frame, packet, verdict).run();
}

}  // namespace lb
