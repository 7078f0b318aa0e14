// SPDX-License-Identifier: MIT
// What cleat-bench measures in: one worker with a table full of flows or ICE sessions, and frames of those in random order.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lb/pipeline.h"
#include "tools/bench_frame.h"
#include "tools/bench_memory.h"

namespace bench {

enum class Kind : uint8_t { kNatV4, kNatV6, kDsrV4, kIceV4 };

// Who sends.
enum class Traffic : uint8_t {
  kClients,
  kReplies,  // servers
  kNew,      // clients not seen before
  kMoved,    // clients of known sessions from addresses not seen before, 32 packets each
  kNobody,   // addresses of no session; with kRtp, SSRCs of none, too
};

// Of kIceV4, also the session and its first address.
struct Flow {
  uint64_t number = 0;
  lb::IpAddress client;
  uint16_t port = 0;
  lb::SlotIndex slot = lb::kNoSlot;
  lb::BackendId backend = 0;
};

class World {
 public:
  static constexpr unsigned kBursts = 64;  // prepared at a time
  static constexpr unsigned kBurstSize = lb::kMaxBurst;
  static constexpr unsigned kBatch = kBursts * kBurstSize;  // more headers than L1 holds

  // Opens `flows` UDP flows by real packets; as many again as a quarter of them came and went before.
  World(Kind kind, uint64_t flows, bool huge);
  // The same one for the next case that asks for it; filling a large one takes seconds.
  static World& shared(Kind kind, uint64_t flows, bool huge);
  // Its snapshot with another pick method.
  std::unique_ptr<const lb::Snapshot> compile_with(lb::PickMethod method);

  // With a trace of a client that never comes, or without one.
  void trace(bool on);

  // Writes the batch: packets of random flows.
  void prepare(Traffic traffic, Payload payload = Payload::kPlain);
  // Hands the burst-th part of the batch to the worker's burst.
  void load(unsigned burst);
  // Keeps the burst's verdicts, as a caller that sends the frames reads them, and forgets Cleat's own.
  void unload(unsigned burst) {
    for (unsigned i = 0; i < burst_.count; ++i) actions_[burst * kBurstSize + i] = burst_.verdicts[i].action;
    worker_->out.clear();
  }
  // True if each frame of the batch left as its flow demands, or was dropped if it is nobody's. Takes note of new flows.
  // Call after the whole batch was processed.
  [[nodiscard]] bool check();
  // Closes the flows that came with Traffic::kNew. REQUIRES: check()
  void close_new();

  // The clock goes on with the time that was measured, so that flows are touched and swept as in service.
  void pass(uint64_t nanoseconds) { elapsed_ns_ += nanoseconds; }
  [[nodiscard]] lb::Now now() const { return {1'000'000'000 + elapsed_ns_ / 1'000'000}; }

  [[nodiscard]] uint64_t misses() const { return counters_->flow_misses.get(); }
  [[nodiscard]] std::string backing() const { return memory_->backing(); }
  lb::Worker& worker() { return *worker_; }
  [[nodiscard]] const lb::Snapshot& snapshot() const { return traced_ ? *traced_ : *snapshot_; }
  lb::Burst& burst() { return burst_; }

 private:
  Flow next_client();
  void write(unsigned at, const Flow& flow, const lb::Endpoint& client, Payload payload);
  void run_batch(unsigned frames);
  void open(const std::vector<Flow>& clients);
  void close(const Flow& flow);
  // Backend and slot of the flow whose packet left as frame `at`.
  bool learn(unsigned at, Flow& flow);
  [[nodiscard]] uint8_t* frame(unsigned at) const;
  [[nodiscard]] uint64_t no_session() const;
  uint64_t random();

  Kind kind_;
  Traffic traffic_ = Traffic::kClients;
  uint64_t dropped_ = 0;  // before the batch, as of no session
  std::unique_ptr<Memory> memory_, frames_;
  std::optional<lb::Segment> segment_;
  std::unique_ptr<const lb::Snapshot> snapshot_, traced_;
  std::unique_ptr<lb::Neighbours> neighbours_ = std::make_unique<lb::Neighbours>();
  lb::WhipOffers offers_;
  lb::PathMtus path_mtus_;
  std::unique_ptr<lb::WorkerCounters> counters_ = std::make_unique<lb::WorkerCounters>();
  std::unique_ptr<lb::Worker> worker_;
  std::vector<Flow> flows_;
  std::vector<Flow> batch_ = std::vector<Flow>(kBatch);
  std::array<uint16_t, kBatch> lengths_{};
  std::array<lb::Action, kBatch> actions_{};
  lb::Burst burst_;
  uint64_t elapsed_ns_ = 0, clients_ = 0, random_ = 1;
};

}  // namespace bench
