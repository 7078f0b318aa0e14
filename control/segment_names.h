// SPDX-License-Identifier: MIT
// What the numbers in the state segment stand for, in the words of the configuration.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <unordered_map>

#include "control/engine.h"
#include "lb/address.h"
#include "lb/nat_slot.h"
#include "lb/snapshot_spec.h"

namespace control {

// Made for one answer: REQUIRES that `engine` and its snapshot stay as they are. Control thread.
class SegmentNames {
 public:
  // spec  what the snapshot in force was made of
  SegmentNames(const Engine& engine, const lb::SnapshotSpec& spec);

  // "" when the service has left the configuration.
  [[nodiscard]] std::string service(lb::ServiceId id) const;
  // "" when the listener's service has left the configuration.
  [[nodiscard]] std::string service_of(lb::ListenerId listener) const;
  // "" when the pool has left. name_hash  Identity's
  [[nodiscard]] std::string pool(uint64_t name_hash) const;
  // Of a session: its pool's `clients` id.
  [[nodiscard]] std::string pool_of_clients(lb::ListenerId clients) const;
  [[nodiscard]] const lb::Identity& backend(lb::BackendId id) const;
  // Its port is 0 for a range of ports; all is unset when nothing is known of the listener.
  [[nodiscard]] lb::Endpoint vip(lb::ListenerId listener) const;
  // LIP and port. nullopt when the slot is none, or its LIP has left.
  [[nodiscard]] std::optional<lb::Endpoint> lip(lb::SlotIndex slot) const;
  // USERNAME of the ICE session that `slot` carries.
  [[nodiscard]] std::optional<std::string> session_on(lb::SlotIndex slot) const;
  // What the connection on `slot` asked for (`affinity: stream`, `srt`). nullopt: nothing that is a stream, or it is forgotten by now.
  struct Stream {
    std::string name;
    bool published = false;  // by this connection
  };
  // control  the slot's, as it was read
  [[nodiscard]] std::optional<Stream> stream_on(lb::SlotIndex slot, lb::SlotControl control) const;

 private:
  const Engine& engine_;
  const lb::Snapshot& snapshot_;
  std::unordered_map<uint64_t, std::string> services_, pools_;  // by the hash that identities hold
};

// True if `wanted` names that backend; its port 0 stands for every port of the address.
bool is_backend(const lb::Endpoint& wanted, const lb::Identity& backend);

// null for "".
nlohmann::ordered_json text_or_null(const std::string& text);

}  // namespace control
