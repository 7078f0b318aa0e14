// SPDX-License-Identifier: MIT
// Many clients and their servers at once: flows that open, talk both ways and end, each step on any worker, each answer
// checked. Plain data that may lie in shared memory, so that what a killed process had achieved is known.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#include "lb/pipeline.h"
#include "tests/lb/rig.h"

namespace lb::test {

// The services of the crowd: TCP over IPv4 (narrow table), TCP over IPv6 and UDP over an IPv4 port range (wide table).
enum class CrowdKind : uint8_t { kTcp4, kTcp6, kUdpRange };
SnapshotSpec crowd_spec();
// Knows every next hop of crowd_spec().
std::unique_ptr<Neighbours> crowd_neighbours();
std::array<MacAddress, kMaxPorts> crowd_macs();

struct CrowdFlow {
  enum Stage : uint8_t {
    kNothing,      // no packet yet
    kAsked,        // the first packet went through, no answer yet
    kAnswered,     // the answer reached the client, who has not acknowledged it yet
    kEstablished,  // it has: from now on slot and backend may not change
    kEnding,       // FIN or RST is on its way
  };
  std::atomic<uint8_t> taken{0};
  std::atomic<uint8_t> stage{kNothing};
  uint8_t steps = 0;         // in this stage
  uint8_t backend = 0;       // 0..2, index into its pool
  uint16_t client_port = 0;  // another one for each use, now and then the same again
  SlotIndex slot = 0;
  uint64_t asked_ms = 0;
};

struct CrowdTally {
  std::atomic<uint64_t> steps{0}, opened{0}, established{0}, ended{0};
  std::atomic<uint64_t> refused{0};     // a first packet that was dropped
  std::atomic<uint64_t> wrong{0};       // an answer that went astray, or a flow that lost its server
  std::array<char, 240> first_wrong{};  // the first of them, in words
};

// A clock that flies, for all workers: nobody runs ahead of another's burst by more than a second and a half, as no real
// worker does. Slots and entries are right only while that holds (lb/time.h).
class CrowdClock {
 public:
  explicit CrowdClock(std::atomic<uint64_t>& now_ms) : now_ms_(now_ms) {
    for (auto& each : busy_since_) each = kIdle;
  }
  // Moves the clock by step_ms and begins a burst at that time; waits while another worker is behind.
  Now begin(unsigned worker, uint64_t step_ms);
  void end(unsigned worker) { busy_since_[worker].store(kIdle, std::memory_order_release); }

 private:
  static constexpr uint64_t kIdle = ~uint64_t{0}, kLeadMs = 1500;
  std::atomic<uint64_t>& now_ms_;
  std::array<std::atomic<uint64_t>, kMaxWorkers> busy_since_;
};

// As often as a real worker, which polls all the time.
void keep_house(Worker& worker, const Snapshot& snapshot, Now now);

// What each flow's index says about it.
CrowdKind crowd_kind(uint32_t index);
IpAddress crowd_client(uint32_t index);
Endpoint crowd_vip(uint32_t index);
IpAddress crowd_backend(uint32_t index, uint8_t backend);

// One worker among the crowd. The flows are shared; each is taken for the time of one burst.
class CrowdWorker {
 public:
  static constexpr unsigned kBurst = 32;

  CrowdWorker(Worker& worker, const Snapshot& snapshot, std::span<CrowdFlow> flows,
              std::atomic<uint32_t>& turn, CrowdTally& tally, uint64_t seed);

  // The next step of the next flows in turn, as one burst. open_new false: flows that ended stay so.
  void step(Now now, bool open_new = true);

 private:
  enum class Side : uint8_t { kClient, kServer };
  struct Step {
    uint32_t index;
    Side side;
    uint8_t flags;
    uint8_t next_stage;
  };
  // Which packet comes next; false if this flow does nothing now.
  bool plan(CrowdFlow& flow, uint32_t index, bool open_new, Step& step);
  void write(const CrowdFlow& flow, const Step& step, Frame& frame) const;
  // Behind a first packet, FIN or RST a flow may be gone already; a flow may not be lost while it is young or established.
  static bool may_be_gone(const CrowdFlow& flow, Now now);
  void check(CrowdFlow& flow, const Step& step, Now now, const Frame& frame, const Verdict& verdict);
  void blame(const CrowdFlow& flow, const Step& step, Now now, const Verdict& verdict, const char* what);

  Worker& worker_;
  const Snapshot& snapshot_;
  std::span<CrowdFlow> flows_;
  std::atomic<uint32_t>& turn_;
  CrowdTally& tally_;
  uint64_t random_;
  std::array<std::array<Bytes, 2>, 3> templates_;  // by kind and side
  std::array<std::array<uint8_t, 128>, kBurst> memory_;
  Burst burst_;
};

}  // namespace lb::test
