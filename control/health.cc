// SPDX-License-Identifier: MIT
#include "control/health.h"

#include <algorithm>

namespace control {
namespace {

constexpr uint32_t kMaxSpreadMs = 2000;

}  // namespace

Health::Health(boost::asio::io_context& io, size_t at_once, HealthMonitor::OnChange on_change)
    : io_(io), on_change_(std::move(on_change)), queue_(io, at_once) {}

void Health::set(const std::vector<HealthTarget>& targets) {
  std::map<Key, std::unique_ptr<HealthMonitor>> former = std::exchange(monitors_, {});
  std::vector<std::pair<HealthMonitor*, uint32_t>> fresh;
  for (const HealthTarget& target : targets) {
    const Key key{target.pool, target.endpoint};
    if (const auto found = former.find(key);
        found != former.end() && found->second->asks_the_same(target.check)) {
      found->second->retune(target.check);
      monitors_[key] = std::move(found->second);
      former.erase(found);
      continue;
    }
    auto& monitor = monitors_[key] =
        std::make_unique<HealthMonitor>(io_, queue_, target, static_cast<uint32_t>(seeds_()), on_change_);
    fresh.emplace_back(monitor.get(), std::min(target.check.interval_ms, kMaxSpreadMs));
  }
  for (size_t i = 0; i < fresh.size(); ++i)
    fresh[i].first->start(std::chrono::milliseconds(fresh[i].second * i / fresh.size()));
}

bool Health::suspect(const std::string& pool, const lb::Endpoint& endpoint, const std::string& reason) {
  HealthMonitor* monitor = find(pool, endpoint);
  if (monitor != nullptr) monitor->suspect(reason);
  return monitor != nullptr;
}

HealthMonitor* Health::find(const std::string& pool, const lb::Endpoint& endpoint) const {
  const auto found = monitors_.find({pool, endpoint});
  return found == monitors_.end() ? nullptr : found->second.get();
}

bool Health::healthy(const std::string& pool, const lb::Endpoint& endpoint) const {
  const HealthMonitor* monitor = find(pool, endpoint);
  return monitor == nullptr || monitor->healthy();
}

bool Health::unanswered(const std::string& pool, const lb::Endpoint& endpoint) const {
  const HealthMonitor* monitor = find(pool, endpoint);
  return monitor != nullptr && monitor->unanswered();
}

std::optional<HealthView> Health::view(const std::string& pool, const lb::Endpoint& endpoint) const {
  const HealthMonitor* monitor = find(pool, endpoint);
  if (monitor == nullptr) return std::nullopt;
  return monitor->view();
}

}  // namespace control
