// SPDX-License-Identifier: MIT
// The rig with a service "rtc" of affinity ice beside "rtmp", and sessions in its segment as workers write them.
#pragma once

#include <string>

#include "tests/control/rig.h"

namespace control::test {

inline lb::Endpoint endpoint(const std::string& text) { return *lb::Endpoint::parse(text); }

class IceRig : public Rig {
 public:
  // pool_lines  into pool "live"
  explicit IceRig(const std::string& pool_lines = "", const std::string& forward = "nat") {
    std::string text = yaml(socket(), pool_lines);
    const std::string api = "api: ";
    configure(text.insert(
        text.find(api),
        "  - { name: rtc, vip: 10.10.0.100, protocol: udp, port: 8000, pool: live, forward: " + forward +
            ", affinity: ice }\n"));
    EXPECT_TRUE(start().ok());
  }

  lb::SessionTables& tables() { return segment.sessions(); }
  lb::Session& record(const lb::SessionFound& found) { return tables().sessions.at(found.index); }
  [[nodiscard]] lb::ListenerId listener() const { return snapshot->services.at(1).listener; }
  [[nodiscard]] lb::BackendId backend_id(size_t i) const { return snapshot->pools.at(0).entries.at(i).id; }

  // Its server, "live"'s i-th, is known, and nobody has come yet.
  lb::SessionFound learn(const std::string& username, lb::Rung rung, size_t backend = 0) {
    return *tables().learn(hand_, snapshot->pools.at(0).clients, username, backend_id(backend), rung, now);
  }
  // A client came by a check, from its first address.
  lb::SessionFound open(const std::string& username, lb::Rung rung, const char* client, uint16_t port,
                        size_t backend = 0) {
    lb::SessionFound found = learn(username, rung, backend);
    const lb::SlotIndex slot = lb::NatSlots::index(0, lb::Protocol::kUdp, port);
    const lb::Endpoint from = endpoint(client);
    lb::NatSlots::fill(segment.slots().at(slot), backend_id(backend), listener(), from.address, from.port,
                       8000, now.tick());
    segment.slots().at(slot).session_or_acknowledged.store(found.index + 1);
    change(found, found.control.with_slot(slot));
    attach(found, client, lb::TupleState::kUnproven);
    lb::NatSlots::open(segment.slots().at(slot), now.tick());
    return found;
  }
  lb::TupleFound attach(lb::SessionFound& found, const char* client, lb::TupleState state,
                        bool nominated = false) {
    const lb::Endpoint from = endpoint(client);
    std::optional<lb::TupleAddress> evicted;
    return lb::Sessions::add_tuple(record(found), found.control.current(), from.address, from.port,
                                   listener(), state, nominated, now.tick(), evicted);
  }
  // What comes back goes to the i-th address from now on.
  void move(lb::SessionFound& found, unsigned i, uint32_t gap_ms) {
    change(found, found.control.with_current(i));
    record(found).moves.fetch_add(1);
    record(found).gap_ms.store(gap_ms);
    record(found).longest_gap_ms.store(std::max(gap_ms, record(found).longest_gap_ms.load()));
  }
  void put_password(lb::SessionFound& found, lb::KeyOf whose) {
    const uint8_t password[] = {'s', 'e', 'c', 'r', 'e', 't'};
    EXPECT_TRUE(lb::Sessions::put_key(record(found), found.control, whose, lb::HmacSha1Key(password)));
  }

 private:
  void change(lb::SessionFound& found, lb::SessionControl to) {
    EXPECT_TRUE(lb::Sessions::change(record(found), found.control, to));
  }

  lb::SessionIndex hand_ = 0;
};

}  // namespace control::test
