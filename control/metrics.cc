// SPDX-License-Identifier: MIT
#include "control/metrics.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>

#include "control/api_views.h"
#include "control/ports.h"
#include "control/stats.h"

namespace control {
namespace {

using Json = nlohmann::ordered_json;
using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// A number that each row of a table of /v1/stats has. Several may be one metric that differs in a label.
struct Column {
  const char *field, *metric, *help;
  const char *label = nullptr, *value = nullptr;  // one more label
  MetricType type = MetricType::Counter;
};

constexpr Column kPortColumns[] = {
    {"rx_packets", "cleat_port_receive_packets_total", "Frames received."},
    {"rx_bytes", "cleat_port_receive_bytes_total", "Bytes of frames received."},
    {"tx_packets", "cleat_port_transmit_packets_total", "Frames sent, Cleat's own among them."},
    {"tx_bytes", "cleat_port_transmit_bytes_total", "Bytes of frames sent."},
    {"punted", "cleat_port_punted_packets_total", "Frames handed to the kernel."},
    {"from_kernel", "cleat_port_from_kernel_packets_total", "Frames taken from the kernel's tap."}};
constexpr Column kWorkerColumns[] = {
    {"rx_packets", "cleat_worker_receive_packets_total", "Frames received."},
    {"tx_packets", "cleat_worker_transmit_packets_total", "Frames sent, Cleat's own among them."},
    {"punted", "cleat_worker_punted_packets_total", "Frames handed to the kernel."},
    {"dropped", "cleat_worker_dropped_packets_total", "Frames dropped, for whatever reason."},
    {"consumed", "cleat_worker_consumed_packets_total", "Frames that spoke to Cleat itself."},
    {"emitted", "cleat_worker_emitted_packets_total", "Frames of Cleat's own."},
    {"icmp_sent", "cleat_worker_icmp_errors_total", "ICMP errors sent.", "of", "own"},
    {"icmp_relayed", "cleat_worker_icmp_errors_total", "ICMP errors sent.", "of", "others"},
    {"resets", "cleat_worker_reset_flows_total", "TCP flows reset because their server is silent."},
    {"held", "cleat_worker_held_packets_total", "Frames that waited for a next hop."},
    {"flow_hits", "cleat_worker_flow_lookups_total", "Look-ups of the flow table.", "result", "hit"},
    {"flow_misses", "cleat_worker_flow_lookups_total", "Look-ups of the flow table.", "result", "miss"},
    {"relocations", "cleat_worker_flow_relocations_total", "Entries of the flow table moved to make room."},
    {"busy_bursts", "cleat_worker_polls_total", "Polls of a receive queue.", "result", "busy"},
    {"idle_polls", "cleat_worker_polls_total", "Polls of a receive queue.", "result", "idle"},
    {"timed_packets", "cleat_worker_timed_packets_total", "Frames of the bursts that were timed."}};
// in: from clients to servers
constexpr Column kTrafficColumns[] = {
    {"packets_in", "packets_total", "Packets forwarded.", "direction", "in"},
    {"packets_out", "packets_total", "Packets forwarded.", "direction", "out"},
    {"bytes_in", "bytes_total", "Bytes of frames forwarded.", "direction", "in"},
    {"bytes_out", "bytes_total", "Bytes of frames forwarded.", "direction", "out"},
    {"flows_opened", "flows_opened_total", "Flows opened."},
    {"flows_closed", "flows_closed_total", "Flows closed."},
    {"flows_open", "flows_open", "Flows open now.", nullptr, nullptr, MetricType::Gauge}};
constexpr Column kDropColumns[] = {{"packets", "cleat_dropped_packets_total", "Frames dropped, by reason."}};
constexpr Column kBackendColumns[] = {
    {"weight", "cleat_backend_weight", "The operator's weight, or else the file's.", nullptr, nullptr,
     MetricType::Gauge},
    {"effective_weight", "cleat_backend_effective_weight",
     "Weight in force: 0 while draining, or down and no panic.", nullptr, nullptr, MetricType::Gauge}};
constexpr Column kFailureColumns[] = {
    {"refused", "cleat_backend_failures_total", "What traffic says against a backend.", "kind", "refused"},
    {"unanswered", "cleat_backend_failures_total", "What traffic says against a backend.", "kind",
     "unanswered"},
    {"unreachable", "cleat_backend_failures_total", "What traffic says against a backend.", "kind",
     "unreachable"}};
constexpr Column kHealthColumns[] = {
    {"falls", "cleat_backend_falls_total", "How often it went down."},
    {"suspicions", "cleat_backend_suspicions_total", "How often its traffic made it suspect."}};

std::string label_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

class Exposition {
 public:
  // One metric of a family; families stand in the order in which their first metrics come.
  ClientMetric& add(const std::string& name, const char* help, MetricType type,
                    std::vector<ClientMetric::Label> labels) {
    auto family = std::find_if(families_.begin(), families_.end(),
                               [&](const MetricFamily& each) { return each.name == name; });
    if (family == families_.end())
      family = families_.insert(families_.end(), MetricFamily{name, help, type, {}});
    ClientMetric& metric = family->metric.emplace_back();
    metric.label = std::move(labels);
    return metric;
  }
  void number(const std::string& name, const char* help, MetricType type,
              std::vector<ClientMetric::Label> labels, double value) {
    ClientMetric& metric = add(name, help, type, std::move(labels));
    (type == MetricType::Gauge ? metric.gauge.value : metric.counter.value) = value;
  }

  // labels  of each row: the metric's label, the row's field
  void table(const Json& rows, const std::vector<std::pair<const char*, const char*>>& labels,
             std::span<const Column> columns, const std::string& prefix = "") {
    for (const Column& column : columns)
      for (const Json& row : rows) {
        std::vector<ClientMetric::Label> of_row;
        for (const auto& [name, field] : labels) of_row.push_back({name, label_text(row.at(field))});
        if (column.label != nullptr) of_row.push_back({column.label, column.value});
        number(prefix + column.metric, column.help, column.type, std::move(of_row),
               row.at(column.field).get<double>());
      }
  }
  // counts  {value of the label: number}
  void counts(const Json& counts, const char* name, const char* help, const char* label) {
    for (const auto& [value, count] : counts.items())
      number(name, help, MetricType::Counter, {{label, value}}, count.get<double>());
  }

  [[nodiscard]] std::string text() const { return prometheus::TextSerializer().Serialize(families_); }

 private:
  std::vector<MetricFamily> families_;
};

void add_process(Exposition& out, const Json& status) {
  out.number("cleat_build_info", "Which Cleat this is; always 1.", MetricType::Gauge,
             {{"version", label_text(status.at("version"))}}, 1);
  out.number("cleat_uptime_seconds", "Since this process began.", MetricType::Gauge, {},
             status.at("uptime_s").get<double>());
  for (const char* state : {"running", "waiting"})
    out.number("cleat_health_checks", "Health checks under way, and those that wait for room.",
               MetricType::Gauge, {{"state", state}}, status.at("health_checks").at(state).get<double>());
  out.number("cleat_config_generation", "Number of the snapshot in force.", MetricType::Gauge, {},
             status.at("generation").get<double>());
  out.number("cleat_config_publish_ok", "0 while what is wanted cannot be put in force.", MetricType::Gauge,
             {}, status.at("publish_error").is_null() ? 1 : 0);
  const Json& reload = status.at("last_reload");
  out.number("cleat_config_last_reload_ok", "0 if the last reload was refused.", MetricType::Gauge, {},
             reload.is_null() || reload.at("ok").get<bool>() ? 1 : 0);
}

// Of the backends that are checked.
void add_checks(Exposition& out, const Json& backends) {
  Json rows = Json::array();
  for (Json row : backends) {
    const Json health = row.at("health");
    if (health.is_null()) continue;
    for (const auto& [outcome, count] : health.at("checks").items())
      out.number("cleat_backend_checks_total", "Health checks, by outcome.", MetricType::Counter,
                 {{"pool", label_text(row.at("pool"))},
                  {"backend", label_text(row.at("backend"))},
                  {"outcome", outcome}},
                 count.get<double>());
    row.update(health);
    rows.push_back(std::move(row));
  }
  out.table(rows, {{"pool", "pool"}, {"backend", "backend"}}, kHealthColumns);
}

void add_backends(Exposition& out, const Json& pools) {
  for (const Json& pool : pools.at("pools")) {
    Json rows = Json::array();
    out.number("cleat_pool_panic", "1 while so many backends are down that health is ignored.",
               MetricType::Gauge, {{"pool", label_text(pool.at("pool"))}},
               pool.at("panic").get<bool>() ? 1 : 0);
    for (Json row : pool.at("backends")) {
      row["pool"] = pool.at("pool");
      const std::vector<ClientMetric::Label> labels = {{"pool", label_text(row.at("pool"))},
                                                       {"backend", label_text(row.at("backend"))}};
      const Json& health = row.at("health");
      out.number("cleat_backend_healthy", "1 unless its checks fail.", MetricType::Gauge, labels,
                 health.is_null() || health.at("healthy").get<bool>() ? 1 : 0);
      out.number("cleat_backend_draining", "1 while it takes no new sessions for an operator said so.",
                 MetricType::Gauge, labels, row.at("drain").is_null() ? 0 : 1);
      rows.push_back(std::move(row));
    }
    out.table(rows, {{"pool", "pool"}, {"backend", "backend"}}, kBackendColumns);
    add_checks(out, rows);
  }
}

// rows   of a histogram, their upper ends rising, null for the last
// unit   of these ends, in that of the metric
void fill(ClientMetric::Histogram& histogram, const Json& rows, const char* up_to, const char* count,
          double unit) {
  for (const Json& row : rows) {
    histogram.sample_count += row.at(count).get<uint64_t>();
    const Json& end = row.at(up_to);
    const double bound = end.is_null() ? std::numeric_limits<double>::infinity() : end.get<double>() * unit;
    histogram.bucket.push_back({histogram.sample_count, bound});
  }
}

void add_gaps(Exposition& out, const Json& sessions) {
  ClientMetric::Histogram& gaps =
      out.add("cleat_session_gap_seconds", "Silence of the former address before a session's way back moved.",
              MetricType::Histogram, {})
          .histogram;
  fill(gaps, sessions.at("gaps"), "up_to_ms", "moves", 1e-3);
  gaps.sample_sum = sessions.at("gap_ms_sum").get<double>() / 1000;
}

void add_load(Exposition& out, const Json& stats) {
  const auto tsc_hz = stats.at("tsc_hz").get<double>();
  out.number("cleat_tsc_hertz", "Cycles of the workers' clock in a second.", MetricType::Gauge, {}, tsc_hz);
  for (const Json& worker : stats.at("workers")) {
    const ClientMetric::Label of{"worker", label_text(worker.at("worker"))};
    for (const char* state : {"busy", "polling", "resting"})
      out.number("cleat_worker_time_seconds_total", "Time of a worker, by what it did.", MetricType::Counter,
                 {of, {"state", state}}, worker.at(std::string(state) + "_cycles").get<double>() / tsc_hz);
    ClientMetric::Histogram& bursts =
        out.add("cleat_worker_burst_frames", "Frames in a burst that was received.", MetricType::Histogram,
                {of})
            .histogram;
    fill(bursts, worker.at("bursts"), "up_to_frames", "bursts", 1);
    bursts.sample_sum = worker.at("rx_packets").get<double>();
    for (const auto& [stage, cycles] : worker.at("stage_cycles").items())
      out.number("cleat_worker_stage_seconds_total", "Time of the bursts that were timed, by stage.",
                 MetricType::Counter, {of, {"stage", stage}}, cycles.get<double>() / tsc_hz);
  }
}

void add_sessions(Exposition& out, const Json& sessions) {
  out.counts(sessions.at("opened"), "cleat_sessions_opened_total",
             "ICE sessions, by the rung that found their server.", "rung");
  out.counts(sessions.at("moves"), "cleat_session_moves_total",
             "Moves of the way back of ICE sessions, by what proved them.", "kind");
  out.counts(sessions.at("moves_refused"), "cleat_session_moves_refused_total",
             "Addresses to which the way back of an ICE session did not move, by reason.", "reason");
  add_gaps(out, sessions);
  Json events = Json::object();
  for (const auto& [name, count] : sessions.items())
    if (count.is_number() && name != "gap_ms_sum") events[name] = count;
  out.counts(events, "cleat_session_events_total", "What else happened to ICE sessions (docs/api.md).",
             "event");
}

// in_use and room of `table`.
void add_room(Exposition& out, const Json& table, const std::string& name, const char* help) {
  out.number(name, help, MetricType::Gauge, {}, table.at("in_use").get<double>());
  out.number(name + "_room", "How many there is room for.", MetricType::Gauge, {},
             table.at("room").get<double>());
}

void add_streams(Exposition& out, const Json& stats) {
  const Json& peeks = stats.at("peeks");
  add_room(out, stats.at("streams"), "cleat_streams", "Streams whose server is known.");
  const Json& streams = stats.at("streams");
  for (const char* outcome : {"passed", "failed"})
    out.number("cleat_stream_polls_total", "Requests that asked servers what they have, by outcome.",
               MetricType::Counter, {{"outcome", outcome}}, streams.at("polls").at(outcome).get<double>());
  for (const char* event : {"learned", "moved", "conflicts", "not_learned"})
    out.number("cleat_stream_events_total", "What these answers changed (docs/api.md).", MetricType::Counter,
               {{"event", event}}, streams.at(event).get<double>());
  add_room(out, peeks, "cleat_peeks", "Connections whose first bytes are being read.");
  out.number("cleat_peek_syns_total", "SYNs answered to clients.", MetricType::Counter, {},
             peeks.at("syns").get<double>());
  out.number("cleat_peeks_began_total", "Clients that said something.", MetricType::Counter, {},
             peeks.at("began").get<double>());
  out.number("cleat_peeks_joined_total", "Connections joined to their server.", MetricType::Counter, {},
             peeks.at("joined").get<double>());
  out.number("cleat_peek_repeats_total", "Times that Cleat sent something of its own again.",
             MetricType::Counter, {}, peeks.at("repeated").get<double>());
  out.number("cleat_later_requests_total", "Requests for streams on connections that were joined already.",
             MetricType::Counter, {}, peeks.at("later_requests").get<double>());
  out.number("cleat_led_elsewhere_total", "Of these, those of streams of another server: reset.",
             MetricType::Counter, {}, peeks.at("led_elsewhere").get<double>());
  out.number("cleat_peek_bytes_total", "Bytes of clients and servers that were read.", MetricType::Counter,
             {}, peeks.at("bytes").get<double>());
  out.counts(peeks.at("ends"), "cleat_peeks_ended_total",
             "Connections that were read, by what became of them.", "end");
  out.counts(stats.at("srt"), "cleat_srt_events_total", "What happened to SRT connections (docs/api.md).",
             "event");
}

}  // namespace

std::string metrics_text(const Operations& operations) {
  const Json stats = stats_json(operations);
  Exposition out;
  add_process(out, status_json(operations));
  add_backends(out, pools_json(operations));
  out.table(stats.at("services"), {{"service", "service"}}, kTrafficColumns, "cleat_service_");
  out.table(stats.at("backends"), {{"pool", "pool"}, {"backend", "backend"}}, kFailureColumns);
  out.table(stats.at("backends"), {{"pool", "pool"}, {"backend", "backend"}}, kTrafficColumns,
            "cleat_backend_");
  out.table(stats.at("drops"), {{"reason", "reason"}}, kDropColumns);
  out.table(stats.at("ports"), {{"port", "port"}}, kPortColumns);
  const Json ports = ports_json(operations.engine());
  for (const Json& port : ports.at("ports"))
    out.number("cleat_port_up", "1 while its link is up.", MetricType::Gauge,
               {{"port", label_text(port.at("port"))}}, port.at("link") == "up" ? 1 : 0);
  out.table(stats.at("workers"), {{"worker", "worker"}}, kWorkerColumns);
  add_load(out, stats);
  const Json& ids = stats.at("connection_ids");
  out.counts(ids.at("routed"), "cleat_connection_ids_routed_total",
             "Packets whose connection id named a server, by its config id.", "config_id");
  out.counts(ids.at("unroutable"), "cleat_connection_ids_unroutable_total",
             "Packets whose connection id named no server, by reason.", "reason");
  out.number("cleat_connection_id_moves_total", "Flows that a connection id opened: its client moved.",
             MetricType::Counter, {}, ids.at("moves").get<double>());
  add_sessions(out, stats.at("sessions"));
  add_streams(out, stats);
  return out.text();
}

}  // namespace control
