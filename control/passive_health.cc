// SPDX-License-Identifier: MIT
#include "control/passive_health.h"

namespace control {
namespace {

std::string reason_of(const Failures& former, const Failures& now) {
  std::string reason;
  const auto add = [&](uint64_t before, uint64_t after, const char* what) {
    if (after > before) reason += (reason.empty() ? "" : ", ") + std::to_string(after - before) + what;
  };
  add(former.refused, now.refused, " refused");
  add(former.unanswered, now.unanswered, " unanswered");
  add(former.unreachable, now.unreachable, " unreachable");
  return reason;
}

}  // namespace

void PassiveHealth::look(const Engine& engine, const lb::SnapshotSpec& spec, const Suspect& suspect) {
  std::map<std::pair<std::string, lb::Endpoint>, Seen> seen;
  std::map<lb::IpAddress, uint64_t> heard;
  for (const lb::PoolSpec& pool : spec.pools)
    for (const lb::BackendSpec& backend : pool.backends) {
      const lb::Endpoint endpoint{backend.address, backend.port};
      const Seen now{backend_failures(engine, pool.name, endpoint),
                     backend_traffic(engine, pool.name, endpoint).packets_out};
      uint64_t& heard_ms = heard.try_emplace(backend.address, this->heard_ms(backend.address)).first->second;
      const std::pair<std::string, lb::Endpoint> key(pool.name, endpoint);
      seen.emplace(key, now);
      const auto former = former_.find(key);
      if (former == former_.end()) continue;
      if (now.replies != former->second.replies) heard_ms = engine.now().ms;
      if (const std::string reason = reason_of(former->second.failures, now.failures); !reason.empty())
        suspect(pool.name, endpoint, reason);
    }
  former_ = std::move(seen);
  heard_ms_ = std::move(heard);
}

uint64_t PassiveHealth::heard_ms(const lb::IpAddress& host) const {
  const auto found = heard_ms_.find(host);
  return found == heard_ms_.end() ? 0 : found->second;
}

}  // namespace control
