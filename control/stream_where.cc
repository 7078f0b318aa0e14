// SPDX-License-Identifier: MIT
#include "control/stream_where.h"

#include <nlohmann/json.hpp>

#include "lb/choose_server.h"

namespace control {
namespace {

using Json = nlohmann::ordered_json;

Json keep_json(lb::Keep keep) {
  switch (keep) {
    case lb::Keep::kStays:
      return nullptr;
    case lb::Keep::kGone:
      return "gone";
    case lb::Keep::kSilent:
      return "silent";
    case lb::Keep::kDrained:
      return "drained";
  }
  return nullptr;
}

class Answer {
 public:
  Answer(const Engine& engine, const StreamPlace& place)
      : engine_(engine),
        snapshot_(*engine.snapshot()),
        place_(place),
        now_(engine.now()),
        known_(engine.segment->streams().find(place.pool->clients, place.key, now_)) {}

  [[nodiscard]] Json json() const {
    return {{"stream", place_.key.text()},
            {"pool", place_.pool_spec->name},
            {"route", place_.route.empty() ? Json(nullptr) : Json(place_.route)},
            {"known", known_json()},
            {"publisher", next_json(true)},
            {"player", next_json(false)}};
  }

 private:
  [[nodiscard]] Json backend(lb::BackendId id) const {
    const lb::Identity& identity = engine_.segment->backends().at(id);
    return lb::Endpoint{identity.address, identity.port}.to_string();
  }

  [[nodiscard]] Json known_json() const {
    if (!known_) return nullptr;
    const lb::BackendId id = known_->control.backend();
    return {{"backend", backend(id)},
            {"published", known_->published},
            {"seen_s", uint32_t{lb::ticks_since(now_.tick(), known_->seen)} * lb::kTickMs / 1000},
            {"takes_new", snapshot_.backends[id].takes_new}};
  }

  [[nodiscard]] Json next_json(bool publishes) const {
    Json left = nullptr;
    if (known_) {
      const lb::Keep keep = lb::keeps_server(snapshot_, *place_.pool, *known_, publishes);
      if (keep == lb::Keep::kStays) return answer(known_->control.backend(), "known", nullptr, nullptr);
      left = keep_json(keep);
    }
    const auto chosen = lb::choose_server(snapshot_, *place_.pool, place_.key, engine_.workers);
    if (!chosen) return {{"backend", nullptr}, {"reason", "nobody"}, {"by_hash", nullptr}, {"left", left}};
    const bool other = chosen->backend != chosen->by_hash;
    return answer(chosen->backend, other ? "load" : "hash", backend(chosen->by_hash), left);
  }
  [[nodiscard]] Json answer(lb::BackendId id, const char* reason, const Json& by_hash,
                            const Json& left) const {
    return {{"backend", backend(id)}, {"reason", reason}, {"by_hash", by_hash}, {"left", left}};
  }

  const Engine& engine_;
  const lb::Snapshot& snapshot_;
  const StreamPlace& place_;
  const lb::Now now_;
  const std::optional<lb::StreamView> known_;
};

}  // namespace

Json stream_where_json(const Engine& engine, const StreamPlace& place) {
  return Answer(engine, place).json();
}

}  // namespace control
