// SPDX-License-Identifier: MIT
#include "control/flow_why.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/api_views.h"
#include "control/config_text.h"
#include "control/flows.h"
#include "control/query_field.h"
#include "control/segment_names.h"
#include "lb/foresee.h"
#include "lb/seam.h"
#include "lb/srt_call.h"

namespace control {
namespace {

using Json = nlohmann::ordered_json;

std::string_view foresight_name(lb::Foresight on) {
  switch (on) {
    case lb::Foresight::kNobody:
      return "nobody";
    case lb::Foresight::kOnly:
      return "only";
    case lb::Foresight::kHash:
      return "hash";
    case lb::Foresight::kClient:
      return "client";
    case lb::Foresight::kNetwork:
      return "network";
    case lb::Foresight::kTurn:
      return "turn";
    case lb::Foresight::kLoad:
      return "load";
    case lb::Foresight::kSession:
      return "session";
    case lb::Foresight::kStream:
      return "stream";
  }
  return "nobody";
}

// Its answer, once it is known that something is served.
class Answer {
 public:
  Answer(const Operations& operations, const FlowQuestion& question, const lb::Foreseen& seen)
      : operations_(operations),
        engine_(operations.engine()),
        spec_(operations.spec()),
        names_(engine_, spec_),
        question_(question),
        seen_(seen),
        service_(spec_.services[static_cast<size_t>(seen.service - engine_.snapshot()->services.data())]) {}

  [[nodiscard]] Json json() const {
    const auto pool = std::find_if(spec_.pools.begin(), spec_.pools.end(),
                                   [&](const lb::PoolSpec& p) { return p.name == service_.pool; });
    return {{"client", question_.client.to_string()},
            {"vip", question_.vip.to_string()},
            {"protocol", name_of(service_.protocol)},
            {"service", service_.name},
            {"forward", name_of(service_.forward)},
            {"affinity", name_of(service_.affinity)},
            {"pool", service_.pool},
            {"pick", name_of(pool->pick)},
            {"panic", operations_.verdict_of(service_.pool).panic},
            {"flows", flows()},
            {"new_flow", new_flow()},
            {"backends", pool_json(operations_, service_.pool).at("backends")}};
  }

 private:
  [[nodiscard]] Json backend(lb::BackendId id) const {
    const lb::Identity& identity = names_.backend(id);
    return lb::Endpoint{identity.address, identity.port != 0 ? identity.port : question_.vip.port}
        .to_string();
  }
  [[nodiscard]] uint64_t idle_s(lb::Tick since) const {
    return lb::ticks_since(engine_.now().tick(), since) / lb::kTicksPerSecond;
  }

  // By what it was pinned.
  [[nodiscard]] Json flow(const lb::FlowControl& entry, bool by_id) const {
    Json json{{"backend", backend(entry.backend())},
              {"lip", nullptr},
              {"state", nullptr},
              {"idle_s", idle_s(entry.tick())},
              {"age_s", nullptr},
              {"session", nullptr},
              {"rung", nullptr},
              {"stream", nullptr},
              {"pinned_by", by_id               ? "connection_id"
                            : named_by_packet() ? "first_packet"
                                                : "pick"}};
    if (!by_id && seen_.client && seen_.client->backend() == entry.backend()) json["pinned_by"] = "client";
    const lb::SlotIndex index = entry.slot();
    if (!lb::is_slot(index) || index >= engine_.segment->slots().size()) return json;
    const lb::NatSlot& slot = engine_.segment->slots().at(index);
    if (const auto view = lb::NatSlots::read(slot)) {
      const bool udp = lb::NatSlots::protocol_of(index) == lb::Protocol::kUdp;
      json["state"] = slot_state_name(slot, lb::NatSlots::protocol_of(index), view->control.state());
      if (udp ? lb::has_srt_call(slot) : lb::is_joined(view->control)) json["pinned_by"] = "stream";
      if (const auto stream = names_.stream_on(index, view->control)) json["stream"] = stream->name;
      json["idle_s"] = std::min(idle_s(slot.forward_tick.load(std::memory_order_relaxed)),
                                idle_s(slot.reply_tick.load(std::memory_order_relaxed)));
    }
    if (const auto lip = names_.lip(index)) json["lip"] = lip->to_string();
    if (const auto session = names_.session_on(index)) {
      json["session"] = *session;
      json["pinned_by"] = "session";
      put_record(slot, json);
    }
    return json;
  }

  // What the packet says, if it says something, beats a pick.
  [[nodiscard]] bool named_by_packet() const {
    return lb::has_connection_ids(service_.affinity) || service_.affinity == lb::Affinity::kIce;
  }

  void put_record(const lb::NatSlot& slot, Json& json) const {
    const uint32_t number = lb::session_of(slot);
    const lb::Sessions& sessions = engine_.segment->sessions().sessions;
    if (number == 0 || number > sessions.count()) return;
    const lb::Session& session = sessions.at(number - 1);
    const uint64_t opened_ms = session.opened_ms.load(std::memory_order_acquire), now_ms = engine_.now().ms;
    const auto control = lb::Sessions::read(session);
    if (!control) return;
    json["rung"] = lb::rung_name(control->rung());
    json["age_s"] = (now_ms > opened_ms ? now_ms - opened_ms : 0) / 1000;
  }

  [[nodiscard]] Json flows() const {
    Json all = Json::array();
    if (seen_.entry) all.push_back(flow(*seen_.entry, false));
    if (seen_.moved) all.push_back(flow(*seen_.moved, true));
    return all;
  }

  [[nodiscard]] Json new_flow() const {
    const bool remembered = seen_.depends_on == lb::Foresight::kClient;
    return {{"backend", seen_.backend ? backend(*seen_.backend) : Json(nullptr)},
            {"depends_on", foresight_name(seen_.depends_on)},
            {"client_idle_s", remembered ? Json(idle_s(seen_.client->tick())) : Json(nullptr)}};
  }

  const Operations& operations_;
  const Engine& engine_;
  const lb::SnapshotSpec& spec_;
  const SegmentNames names_;
  const FlowQuestion& question_;
  const lb::Foreseen& seen_;
  const lb::ServiceSpec& service_;
};

std::string read_end(const std::string& text, lb::Endpoint& into) {
  std::optional<lb::Endpoint> end;
  if (const std::string why = read_endpoint(text, end); !why.empty() || end->port == 0)
    return "ADDRESS:PORT is wanted";
  into = *end;
  return "";
}

std::string set(FlowQuestion& question, const std::string& name, const std::string& text) {
  if (name == "client") return read_end(text, question.client);
  if (name == "vip") return read_end(text, question.vip);
  if (name != "protocol") return "unknown; client, vip and protocol are known";
  if (text != "tcp" && text != "udp") return "tcp or udp is wanted";
  question.protocol = text == "tcp" ? lb::Protocol::kTcp : lb::Protocol::kUdp;
  return "";
}

}  // namespace

lb::Result<FlowQuestion> FlowQuestion::of(const std::map<std::string, std::string>& fields) {
  auto question = read_fields<FlowQuestion>(fields, set);
  if (!question) return question;
  const FlowQuestion& q = question.value();
  if (q.client.port == 0) return lb::Error{"client: missing; ADDRESS:PORT is wanted"};
  if (q.vip.port == 0) return lb::Error{"vip: missing; ADDRESS:PORT is wanted"};
  if (q.client.address.is_v4() != q.vip.address.is_v4())
    return lb::Error{"client: its address is of another family than the VIP's"};
  return question;
}

lb::Result<Json> flow_why_json(const Operations& operations, const FlowQuestion& question) {
  std::optional<lb::Foreseen> answer;
  for (const lb::Protocol protocol : {lb::Protocol::kTcp, lb::Protocol::kUdp}) {
    if (question.protocol && *question.protocol != protocol) continue;
    const lb::Foreseen seen = lb::foresee(*operations.engine().snapshot(), *operations.engine().segment,
                                          question.client, question.vip, protocol);
    if (seen.service == nullptr) continue;
    if (answer)
      return lb::Error{"both tcp and udp are served on " + question.vip.to_string() +
                       "; say which: protocol"};
    answer = seen;
  }
  if (!answer)
    return lb::Error{"nothing is served on " + question.vip.to_string() +
                     (question.protocol ? "/" + std::string(name_of(*question.protocol)) : "") +
                     ": such packets are dropped as no_service, or go to the kernel if it is no VIP"};
  return Answer(operations, question, *answer).json();
}

}  // namespace control
