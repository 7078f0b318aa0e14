// SPDX-License-Identifier: MIT
#include "control/sessions.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "control/nearest.h"
#include "control/query_field.h"
#include "control/segment_names.h"
#include "control/session_view.h"
#include "lb/session_bytes.h"

namespace control {
namespace {

using Json = nlohmann::ordered_json;

class Listing {
 public:
  Listing(const Engine& engine, const lb::SnapshotSpec& spec, const SessionFilter& filter)
      : engine_(engine),
        spec_(spec),
        tables_(engine.segment->sessions()),
        names_(engine, spec),
        filter_(filter),
        now_(engine.now()) {}

  Json run() {
    const auto next = filter_.username ? by_name() : walk();
    return {{"sessions", std::move(sessions_)}, {"next", next ? Json(*next) : Json(nullptr)}};
  }

 private:
  // Every record, from filter_.after on.
  std::optional<uint64_t> walk() {
    uint32_t looked_at = 0;
    for (uint64_t i = filter_.after; i < tables_.sessions.count(); ++i) {
      if (++looked_at > kRecordsPerRequest || sessions_.size() >= filter_.limit) return i;
      show(static_cast<lb::SessionIndex>(i));
    }
    return std::nullopt;
  }

  // Names are a pool's own.
  std::optional<uint64_t> by_name() {
    for (const lb::Pool& pool : engine_.snapshot()->pools)
      if (const auto found = tables_.find(pool.clients, *filter_.username);
          found && sessions_.size() < filter_.limit)
        show(found->index);
    return std::nullopt;
  }

  void show(lb::SessionIndex index) {
    const auto view = SessionView::of(tables_.sessions.at(index));
    if (!view || (filter_.username && *filter_.username != view->username)) return;
    const lb::Identity& backend = names_.backend(view->control.backend());
    if (filter_.backend && !is_backend(*filter_.backend, backend)) return;
    const std::string pool = names_.pool_of_clients(view->pool);
    const std::set<std::string> services = services_of(*view, pool);
    if (!filter_.service.empty() && !services.contains(filter_.service)) return;

    const SessionView::Address* current = view->current();
    const auto lip = names_.lip(view->control.slot());
    const auto bytes = bytes_of(index, view->control.slot());
    const bool moved = view->moves > 0;
    Json addresses = Json::array();
    for (const SessionView::Address& address : view->addresses) addresses.push_back(address_json(address));
    sessions_.push_back(
        {{"username", view->username},
         {"pool", text_or_null(pool)},
         {"services", services},
         {"backend", backend_text(backend, current)},
         {"rung", lb::rung_name(view->control.rung())},
         {"lip", lip ? Json(lip->to_string()) : Json(nullptr)},
         {"client", current != nullptr ? Json(client_text(*current)) : Json(nullptr)},
         {"addresses", std::move(addresses)},
         {"moves", view->moves},
         {"gap_ms", moved ? Json(view->gap_ms) : Json(nullptr)},
         {"longest_gap_ms", moved ? Json(view->longest_gap_ms) : Json(nullptr)},
         {"bytes_in", bytes ? Json(bytes->in) : Json(nullptr)},
         {"bytes_out", bytes ? Json(bytes->out) : Json(nullptr)},
         {"age_s", now_.ms > view->opened_ms ? (now_.ms - view->opened_ms) / 1000 : 0},
         {"check_age_ms", age_ms(view->seen)},
         {"passwords",
          {{"server", knows(*view, lb::KeyOf::kServer)}, {"client", knows(*view, lb::KeyOf::kClient)}}}});
  }

  [[nodiscard]] std::optional<lb::SessionBytes> bytes_of(lb::SessionIndex index, lb::SlotIndex slot) const {
    if (!lb::is_slot(slot) || slot >= engine_.segment->slots().size()) return std::nullopt;
    return lb::bytes_of(tables_.sessions.at(index), engine_.segment->slots().at(slot));
  }

  // Those by which the client came; those by which it may, while it has not, and in DSR, where Cleat keeps no addresses.
  [[nodiscard]] std::set<std::string> services_of(const SessionView& view, const std::string& pool) const {
    std::set<std::string> names;
    for (const SessionView::Address& address : view.addresses)
      names.insert(names_.service_of(address.tuple.control.listener()));
    if (view.addresses.empty())
      for (const lb::ServiceSpec& service : spec_.services)
        if (service.affinity == lb::Affinity::kIce && service.pool == pool) names.insert(service.name);
    names.erase("");
    return names;
  }

  [[nodiscard]] Json address_json(const SessionView::Address& address) const {
    const lb::TupleControl& control = address.tuple.control;
    return {{"client", client_text(address)},   {"vip", vip_of(address).to_string()},
            {"current", address.current},       {"proven", control.state() == lb::TupleState::kProven},
            {"nominated", control.nominated()}, {"idle_ms", age_ms(control.tick())}};
  }

  [[nodiscard]] static std::string client_text(const SessionView::Address& address) {
    return lb::Endpoint{address.tuple.address, address.tuple.control.port()}.to_string();
  }
  [[nodiscard]] lb::Endpoint vip_of(const SessionView::Address& address) const {
    return names_.vip(address.tuple.control.listener());
  }
  // A backend without a port of its own is spoken to on the VIP's.
  [[nodiscard]] std::string backend_text(const lb::Identity& backend,
                                         const SessionView::Address* current) const {
    const uint16_t port = backend.port != 0 || current == nullptr ? backend.port : vip_of(*current).port;
    return lb::Endpoint{backend.address, port}.to_string();
  }
  [[nodiscard]] uint32_t age_ms(lb::Tick then) const {
    return uint32_t{lb::ticks_since(now_.tick(), then)} * lb::kTickMs;
  }
  [[nodiscard]] static bool knows(const SessionView& view, lb::KeyOf whose) {
    return view.control.key(whose) == lb::KeyState::kThere;
  }

  const Engine& engine_;
  const lb::SnapshotSpec& spec_;
  const lb::SessionTables& tables_;
  const SegmentNames names_;
  const SessionFilter& filter_;
  const lb::Now now_;
  Json sessions_ = Json::array();
};

// "" or why `text` is no `name`.
std::string set(SessionFilter& filter, const std::string& name, const std::string& text) {
  if (name == "service" || name == "username") {
    if (name == "service")
      filter.service = text;
    else
      filter.username = text;
    return "";
  }
  if (name == "backend") return read_endpoint(text, filter.backend);
  if (name == "limit") return read_number(text, 1, kMaxSessionsShown, filter.limit);
  if (name == "after") return read_number(text, 0, UINT32_MAX, filter.after);
  return "unknown; " + suggestion(name, {"service", "backend", "username", "limit", "after"});
}

}  // namespace

lb::Result<SessionFilter> SessionFilter::of(const std::map<std::string, std::string>& fields) {
  return read_fields(fields, set);
}

Json sessions_json(const Engine& engine, const lb::SnapshotSpec& spec, const SessionFilter& filter) {
  return Listing(engine, spec, filter).run();
}

}  // namespace control
