// SPDX-License-Identifier: MIT
// One worker's life: receive a burst, run the pipeline, send, look after what waits, rest when there is nothing to do.
#pragma once

#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <array>
#include <atomic>
#include <memory>
#include <vector>

#include "dataplane/device.h"
#include "dataplane/hold_queue.h"
#include "dataplane/nap.h"
#include "dataplane/snapshot_slot.h"
#include "lb/pipeline.h"
#include "lb/trace.h"
#include "lb/worker.h"

namespace dataplane {

// The queues of one port that belong to one worker.
struct WorkerPort {
  Queue wire;  // its device's: ports may share it
  Queue tap;
  bool has_tap = false;
  lb::PortTag tag;
};

class WorkerLoop {
 public:
  // worker, slot, pool  outlive the loop
  WorkerLoop(lb::Worker& worker, SnapshotSlot& slot, rte_mempool* pool, std::vector<WorkerPort> ports);

  // Runs until `stop`; the worker's own thread. REQUIRES: a snapshot is published.
  void run(const std::atomic<bool>& stop) noexcept;

  // Asks worker 0 to announce VIPs and LIPs (RFC 5227 section 3: twice, two seconds apart). Any thread.
  void announce() noexcept { announce_asked_.store(true, std::memory_order_release); }

 private:
  static constexpr unsigned kBurst = 32;
  // One burst in so many is timed stage by stage. A prime: ports that take turns are all met.
  static constexpr unsigned kTimedEvery = 127;
  static constexpr unsigned kTxRoom = 2 * kBurst + lb::OutFrames::kCapacity;

  struct TxBatch {
    std::array<rte_mbuf*, kTxRoom> frames;
    unsigned count = 0;
  };

  // Each returns how many frames it found.
  unsigned serve_wire(const lb::Snapshot& snapshot, lb::Now now, const lb::DevicePorts& device) noexcept;
  unsigned serve_tap(unsigned port) noexcept;

  void load(const lb::DevicePorts& device, std::array<rte_mbuf*, kBurst>& mbufs, unsigned received) noexcept;
  void dispose(const std::array<rte_mbuf*, kBurst>& mbufs) noexcept;
  void punt(unsigned port, rte_mbuf* const* mbufs, unsigned count) noexcept;
  bool untag(const lb::DevicePorts& device, rte_mbuf*& mbuf, lb::Frame& frame) noexcept;
  bool tag(unsigned port, rte_mbuf* mbuf) noexcept;
  void put(lb::PortIndex port, rte_mbuf* mbuf) noexcept;
  void put_own_frames() noexcept;
  void hold(rte_mbuf* mbuf, const lb::Verdict& verdict) noexcept;
  void flush() noexcept;
  void retry_held(const lb::Snapshot& snapshot, lb::Now now) noexcept;
  void announce_if_due(const lb::Snapshot& snapshot, lb::Now now) noexcept;
  void rest(unsigned found) noexcept;
  // Counts frames that cannot go on, shows them to a trace and frees them.
  // port  where they came in or would leave, as `late` says
  void lose(lb::DropReason reason, lb::PortIndex port, lb::Late late, rte_mbuf* const* mbufs,
            unsigned count) noexcept;

  lb::Worker& worker_;
  SnapshotSlot& slot_;
  rte_mempool* pool_;
  std::vector<WorkerPort> ports_;
  std::vector<lb::DevicePorts> devices_;
  lb::Burst burst_;
  std::array<TxBatch, lb::kMaxPorts> tx_;
  HoldQueue held_;
  uint64_t retried_ms_ = 0;
  const lb::Snapshot* snapshot_ = nullptr;  // of this round
  lb::Now now_;                             // likewise
  const uint64_t spin_cycles_;
  uint64_t round_began_ = 0, idle_since_ = 0;  // by the TSC
  long rested_ns_ = 0;                         // since a frame came
  Nap nap_;
  lb::StageClock stages_;
  unsigned untimed_left_ = kTimedEvery - 1;  // bursts until one is timed

  static constexpr unsigned kAnnouncements = 2;
  static constexpr uint64_t kAnnounceIntervalMs = 2000;
  std::atomic<bool> announce_asked_{false};
  unsigned announcements_left_ = 0;
  uint64_t announce_due_ms_ = 0;
  size_t announce_next_ = 0;
};

}  // namespace dataplane
