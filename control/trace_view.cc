// SPDX-License-Identifier: MIT
#include "control/trace_view.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/config_text.h"
#include "control/hex.h"
#include "control/segment_names.h"
#include "lb/drop_reason.h"

namespace control {
namespace {

using Json = nlohmann::ordered_json;

std::string protocol_text(const lb::TraceRecord& record) {
  const lb::TraceEnds& ends = record.before.known ? record.before : record.after;
  if (ends.known) {
    switch (ends.protocol) {
      case 1:
        return "icmp";
      case 6:
        return "tcp";
      case 17:
        return "udp";
      case 58:
        return "icmpv6";
      default:
        return "ip-" + std::to_string(ends.protocol);
    }
  }
  constexpr uint16_t kArp = 0x0806;
  if (record.ether_type == kArp) return "arp";
  const uint8_t octets[] = {static_cast<uint8_t>(record.ether_type >> 8),
                            static_cast<uint8_t>(record.ether_type)};
  return "ether-" + to_hex(octets);
}

// "SA" for SYN and ACK; in the order of the header's bits.
std::string flags_text(uint8_t flags) {
  static constexpr char kLetters[] = "FSRPAUEC";
  std::string text;
  for (unsigned bit = 0; bit < 8; ++bit)
    if ((flags >> bit & 1) != 0) text += kLetters[bit];
  return text;
}

std::string_view verdict_name(const lb::TraceRecord& record) {
  switch (record.action) {
    case lb::Action::kTx:
      return record.answered ? "answered" : "forwarded";
    case lb::Action::kHold:
      return "held";
    case lb::Action::kPunt:
      return "punted";
    case lb::Action::kDrop:
      return "dropped";
    case lb::Action::kConsumed:
    case lb::Action::kUndecided:
      break;
  }
  return "consumed";
}

Json way_json(lb::TraceWay way) {
  if (way == lb::TraceWay::kUnknown) return nullptr;
  return way == lb::TraceWay::kIn ? "in" : "out";
}

Json end_json(bool known, const lb::IpAddress& address, uint16_t port) {
  return known ? Json(lb::Endpoint{address, port}.to_string()) : Json(nullptr);
}
Json end_json(const lb::Endpoint& end) { return end_json(!end.address.is_unset(), end.address, end.port); }

class View {
 public:
  View(const Engine& engine, const lb::SnapshotSpec& spec, const PacketTrace& trace)
      : engine_(engine), spec_(spec), trace_(trace), names_(engine, spec) {}

  [[nodiscard]] Json packet(const PacketTrace::Kept& kept) const {
    const lb::TraceRecord& r = kept.record;
    const std::string service = names_.service(r.service);
    const bool came = r.length_in != 0, left = r.length_out != 0;
    Json json{
        {"time_ms", trace_.epoch_ms(r.ms)},
        {"worker", kept.worker},
        {"port", came ? port(r.port_in) : Json(nullptr)},
        {"way", way_json(r.way)},
        {"protocol", protocol_text(r)},
        {"source", end_json(r.before.known, r.before.source, r.before.source_port)},
        {"destination", end_json(r.before.known, r.before.destination, r.before.destination_port)},
        {"size_bytes", came ? Json(r.length_in) : Json(nullptr)},
        {"tcp_flags", text_or_null(flags_text(r.tcp_flags))},
        {"verdict", verdict_name(r)},
        {"reason", r.action == lb::Action::kDrop ? Json(lb::drop_reason_name(r.reason)) : Json(nullptr)},
        {"new_port", r.after.known || left ? port(r.port_out) : Json(nullptr)},
        {"new_source", end_json(r.after.known, r.after.source, r.after.source_port)},
        {"new_destination", end_json(r.after.known, r.after.destination, r.after.destination_port)},
        {"new_size_bytes", left ? Json(r.length_out) : Json(nullptr)},
        {"service", text_or_null(service)},
        {"client", end_json(r.client)},
        {"backend", end_json(r.backend)},
        {"by", by(r, service)},
        {"rung", r.rung == lb::Rung::kCount ? Json(nullptr) : Json(lb::rung_name(r.rung))}};
    if (trace_.request().filter.snaplen == 0) return json;
    json["bytes"] = to_hex({r.in.data(), r.kept_in});
    json["new_bytes"] = to_hex({r.out.data(), r.kept_out});
    return json;
  }

 private:
  [[nodiscard]] Json port(lb::PortIndex index) const {
    return index < engine_.port_names.size() ? Json(engine_.port_names[index]) : Json(nullptr);
  }

  // A pick by the name of the pool's method, which says more.
  [[nodiscard]] Json by(const lb::TraceRecord& record, const std::string& service) const {
    if (record.by == lb::TraceBy::kPick)
      for (const lb::ServiceSpec& s : spec_.services)
        if (s.name == service)
          for (const lb::PoolSpec& pool : spec_.pools)
            if (pool.name == s.pool) return name_of(pool.pick);
    return text_or_null(std::string(lb::trace_by_name(record.by)));
  }

  const Engine& engine_;
  const lb::SnapshotSpec& spec_;
  const PacketTrace& trace_;
  const SegmentNames names_;
};

}  // namespace

Json trace_json(const Engine& engine, const lb::SnapshotSpec& spec, const PacketTrace& trace,
                uint64_t after) {
  const View view(engine, spec, trace);
  const auto& kept = trace.kept();
  const size_t begin = std::min<uint64_t>(after, kept.size());
  const size_t end = std::min(begin + kTracedPerAnswer, kept.size());
  Json packets = Json::array();
  for (size_t i = begin; i < end; ++i) packets.push_back(view.packet(kept[i]));
  // All that it has must have been shown before its end is.
  const bool over = !trace.runs() && end == kept.size();
  return {{"trace", trace.id()},
          {"ended", over ? Json(trace_end_name(trace.ended())) : Json(nullptr)},
          {"ends_in_ms", trace.ends_in_ms(engine.now())},
          {"not_kept", trace.not_kept()},
          {"snaplen", trace.request().filter.snaplen},
          {"ports", engine.port_names},
          {"packets", std::move(packets)},
          {"next", end}};
}

}  // namespace control
