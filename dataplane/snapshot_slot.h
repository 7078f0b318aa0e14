// SPDX-License-Identifier: MIT
// The one way in for state: a pointer to the snapshot in force. Control swaps it, workers read it once per burst, and a
// snapshot is freed when every worker has reported quiescence since (DPDK's QSBR).
#pragma once

#include <rte_rcu_qsbr.h>

#include <atomic>
#include <deque>
#include <memory>
#include <utility>

#include "lb/snapshot.h"

namespace dataplane {

class SnapshotSlot {
 public:
  explicit SnapshotSlot(unsigned workers);
  ~SnapshotSlot();
  SnapshotSlot(const SnapshotSlot&) = delete;
  SnapshotSlot& operator=(const SnapshotSlot&) = delete;

  // Control thread. Frees former snapshots that nobody reads any more; never waits.
  void publish(std::unique_ptr<const lb::Snapshot> next);
  // Control thread: the snapshot in force; valid until the next publish().
  [[nodiscard]] const lb::Snapshot* in_force() const { return current_.load(std::memory_order_relaxed); }
  // Control thread: frees what has become free. Returns how many snapshots still wait.
  size_t collect();

  // Workers.
  void join(unsigned worker);
  void leave(unsigned worker);
  // What is between them reads no snapshot, and none waits for it.
  void rest(unsigned worker) { rte_rcu_qsbr_thread_offline(qsbr_, worker); }
  void resume(unsigned worker) { rte_rcu_qsbr_thread_online(qsbr_, worker); }
  // Valid until this worker's next quiescent().
  [[nodiscard]] const lb::Snapshot* read() const { return current_.load(std::memory_order_acquire); }
  void quiescent(unsigned worker) { rte_rcu_qsbr_quiescent(qsbr_, worker); }

 private:
  std::atomic<const lb::Snapshot*> current_{nullptr};
  rte_rcu_qsbr* qsbr_;
  std::deque<std::pair<uint64_t, std::unique_ptr<const lb::Snapshot>>> former_;  // with the token to wait for
};

}  // namespace dataplane
