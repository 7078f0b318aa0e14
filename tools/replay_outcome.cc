// SPDX-License-Identifier: MIT
#include "tools/replay_outcome.h"

#include <cinttypes>
#include <cstdio>

#include "lb/drop_reason.h"
#include "lb/nat_slot.h"

namespace replay {
namespace {

using lb::Action;
using lb::DropReason;
using lb::Endpoint;

// True once a backend was picked or known for a client's packet.
bool has_backend(const lb::Verdict& verdict) {
  if (verdict.action == Action::kTx || verdict.action == Action::kHold) return true;
  switch (verdict.reason) {
    case DropReason::kNoRoute:
    case DropReason::kFamilyMismatch:
    case DropReason::kNextHopUnresolved:
    case DropReason::kNextHopQueueFull:
    case DropReason::kNeighbourTableFull:
      return true;
    default:
      return false;
  }
}

Endpoint backend_of(const lb::Snapshot& snapshot, lb::BackendId id, uint16_t vip_port) {
  const lb::Backend& backend = snapshot.backends[id];
  return {backend.address, backend.port != 0 ? backend.port : vip_port};
}

void describe_client(const lb::SnapshotSpec& spec, const lb::Snapshot& snapshot, const lb::Packet& packet,
                     const lb::Verdict& verdict, Outcome& outcome) {
  outcome.service = spec.services[static_cast<size_t>(packet.service - snapshot.services.data())].name;
  if (!has_backend(verdict)) return;
  outcome.backend = backend_of(snapshot, packet.backend, packet.dst_port);
  if (packet.service->forward == lb::Forward::kNat && packet.slot < lb::kNoSlotClosing)
    outcome.lip =
        Endpoint{snapshot.lips[lb::NatSlots::lip_of(packet.slot)], lb::NatSlots::port_of(packet.slot)};
}

void describe_reply(const lb::SnapshotSpec& spec, const lb::Snapshot& snapshot, lb::Segment& segment,
                    const lb::Packet& packet, Outcome& outcome) {
  const auto view = lb::NatSlots::read(segment.slots().at(packet.slot));
  if (!view) return;
  outcome.lip = outcome.destination;
  outcome.client = Endpoint{view->client, view->client_port};
  outcome.backend = backend_of(snapshot, view->control.backend(), view->vip_port);
  for (size_t i = 0; i < snapshot.services.size(); ++i)
    if (snapshot.services[i].listener == view->control.listener()) outcome.service = spec.services[i].name;
}

std::string_view protocol_name(lb::Protocol protocol) {
  switch (protocol) {
    case lb::Protocol::kTcp:
      return "tcp";
    case lb::Protocol::kUdp:
      return "udp";
    case lb::Protocol::kIcmp:
      return "icmp";
    case lb::Protocol::kIcmpv6:
      return "icmpv6";
  }
  return "other";
}

std::string_view action_name(Action action) {
  switch (action) {
    case Action::kTx:
      return "tx";
    case Action::kHold:
      return "hold";
    case Action::kPunt:
      return "punt";
    case Action::kDrop:
      return "drop";
    case Action::kConsumed:
      return "consumed";
    case Action::kUndecided:
      break;
  }
  return "undecided";
}

}  // namespace

void describe(const lb::SnapshotSpec& spec, const lb::Snapshot& snapshot, lb::Segment& segment,
              const lb::Packet& packet, const lb::Verdict& verdict, Outcome& outcome) {
  // parse() drops a packet before its addresses are known, or says nothing about it.
  if (packet.src.is_unset() && packet.dst.is_unset()) return;
  outcome.protocol = packet.protocol;
  outcome.source = Endpoint{packet.src, packet.src_port};
  outcome.destination = Endpoint{packet.dst, packet.dst_port};
  if (packet.service != nullptr) return describe_client(spec, snapshot, packet, verdict, outcome);
  const lb::LocalAddress* local = snapshot.addresses.find(packet.dst);
  const bool ports = packet.protocol == lb::Protocol::kTcp || packet.protocol == lb::Protocol::kUdp;
  if (local == nullptr || local->vip != lb::LocalAddress::kNone || !ports || packet.l4 == nullptr) return;
  if (packet.dst_port < lb::kFirstLocalPort) return;
  lb::Packet reply = packet;
  reply.slot = lb::NatSlots::index(local->lip, packet.protocol, packet.dst_port);
  describe_reply(spec, snapshot, segment, reply, outcome);
}

std::string verdict_line(const lb::SnapshotSpec& spec, const Outcome& outcome) {
  const lb::Verdict& verdict = outcome.verdict;
  std::string line = std::to_string(outcome.number) + " " + spec.ports[outcome.port].name + " ";
  line += action_name(verdict.action);
  const auto word = [&line](std::string_view key, std::string_view value) {
    line += ' ';
    line += key;
    line += '=';
    line += value;
  };
  const auto endpoint = [&word](std::string_view key, const std::optional<Endpoint>& value) {
    if (value) word(key, value->to_string());
  };
  if (verdict.action == Action::kDrop) word("reason", lb::drop_reason_name(verdict.reason));
  if (verdict.action == Action::kTx) word("out", spec.ports[verdict.port].name);
  if (verdict.action == Action::kHold) word("next_hop", verdict.next_hop.to_string());
  if (outcome.held_ms) word("held_ms", std::to_string(*outcome.held_ms));
  char time[32];
  std::snprintf(time, sizeof(time), "%" PRIu64 ".%06" PRIu64, outcome.time_ns / 1'000'000'000,
                outcome.time_ns % 1'000'000'000 / 1000);
  word("time", time);
  word("frame", std::to_string(outcome.file_number));
  if (outcome.source) word("protocol", protocol_name(outcome.protocol));
  endpoint("from", outcome.source);
  endpoint("to", outcome.destination);
  if (!outcome.service.empty()) word("service", outcome.service);
  endpoint("client", outcome.client);
  endpoint("lip", outcome.lip);
  endpoint("backend", outcome.backend);
  return line;
}

}  // namespace replay
