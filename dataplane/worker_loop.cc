// SPDX-License-Identifier: MIT
#include "dataplane/worker_loop.h"

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_prefetch.h>
#include <sys/prctl.h>
#include <time.h>

#include <algorithm>

#include "dataplane/clock.h"
#include "lb/announce.h"

namespace dataplane {
namespace {

// A rest is an eighth of the time that nothing came, so that a gap between packets costs few wake-ups and a packet waits
// at most that much longer. Where packets wake the worker it may be as long as what waits by the clock can wait. Under load there
// is none at all: going to sleep and waking cost more than a burst (5 us, in a virtual machine 20), so one has to be worth it.
constexpr uint64_t kSpinUs = 10;
constexpr long kLeastRestNs = 100'000, kLongestRestNs = 500'000, kRestShare = 8;
constexpr long kLongestWokenRestNs = 2'000'000;

std::vector<int> wake_files(const std::vector<WorkerPort>& ports) {
  std::vector<int> files;
  for (const WorkerPort& port : ports)
    for (const Queue& queue : {port.wire, port.tap})
      if (queue.wake_file >= 0 && std::ranges::find(files, queue.wake_file) == files.end())
        files.push_back(queue.wake_file);
  return files;
}

bool every_wire_wakes(const std::vector<WorkerPort>& ports) {
  return std::ranges::all_of(ports, [](const WorkerPort& port) { return port.wire.wake_file >= 0; });
}

lb::Frame frame_of(rte_mbuf* mbuf, lb::PortIndex port) {
  return {rte_pktmbuf_mtod(mbuf, uint8_t*), rte_pktmbuf_data_len(mbuf), rte_pktmbuf_headroom(mbuf), port};
}

// The pipeline may have moved a frame's begin and end.
void take_over(rte_mbuf* mbuf, const lb::Frame& frame) {
  mbuf->data_off = static_cast<uint16_t>(frame.data - static_cast<uint8_t*>(mbuf->buf_addr));
  mbuf->data_len = frame.length;
  mbuf->pkt_len = frame.length;
}

}  // namespace

WorkerLoop::WorkerLoop(lb::Worker& worker, SnapshotSlot& slot, rte_mempool* pool,
                       std::vector<WorkerPort> ports)
    : worker_(worker),
      slot_(slot),
      pool_(pool),
      ports_(std::move(ports)),
      spin_cycles_(rte_get_tsc_hz() / 1'000'000 * kSpinUs),
      nap_(wake_files(ports_), every_wire_wakes(ports_)),
      stages_(worker.counters.load, []() noexcept { return rte_rdtsc(); }) {
  static_assert(kBurst == lb::LoadCounters::kFrames.back() + 1, "a full burst has a count of its own");
  for (size_t i = 0; i < ports_.size(); ++i) {
    const auto port = static_cast<lb::PortIndex>(i);
    const lb::PortTag tag = ports_[i].tag;
    auto device = std::find_if(devices_.begin(), devices_.end(),
                               [&](const lb::DevicePorts& d) { return d.first() == tag.device; });
    if (device == devices_.end()) device = devices_.insert(device, lb::DevicePorts{});
    device->add(port, tag.vlan);
  }
}

void WorkerLoop::run(const std::atomic<bool>& stop) noexcept {
  ::prctl(PR_SET_TIMERSLACK, 1000UL);
  slot_.join(worker_.index);
  round_began_ = idle_since_ = rte_rdtsc();
  while (!stop.load(std::memory_order_relaxed)) {
    const lb::Snapshot& snapshot = *slot_.read();
    const lb::Now now = boot_time();
    snapshot_ = &snapshot;
    now_ = now;
    unsigned found = 0;
    for (const lb::DevicePorts& device : devices_) found += serve_wire(snapshot, now, device);
    for (unsigned port = 0; port < ports_.size(); ++port)
      if (ports_[port].has_tap) found += serve_tap(port);
    retry_held(snapshot, now);
    if (worker_.index == 0) announce_if_due(snapshot, now);
    lb::housekeep(worker_, snapshot, now);
    put_own_frames();
    flush();
    slot_.quiescent(worker_.index);
    rest(found);
  }
  held_.retry([](const HoldQueue::Held& held) {
    rte_pktmbuf_free(held.mbuf);
    return true;
  });
  slot_.leave(worker_.index);
}

unsigned WorkerLoop::serve_wire(const lb::Snapshot& snapshot, lb::Now now,
                                const lb::DevicePorts& device) noexcept {
  std::array<rte_mbuf*, kBurst> mbufs;
  const Queue& wire = ports_[device.first()].wire;
  const bool timed = untimed_left_ == 0;
  if (timed) [[unlikely]]
    stages_.start();
  const unsigned received = rte_eth_rx_burst(wire.device, wire.number, mbufs.data(), kBurst);
  if (received == 0) return 0;
  untimed_left_ = timed ? kTimedEvery - 1 : untimed_left_ - 1;
  for (unsigned i = 0; i < received; ++i) rte_prefetch0(rte_pktmbuf_mtod(mbufs[i], void*));
  load(device, mbufs, received);
  if (timed) [[unlikely]]
    stages_.lap(lb::Stage::kRx);
  lb::process(worker_, snapshot, now, burst_, timed ? &stages_ : nullptr);
  dispose(mbufs);
  put_own_frames();
  flush();
  worker_.counters.load.burst(received);
  if (timed) [[unlikely]] {
    stages_.lap(lb::Stage::kTx);
    worker_.counters.load.timed_packets.add(received);
  }
  return received;
}

// Frames in several buffers are more than parse() may see: they are dropped here, and `mbufs` closes up.
void WorkerLoop::load(const lb::DevicePorts& device, std::array<rte_mbuf*, kBurst>& mbufs,
                      unsigned received) noexcept {
  const lb::PortIndex port = device.first();
  burst_.count = 0;
  for (unsigned i = 0; i < received; ++i) {
    rte_mbuf* mbuf = mbufs[i];
    if (mbuf->nb_segs != 1) [[unlikely]] {
      worker_.counters.ports[port].rx_packets.add(1);
      worker_.counters.ports[port].rx_bytes.add(mbuf->pkt_len);
      lose(lb::DropReason::kSegmented, port, lb::Late::kAsItCame, &mbuf, 1);
      continue;
    }
    lb::Frame frame = frame_of(mbuf, port);
    if (device.tagged() && !untag(device, mbuf, frame)) continue;
    mbufs[burst_.count] = mbuf;
    burst_.frames[burst_.count++] = frame;
  }
}

bool WorkerLoop::untag(const lb::DevicePorts& device, rte_mbuf*& mbuf, lb::Frame& frame) noexcept {
  // A driver that takes tags off puts them back.
  if ((mbuf->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0 && rte_vlan_insert(&mbuf) == 0)
    frame = frame_of(mbuf, frame.port);
  if (device.receive(frame)) {
    take_over(mbuf, frame);
    return true;
  }
  worker_.counters.ports[frame.port].rx_packets.add(1);
  worker_.counters.ports[frame.port].rx_bytes.add(frame.length);
  lose(lb::DropReason::kUnknownVlan, frame.port, lb::Late::kAsItCame, &mbuf, 1);
  return false;
}

void WorkerLoop::dispose(const std::array<rte_mbuf*, kBurst>& mbufs) noexcept {
  std::array<rte_mbuf*, kBurst> done, punted;
  unsigned done_count = 0, punted_count = 0;
  lb::PortIndex punted_port = 0;
  for (unsigned i = 0; i < burst_.count; ++i) {
    rte_mbuf* mbuf = mbufs[i];
    const lb::Verdict& verdict = burst_.verdicts[i];
    switch (verdict.action) {
      case lb::Action::kTx:
        take_over(mbuf, burst_.frames[i]);
        put(verdict.port, mbuf);
        break;
      case lb::Action::kHold:
        take_over(mbuf, burst_.frames[i]);
        hold(mbuf, verdict);
        break;
      case lb::Action::kPunt:
        if (punted_count > 0 && burst_.frames[i].port != punted_port) {
          punt(punted_port, punted.data(), punted_count);
          punted_count = 0;
        }
        punted_port = burst_.frames[i].port;
        punted[punted_count++] = mbuf;
        break;
      case lb::Action::kUndecided:
      case lb::Action::kDrop:
      case lb::Action::kConsumed:
        done[done_count++] = mbuf;
        break;
    }
  }
  if (punted_count > 0) punt(punted_port, punted.data(), punted_count);
  if (done_count > 0) rte_pktmbuf_free_bulk(done.data(), done_count);
}

void WorkerLoop::punt(unsigned port, rte_mbuf* const* mbufs, unsigned count) noexcept {
  unsigned taken = 0;
  if (ports_[port].has_tap) {
    const Queue& tap = ports_[port].tap;
    taken =
        rte_eth_tx_burst(tap.device, tap.number, const_cast<rte_mbuf**>(mbufs), static_cast<uint16_t>(count));
    if (taken < count) {
      worker_.counters.ports[port].punted.add(taken - uint64_t{count});
      lose(lb::DropReason::kPuntFull, static_cast<lb::PortIndex>(port), lb::Late::kAsItCame, mbufs + taken,
           count - taken);
    }
    return;
  }
  for (; taken < count; ++taken) rte_pktmbuf_free(mbufs[taken]);
}

unsigned WorkerLoop::serve_tap(unsigned port) noexcept {
  std::array<rte_mbuf*, kBurst> mbufs;
  const Queue& tap = ports_[port].tap;
  unsigned received = rte_eth_rx_burst(tap.device, tap.number, mbufs.data(), kBurst);
  if (received == 0) return 0;
  if (ports_[port].tag.vlan != 0)
    received = static_cast<unsigned>(
        std::remove_if(mbufs.begin(), mbufs.begin() + received, [&](rte_mbuf* m) { return !tag(port, m); }) -
        mbufs.begin());
  const Queue& wire = ports_[port].wire;
  const unsigned sent =
      rte_eth_tx_burst(wire.device, wire.number, mbufs.data(), static_cast<uint16_t>(received));
  worker_.counters.ports[port].from_kernel.add(sent);
  if (sent < received)
    lose(lb::DropReason::kKernelTxFull, static_cast<lb::PortIndex>(port), lb::Late::kAsItLeaves, &mbufs[sent],
         received - sent);
  return received;
}

// False: there is no room for a tag, and the frame is dropped.
bool WorkerLoop::tag(unsigned port, rte_mbuf* mbuf) noexcept {
  uint8_t* const frame = rte_pktmbuf_mtod(mbuf, uint8_t*);
  if (rte_pktmbuf_prepend(mbuf, lb::kVlanTagBytes) == nullptr) {
    lose(lb::DropReason::kNoHeadroom, static_cast<lb::PortIndex>(port), lb::Late::kAsItLeaves, &mbuf, 1);
    return false;
  }
  lb::push_vlan(frame, ports_[port].tag.vlan);
  return true;
}

void WorkerLoop::put(lb::PortIndex port, rte_mbuf* mbuf) noexcept {
  if (ports_[port].tag.vlan != 0 && !tag(port, mbuf)) return;
  TxBatch& batch = tx_[port];
  batch.frames[batch.count++] = mbuf;
  if (batch.count == kTxRoom) flush();
}

void WorkerLoop::put_own_frames() noexcept {
  for (const lb::OutFrames::Out& out : worker_.out.frames()) {
    rte_mbuf* mbuf = rte_pktmbuf_alloc(pool_);
    if (mbuf == nullptr) break;
    std::memcpy(rte_pktmbuf_append(mbuf, out.length), out.bytes.data(), out.length);
    worker_.counters.emitted.add(1);
    if (out.next_hop.is_unset()) {
      put(out.port, mbuf);
    } else {
      worker_.counters.held.add(1);
      hold(mbuf, lb::waits_for(out.port, out.next_hop));
    }
  }
  worker_.out.clear();
}

// A frame that is counted as held.
void WorkerLoop::hold(rte_mbuf* mbuf, const lb::Verdict& verdict) noexcept {
  if (held_.push(mbuf, verdict)) return;
  worker_.counters.held.add(~uint64_t{0});
  if (verdict.first_piece_ms != 0)
    lose(lb::DropReason::kFragmentQueueFull, verdict.port, lb::Late::kAsItCame, &mbuf, 1);
  else
    lose(lb::DropReason::kNextHopQueueFull, verdict.port, lb::Late::kAsItLeaves, &mbuf, 1);
}

void WorkerLoop::flush() noexcept {
  for (unsigned port = 0; port < ports_.size(); ++port) {
    TxBatch& batch = tx_[port];
    if (batch.count == 0) continue;
    const Queue& wire = ports_[port].wire;
    uint64_t bytes = 0;
    for (unsigned i = 0; i < batch.count; ++i) bytes += batch.frames[i]->pkt_len;
    unsigned sent =
        rte_eth_tx_burst(wire.device, wire.number, batch.frames.data(), static_cast<uint16_t>(batch.count));
    if (sent < batch.count) [[unlikely]]
      sent += rte_eth_tx_burst(wire.device, wire.number, batch.frames.data() + sent,
                               static_cast<uint16_t>(batch.count - sent));
    for (unsigned i = sent; i < batch.count; ++i) bytes -= batch.frames[i]->pkt_len;
    if (sent < batch.count)
      lose(lb::DropReason::kTxFull, static_cast<lb::PortIndex>(port), lb::Late::kAsItLeaves,
           &batch.frames[sent], batch.count - sent);
    lb::PortCounters& counters = worker_.counters.ports[port];
    counters.tx_packets.add(sent);
    counters.tx_bytes.add(bytes);
    batch.count = 0;
  }
}

void WorkerLoop::lose(lb::DropReason reason, lb::PortIndex port, lb::Late late, rte_mbuf* const* mbufs,
                      unsigned count) noexcept {
  worker_.counters.drops[static_cast<unsigned>(reason)].add(count);
  if (snapshot_->trace) [[unlikely]] {
    lb::Verdict verdict;
    verdict.action = lb::Action::kDrop;
    verdict.reason = reason;
    for (unsigned i = 0; i < count; ++i)
      lb::trace_late(worker_, *snapshot_, now_, frame_of(mbufs[i], port), verdict, late);
  }
  for (unsigned i = 0; i < count; ++i) rte_pktmbuf_free(mbufs[i]);
}

void WorkerLoop::retry_held(const lb::Snapshot& snapshot, lb::Now now) noexcept {
  if (held_.empty() || now.ms == retried_ms_) return;
  retried_ms_ = now.ms;
  held_.retry([&](HoldQueue::Held& held) {
    lb::Frame frame = frame_of(held.mbuf, held.verdict.port);
    const lb::Verdict verdict = lb::resume(worker_, snapshot, now, frame, held.verdict);
    if (verdict.action != lb::Action::kDrop) take_over(held.mbuf, frame);
    if (verdict.action == lb::Action::kHold) {
      held.verdict = verdict;
      return false;
    }
    worker_.counters.held.add(~uint64_t{0});
    if (verdict.action == lb::Action::kTx)
      put(verdict.port, held.mbuf);
    else
      rte_pktmbuf_free(held.mbuf);
    return true;
  });
}

void WorkerLoop::announce_if_due(const lb::Snapshot& snapshot, lb::Now now) noexcept {
  if (announce_asked_.load(std::memory_order_relaxed) &&
      announce_asked_.exchange(false, std::memory_order_acquire)) {
    announcements_left_ = kAnnouncements;
    announce_due_ms_ = now.ms;
    announce_next_ = 0;
  }
  if (announcements_left_ == 0 || now.ms < announce_due_ms_) return;
  announce_next_ = lb::announce(worker_, snapshot, announce_next_);
  if (announce_next_ < snapshot.addresses.all().size()) return;
  announce_next_ = 0;
  --announcements_left_;
  announce_due_ms_ = now.ms + kAnnounceIntervalMs;
}

void WorkerLoop::rest(unsigned found) noexcept {
  lb::LoadCounters& spent = worker_.counters.load;
  const uint64_t round_ended = rte_rdtsc();
  (found > 0 ? spent.busy_cycles : spent.polling_cycles).add(round_ended - round_began_);
  round_began_ = round_ended;
  if (found > 0) {
    worker_.counters.busy_bursts.add(1);
    idle_since_ = round_ended;
    rested_ns_ = 0;
    return;
  }
  worker_.counters.idle_polls.add(1);
  if (rested_ns_ == 0 && round_ended - idle_since_ < spin_cycles_) return;
  const long ns = nap_.woken_by_all() && held_.empty()
                      ? kLongestWokenRestNs
                      : std::clamp(rested_ns_ / kRestShare, kLeastRestNs, kLongestRestNs);
  slot_.rest(worker_.index);
  nap_.take(ns, rested_ns_ > 0);
  slot_.resume(worker_.index);
  round_began_ = rte_rdtsc();
  spent.resting_cycles.add(round_began_ - round_ended);
  rested_ns_ += ns;
}

}  // namespace dataplane
