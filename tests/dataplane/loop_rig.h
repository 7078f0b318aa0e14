// SPDX-License-Identifier: MIT
// A worker's loop on ports made of rings: no NIC, no root, the loop and the EAL that ship.
#pragma once

#include "dataplane/worker_loop.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "dataplane/clock.h"
#include "dataplane/eal.h"
#include "lb/compile.h"
#include "tests/dataplane/ring_wire.h"
#include "tests/lb/rig.h"

namespace dataplane::test {

using lb::DropReason;
using lb::test::Bytes;
using lb::test::kInsideMac;
using lb::test::kOutsideMac;

inline constexpr unsigned kBuffers = 4095;

// One EAL for the process.
class Eal : public testing::Environment {
 public:
  void SetUp() override {
    EalOptions options;
    options.memory_mb = 64;
    const auto started = start_eal(options);
    ASSERT_TRUE(started.ok()) << started.error();
    pool = rte_pktmbuf_pool_create("test", kBuffers, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
    ASSERT_NE(pool, nullptr);
  }
  void TearDown() override {
    rte_mempool_free(pool);
    stop_eal();
  }
  static inline rte_mempool* pool = nullptr;
};
[[maybe_unused]] inline const auto* const kEal = testing::AddGlobalTestEnvironment(new Eal);

class LoopRig : public testing::Test {
 protected:
  // edit     of lb's two-armed spec
  // room     of the rings that take what is sent, and what is punted outside
  void start(const std::function<void(lb::SnapshotSpec&)>& edit = {}, unsigned room = 1023) {
    spec_ = lb::test::two_armed_spec();
    lb::SnapshotSpec& spec = spec_;
    spec.ports[1].neighbours = {{lb::test::ip("10.20.0.11"), lb::test::backend_mac(11)}};
    if (edit) edit(spec);
    for (size_t port = 0; port < spec.ports.size(); ++port)
      for (const lb::StaticNeighbour& n : spec.ports[port].neighbours)
        neighbours_.put_static(static_cast<lb::PortIndex>(port), n.address, n.mac);
    auto made = lb::compile(spec, segment_, 1, boot_time(), {}, nullptr);
    ASSERT_TRUE(made.ok()) << made.error();
    slot_.publish(std::move(made).value());
    outside_.emplace(name("outside"), Eal::pool, room);
    inside_.emplace(name("inside"), Eal::pool, room);
    tap_.emplace(name("tap"), Eal::pool, room);
    std::vector<WorkerPort> ports{
        {outside_->queue(), tap_->queue(), true, spec.ports[0].tag},
        {on_one_device(spec) ? outside_->queue() : inside_->queue(), {}, false, spec.ports[1].tag}};
    for (WorkerPort& port : ports) port.wire.wake_file = wake_file_;
    loop_.emplace(worker_, slot_, Eal::pool, std::move(ports));
  }
  void run() {
    thread_ = std::thread([this] { loop_->run(stop_); });
  }
  void TearDown() override {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    outside_.reset();
    inside_.reset();
    tap_.reset();
    EXPECT_EQ(rte_mempool_in_use_count(Eal::pool), 0U) << "a buffer was lost";
  }

  static bool on_one_device(const lb::SnapshotSpec& spec) { return spec.ports[1].tag.device == 0; }

  static rte_mbuf* mbuf_of(const Bytes& bytes) {
    rte_mbuf* mbuf = rte_pktmbuf_alloc(Eal::pool);
    std::memcpy(rte_pktmbuf_append(mbuf, static_cast<uint16_t>(bytes.size())), bytes.data(), bytes.size());
    return mbuf;
  }
  uint64_t drops(DropReason reason) const { return counters_.drops[static_cast<unsigned>(reason)].get(); }
  static bool soon(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }
  [[nodiscard]] uint64_t received(unsigned port) const { return counters_.ports[port].rx_packets.get(); }

  static std::string name(const std::string& role) {
    static unsigned made = 0;
    return "ring" + std::to_string(made++) + role;
  }

  lb::test::SegmentMemory memory_{lb::test::kTinySegment};
  lb::Segment segment_ = memory_.format(boot_time());
  lb::Neighbours neighbours_;
  lb::WhipOffers offers_;
  lb::PathMtus path_mtus_;
  lb::Peeks peeks_;
  lb::WorkerCounters counters_;
  lb::Worker worker_{
      segment_, neighbours_, offers_, path_mtus_, peeks_, counters_, 0, 1, {kOutsideMac, kInsideMac}};
  SnapshotSlot slot_{1};
  std::optional<RingWire> outside_, inside_, tap_;
  std::optional<WorkerLoop> loop_;
  lb::SnapshotSpec spec_;
  int wake_file_ = -1;  // of both wires
  std::atomic<bool> stop_{false};
  std::thread thread_;
};
// All traffic to one backend, so that counts are exact.
inline void one_backend(lb::SnapshotSpec& spec) { lb::test::pool(spec, "srs").backends.resize(1); }

inline Bytes client_frame(unsigned n) {
  return lb::test::udp("198.51.100.7:" + std::to_string(20000 + n), "10.10.0.100:8000").payload("media");
}

}  // namespace dataplane::test
