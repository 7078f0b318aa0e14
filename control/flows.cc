// SPDX-License-Identifier: MIT
#include "control/flows.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/config_text.h"
#include "control/nearest.h"
#include "control/query_field.h"
#include "control/segment_names.h"

namespace control {
namespace {

using Json = nlohmann::ordered_json;

class Listing {
 public:
  Listing(const Engine& engine, const lb::SnapshotSpec& spec, const FlowFilter& filter)
      : engine_(engine),
        snapshot_(*engine.snapshot()),
        slots_(engine.segment->slots()),
        names_(engine, spec),
        filter_(filter) {}

  Json run() {
    const auto next = filter_.lport ? by_port() : walk();
    return {{"flows", std::move(flows_)}, {"next", next ? Json(*next) : Json(nullptr)}};
  }

 private:
  // Every slot, from filter_.after on.
  std::optional<uint64_t> walk() {
    uint32_t looked_at = 0;
    for (uint64_t i = filter_.after; i < slots_.size(); ++i) {
      const auto index = static_cast<lb::SlotIndex>(i);
      if (skip(lb::NatSlots::lip_of(index))) {
        i = (i / lb::kSlotsPerLip + 1) * lb::kSlotsPerLip - 1;
        continue;
      }
      if (++looked_at > kSlotsPerRequest || flows_.size() >= filter_.limit) return i;
      show(index);
    }
    return std::nullopt;
  }

  std::optional<uint64_t> by_port() {
    if (*filter_.lport < lb::kFirstLocalPort) return std::nullopt;
    for (lb::LipIndex lip = 0; lip < slots_.lips() && flows_.size() < filter_.limit; ++lip)
      for (const lb::Protocol protocol : {lb::Protocol::kTcp, lb::Protocol::kUdp})
        if (!skip(lip)) show(lb::NatSlots::index(lip, protocol, *filter_.lport));
    return std::nullopt;
  }

  [[nodiscard]] bool skip(lb::LipIndex lip) const {
    if (lip >= snapshot_.lips.size() || snapshot_.lips[lip].is_unset()) return true;
    return filter_.lip && *filter_.lip != snapshot_.lips[lip];
  }

  void show(lb::SlotIndex index) {
    const lb::NatSlot& slot = slots_.at(index);
    const auto view = lb::NatSlots::read(slot);
    if (!view || view->control.listener() >= snapshot_.listeners.size()) return;
    if (filter_.client && *filter_.client != view->client) return;
    const lb::Identity& backend = names_.backend(view->control.backend());
    if (filter_.backend && !is_backend(*filter_.backend, backend)) return;
    const std::string service = names_.service_of(view->control.listener());
    if (!filter_.service.empty() && filter_.service != service) return;
    const auto stream = names_.stream_on(index, view->control);
    if (!filter_.stream.empty() && (!stream || filter_.stream != stream->name)) return;

    const lb::Tick now = engine_.now().tick();
    const uint16_t idle = std::min(lb::ticks_since(now, slot.forward_tick.load(std::memory_order_relaxed)),
                                   lb::ticks_since(now, slot.reply_tick.load(std::memory_order_relaxed)));
    const std::string session = names_.session_on(index).value_or("");
    const auto still = lb::NatSlots::read(slot);
    if (!still || !still->control.same_use(view->control)) return;
    const uint16_t port = backend.port != 0 ? backend.port : view->vip_port;
    flows_.push_back(
        {{"service", text_or_null(service)},
         {"protocol", name_of(lb::NatSlots::protocol_of(index))},
         {"client", lb::Endpoint{view->client, view->client_port}.to_string()},
         {"vip", lb::Endpoint{names_.vip(view->control.listener()).address, view->vip_port}.to_string()},
         {"lip", names_.lip(index).value_or(lb::Endpoint{}).to_string()},
         {"backend", lb::Endpoint{backend.address, port}.to_string()},
         {"pool", text_or_null(names_.pool(backend.name_hash))},
         {"state", slot_state_name(slot, lb::NatSlots::protocol_of(index), view->control.state())},
         {"idle_s", idle / lb::kTicksPerSecond},
         {"session", text_or_null(session)},
         {"stream", stream ? Json(stream->name) : Json(nullptr)},
         {"publishes", stream ? Json(stream->published) : Json(nullptr)}});
  }

  const Engine& engine_;
  const lb::Snapshot& snapshot_;
  const lb::NatSlots& slots_;
  const SegmentNames names_;
  const FlowFilter& filter_;
  Json flows_ = Json::array();
};

// "" or why `text` is no `name`.
std::string set(FlowFilter& filter, const std::string& name, const std::string& text) {
  if (name == "service" || name == "stream") {
    (name == "service" ? filter.service : filter.stream) = text;
    return "";
  }
  if (name == "backend") return read_endpoint(text, filter.backend);
  if (name == "client") return read_address(text, filter.client);
  if (name == "lip") return read_address(text, filter.lip);
  if (name == "lport") return read_number(text, 1, 65535, filter.lport);
  if (name == "limit") return read_number(text, 1, kMaxFlowsShown, filter.limit);
  if (name == "after") return read_number(text, 0, UINT32_MAX, filter.after);
  return "unknown; " +
         suggestion(name, {"service", "stream", "backend", "client", "lip", "lport", "limit", "after"});
}

}  // namespace

std::string_view slot_state_name(const lb::NatSlot& slot, lb::Protocol protocol, lb::SlotState state) {
  if (protocol == lb::Protocol::kTcp && lb::NatSlots::is_closed(slot)) return "closed";
  switch (state) {
    case lb::SlotState::kProbing:
      return "probing";
    case lb::SlotState::kEmbryonic:
      return "embryonic";
    case lb::SlotState::kSpliced:
      return "spliced";
    default:
      return "live";
  }
}

lb::Result<FlowFilter> FlowFilter::of(const std::map<std::string, std::string>& fields) {
  return read_fields(fields, set);
}

Json flows_json(const Engine& engine, const lb::SnapshotSpec& spec, const FlowFilter& filter) {
  return Listing(engine, spec, filter).run();
}

}  // namespace control
