// SPDX-License-Identifier: MIT
// What stands in for the dataplane in cleat-replay: workers in one thread, time taken from the capture, frames
// parked for a next hop as the dataplane parks them.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lb/counters.h"
#include "lb/neighbours.h"
#include "lb/pipeline.h"
#include "lb/result.h"
#include "lb/segment.h"
#include "lb/snapshot.h"
#include "lb/snapshot_spec.h"
#include "lb/worker.h"
#include "tools/replay_capture.h"
#include "tools/replay_outcome.h"

namespace replay {

struct EngineOptions {
  unsigned workers = 1;
  uint64_t start_ms = 1'000'000;  // lb's time at the first frame, > 0
  std::array<lb::MacAddress, lb::kMaxPorts> macs{};
  lb::SegmentGeometry geometry;
  bool announce = true;
};

class Engine {
 public:
  // Called in the order of the frames' numbers.
  using OnOutcome = std::function<void(const Outcome&)>;
  // Every frame that leaves a device, in order, under the first port on it.
  using OnFrame = std::function<void(lb::PortIndex, uint64_t time_ns, std::span<const uint8_t>)>;

  // error  the configuration cannot be compiled, or there is no memory for its tables
  static lb::Result<std::unique_ptr<Engine>> make(const lb::SnapshotSpec& spec, const EngineOptions& options,
                                                  OnOutcome on_outcome, OnFrame on_frame);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Takes the next frame. Frames of one port and worker within the same millisecond make a burst.
  void feed(const CapturedFrame& frame);
  // Runs the last burst, then lets time go on until no frame waits for its next hop.
  void finish();

  [[nodiscard]] const lb::WorkerCounters& counters(unsigned worker) const { return *counters_[worker]; }
  [[nodiscard]] unsigned workers() const { return static_cast<unsigned>(workers_.size()); }
  [[nodiscard]] size_t held() const { return held_.size(); }
  // Frames longer than lb's 65,535 bytes; they are not replayed and have no verdict.
  [[nodiscard]] uint64_t too_long() const { return too_long_; }
  // rx = tx - emitted + dropped + punted + consumed + held now, for each worker (lb/counters.h).
  [[nodiscard]] bool conserved() const;

 private:
  struct Memory;
  void drop_unknown(unsigned worker, const lb::Frame& frame);
  // A frame that waits for its next hop.
  struct Held {
    Outcome* outcome;  // in outcomes_; null: it is Cleat's own
    lb::Verdict verdict;
    unsigned worker;
    uint64_t since_ms;
    std::vector<uint8_t> bytes;  // the frame behind `headroom` bytes
    uint16_t headroom;
  };
  Engine(const EngineOptions& options, OnOutcome on_outcome, OnFrame on_frame);
  lb::Status start(const lb::SnapshotSpec& spec);

  [[nodiscard]] unsigned worker_of(const lb::Frame& frame) const;
  void begin(uint64_t time_ns);
  void announce_if_due();
  void advance(uint64_t ms);
  void run_burst();
  void settle(unsigned i);
  [[nodiscard]] bool has_room(unsigned worker, const lb::Verdict& verdict) const;
  void hold(unsigned worker, const lb::Verdict& verdict, std::span<const uint8_t> frame, uint16_t headroom,
            Outcome* outcome);
  void send(lb::Worker& worker, lb::PortIndex port, std::span<const uint8_t> frame);
  void drain(lb::Worker& worker);
  void retry_held();
  void report();

  const EngineOptions options_;
  const OnOutcome on_outcome_;
  const OnFrame on_frame_;
  lb::SnapshotSpec spec_;
  std::unique_ptr<Memory> memory_;
  std::optional<lb::Segment> segment_;
  lb::Neighbours neighbours_;
  lb::WhipOffers offers_;
  lb::PathMtus path_mtus_;
  lb::Peeks peeks_;
  std::unique_ptr<const lb::Snapshot> snapshot_;
  std::vector<std::unique_ptr<lb::WorkerCounters>> counters_;
  std::vector<std::unique_ptr<lb::Worker>> workers_;

  uint64_t first_ns_ = 0, now_ns_ = 0;  // capture time
  bool begun_ = false;
  unsigned announcements_left_ = 0;
  uint64_t announce_due_ms_ = 0;
  lb::Now now_;

  std::unique_ptr<lb::Burst> burst_;
  std::vector<std::vector<uint8_t>> buffers_;  // of the burst's frames
  unsigned burst_worker_ = 0;
  lb::PortIndex burst_device_ = 0;
  std::deque<Outcome> outcomes_;  // of frames not yet reported: the burst's, and behind one that is held
  std::deque<Held> held_;
  std::vector<lb::DevicePorts> devices_;  // by port; only the first port of a device has it
  uint64_t too_long_ = 0;
};

}  // namespace replay
