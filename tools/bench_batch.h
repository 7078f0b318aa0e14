// SPDX-License-Identifier: MIT
// One worker of a world and frames for it: written, run through the pipeline in bursts, and looked at when they left.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "tools/bench_mix.h"
#include "tools/bench_world.h"

namespace bench {

class Batch {
 public:
  static constexpr unsigned kFrames = 4096;  // more headers than a first-level cache holds
  static constexpr unsigned kCheckedEvery = 100;

  // World  outlives it. worker  which of its workers
  Batch(World& world, unsigned worker);

  // Writes a batch: packets of random flows, mixed at random by the parts' shares.
  void prepare(std::span<const Part> mix);
  // What a worker's loop does with `count` frames from `first` on, but for receiving and sending. Its own thread.
  // burst  frames in each, 1..kMaxBurst
  void run(unsigned burst, unsigned first = 0, unsigned count = kFrames);
  // Null if each frame left as its flow demands, or was dropped if it is nobody's or the table had no room, and every
  // hundredth has right checksums; else what is wrong. Takes note of new flows. Call after the whole batch was run.
  [[nodiscard]] const char* check();
  // Closes the flows that Traffic::kNew opened, and replaces those that a client ended by a FIN. REQUIRES: check()
  void settle();

  // Of the batch: packets of flows that the table cannot know, and new flows that it had no room for (after check()).
  [[nodiscard]] unsigned unknown() const { return unknown_; }
  [[nodiscard]] unsigned untracked() const { return untracked_; }
  // Frames whose checksums were computed, since ever.
  [[nodiscard]] uint64_t checksums() const { return checksums_; }

  // Opens flows of new clients, up to where both sides have spoken. Returns those that there was room for.
  // count  0..kFrames
  std::vector<Flow> open(ServiceIndex service, unsigned count);

  // For who runs the stages himself: some frames into the burst, and back when they have their verdicts.
  void load(unsigned first, unsigned count);
  void unload(unsigned first);
  [[nodiscard]] lb::Burst& burst() { return burst_; }
  [[nodiscard]] lb::Worker& worker() { return *worker_; }
  [[nodiscard]] const lb::WorkerCounters& counters() const { return *counters_; }

 private:
  struct Planned {
    Flow flow;
    size_t index = 0;  // of the flow among those of its service
    Traffic traffic = Traffic::kClients;
    Payload payload = Payload::kPlain;
  };

  void plan(std::span<const Part> mix);
  void write(unsigned at, const lb::Endpoint& client);
  // The flows' next packet, all at once.
  void send(std::span<const Flow> flows, Traffic traffic, Payload payload);
  [[nodiscard]] const char* check_one(unsigned at);
  // Backend and slot of the flow whose packet left; false if it went somewhere else.
  bool learn(const Left& left, Flow& flow) const;
  [[nodiscard]] bool came_back(const Left& left, const Flow& flow) const;
  [[nodiscard]] const ServiceSetup& setup_of(const Flow& flow) const {
    return world_.setup().services[flow.service];
  }
  [[nodiscard]] uint8_t* room(unsigned at) const;
  [[nodiscard]] uint64_t drops(lb::DropReason reason) const {
    return counters_->drops[static_cast<unsigned>(reason)].get();
  }

  World& world_;
  const uint8_t index_;
  Memory memory_;
  std::unique_ptr<lb::WorkerCounters> counters_ = std::make_unique<lb::WorkerCounters>();
  std::unique_ptr<lb::Worker> worker_;
  std::vector<Planned> planned_ = std::vector<Planned>(kFrames);
  std::array<lb::Frame, kFrames> frames_{};
  std::array<lb::Action, kFrames> actions_{};
  lb::Burst burst_;
  unsigned nobodys_ = 0, unknown_ = 0, untracked_ = 0, full_ = 0, checked_from_ = 0;
  uint64_t no_session_ = 0, table_full_ = 0;  // drops before the batch
  uint64_t checksums_ = 0;
};

}  // namespace bench
