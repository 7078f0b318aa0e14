// SPDX-License-Identifier: MIT
#include "lb/foresee.h"

#include <algorithm>

#include "lb/pick.h"

namespace lb {
namespace {

template <typename Table>
std::optional<FlowControl> control_in(const Table& table, const typename Table::Key& key) {
  const auto found = table.find(key, table.hash(key));
  return found ? std::optional(found.control) : std::nullopt;
}

std::optional<FlowControl> flow_in(const FlowTables& flows, const Service& service, ListenerId listener,
                                   const Endpoint& client, uint16_t vip_port) {
  return service.wide ? control_in(flows.wide, wide_key(client.address, client.port, listener, vip_port))
                      : control_in(flows.narrow, narrow_key(client.address, client.port, listener));
}

std::optional<FlowControl> client_in(const FlowTables& flows, const Pool& pool, const IpAddress& client) {
  return client.is_v4() ? control_in(flows.narrow, narrow_client_key(client, pool.clients))
                        : control_in(flows.wide, wide_client_key(client, pool.clients));
}

const Service* service_at(const Snapshot& snapshot, const Endpoint& vip, Protocol protocol) {
  const LocalAddress* local = snapshot.addresses.find(vip.address);
  if (local == nullptr || local->vip == LocalAddress::kNone) return nullptr;
  const uint16_t index = snapshot.service_table.find(local->vip, protocol, vip.port);
  return index == ServiceTable::kNone ? nullptr : &snapshot.services[index];
}

void look_ahead(const Snapshot& snapshot, const Pool& pool, const Endpoint& client, const Endpoint& vip,
                Foreseen& seen) {
  const Service& service = *seen.service;
  const auto say = [&seen](Foresight on, std::optional<BackendId> backend) {
    seen.depends_on = on;
    seen.backend = backend;
  };
  // Its routes may lead to other pools.
  if (goes_by_stream(service.affinity)) return say(Foresight::kStream, std::nullopt);
  if (pool.table.empty()) return;
  const bool by_client = service.affinity == Affinity::kSourceIp;
  if (by_client && seen.client && snapshot.backends[seen.client->backend()].takes_new)
    return say(Foresight::kClient, seen.client->backend());
  if (service.affinity == Affinity::kIce) return say(Foresight::kSession, std::nullopt);
  if (std::all_of(pool.table.begin(), pool.table.end(), [&](BackendId id) { return id == pool.table[0]; }))
    return say(Foresight::kOnly, pool.table[0]);
  if (pool.pick == PickMethod::kWrr) return say(Foresight::kTurn, std::nullopt);
  if (pool.pick == PickMethod::kLeastLoad) return say(Foresight::kLoad, std::nullopt);
  if (by_client) return say(Foresight::kNetwork, maglev_pick(pool, client_hash(snapshot, client.address)));
  Packet packet;
  packet.src = client.address;
  packet.dst = vip.address;
  packet.src_port = client.port;
  packet.dst_port = vip.port;
  packet.protocol = service.protocol;
  packet.service = &service;
  say(Foresight::kHash, maglev_pick(pool, tuple_hash(snapshot, packet)));
}

}  // namespace

Foreseen foresee(const Snapshot& snapshot, Segment& segment, const Endpoint& client, const Endpoint& vip,
                 Protocol protocol) noexcept {
  Foreseen seen;
  seen.service = service_at(snapshot, vip, protocol);
  if (seen.service == nullptr || client.address.is_v4() != vip.address.is_v4()) return seen;
  const Service& service = *seen.service;
  const Pool& pool = snapshot.pools[service.pool];
  const FlowTables& flows = segment.flows();
  seen.entry = flow_in(flows, service, service.listener, client, vip.port);
  if (service.moved != service.listener)
    seen.moved = flow_in(flows, service, service.moved, client, vip.port);
  if (service.affinity == Affinity::kSourceIp) seen.client = client_in(flows, pool, client.address);
  look_ahead(snapshot, pool, client, vip, seen);
  return seen;
}

}  // namespace lb
