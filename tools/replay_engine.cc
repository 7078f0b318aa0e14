// SPDX-License-Identifier: MIT
#include "tools/replay_engine.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "lb/announce.h"
#include "lb/compile.h"
#include "lb/hash.h"
#include "lb/parse.h"

namespace replay {
namespace {

constexpr uint16_t kHeadroom = 128;
constexpr size_t kMaxFrame = UINT16_MAX;
constexpr uint64_t kNsPerMs = 1'000'000;
constexpr uint64_t kStepMs = 10;        // housekeep() makes good for no more than that at a time
constexpr uint64_t kPatienceMs = 5000;  // longer than any next hop is asked for
// As in dataplane/hold_queue.h and dataplane/worker_loop.h.
constexpr size_t kMaxHeld = 256, kMaxHeldPerNextHop = 32;
constexpr unsigned kAnnouncements = 2;
constexpr uint64_t kAnnounceIntervalMs = 2000;
constexpr uint64_t kTableSeed = 0x636c656174;  // nobody attacks a file: the same run each time

uint64_t sum(const auto& counters) {
  uint64_t total = 0;
  for (const auto& counter : counters) total += counter.get();
  return total;
}

}  // namespace

// The segment's zeroed pages: touched ones only cost memory.
struct Engine::Memory {
  explicit Memory(size_t size_) : size(size_) {
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void* pages = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (pages != MAP_FAILED) bytes = static_cast<std::byte*>(pages);
  }
  ~Memory() {
    if (bytes != nullptr) ::munmap(bytes, size);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  size_t size;
  std::byte* bytes = nullptr;
};

Engine::Engine(const EngineOptions& options, OnOutcome on_outcome, OnFrame on_frame)
    : options_(options),
      on_outcome_(std::move(on_outcome)),
      on_frame_(std::move(on_frame)),
      now_{options.start_ms},
      burst_(std::make_unique<lb::Burst>()),
      buffers_(lb::kMaxBurst) {}

Engine::~Engine() = default;

lb::Result<std::unique_ptr<Engine>> Engine::make(const lb::SnapshotSpec& spec, const EngineOptions& options,
                                                 OnOutcome on_outcome, OnFrame on_frame) {
  std::unique_ptr<Engine> engine(new Engine(options, std::move(on_outcome), std::move(on_frame)));
  if (lb::Status started = engine->start(spec); !started) return lb::Error{started.error()};
  return engine;
}

lb::Status Engine::start(const lb::SnapshotSpec& spec) {
  spec_ = spec;
  devices_.resize(spec.ports.size());
  for (size_t i = 0; i < spec.ports.size(); ++i)
    devices_[spec.ports[i].tag.device].add(static_cast<lb::PortIndex>(i), spec.ports[i].tag.vlan);
  if (const std::string problem = options_.geometry.problem(); !problem.empty()) return lb::Error{problem};
  memory_ = std::make_unique<Memory>(options_.geometry.bytes());
  if (memory_->bytes == nullptr)
    return lb::Error{"no memory for the tables: " + std::to_string(memory_->size) +
                     " bytes: " + std::strerror(errno)};
  auto segment = lb::Segment::format({memory_->bytes, memory_->size}, options_.geometry, kTableSeed, now_);
  if (!segment) return lb::Error{segment.error()};
  segment_.emplace(std::move(segment).value());
  for (size_t port = 0; port < spec.ports.size(); ++port)
    for (const lb::StaticNeighbour& n : spec.ports[port].neighbours)
      if (!neighbours_.put_static(static_cast<lb::PortIndex>(port), n.address, n.mac))
        return lb::Error{"no place for the static neighbour " + n.address.to_string()};

  std::vector<const lb::WorkerCounters*> counters;
  for (unsigned i = 0; i < options_.workers; ++i) {
    counters_.push_back(std::make_unique<lb::WorkerCounters>());
    counters.push_back(counters_.back().get());
  }
  auto snapshot = lb::compile(spec, *segment_, 1, now_, counters, nullptr);
  if (!snapshot) return lb::Error{snapshot.error()};
  snapshot_ = std::move(snapshot).value();
  for (unsigned i = 0; i < options_.workers; ++i)
    workers_.push_back(std::make_unique<lb::Worker>(*segment_, neighbours_, offers_, path_mtus_, peeks_,
                                                    *counters_[i], i, options_.workers, options_.macs));
  return lb::Nothing{};
}

// As a NIC's receive-side scaling does: all frames of one direction of a flow meet at one worker.
unsigned Engine::worker_of(const lb::Frame& frame) const {
  lb::Packet packet;
  if (workers() == 1 || lb::parse(frame, packet) || packet.kind != lb::Kind::kIp) return 0;
  const uint64_t ports = uint64_t{packet.src_port} << 16 | packet.dst_port;
  return lb::reduce(lb::hash_address(packet.src, lb::hash_address(packet.dst, ports, 1), 1), workers());
}

void Engine::feed(const CapturedFrame& captured) {
  if (captured.bytes.size() > kMaxFrame) {
    ++too_long_;
    return;
  }
  const uint64_t time_ns = std::max(captured.time_ns, now_ns_);
  if (!begun_) begin(time_ns);
  const uint64_t ms = options_.start_ms + (time_ns - first_ns_) / kNsPerMs;

  // The frame is copied first: its worker is found by its bytes. A full or other burst is run before it joins.
  std::vector<uint8_t> bytes(kHeadroom + captured.bytes.size());
  std::copy(captured.bytes.begin(), captured.bytes.end(), bytes.begin() + kHeadroom);
  lb::Frame frame;
  frame.data = bytes.data() + kHeadroom;
  frame.length = static_cast<uint16_t>(captured.bytes.size());
  frame.headroom = kHeadroom;
  frame.port = captured.port;
  const lb::DevicePorts& device = devices_[spec_.ports[captured.port].tag.device];
  const bool known = !device.tagged() || device.receive(frame);
  const unsigned worker = worker_of(frame);
  const bool joins = known && burst_->count < lb::kMaxBurst && ms == now_.ms && worker == burst_worker_ &&
                     captured.port == burst_device_;
  if (burst_->count > 0 && !joins) run_burst();
  advance(ms);

  now_ns_ = time_ns;
  Outcome outcome;
  outcome.number = captured.number;
  outcome.file_number = captured.file_number;
  outcome.time_ns = time_ns - first_ns_;
  outcome.port = frame.port;
  outcomes_.push_back(std::move(outcome));
  if (!known) return drop_unknown(worker, frame);
  burst_worker_ = worker;
  burst_device_ = captured.port;
  buffers_[burst_->count] = std::move(bytes);
  burst_->frames[burst_->count++] = frame;
}

void Engine::drop_unknown(unsigned worker, const lb::Frame& frame) {
  lb::PortCounters& port = counters_[worker]->ports[frame.port];
  port.rx_packets.add(1);
  port.rx_bytes.add(frame.length);
  lb::Packet packet;
  workers_[worker]->drop(packet, outcomes_.back().verdict, lb::DropReason::kUnknownVlan);
  outcomes_.back().decided = true;
  report();
}

void Engine::begin(uint64_t time_ns) {
  begun_ = true;
  first_ns_ = now_ns_ = time_ns;
  announcements_left_ = options_.announce ? kAnnouncements : 0;
  announce_due_ms_ = now_.ms;
  announce_if_due();
}

void Engine::announce_if_due() {
  if (announcements_left_ == 0 || now_.ms < announce_due_ms_) return;
  --announcements_left_;
  announce_due_ms_ += kAnnounceIntervalMs;
  for (size_t next = 0; next < snapshot_->addresses.all().size();) {
    next = lb::announce(*workers_[0], *snapshot_, next);
    drain(*workers_[0]);
  }
}

void Engine::finish() {
  if (!begun_) begin(0);
  if (burst_->count > 0) run_burst();
  for (uint64_t waited = 0; !held_.empty() && waited < kPatienceMs; waited += kStepMs)
    advance(now_.ms + kStepMs);
  for (const Held& held : held_) {
    if (held.outcome == nullptr) continue;
    held.outcome->held_ms = now_.ms - held.since_ms;
    on_outcome_(*held.outcome);
  }
}

void Engine::advance(uint64_t ms) {
  while (now_.ms < ms) {
    now_.ms = std::min(ms, now_.ms + kStepMs);
    now_ns_ = std::max(now_ns_, first_ns_ + (now_.ms - options_.start_ms) * kNsPerMs);
    for (const auto& worker : workers_) {
      lb::housekeep(*worker, *snapshot_, now_);
      drain(*worker);
    }
    retry_held();
    announce_if_due();
  }
}

void Engine::run_burst() {
  lb::Worker& worker = *workers_[burst_worker_];
  // Nothing of an earlier burst may be taken for what was found out about a frame of this one.
  for (unsigned i = 0; i < burst_->count; ++i) burst_->packets[i] = {};
  lb::process(worker, *snapshot_, now_, *burst_);
  for (unsigned i = 0; i < burst_->count; ++i) settle(i);
  drain(worker);
  burst_->count = 0;
  retry_held();
}

// Gives frame i of the burst its outcome.
void Engine::settle(unsigned i) {
  lb::Worker& worker = *workers_[burst_worker_];
  const lb::Frame& frame = burst_->frames[i];
  Outcome& outcome = outcomes_[outcomes_.size() - burst_->count + i];
  lb::Verdict& verdict = burst_->verdicts[i];
  if (verdict.action == lb::Action::kHold && !has_room(burst_worker_, verdict)) {
    worker.counters.held.add(~uint64_t{0});
    worker.drop(
        burst_->packets[i], verdict,
        verdict.first_piece_ms != 0 ? lb::DropReason::kFragmentQueueFull : lb::DropReason::kNextHopQueueFull);
  }
  describe(spec_, *snapshot_, *segment_, burst_->packets[i], verdict, outcome);
  outcome.verdict = verdict;
  outcome.decided = verdict.action != lb::Action::kHold;
  const std::span<const uint8_t> bytes(frame.data, frame.length);
  if (verdict.action == lb::Action::kTx) send(worker, verdict.port, bytes);
  if (verdict.action == lb::Action::kHold) hold(burst_worker_, verdict, bytes, frame.headroom, &outcome);
}

bool Engine::has_room(unsigned worker, const lb::Verdict& verdict) const {
  size_t all = 0, same = 0;
  for (const Held& held : held_) {
    if (held.worker != worker) continue;
    ++all;
    same += held.verdict.port == verdict.port && held.verdict.next_hop == verdict.next_hop ? 1 : 0;
  }
  return all < kMaxHeld && same < kMaxHeldPerNextHop;
}

void Engine::hold(unsigned worker, const lb::Verdict& verdict, std::span<const uint8_t> frame,
                  uint16_t headroom, Outcome* outcome) {
  std::vector<uint8_t> kept(headroom + frame.size());
  std::copy(frame.begin(), frame.end(), kept.begin() + headroom);
  held_.push_back({outcome, verdict, worker, now_.ms, std::move(kept), headroom});
}

void Engine::send(lb::Worker& worker, lb::PortIndex port, std::span<const uint8_t> frame) {
  worker.counters.ports[port].tx_packets.add(1);
  worker.counters.ports[port].tx_bytes.add(frame.size());
  const lb::PortTag tag = spec_.ports[port].tag;
  if (tag.vlan == 0) return on_frame_(tag.device, now_ns_, frame);
  std::vector<uint8_t> tagged(lb::kVlanTagBytes + frame.size());
  std::copy(frame.begin(), frame.end(), tagged.begin() + lb::kVlanTagBytes);
  lb::push_vlan(tagged.data() + lb::kVlanTagBytes, tag.vlan);
  on_frame_(tag.device, now_ns_, tagged);
}

void Engine::drain(lb::Worker& worker) {
  for (const lb::OutFrames::Out& out : worker.out.frames()) {
    const std::span<const uint8_t> frame(out.bytes.data(), out.length);
    const lb::Verdict verdict = lb::waits_for(out.port, out.next_hop);
    worker.counters.emitted.add(1);
    if (out.next_hop.is_unset()) {
      send(worker, out.port, frame);
    } else if (has_room(worker.index, verdict)) {
      worker.counters.held.add(1);
      hold(worker.index, verdict, frame, 0, nullptr);
    } else {
      worker.counters.drops[static_cast<unsigned>(lb::DropReason::kNextHopQueueFull)].add(1);
    }
  }
  worker.out.clear();
}

void Engine::retry_held() {
  for (auto held = held_.begin(); held != held_.end();) {
    lb::Worker& worker = *workers_[held->worker];
    lb::Frame frame;
    frame.data = held->bytes.data() + held->headroom;
    frame.length = static_cast<uint16_t>(held->bytes.size() - held->headroom);
    frame.headroom = held->headroom;
    frame.port = held->verdict.port;
    const lb::Verdict verdict = lb::resume(worker, *snapshot_, now_, frame, held->verdict);
    if (verdict.action == lb::Action::kHold) {
      held->bytes.resize(static_cast<size_t>(frame.data - held->bytes.data()) + frame.length);
      held->headroom = frame.headroom;
      held->verdict = verdict;
      ++held;
      continue;
    }
    worker.counters.held.add(~uint64_t{0});
    if (verdict.action == lb::Action::kTx) send(worker, verdict.port, {frame.data, frame.length});
    if (held->outcome != nullptr) {
      held->outcome->verdict = verdict;
      held->outcome->held_ms = now_.ms - held->since_ms;
      held->outcome->decided = true;
    }
    held = held_.erase(held);
  }
  for (const auto& worker : workers_) drain(*worker);
  report();
}

void Engine::report() {
  for (; !outcomes_.empty() && outcomes_.front().decided; outcomes_.pop_front())
    on_outcome_(outcomes_.front());
}

bool Engine::conserved() const {
  for (unsigned i = 0; i < workers(); ++i) {
    const lb::WorkerCounters& c = counters(i);
    uint64_t in = c.emitted.get(), out = sum(c.drops) + c.consumed.get() + c.held.get();
    for (const lb::PortCounters& port : c.ports) {
      in += port.rx_packets.get();
      out += port.tx_packets.get() + port.punted.get();
    }
    if (in != out) return false;
  }
  return true;
}

}  // namespace replay
