// SPDX-License-Identifier: MIT
// How often a worker asks all servers whose a session is: a budget for each network that clients come from, one for all, and
// under pressure only for USERNAMEs that came before. A browser repeats its check every 50 ms; forged ones seldom come twice.
#pragma once

#include <cstdint>
#include <memory>

#include "lb/address.h"
#include "lb/budget.h"
#include "lb/time.h"

namespace lb {

class Asks {
 public:
  static constexpr uint32_t kPerSecond = 2000;  // of one worker
  static constexpr uint32_t kPerNetwork = 100;  // of an IPv4 /24 or an IPv6 /48, likewise
  static constexpr uint32_t kEaseShare = 4;  // up to a quarter of either a USERNAME need not have come before
  static constexpr uint32_t kRememberMs =
      1000;  // how long at least one is known to have come; twice that at most

  Asks();
  ~Asks();

  // name  hash of the USERNAME under a secret seed
  // cost  two or four lines of a filter of 2 MB; once in kRememberMs half of it is cleared, if there was pressure
  bool may_ask(Now now, const IpAddress& client, uint64_t name) noexcept;

 private:
  struct Filter;
  bool came_before(Now now, uint64_t name) noexcept;
  uint32_t& used_by_network(Now now, const IpAddress& client) noexcept;

  std::unique_ptr<Filter[]> filters_;  // of this span of kRememberMs and the one before, by turns
  std::unique_ptr<uint32_t[]> networks_;
  uint64_t span_ = 0, networks_second_ = 0;
  Budget all_{kPerSecond};
};

}  // namespace lb
