// SPDX-License-Identifier: MIT
#include "dataplane/snapshot_slot.h"

#include <cstdlib>
#include <new>

namespace dataplane {

SnapshotSlot::SnapshotSlot(unsigned workers) {
  const size_t bytes = rte_rcu_qsbr_get_memsize(workers);
  qsbr_ = static_cast<rte_rcu_qsbr*>(std::aligned_alloc(RTE_CACHE_LINE_SIZE, (bytes + 63) / 64 * 64));
  if (qsbr_ == nullptr || rte_rcu_qsbr_init(qsbr_, workers) != 0) throw std::bad_alloc();
}

SnapshotSlot::~SnapshotSlot() {
  delete current_.load();
  std::free(qsbr_);
}

void SnapshotSlot::publish(std::unique_ptr<const lb::Snapshot> next) {
  const lb::Snapshot* former = current_.exchange(next.release(), std::memory_order_acq_rel);
  if (former != nullptr) former_.emplace_back(rte_rcu_qsbr_start(qsbr_), former);
  collect();
}

size_t SnapshotSlot::collect() {
  while (!former_.empty() && rte_rcu_qsbr_check(qsbr_, former_.front().first, false) == 1)
    former_.pop_front();
  return former_.size();
}

void SnapshotSlot::join(unsigned worker) {
  rte_rcu_qsbr_thread_register(qsbr_, worker);
  rte_rcu_qsbr_thread_online(qsbr_, worker);
}

void SnapshotSlot::leave(unsigned worker) {
  rte_rcu_qsbr_thread_offline(qsbr_, worker);
  rte_rcu_qsbr_thread_unregister(qsbr_, worker);
}

}  // namespace dataplane
