// SPDX-License-Identifier: MIT
// What an operator and the checks may change, and what then is in force: configuration, overrides and health
// make one SnapshotSpec, which the engine publishes.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "control/asio.h"
#include "control/config.h"
#include "control/desired.h"
#include "control/engine.h"
#include "control/health.h"
#include "control/load.h"
#include "control/overrides.h"
#include "control/passive_health.h"
#include "control/slow_start.h"
#include "control/stats.h"
#include "control/stream_polls.h"
#include "control/stream_stats.h"
#include "control/trace.h"
#include "lb/result.h"
#include "lb/snapshot_spec.h"

namespace control {

// Why a change was not made; nothing of it is in force or on disk.
struct Refusal {
  enum class Kind : uint8_t {
    kNotFound,  // no such pool or backend
    kInvalid,   // the change itself cannot be
    kFailed,    // it could not be saved
  };
  Kind kind;
  std::string message;
};
using Refused = std::optional<Refusal>;  // nullopt: done

struct DrainView {
  std::optional<int64_t> remaining_s;  // until the deadline, 0 when it has passed; nullopt: none was set
  std::optional<int64_t> since_s;      // since 1970; nullopt: not known
};

struct SlowStartView {
  uint32_t share_percent = 100, remaining_s = 0;
};

// One backend as an operator wants to see it.
struct BackendView {
  lb::Endpoint endpoint;
  std::optional<uint32_t> config_weight;    // nullopt: added by an operator
  std::optional<uint32_t> override_weight;  // set by an operator
  uint32_t weight = 0;                      // the operator's, or else the file's
  double effective_weight = 0;              // in force: 0 while draining, or unhealthy and not in panic
  std::optional<DrainView> drain;
  std::optional<HealthView> health;  // nullopt: not checked
  std::optional<SlowStartView> slow_start;
  std::optional<StreamPollView> streams;  // nullopt: it is not asked which it has
  Traffic traffic;
};

struct ReloadResult {
  std::chrono::system_clock::time_point at;
  std::string error;  // "" if it went well
};

// One thread, that of the io_context. Every change blocks it for one engine.publish() and, for an operator's,
// one safe write of the overrides (fsync).
class Operations {
 public:
  Operations(boost::asio::io_context& io, Config config, Engine engine, std::string config_file,
             std::string version);
  ~Operations();
  Operations(const Operations&) = delete;
  Operations& operator=(const Operations&) = delete;

  // Reads the overrides, publishes the first snapshot and starts health checks. REQUIRES: called once.
  lb::Status begin();
  // Ends health checks and coming publishes. Twice is harmless.
  void end();
  // To be called about once a second: stamps the segment and renews what depends on time or load.
  void tick();
  // begins   called with true before reload() or apply() does anything, with false when it is done, whatever came of it
  void on_reload(std::function<void(bool begins)> tell) { on_reload_ = std::move(tell); }
  // Reads the configuration file again. What it says is in force, or, after an error, all goes on as before.
  lb::Status reload();
  // Puts `text` in the configuration file's place and in force, with keys that `config show` hid written out. Returns what
  // it changed (config_changes()). After an error the file is what it was.
  lb::Result<std::vector<std::string>> apply(const std::string& shown);

  // Changes: in force and saved when they return nullopt. A change that changes nothing succeeds.
  Refused set_weight(const std::string& pool, const lb::Endpoint& backend, uint32_t weight);
  Refused drain(const std::string& pool, const lb::Endpoint& backend, std::optional<uint32_t> deadline_s);
  Refused undrain(const std::string& pool, const lb::Endpoint& backend);
  // A backend that is there gets the weight, if one is given; a new one has 100 by default.
  Refused add_backend(const std::string& pool, const lb::Endpoint& backend, std::optional<uint32_t> weight);
  // A backend of the file is refused: it would come back with the next reload.
  Refused remove_backend(const std::string& pool, const lb::Endpoint& backend);
  Refused reset_backend(const std::string& pool, const lb::Endpoint& backend);
  Refused reset_pool(const std::string& pool);
  Refused reset_all();

  // To be called several times a second: looks at what the traffic says of the backends.
  void watch_traffic();
  // Lets workers show packets. Refused while another trace runs.
  Refused begin_trace(TraceRequest request);
  // id  0: whichever runs. Of nothing succeeds.
  void end_trace(uint64_t id);
  // The one that runs or ran last, brought up to date as for whoever reads it; null if it is not that one.
  const PacketTrace* read_trace(uint64_t id);
  [[nodiscard]] const PacketTrace* trace() const { return trace_ ? &*trace_ : nullptr; }

  [[nodiscard]] Refused find_pool(const std::string& pool) const;
  // REQUIRES: the pool exists
  [[nodiscard]] std::vector<BackendView> backends(const std::string& pool) const;
  // REQUIRES: the pool exists
  [[nodiscard]] const PoolVerdict& verdict_of(const std::string& pool) const;
  // True also for a backend that is not checked.
  [[nodiscard]] bool healthy(const std::string& pool, const lb::Endpoint& backend) const {
    return health_.healthy(pool, backend);
  }
  [[nodiscard]] const CheckQueue& check_queue() const { return health_.queue(); }
  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] const Overrides& overrides() const { return overrides_; }
  [[nodiscard]] const lb::SnapshotSpec& spec() const { return spec_; }  // in force
  [[nodiscard]] const Engine& engine() const { return engine_; }
  [[nodiscard]] const LoadWindow& load_window() const { return load_window_; }
  [[nodiscard]] const StreamCensus& stream_census() const { return stream_census_; }
  [[nodiscard]] const StreamPolls& stream_polls() const { return stream_polls_; }
  [[nodiscard]] uint64_t generation() const { return generation_; }
  [[nodiscard]] const std::optional<ReloadResult>& last_reload() const { return last_reload_; }
  [[nodiscard]] const std::string& config_file() const { return config_file_; }
  [[nodiscard]] const std::string& version() const { return version_; }
  [[nodiscard]] uint64_t uptime_s() const;
  [[nodiscard]] const std::string& publish_error() const {
    return publish_error_;
  }  // "" if the last went well

 private:
  using Alive = std::shared_ptr<char>;

  // Puts `next` in force and on disk, or neither.
  Refused change(Overrides next, const std::string& what, const std::string& pool,
                 const std::string& backend);
  Refused find_backend(const std::string& pool, const lb::Endpoint& backend) const;
  class Reload;  // tells of its own begin and end
  lb::Status take(Config next);
  lb::Status refuse_config(const std::string& why);
  lb::Status publish();
  void publish_soon();
  // Ends the trace if that is due, and takes it out of the snapshot.
  void advance_trace();
  void watch_backends();
  [[nodiscard]] Desired desired() const;
  // Those of the coming state that are not in force yet, in pools that are.
  void start_newcomers_slowly();
  void note_health(const HealthTarget& target, bool healthy);
  // Notes who answers nothing, since when, and who is silent. True if that is not what it was.
  bool follow_silence();
  // In pools that were cut off: nobody's time counts from before. True if any was.
  bool begin_waits_anew(const std::vector<PoolVerdict>& next);
  void log_panics(const std::vector<PoolVerdict>& next) const;
  void log_passed_deadlines();

  boost::asio::io_context& io_;
  Config config_;
  Engine engine_;
  const std::string config_file_, version_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::function<void(bool begins)> on_reload_;
  Overrides overrides_;
  Health health_;
  SlowStart slow_start_;
  PassiveHealth passive_health_;
  LoadWindow load_window_;
  StreamCensus stream_census_;
  StreamPolls stream_polls_;
  struct Unanswered {
    uint64_t since_ms;  // the engine's time
    bool silent;
    bool operator==(const Unanswered&) const = default;
  };
  std::map<std::pair<std::string, lb::Endpoint>, Unanswered> unanswered_;
  lb::SnapshotSpec spec_;
  std::vector<PoolVerdict> verdicts_;  // of spec_
  uint64_t generation_ = 0;
  std::optional<ReloadResult> last_reload_;
  std::string publish_error_;
  std::set<std::pair<std::string, lb::Endpoint>> passed_deadlines_;  // already logged
  bool publish_waits_ = false;
  std::optional<PacketTrace> trace_;
  Alive alive_;  // null before begin() and after end(); posted publishes hold it weakly
};

}  // namespace control
