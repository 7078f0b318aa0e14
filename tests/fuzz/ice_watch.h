// SPDX-License-Identifier: MIT
// What must hold of ICE sessions on tests/lb's rig, whatever clients and servers say.
#pragma once

#include <map>
#include <vector>

#include "tests/fuzz/verdicts.h"

namespace fuzz {

class IceWatch {
 public:
  explicit IceWatch(lb::test::Rig& rig);

  // A client's payload, or one to a LIP, and what became of it.
  void client_said(const lb::Endpoint& client, size_t bytes, const lb::test::Outcome& out);
  void server_said(const lb::Endpoint& lip, const lb::test::Outcome& out);
  // Cleat sent that to a client of its own accord.
  void cleat_said(const lb::Endpoint& to, size_t bytes);
  // A challenge was answered from where it went.
  void answered(const lb::Endpoint& from) { paths_[from].answered = true; }

  // Sessions keep their servers and have slots of their own. Call after each step: a change and back is not seen.
  void require_sessions_hold();
  // Records and names agree; there are no more than there is room for.
  void require_tables_agree() const;

 private:
  // Between a silence of 5 s and the next, after which Cleat has forgotten it, too.
  struct Path {
    uint64_t seen_ms = 0;
    size_t in = 0, out = 0;
    bool answered = false;
  };
  struct Seen {
    lb::SessionControl control;
    bool probing = false;
  };
  [[nodiscard]] lb::SlotIndex slot_of(const lb::Endpoint& lip) const;

  lb::test::Rig& rig_;
  std::map<lb::Endpoint, Path> paths_;
  std::vector<Seen> seen_;
};

}  // namespace fuzz
