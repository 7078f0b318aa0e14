// SPDX-License-Identifier: MIT
// A balancer without NICs for tests: a segment in plain memory, a snapshot, workers and a clock that only tests move.
//
//   clients 198.51.100.0/24, 2001:db8:c::/48
//      |  via the gateway 10.10.0.1, 2001:db8:10::1
//   port 0 "outside" 10.10.0.2/24, 2001:db8:10::2/64     VIPs 10.10.0.100, 2001:db8:10::100
//   port 1 "inside"  10.20.0.2/24, 2001:db8:20::2/64     LIPs 10.20.0.100, 2001:db8:20::100
//      |
//   backends 10.20.0.11 .13, 2001:db8:20::11 .13
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "lb/compile.h"
#include "lb/pipeline.h"
#include "tests/lb/frame_builder.h"
#include "tests/lb/segment_memory.h"

namespace lb::test {

inline constexpr PortIndex kOutside = 0, kInside = 1;
inline constexpr SegmentGeometry kTinySegment{.flows_v4 = 1U << 12, .flows_wide = 1U << 12, .lips = 4};

// backend n of either family has MAC 02:00:00:00:0b:n
MacAddress backend_mac(unsigned n);

// Pools "srs" (v4) and "srs6" with backends 11, 12, 13 of weight 100; nat services rtmp (tcp 1935) and rtc (udp 8000) on
// both VIPs ("rtmp6", "rtc6").
SnapshotSpec two_armed_spec();
PoolSpec& pool(SnapshotSpec& spec, std::string_view name);
ServiceSpec& service(SnapshotSpec& spec, std::string_view name);

struct Outcome {
  Action action = Action::kUndecided;
  DropReason reason = DropReason::kCount;
  PortIndex port = 0;
  IpAddress next_hop;
  Bytes frame;
  uint64_t first_piece_ms = 0;
  [[nodiscard]] FrameFields fields() const { return fields_of(frame); }
};
// For messages: "tx", "drop no_backend"...
std::string to_string(const Outcome& outcome);
std::ostream& operator<<(std::ostream& stream, const Outcome& outcome);

class Rig {
 public:
  using Edit = std::function<void(SnapshotSpec&)>;

  // workers  1.. kMaxWorkers
  explicit Rig(const Edit& edit = {}, unsigned workers = 1, const SegmentGeometry& geometry = kTinySegment);

  // Edits the spec and puts its snapshot in force. False, and nothing changes, when it does not compile: see error().
  bool reload(const Edit& edit);
  [[nodiscard]] const std::string& error() const { return error_; }

  Outcome send(const Bytes& frame, PortIndex port = kOutside, unsigned worker = 0);
  std::vector<Outcome> send_burst(std::span<const Bytes> frames, PortIndex port = kOutside,
                                  unsigned worker = 0);
  // Second try for a frame that was held.
  Outcome resume(const Outcome& held, unsigned worker = 0);
  // Frames of Cleat's own since the last call.
  std::vector<std::pair<PortIndex, Bytes>> own_frames(unsigned worker = 0);

  // Moves the clock and lets every worker keep house as often as a real one would.
  void wait_ms(uint64_t ms);
  void wait_s(uint64_t s) { wait_ms(1000 * s); }
  // Moves the clock only.
  void jump_ms(uint64_t ms) { now_.ms += ms; }

  WorkerCounters& counters(unsigned i = 0) { return *counters_[i]; }
  [[nodiscard]] Now now() const { return now_; }
  Worker& worker(unsigned i = 0) { return *workers_[i]; }
  [[nodiscard]] const Snapshot& snapshot() const { return read_snapshot ? read_snapshot() : *snapshot_; }
  Segment& segment() { return segment_; }
  Neighbours& neighbours() { return *neighbours_; }
  [[nodiscard]] const SnapshotSpec& spec() const { return spec_; }
  std::function<const Snapshot&()> read_snapshot;  // in the place of reload()'s
  uint16_t headroom = 0;                           // writable bytes before a frame that is sent
  void (*run)(Worker&, const Snapshot&, Now, Burst&, StageClock*) noexcept = process;
  [[nodiscard]] uint64_t drops(DropReason reason) const;
  // Sums over the workers.
  [[nodiscard]] int64_t open_flows(std::string_view service) const;
  [[nodiscard]] unsigned slots_in_state(SlotState state);

 private:
  SegmentMemory memory_;
  Now now_{1'000'000};
  Segment segment_;
  SnapshotSpec spec_;
  std::unique_ptr<Neighbours> neighbours_ = std::make_unique<Neighbours>();
  WhipOffers offers_;
  PathMtus path_mtus_;
  Peeks peeks_{64};
  std::vector<std::unique_ptr<WorkerCounters>> counters_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<const Snapshot> snapshot_;
  std::unique_ptr<const Snapshot> former_;
  uint64_t generation_ = 0;
  std::string error_;
};

}  // namespace lb::test
