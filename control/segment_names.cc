// SPDX-License-Identifier: MIT
#include "control/segment_names.h"

#include <nlohmann/json.hpp>

#include "lb/seam.h"
#include "lb/session.h"
#include "lb/srt_call.h"

namespace control {

SegmentNames::SegmentNames(const Engine& engine, const lb::SnapshotSpec& spec)
    : engine_(engine), snapshot_(*engine.snapshot()) {
  for (const lb::ServiceSpec& service : spec.services) services_[lb::name_hash(service.name)] = service.name;
  for (const lb::PoolSpec& pool : spec.pools) pools_[lb::name_hash(pool.name)] = pool.name;
}

std::string SegmentNames::service_of(lb::ListenerId listener) const {
  return listener < snapshot_.listeners.size() ? service(snapshot_.listeners[listener].service) : "";
}

std::string SegmentNames::service(lb::ServiceId id) const {
  if (id >= engine_.segment->services().size()) return "";
  const auto found = services_.find(engine_.segment->services().at(id).name_hash);
  return found == services_.end() ? "" : found->second;
}

std::string SegmentNames::pool(uint64_t name_hash) const {
  const auto found = pools_.find(name_hash);
  return found == pools_.end() ? "" : found->second;
}

std::string SegmentNames::pool_of_clients(lb::ListenerId clients) const {
  if (clients >= engine_.segment->listeners().size()) return "";
  return pool(engine_.segment->listeners().at(clients).name_hash);
}

const lb::Identity& SegmentNames::backend(lb::BackendId id) const {
  static const lb::Identity nobody;
  return id < engine_.segment->backends().size() ? engine_.segment->backends().at(id) : nobody;
}

lb::Endpoint SegmentNames::vip(lb::ListenerId listener) const {
  if (listener >= snapshot_.listeners.size()) return {};
  return {snapshot_.listeners[listener].vip, engine_.segment->listeners().at(listener).port};
}

std::optional<lb::Endpoint> SegmentNames::lip(lb::SlotIndex slot) const {
  if (!lb::is_slot(slot) || slot >= engine_.segment->slots().size()) return std::nullopt;
  const lb::LipIndex lip = lb::NatSlots::lip_of(slot);
  if (lip >= snapshot_.lips.size() || snapshot_.lips[lip].is_unset()) return std::nullopt;
  return lb::Endpoint{snapshot_.lips[lip], lb::NatSlots::port_of(slot)};
}

std::optional<std::string> SegmentNames::session_on(lb::SlotIndex slot) const {
  const uint32_t number = session_of(engine_.segment->slots().at(slot));
  const lb::Sessions& sessions = engine_.segment->sessions().sessions;
  if (number == 0 || number > sessions.count()) return std::nullopt;
  const lb::Session& session = sessions.at(number - 1);
  const auto before = lb::Sessions::read(session);
  if (!before || before->slot() != slot) return std::nullopt;
  const lb::SessionName name = lb::Sessions::name_of(session);
  const auto after = lb::Sessions::read(session);
  if (!after || !after->same_use(*before) || name.length == 0) return std::nullopt;
  return std::string(name.view());
}

std::optional<SegmentNames::Stream> SegmentNames::stream_on(lb::SlotIndex slot,
                                                            lb::SlotControl control) const {
  const lb::NatSlot& record = engine_.segment->slots().at(slot);
  const auto named = [this](lb::StreamPlace place, bool publishes) -> std::optional<Stream> {
    const auto stream = engine_.segment->streams().at(place, engine_.now());
    if (!stream) return std::nullopt;
    return Stream{std::string(stream->key.text()), publishes};
  };
  if (lb::NatSlots::protocol_of(slot) == lb::Protocol::kUdp) {
    if (!lb::has_srt_call(record)) return std::nullopt;
    const lb::SrtCall call = lb::srt_call_of(record);
    return named(call.stream, call.publishes);
  }
  if (!lb::is_joined(control)) return std::nullopt;
  const lb::Seam seam = lb::seam_of(record);
  return named(seam.stream, seam.publishes);
}

bool is_backend(const lb::Endpoint& wanted, const lb::Identity& backend) {
  return wanted.address == backend.address && (wanted.port == 0 || wanted.port == backend.port);
}

nlohmann::ordered_json text_or_null(const std::string& text) {
  return text.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(text);
}

}  // namespace control
