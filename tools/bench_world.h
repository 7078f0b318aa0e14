// SPDX-License-Identifier: MIT
// What cleat-bench measures in: a segment full of flows, a snapshot, and a batch of frames for each worker. The clock is
// that of the measured code.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lb/pipeline.h"
#include "tools/bench_memory.h"
#include "tools/bench_setup.h"

namespace bench {

class Batch;

// Of ICE, also the session and its first address.
struct Flow {
  uint64_t number = 0;
  lb::IpAddress client;
  uint16_t port = 0;
  ServiceIndex service = 0;
  uint8_t worker = 0;  // whose slot it has
  lb::BackendId backend = 0;
  lb::SlotIndex slot = lb::kNoSlot;
};

class World {
 public:
  // Opens the flows by real packets, all workers in turn; a quarter of them were closed and replaced after that.
  explicit World(const Setup& setup);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  // The same one for every case that asks for it: filling a large one takes seconds. Those used last are kept, as many as a
  // third of the machine's memory holds.
  static World& shared(const Setup& setup);

  [[nodiscard]] const Setup& setup() const { return setup_; }
  [[nodiscard]] Batch& batch(unsigned worker = 0) { return *batches_[worker]; }
  // A worker's state in here. counters  outlive it
  [[nodiscard]] std::unique_ptr<lb::Worker> make_worker(unsigned index, lb::WorkerCounters& counters);

  [[nodiscard]] const lb::Snapshot& snapshot() const { return *snapshot_; }
  // With a trace of a client that never comes, or without one.
  void trace(bool on);
  // Compiles the same configuration anew; swap() puts it in force, which is all that a worker sees of it.
  void prepare_swap();
  void swap() { snapshot_.swap(next_); }
  // With another pick method, not put in force.
  std::unique_ptr<const lb::Snapshot> compile_with(lb::PickMethod method);

  [[nodiscard]] std::vector<Flow>& flows(ServiceIndex service) { return flows_[service]; }
  [[nodiscard]] Flow next_client(ServiceIndex service);
  [[nodiscard]] lb::Endpoint vip_of(const Flow& flow) const;
  [[nodiscard]] lb::NatSlots& slots() { return segment_->slots(); }
  // Whether the flow table knows it.
  [[nodiscard]] bool is_tracked(const Flow& flow);
  // REQUIRES: is_tracked()
  void close(const Flow& flow);
  // Whose it is that has this MAC address.
  [[nodiscard]] lb::BackendId backend_of(const lb::MacAddress& mac) const {
    return backends_[backend_number(mac) % backends_.size()];
  }
  // The backend that a connection id of the flow names.
  [[nodiscard]] unsigned server_of(const Flow& flow) const {
    return static_cast<unsigned>(flow.number % backends_.size());
  }
  [[nodiscard]] lb::BackendId backend(unsigned n) const { return backends_[n]; }

  [[nodiscard]] uint64_t random();
  // The clock goes on with the time that was measured, so that flows are touched and swept as in service.
  void pass(uint64_t nanoseconds) { elapsed_ns_ += nanoseconds; }
  [[nodiscard]] uint64_t elapsed_ns() const { return elapsed_ns_; }
  [[nodiscard]] lb::Now now() const { return {1'000'000'000 + elapsed_ns_ / 1'000'000}; }

  // Clients that no room was found for while the table was filled, of so many.
  [[nodiscard]] uint64_t refused() const { return refused_; }
  [[nodiscard]] uint64_t asked() const { return asked_; }
  [[nodiscard]] uint64_t misses() const;
  // New flows take slots that nobody touched yet: their pages are there after this.
  void touch() { memory_->touch(); }
  [[nodiscard]] std::string backing() const { return memory_->backing(); }
  [[nodiscard]] size_t bytes() const { return memory_->bytes().size(); }

 private:
  std::unique_ptr<const lb::Snapshot> compile(const lb::SnapshotSpec& spec);
  // The flows of a service are joined from now on, as after a conversation of each.
  void join(ServiceIndex service);
  [[nodiscard]] lb::SnapshotSpec spec() const;
  // At most a batch of new flows. Returns those that the table took.
  std::vector<Flow> open(ServiceIndex service, uint64_t count);
  void fill(ServiceIndex service);
  void churn(ServiceIndex service);
  template <typename Use>
  auto with_table(const Flow& flow, Use&& use);

  const Setup setup_;
  std::unique_ptr<Memory> memory_;
  std::optional<lb::Segment> segment_;
  std::unique_ptr<const lb::Snapshot> snapshot_, next_;
  std::unique_ptr<lb::Neighbours> neighbours_ = std::make_unique<lb::Neighbours>();
  lb::WhipOffers offers_;
  lb::PathMtus path_mtus_;
  lb::Peeks peeks_;
  std::vector<lb::BackendId> backends_;  // by number
  std::vector<std::unique_ptr<Batch>> batches_;
  std::vector<std::vector<Flow>> flows_;  // by service
  bool traced_ = false, filled_ = false;
  uint64_t elapsed_ns_ = 0, generation_ = 0, clients_ = 0, random_ = 1, refused_ = 0, asked_ = 0;
};

// Ends the program.
[[noreturn]] void fail(const std::string& what);

}  // namespace bench
