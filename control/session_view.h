// SPDX-License-Identifier: MIT
// One ICE session as a consistent whole, for whoever shows it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lb/session.h"

namespace control {

struct SessionView {
  struct Address {
    lb::TupleAddress tuple;
    bool current = false;
  };

  lb::SessionControl control;
  std::string username;
  lb::ListenerId pool = 0;         // the pool's `clients` id
  std::vector<Address> addresses;  // at most kSessionTuples, at most one of them current
  uint32_t moves = 0, gap_ms = 0, longest_gap_ms = 0;
  uint64_t opened_ms = 0;
  lb::Tick seen = 0;

  [[nodiscard]] const Address* current() const;

  // nullopt: not open, or it changed again and again while it was read. Any thread.
  static std::optional<SessionView> of(const lb::Session& session);
};

}  // namespace control
