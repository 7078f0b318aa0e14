// SPDX-License-Identifier: MIT
// The NAT flows of the state segment, as the API shows them: who is behind a LIP and port. (dsr flows have no slot.)
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "control/engine.h"
#include "lb/address.h"
#include "lb/nat_slot.h"
#include "lb/result.h"
#include "lb/snapshot_spec.h"

namespace control {

inline constexpr unsigned kMaxFlowsShown = 1000;
inline constexpr uint32_t kSlotsPerRequest = 1U << 19;  // looked at; 64 bytes each, so some 10 ms

// Which flows are wanted; a field that is not given lets all through.
struct FlowFilter {
  std::string service;
  std::string stream;                   // its name, as GET /v1/streams shows it
  std::optional<lb::Endpoint> backend;  // port 0: any port of that address
  std::optional<lb::IpAddress> client, lip;
  std::optional<uint16_t> lport;  // of the LIP: that one slot of each LIP and protocol is looked at, no other
  uint64_t after = 0;             // slots before this one are passed over
  unsigned limit = 100;           // flows in one answer, 1..kMaxFlowsShown

  // fields  service, stream, backend, client, lip, lport, after, limit as a query gives them. error  one line
  static lb::Result<FlowFilter> of(const std::map<std::string, std::string>& fields);
};

// "embryonic", "live", "closed", ... of a slot in use.
std::string_view slot_state_name(const lb::NatSlot& slot, lb::Protocol protocol, lb::SlotState state);

// GET /v1/flows: "flows", and "next": where to go on (`after`), null when all slots were looked at. The table lives
// on meanwhile: a flow may be missed or shown twice between two requests.
// cost  at most kSlotsPerRequest slots. Control thread.
nlohmann::ordered_json flows_json(const Engine& engine, const lb::SnapshotSpec& spec,
                                  const FlowFilter& filter);

}  // namespace control
