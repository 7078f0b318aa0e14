// SPDX-License-Identifier: MIT
// The part of Operations that an operator calls: each change is checked, saved, published, or else undone.
#include <algorithm>

#include "control/log.h"
#include "control/operations.h"

namespace control {
namespace {

using Kind = Refusal::Kind;

int64_t unix_now_s() {
  using namespace std::chrono;
  return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

const PoolConfig* pool_in(const Config& config, const std::string& name) {
  for (const PoolConfig& pool : config.pools)
    if (pool.name == name) return &pool;
  return nullptr;
}

const BackendConfig* backend_in(const PoolConfig& pool, const lb::Endpoint& endpoint) {
  for (const BackendConfig& backend : pool.backends)
    if (backend.endpoint == endpoint) return &backend;
  return nullptr;
}

const BackendOverride* override_in(const Overrides& overrides, const std::string& pool,
                                   const lb::Endpoint& endpoint) {
  for (const BackendOverride& o : overrides.backends)
    if (o.pool == pool && o.endpoint == endpoint) return &o;
  return nullptr;
}

// The override of a backend, made if there is none.
BackendOverride& override_of(Overrides& overrides, const std::string& pool, const lb::Endpoint& endpoint) {
  for (BackendOverride& o : overrides.backends)
    if (o.pool == pool && o.endpoint == endpoint) return o;
  BackendOverride fresh;
  fresh.pool = pool;
  fresh.endpoint = endpoint;
  return overrides.backends.emplace_back(std::move(fresh));
}

}  // namespace

Refused Operations::find_pool(const std::string& pool) const {
  if (pool_in(config_, pool) != nullptr) return std::nullopt;
  std::string known;
  for (const PoolConfig& p : config_.pools) known += (known.empty() ? "" : ", ") + p.name;
  return Refusal{Kind::kNotFound, "no pool is called \"" + pool + "\"; there are: " + known};
}

Refused Operations::find_backend(const std::string& pool, const lb::Endpoint& backend) const {
  if (Refused refused = find_pool(pool)) return refused;
  if (backend_in(*pool_in(config_, pool), backend) != nullptr) return std::nullopt;
  if (const auto* o = override_in(overrides_, pool, backend); o != nullptr && o->added) return std::nullopt;
  return Refusal{Kind::kNotFound,
                 "pool " + pool + " has no backend " + backend.to_string() + "; add it first"};
}

Refused Operations::change(Overrides next, const std::string& what, const std::string& pool,
                           const std::string& backend) {
  if (next == overrides_) return std::nullopt;
  const std::string file = overrides_file(config_file_);
  if (const lb::Status saved = save_overrides(file, next); !saved)
    return Refusal{Kind::kFailed, "not applied, because it cannot be saved: " + saved.error()};
  Overrides former = std::exchange(overrides_, std::move(next));
  const std::string former_error = publish_error_;
  start_newcomers_slowly();
  if (const lb::Status published = publish(); !published) {
    overrides_ = std::move(former);
    publish_error_ = former_error;
    if (const lb::Status restored = save_overrides(file, overrides_); !restored)
      log_event(LogLevel::kError, "refused change stays on disk",
                {{"file", file}, {"reason", restored.error()}});
    return Refusal{Kind::kInvalid, "not applied: " + published.error()};
  }
  watch_backends();
  log_event(LogLevel::kInfo, "operator change",
            {{"change", what}, {"pool", pool}, {"backend", backend}, {"generation", generation_}});
  return std::nullopt;
}

Refused Operations::set_weight(const std::string& pool, const lb::Endpoint& backend, uint32_t weight) {
  if (Refused refused = find_backend(pool, backend)) return refused;
  Overrides next = overrides_;
  override_of(next, pool, backend).weight = weight;
  return change(std::move(next), "weight " + std::to_string(weight), pool, backend.to_string());
}

Refused Operations::drain(const std::string& pool, const lb::Endpoint& backend,
                          std::optional<uint32_t> deadline_s) {
  if (Refused refused = find_backend(pool, backend)) return refused;
  Overrides next = overrides_;
  BackendOverride& o = override_of(next, pool, backend);
  if (!o.drain) o.drain_since = unix_now_s();
  o.drain = true;
  o.drain_deadline = deadline_s ? std::optional<int64_t>(unix_now_s() + *deadline_s) : std::nullopt;
  return change(std::move(next), deadline_s ? "drain within " + std::to_string(*deadline_s) + " s" : "drain",
                pool, backend.to_string());
}

Refused Operations::undrain(const std::string& pool, const lb::Endpoint& backend) {
  if (Refused refused = find_backend(pool, backend)) return refused;
  Overrides next = overrides_;
  if (override_in(next, pool, backend) != nullptr) {
    BackendOverride& o = override_of(next, pool, backend);
    o.drain = false;
    o.drain_deadline.reset();
    o.drain_since.reset();
    if (!o.added && !o.weight) std::erase(next.backends, BackendOverride(o));
  }
  return change(std::move(next), "undrain", pool, backend.to_string());
}

Refused Operations::add_backend(const std::string& pool, const lb::Endpoint& backend,
                                std::optional<uint32_t> weight) {
  if (Refused refused = find_pool(pool)) return refused;
  if (!find_backend(pool, backend)) return weight ? set_weight(pool, backend, *weight) : std::nullopt;
  const PoolConfig& config = *pool_in(config_, pool);
  if (config.health && lacks_port(*config.health, backend))
    return Refusal{Kind::kInvalid, "pool " + pool + " checks the backend's own port: " + backend.to_string() +
                                       " needs one (ADDRESS:PORT)"};
  Overrides next = overrides_;
  // What an operator once said of a backend of this name that has left the file is forgotten.
  BackendOverride& o = override_of(next, pool, backend);
  o = {.pool = pool, .endpoint = backend, .added = true};
  o.weight = weight.value_or(BackendConfig{}.weight);
  return change(std::move(next), "add with weight " + std::to_string(*o.weight), pool, backend.to_string());
}

Refused Operations::remove_backend(const std::string& pool, const lb::Endpoint& backend) {
  if (Refused refused = find_pool(pool)) return refused;
  if (backend_in(*pool_in(config_, pool), backend) != nullptr)
    return Refusal{Kind::kInvalid, "backend " + backend.to_string() + " is in " + config_file_ +
                                       " and would come back: remove it there and reload, or drain it"};
  return reset_backend(pool, backend);
}

Refused Operations::reset_backend(const std::string& pool, const lb::Endpoint& backend) {
  if (Refused refused = find_pool(pool)) return refused;
  Overrides next = overrides_;
  std::erase_if(next.backends,
                [&](const BackendOverride& o) { return o.pool == pool && o.endpoint == backend; });
  return change(std::move(next), "reset", pool, backend.to_string());
}

Refused Operations::reset_pool(const std::string& pool) {
  if (Refused refused = find_pool(pool)) return refused;
  Overrides next = overrides_;
  std::erase_if(next.backends, [&](const BackendOverride& o) { return o.pool == pool; });
  return change(std::move(next), "reset", pool, "all");
}

Refused Operations::reset_all() { return change({}, "reset", "all", "all"); }

std::vector<BackendView> Operations::backends(const std::string& pool) const {
  const PoolConfig& config = *pool_in(config_, pool);
  const auto now_s = unix_now_s();
  std::vector<BackendView> views;
  for (const lb::PoolSpec& spec : spec_.pools) {
    if (spec.name != pool) continue;
    for (const lb::BackendSpec& backend : spec.backends) {
      BackendView view;
      view.endpoint = {backend.address, backend.port};
      view.effective_weight = static_cast<double>(backend.weight) / verdict_of(pool).scale;
      const BackendConfig* in_file = backend_in(config, view.endpoint);
      const BackendOverride* o = override_in(overrides_, pool, view.endpoint);
      if (in_file != nullptr) view.config_weight = in_file->weight;
      if (o != nullptr) view.override_weight = o->weight;
      view.weight = view.override_weight.value_or(view.config_weight.value_or(0));
      if (o != nullptr && o->drain) {
        view.drain.emplace();
        view.drain->since_s = o->drain_since;
        if (o->drain_deadline) view.drain->remaining_s = std::max<int64_t>(*o->drain_deadline - now_s, 0);
      }
      view.health = health_.view(pool, view.endpoint);
      if (const uint32_t share = slow_start_.share_percent(pool, view.endpoint); share < 100)
        view.slow_start = SlowStartView{share, slow_start_.remaining_s(pool, view.endpoint)};
      view.streams = stream_polls_.view(pool, view.endpoint);
      view.traffic = backend_traffic(engine_, pool, view.endpoint);
      views.push_back(std::move(view));
    }
  }
  return views;
}

void Operations::log_passed_deadlines() {
  const auto now_s = unix_now_s();
  std::set<std::pair<std::string, lb::Endpoint>> passed;
  for (const BackendOverride& o : overrides_.backends) {
    if (!o.drain || !o.drain_deadline || *o.drain_deadline > now_s) continue;
    passed.emplace(o.pool, o.endpoint);
    if (!passed_deadlines_.contains({o.pool, o.endpoint}))
      log_event(LogLevel::kWarning, "drain deadline passed",
                {{"pool", o.pool},
                 {"backend", o.endpoint.to_string()},
                 {"flows_open", backend_traffic(engine_, o.pool, o.endpoint).flows_open()}});
  }
  passed_deadlines_ = std::move(passed);
}

}  // namespace control
