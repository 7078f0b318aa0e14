// SPDX-License-Identifier: MIT
#include "control/flows.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "control/config_text.h"
#include "control/nearest.h"
#include "lb/nat_slot.h"

namespace control {
namespace {

using Json = nlohmann::ordered_json;

std::string_view state_name(const lb::NatSlot& slot, lb::SlotState state) {
  if (lb::NatSlots::is_closed(slot)) return "closed";
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

class Listing {
 public:
  Listing(const Engine& engine, const lb::SnapshotSpec& spec, const FlowFilter& filter)
      : engine_(engine), snapshot_(*engine.snapshot()), slots_(engine.segment->slots()), filter_(filter) {
    for (const lb::ServiceSpec& service : spec.services)
      services_[lb::name_hash(service.name)] = service.name;
    for (const lb::PoolSpec& pool : spec.pools) pools_[lb::name_hash(pool.name)] = pool.name;
  }

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
    const lb::Identity& backend = engine_.segment->backends().at(view->control.backend());
    if (filter_.backend && (filter_.backend->address != backend.address ||
                            (filter_.backend->port != 0 && filter_.backend->port != backend.port)))
      return;
    const lb::Listener& listener = snapshot_.listeners[view->control.listener()];
    const std::string service = service_name(listener.service);
    if (!filter_.service.empty() && filter_.service != service) return;

    const lb::Tick now = engine_.now().tick();
    const uint16_t idle = std::min(lb::ticks_since(now, slot.forward_tick.load(std::memory_order_relaxed)),
                                   lb::ticks_since(now, slot.reply_tick.load(std::memory_order_relaxed)));
    const uint16_t port = backend.port != 0 ? backend.port : view->vip_port;
    const auto pool = pools_.find(backend.name_hash);
    flows_.push_back(
        {{"service", service.empty() ? Json(nullptr) : Json(service)},
         {"protocol", name_of(lb::NatSlots::protocol_of(index))},
         {"client", lb::Endpoint{view->client, view->client_port}.to_string()},
         {"vip", lb::Endpoint{listener.vip, view->vip_port}.to_string()},
         {"lip", lb::Endpoint{snapshot_.lips[lb::NatSlots::lip_of(index)], lb::NatSlots::port_of(index)}
                     .to_string()},
         {"backend", lb::Endpoint{backend.address, port}.to_string()},
         {"pool", pool == pools_.end() ? Json(nullptr) : Json(pool->second)},
         {"state", state_name(slot, view->control.state())},
         {"idle_s", idle / lb::kTicksPerSecond}});
  }

  [[nodiscard]] std::string service_name(lb::ServiceId id) const {
    if (id >= engine_.segment->services().size()) return "";
    const auto found = services_.find(engine_.segment->services().at(id).name_hash);
    return found == services_.end() ? "" : found->second;
  }

  const Engine& engine_;
  const lb::Snapshot& snapshot_;
  const lb::NatSlots& slots_;
  const FlowFilter& filter_;
  std::unordered_map<uint64_t, std::string> services_, pools_;  // by the hash that identities hold
  Json flows_ = Json::array();
};

// nullopt: not a whole number in the range.
std::optional<uint64_t> number(const std::string& text, uint64_t least, uint64_t most) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
    return std::nullopt;
  return value;
}

// "" or why `text` is no `name`.
std::string set(FlowFilter& filter, const std::string& name, const std::string& text) {
  const auto range = [](uint64_t least, uint64_t most) {
    return "a whole number from " + std::to_string(least) + " to " + std::to_string(most) + " is wanted";
  };
  if (name == "service") {
    filter.service = text;
  } else if (name == "backend") {
    filter.backend = lb::Endpoint::parse(text);
    if (!filter.backend) return "ADDRESS or ADDRESS:PORT is wanted";
  } else if (name == "client" || name == "lip") {
    auto& address = name == "client" ? filter.client : filter.lip;
    address = lb::IpAddress::parse(text);
    if (!address) return "an address is wanted";
  } else if (name == "lport") {
    const auto value = number(text, 1, 65535);
    if (!value) return range(1, 65535);
    filter.lport = static_cast<uint16_t>(*value);
  } else if (name == "limit") {
    const auto value = number(text, 1, kMaxFlowsShown);
    if (!value) return range(1, kMaxFlowsShown);
    filter.limit = static_cast<unsigned>(*value);
  } else if (name == "after") {
    const auto value = number(text, 0, UINT32_MAX);
    if (!value) return range(0, UINT32_MAX);
    filter.after = *value;
  } else {
    return "unknown; " + suggestion(name, {"service", "backend", "client", "lip", "lport", "limit", "after"});
  }
  return "";
}

}  // namespace

lb::Result<FlowFilter> FlowFilter::of(const std::map<std::string, std::string>& fields) {
  FlowFilter filter;
  for (const auto& [name, text] : fields)
    if (const std::string why = set(filter, name, text); !why.empty()) return lb::Error{name + ": " + why};
  return filter;
}

Json flows_json(const Engine& engine, const lb::SnapshotSpec& spec, const FlowFilter& filter) {
  return Listing(engine, spec, filter).run();
}

}  // namespace control
