// SPDX-License-Identifier: MIT
#include "control/operations.h"

#include <algorithm>

#include "control/config_changes.h"
#include "control/desired.h"
#include "control/hidden_keys.h"
#include "control/log.h"
#include "control/restart_needed.h"
#include "control/safe_file.h"

namespace control {

Operations::Operations(boost::asio::io_context& io, Config config, Engine engine, std::string config_file,
                       std::string version)
    : io_(io),
      config_(std::move(config)),
      engine_(std::move(engine)),
      config_file_(std::move(config_file)),
      version_(std::move(version)),
      health_(io, config_.checks_at_once,
              [this](const HealthTarget& target, bool healthy) { note_health(target, healthy); }),
      stream_polls_(
          io, [this](const StreamPollTarget& target, const std::vector<std::string>& names, bool failed) {
            if (!failed) return learn_streams(engine_, spec_, target.pool, target.endpoint, names);
            keep_streams(engine_, spec_, target.pool, target.endpoint, names);
            return LearnedCounts{};
          }) {}

Operations::~Operations() { end(); }

lb::Status Operations::begin() {
  auto overrides = load_overrides(overrides_file(config_file_));
  if (!overrides) return lb::Error{overrides.error()};
  overrides_ = std::move(overrides).value();
  if (lb::Status published = publish(); !published) return published;
  alive_ = std::make_shared<char>();
  watch_backends();
  log_event(LogLevel::kInfo, "config in force",
            {{"file", config_file_}, {"generation", generation_}, {"overrides", overrides_.backends.size()}});
  return lb::Nothing{};
}

void Operations::end() {
  alive_.reset();
  health_.stop();
  stream_polls_.stop();
}

void Operations::tick() {
  engine_.segment->stamp(engine_.now());
  load_window_.look(engine_);
  stream_census_.look(engine_);
  const bool by_load = std::any_of(config_.pools.begin(), config_.pools.end(), [](const PoolConfig& pool) {
    return pool.pick == lb::PickMethod::kLeastLoad;
  });
  const bool by_time = slow_start_.advance(config_.pools, std::chrono::steady_clock::now());
  // What could not be published is tried again; a snapshot for least-load carries the sessions of its time.
  if (by_load || by_time || !publish_error_.empty()) (void)publish();
  advance_trace();
  log_passed_deadlines();
}

class Operations::Reload {
 public:
  explicit Reload(Operations& operations) : tell_(operations.on_reload_) {
    if (tell_) tell_(true);
  }
  ~Reload() {
    if (tell_) tell_(false);
  }
  Reload(const Reload&) = delete;
  Reload& operator=(const Reload&) = delete;

 private:
  const std::function<void(bool)>& tell_;
};

lb::Status Operations::reload() {
  const Reload told(*this);
  auto loaded = load_config(config_file_);
  return loaded ? take(std::move(loaded).value()) : refuse_config(loaded.error());
}

lb::Result<std::vector<std::string>> Operations::apply(const std::string& shown) {
  const Reload told(*this);
  const auto refuse = [this](const std::string& why) { return lb::Error{refuse_config(why).error()}; };
  const std::string text = fill_hidden_keys(shown, keys_of(config_));
  auto parsed = parse_config(text, config_file_);
  if (!parsed) return refuse(parsed.error());
  if (const std::string why = restart_needed(config_, parsed.value()); !why.empty()) return refuse(why);
  std::vector<std::string> changes = config_changes(config_, parsed.value());
  bool missing = false;
  const auto former = read_file(config_file_, kMaxConfigBytes, &missing);
  if (!former && !missing) return refuse("not applied: " + former.error());
  if (const lb::Status written = replace_file(config_file_, text); !written)
    return refuse("not applied: " + written.error());
  const lb::Status taken = take(std::move(parsed).value());
  if (taken) return changes;
  if (missing) return lb::Error{taken.error()};
  if (const lb::Status restored = replace_file(config_file_, former.value()); !restored)
    log_event(LogLevel::kError, "refused config stays on disk",
              {{"file", config_file_}, {"reason", restored.error()}});
  return lb::Error{taken.error()};
}

lb::Status Operations::take(Config next) {
  if (const std::string why = restart_needed(config_, next); !why.empty()) return refuse_config(why);
  Config former = std::exchange(config_, std::move(next));
  const std::string former_error = publish_error_;
  (void)slow_start_.advance(config_.pools, std::chrono::steady_clock::now());
  start_newcomers_slowly();
  if (const lb::Status published = publish(); !published) {
    config_ = std::move(former);
    publish_error_ = former_error;
    return refuse_config(published.error());
  }
  watch_backends();
  last_reload_ = ReloadResult{std::chrono::system_clock::now(), ""};
  log_event(LogLevel::kInfo, "config in force", {{"file", config_file_}, {"generation", generation_}});
  return lb::Nothing{};
}

lb::Status Operations::refuse_config(const std::string& why) {
  last_reload_ = ReloadResult{std::chrono::system_clock::now(), why};
  log_event(LogLevel::kError, "config refused", {{"file", config_file_}, {"reason", why}});
  return lb::Error{why};
}

lb::Status Operations::publish() {
  Desired next = desired();
  if (begin_waits_anew(next.verdicts)) next = desired();
  if (trace_ && trace_->runs()) next.spec.trace = trace_->spec();
  auto generation = engine_.publish(next.spec);
  if (!generation) {
    if (publish_error_ != generation.error())
      log_event(LogLevel::kError, "snapshot refused", {{"reason", generation.error()}});
    publish_error_ = generation.error();
    return lb::Error{publish_error_};
  }
  publish_error_.clear();
  log_panics(next.verdicts);
  spec_ = std::move(next.spec);
  verdicts_ = std::move(next.verdicts);
  generation_ = generation.value();
  return lb::Nothing{};
}

Desired Operations::desired() const {
  return desired_state(config_, overrides_, [this](const std::string& pool, const lb::Endpoint& e) {
    Standing standing{health_.healthy(pool, e), slow_start_.share_percent(pool, e)};
    if (const auto found = unanswered_.find({pool, e}); found != unanswered_.end()) {
      standing.unanswered_ms = found->second.since_ms;
      standing.silent = found->second.silent;
    }
    return standing;
  });
}

// Ten backends that go down at once are one snapshot.
void Operations::publish_soon() {
  if (std::exchange(publish_waits_, true)) return;
  boost::asio::post(io_, [this, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    publish_waits_ = false;
    (void)publish();
  });
}

void Operations::watch_backends() {
  std::vector<HealthTarget> targets;
  std::vector<StreamPollTarget> polls;
  for (const PoolConfig& pool : config_.pools) {
    for (const lb::PoolSpec& spec : spec_.pools) {
      if (spec.name != pool.name) continue;
      for (const lb::BackendSpec& backend : spec.backends) {
        const lb::Endpoint endpoint{backend.address, backend.port};
        if (pool.health) targets.push_back({pool.name, endpoint, *pool.health});
        if (pool.streams) polls.push_back({pool.name, endpoint, *pool.streams});
      }
    }
  }
  health_.set_at_once(config_.checks_at_once);
  health_.set(targets);
  stream_polls_.set(polls);
}

uint64_t Operations::uptime_s() const {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - started_).count());
}

}  // namespace control
