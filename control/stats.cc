// SPDX-License-Identifier: MIT
#include "control/stats.h"

#include <nlohmann/json.hpp>

#include "control/operations.h"
#include "control/stream_stats.h"
#include "lb/identity.h"

namespace control {
namespace {

using Json = nlohmann::ordered_json;

Traffic sum(const Engine& engine, std::unique_ptr<lb::TrafficCounters[]> lb::WorkerCounters::*table,
            size_t id) {
  Traffic all;
  for (const lb::WorkerCounters* worker : engine.workers) {
    const lb::TrafficCounters& c = (worker->*table)[id];
    all.packets_in += c.packets_in.get();
    all.bytes_in += c.bytes_in.get();
    all.packets_out += c.packets_out.get();
    all.bytes_out += c.bytes_out.get();
    // Closed first: a flow that opens in between must not make the difference negative.
    all.flows_closed += c.flows_closed.get();
    all.flows_opened += c.flows_opened.get();
  }
  return all;
}

std::optional<uint16_t> backend_id(const Engine& engine, const std::string& pool,
                                   const lb::Endpoint& backend) {
  lb::Identity identity;
  identity.kind = lb::IdentityKind::kBackend;
  identity.address = backend.address;
  identity.port = backend.port;
  identity.name_hash = lb::name_hash(pool);
  return engine.segment->backends().find(identity);
}

Json worker_json(const Engine& engine, const LoadWindow& window, size_t number) {
  const lb::WorkerCounters& c = *engine.workers[number];
  uint64_t rx = 0, tx = 0, punted = 0, dropped = 0;
  for (const lb::PortCounters& port : c.ports) {
    rx += port.rx_packets.get();
    tx += port.tx_packets.get();
    punted += port.punted.get();
  }
  for (const lb::Counter& drop : c.drops) dropped += drop.get();
  Json row{{"worker", number},
           {"rx_packets", rx},
           {"tx_packets", tx},
           {"punted", punted},
           {"dropped", dropped},
           {"consumed", c.consumed.get()},
           {"emitted", c.emitted.get()},
           {"icmp_sent", c.icmp_sent.get()},
           {"icmp_relayed", c.icmp_relayed.get()},
           {"resets", c.resets.get()},
           {"held", c.held.get()},
           {"flow_hits", c.flow_hits.get()},
           {"flow_misses", c.flow_misses.get()},
           {"relocations", c.relocations.get()},
           {"busy_bursts", c.busy_bursts.get()},
           {"idle_polls", c.idle_polls.get()}};
  row.update(load_sums_json(load_sums(c)));
  row["load"] = load_json(window.of(engine, number), engine.tsc_hz);
  return row;
}

Json port_json(const Engine& engine, size_t number) {
  uint64_t rx_packets = 0, rx_bytes = 0, tx_packets = 0, tx_bytes = 0, punted = 0, from_kernel = 0;
  for (const lb::WorkerCounters* worker : engine.workers) {
    const lb::PortCounters& c = worker->ports[number];
    rx_packets += c.rx_packets.get();
    rx_bytes += c.rx_bytes.get();
    tx_packets += c.tx_packets.get();
    tx_bytes += c.tx_bytes.get();
    punted += c.punted.get();
    from_kernel += c.from_kernel.get();
  }
  return {{"port", engine.port_names[number]}, {"rx_packets", rx_packets}, {"rx_bytes", rx_bytes},
          {"tx_packets", tx_packets},          {"tx_bytes", tx_bytes},     {"punted", punted},
          {"from_kernel", from_kernel}};
}

// Of one counter, over all workers.
template <typename Read>
uint64_t total(const Engine& engine, Read read) {
  uint64_t sum = 0;
  for (const lb::WorkerCounters* worker : engine.workers) sum += read(*worker);
  return sum;
}

Json drops_json(const Engine& engine) {
  Json drops = Json::array();
  for (unsigned i = 0; i < lb::kDropReasonCount; ++i) {
    const uint64_t packets = total(engine, [i](const lb::WorkerCounters& c) { return c.drops[i].get(); });
    const auto reason = static_cast<lb::DropReason>(i);
    drops.push_back({{"reason", lb::drop_reason_name(reason)},
                     {"packets", packets},
                     {"text", lb::drop_reason_text(reason)}});
  }
  return drops;
}

Json connection_ids_json(const Engine& engine) {
  Json routed = Json::object(), unroutable = Json::object();
  for (unsigned i = 0; i < lb::kQuicLbConfigCount; ++i)
    routed[std::to_string(i)] =
        total(engine, [i](const lb::WorkerCounters& c) { return c.cid_routed[i].get(); });
  for (unsigned i = 1; i < lb::kUnroutableCount; ++i)
    unroutable[lb::unroutable_name(static_cast<lb::Unroutable>(i))] =
        total(engine, [i](const lb::WorkerCounters& c) { return c.cid_unroutable[i].get(); });
  const uint64_t moves = total(engine, [](const lb::WorkerCounters& c) { return c.cid_moves.get(); });
  return {{"routed", routed}, {"unroutable", unroutable}, {"moves", moves}};
}

struct SessionCount {
  std::string_view name;
  lb::Counter lb::IceCounters::*count;
};
constexpr SessionCount kMoveKinds[] = {{"proven", &lb::IceCounters::moves_proven},
                                       {"challenged", &lb::IceCounters::moves_challenged},
                                       {"provisional", &lb::IceCounters::moves_provisional}};
constexpr SessionCount kOtherSessionCounts[] = {
    {"learned", &lb::IceCounters::learned},
    {"not_learned", &lb::IceCounters::not_learned},
    {"conflicts", &lb::IceCounters::conflicts},
    {"asked", &lb::IceCounters::asked},
    {"asks_refused", &lb::IceCounters::asks_refused},
    {"pushed_out", &lb::IceCounters::pushed_out},
    {"attached", &lb::IceCounters::attached},
    {"bridged", &lb::IceCounters::bridged},
    {"challenges", &lb::IceCounters::challenges},
    {"challenges_withheld", &lb::IceCounters::challenges_withheld}};

Json session_counters_json(const Engine& engine) {
  using Ice = lb::IceCounters;
  const auto sum = [&engine](auto read) {
    return total(engine, [read](const lb::WorkerCounters& c) { return read(c.ice).get(); });
  };
  Json opened = Json::object(), moves = Json::object(), refused = Json::object(), gaps = Json::array();
  for (unsigned i = 0; i < lb::kRungCount; ++i)
    opened[lb::rung_name(static_cast<lb::Rung>(i))] =
        sum([i](const Ice& ice) -> const lb::Counter& { return ice.sessions[i]; });
  for (const SessionCount& kind : kMoveKinds)
    moves[kind.name] = sum([kind](const Ice& ice) -> const lb::Counter& { return ice.*kind.count; });
  for (size_t i = 0; i < lb::kMoveRefusalNames.size(); ++i)
    refused[lb::kMoveRefusalNames[i]] =
        sum([i](const Ice& ice) -> const lb::Counter& { return ice.moves_refused[i]; });
  for (size_t i = 0; i <= Ice::kGapMs.size(); ++i)
    gaps.push_back({{"up_to_ms", i < Ice::kGapMs.size() ? Json(Ice::kGapMs[i]) : Json(nullptr)},
                    {"moves", sum([i](const Ice& ice) -> const lb::Counter& { return ice.gaps[i]; })}});
  Json all = {{"opened", opened},
              {"moves", moves},
              {"moves_refused", refused},
              {"gaps", gaps},
              {"gap_ms_sum", sum([](const Ice& ice) -> const lb::Counter& { return ice.gap_ms_sum; })}};
  for (const SessionCount& each : kOtherSessionCounts)
    all[each.name] = sum([each](const Ice& ice) -> const lb::Counter& { return ice.*each.count; });
  return all;
}

std::string_view state_name(const lb::Neighbours::Row& row) {
  if (row.is_static) return "static";
  switch (row.state) {
    case lb::Resolution::kKnown:
      return "reachable";
    case lb::Resolution::kPending:
      return "incomplete";
    default:
      return "failed";
  }
}

}  // namespace

Traffic service_traffic(const Engine& engine, const std::string& service) {
  lb::Identity name;
  name.kind = lb::IdentityKind::kService;
  name.name_hash = lb::name_hash(service);
  const auto id = engine.segment->services().find(name);
  return id ? sum(engine, &lb::WorkerCounters::services, *id) : Traffic{};
}

Traffic backend_traffic(const Engine& engine, const std::string& pool, const lb::Endpoint& backend) {
  const auto id = backend_id(engine, pool, backend);
  return id ? sum(engine, &lb::WorkerCounters::backends, *id) : Traffic{};
}

Failures backend_failures(const Engine& engine, const std::string& pool, const lb::Endpoint& backend) {
  Failures all;
  const auto id = backend_id(engine, pool, backend);
  if (!id) return all;
  for (const lb::WorkerCounters* worker : engine.workers) {
    const lb::FailureCounters& c = worker->failures[*id];
    all.refused += c.refused.get();
    all.unanswered += c.unanswered.get();
    all.unreachable += c.unreachable.get();
  }
  return all;
}

Json traffic_json(const Traffic& traffic) {
  return {{"packets_in", traffic.packets_in},     {"bytes_in", traffic.bytes_in},
          {"packets_out", traffic.packets_out},   {"bytes_out", traffic.bytes_out},
          {"flows_opened", traffic.flows_opened}, {"flows_closed", traffic.flows_closed},
          {"flows_open", traffic.flows_open()}};
}

Json stats_json(const Operations& operations) {
  const Engine& engine = operations.engine();
  const lb::SnapshotSpec& spec = operations.spec();
  Json workers = Json::array(), ports = Json::array(), services = Json::array(), backends = Json::array();
  for (size_t i = 0; i < engine.workers.size(); ++i)
    workers.push_back(worker_json(engine, operations.load_window(), i));
  for (size_t i = 0; i < engine.port_names.size(); ++i) ports.push_back(port_json(engine, i));
  for (const lb::ServiceSpec& service : spec.services) {
    Json row{{"service", service.name}};
    row.update(traffic_json(service_traffic(engine, service.name)));
    services.push_back(std::move(row));
  }
  for (const lb::PoolSpec& pool : spec.pools)
    for (const lb::BackendSpec& backend : pool.backends) {
      const lb::Endpoint endpoint{backend.address, backend.port};
      Json row{{"pool", pool.name}, {"backend", endpoint.to_string()}};
      row.update(traffic_json(backend_traffic(engine, pool.name, endpoint)));
      const Failures failures = backend_failures(engine, pool.name, endpoint);
      row.update({{"refused", failures.refused},
                  {"unanswered", failures.unanswered},
                  {"unreachable", failures.unreachable}});
      backends.push_back(std::move(row));
    }
  return {
      {"tsc_hz", engine.tsc_hz},
      {"workers", workers},
      {"ports", ports},
      {"drops", drops_json(engine)},
      {"connection_ids", connection_ids_json(engine)},
      {"sessions", session_counters_json(engine)},
      {"peeks", peeks_json(engine)},
      {"srt", srt_json(engine)},
      {"streams", stream_counts_json(engine, operations.stream_census(), operations.stream_polls().totals())},
      {"services", services},
      {"backends", backends}};
}

Json neighbours_json(const Engine& engine) {
  Json rows = Json::array();
  if (engine.neighbours == nullptr) return rows;
  for (unsigned i = 0; i < lb::Neighbours::kCapacity; ++i) {
    const auto row = engine.neighbours->row(i);
    if (!row) continue;
    const bool known = row->state == lb::Resolution::kKnown;
    const std::string port =
        row->port < engine.port_names.size() ? engine.port_names[row->port] : std::to_string(row->port);
    rows.push_back({{"port", port},
                    {"address", row->address.to_string()},
                    {"mac", known ? Json(row->mac.to_string()) : Json(nullptr)},
                    {"state", state_name(*row)}});
  }
  return rows;
}

}  // namespace control
