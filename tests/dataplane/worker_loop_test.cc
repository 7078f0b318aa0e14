// SPDX-License-Identifier: MIT
#include "dataplane/worker_loop.h"

#include <gtest/gtest.h>
#include <rte_cycles.h>
#include <rte_lcore.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <map>
#include <memory>

#include "lb/trace_ring.h"
#include "tests/dataplane/loop_rig.h"

namespace dataplane {
namespace {

using namespace test;  // NOLINT: the rig's words

class WorkerLoopTest : public LoopRig {};

TEST_F(WorkerLoopTest, CarriesAFrameFromThePortOfItsClientToThatOfItsBackend) {
  start(one_backend);
  outside_->deliver(mbuf_of(client_frame(0)));
  run();

  ASSERT_TRUE(soon([&] { return inside_->sent() == 1; }));
  const lb::test::FrameFields out = lb::test::fields_of(*inside_->take());
  EXPECT_EQ(out.source.address.to_string(), "10.20.0.100");
  EXPECT_EQ(out.destination.to_string(), "10.20.0.11:8000");
  EXPECT_EQ(out.source_mac, kInsideMac);
  EXPECT_TRUE(out.checksums_hold);
  EXPECT_EQ(counters_.ports[1].tx_packets.get(), 1U);
}

// One arm, two VLANs.
void one_device(lb::SnapshotSpec& spec) {
  one_backend(spec);
  spec.ports[0].tag = {0, 100};
  spec.ports[1].tag = {0, 200};
}

Bytes tagged(Bytes frame, uint8_t vlan) {
  const Bytes tag{0x81, 0x00, 0x00, vlan};
  frame.insert(frame.begin() + 12, tag.begin(), tag.end());
  return frame;
}

TEST_F(WorkerLoopTest, CarriesAFrameFromTheVlanOfItsClientToThatOfItsBackend) {
  start(one_device);
  outside_->deliver(mbuf_of(tagged(client_frame(0), 100)));
  outside_->deliver(mbuf_of(tagged(client_frame(1), 101)));
  outside_->deliver(mbuf_of(client_frame(2)));
  run();

  ASSERT_TRUE(soon([&] { return outside_->sent() == 1 && drops(DropReason::kUnknownVlan) == 2; }));
  Bytes out = *outside_->take();
  EXPECT_EQ(Bytes(out.begin() + 12, out.begin() + 16), (Bytes{0x81, 0x00, 0x00, 200}));
  out.erase(out.begin() + 12, out.begin() + 16);
  EXPECT_EQ(lb::test::fields_of(out).destination.to_string(), "10.20.0.11:8000");
  EXPECT_EQ(received(0), 3U);
  EXPECT_EQ(counters_.ports[1].tx_packets.get(), 1U);
}

TEST_F(WorkerLoopTest, PuntsWithoutTheTagAndTagsWhatTheKernelSends) {
  start(one_device);
  const Bytes to_kernel = lb::test::udp("10.10.0.50:53", "10.10.0.2:5353").payload("to the kernel");
  outside_->deliver(mbuf_of(tagged(to_kernel, 100)));
  tap_->deliver(mbuf_of(client_frame(1)));
  run();

  ASSERT_TRUE(soon([&] { return tap_->sent() == 1 && outside_->sent() == 1; }));
  EXPECT_EQ(*tap_->take(), to_kernel);
  EXPECT_EQ(*outside_->take(), tagged(client_frame(1), 100));
}

TEST_F(WorkerLoopTest, CountsWhatTheTransmitQueueDoesNotTake) {
  start(one_backend, 63);
  for (unsigned n = 0; n < 200; ++n) outside_->deliver(mbuf_of(client_frame(n)));
  run();

  ASSERT_TRUE(soon([&] { return counters_.ports[1].tx_packets.get() + drops(DropReason::kTxFull) == 200; }));
  EXPECT_EQ(drops(DropReason::kTxFull), 200U - 63U);
  EXPECT_EQ(inside_->sent(), 63U);
}

TEST_F(WorkerLoopTest, DropsAFrameInSeveralBuffersByName) {
  start();
  rte_mbuf* head = mbuf_of(client_frame(0));
  ASSERT_EQ(rte_pktmbuf_chain(head, mbuf_of({1, 2, 3})), 0);
  outside_->deliver(head);
  run();

  EXPECT_TRUE(soon([&] { return drops(DropReason::kSegmented) == 1; }));
  EXPECT_EQ(received(0), 1U);
}

// What is lost outside the pipeline is in a trace as well, by the addresses that it had then.
TEST_F(WorkerLoopTest, ATraceSeesWhatIsLostOutsideThePipeline) {
  const auto rings = std::make_shared<lb::TraceRings>(1, 1024);
  start(
      [&rings](lb::SnapshotSpec& spec) {
        one_backend(spec);
        spec.trace.emplace().rings = rings;
        spec.trace->filter.drops_only = true;
        spec.trace->filter.snaplen = 60;
      },
      63);
  for (unsigned n = 0; n < 100; ++n) outside_->deliver(mbuf_of(client_frame(n)));
  rte_mbuf* chained = mbuf_of(client_frame(0));
  ASSERT_EQ(rte_pktmbuf_chain(chained, mbuf_of({1, 2, 3})), 0);
  outside_->deliver(chained);
  run();

  std::map<DropReason, unsigned> seen;
  lb::TraceRecord record, unsent;
  ASSERT_TRUE(soon([&] {
    while (rings->of(0).take(record)) {
      ++seen[record.reason];
      if (record.reason == DropReason::kTxFull) unsent = record;
    }
    return seen[DropReason::kTxFull] == 100 - 63 && seen[DropReason::kSegmented] == 1;
  }));
  EXPECT_EQ(unsent.client.address.to_string(), "198.51.100.7");
  EXPECT_EQ(unsent.after.destination.to_string(), "10.20.0.11");
  EXPECT_EQ(unsent.kept_out, std::min<unsigned>(60, static_cast<unsigned>(client_frame(0).size())));
}

// To an ARP request: the same turned round (RFC 826).
Bytes arp_reply(const Bytes& request, const lb::MacAddress& mac) {
  EXPECT_EQ(request[12] << 8 | request[13], 0x0806);
  Bytes reply = request;
  std::copy(request.begin() + 6, request.begin() + 12, reply.begin());
  std::copy(mac.bytes.begin(), mac.bytes.end(), reply.begin() + 6);
  reply[21] = 2;
  std::copy(mac.bytes.begin(), mac.bytes.end(), reply.begin() + 22);
  std::copy(request.begin() + 38, request.begin() + 42, reply.begin() + 28);
  std::copy(request.begin() + 22, request.begin() + 32, reply.begin() + 32);
  return reply;
}

TEST_F(WorkerLoopTest, HoldsFramesForAnUnknownNextHopInOrderAndDropsTheRestByName) {
  start([](lb::SnapshotSpec& spec) {
    one_backend(spec);
    spec.ports[1].neighbours.clear();
  });
  for (unsigned n = 0; n < HoldQueue::kPerNextHop + 8; ++n) outside_->deliver(mbuf_of(client_frame(n)));
  run();
  ASSERT_TRUE(soon([&] { return drops(DropReason::kNextHopQueueFull) == 8 && inside_->sent() == 1; }));
  const lb::MacAddress mac = lb::test::backend_mac(11);
  inside_->deliver(mbuf_of(arp_reply(*inside_->take(), mac)));

  ASSERT_TRUE(soon([&] { return inside_->sent() == HoldQueue::kPerNextHop; }));
  uint16_t former = 0;
  for (unsigned n = 0; n < HoldQueue::kPerNextHop; ++n) {
    const lb::test::FrameFields out = lb::test::fields_of(*inside_->take());
    EXPECT_EQ(out.destination_mac, mac);
    EXPECT_GT(out.source.port, former);
    former = out.source.port;
  }
  EXPECT_EQ(counters_.held.get(), 0U);
}

// What Cleat itself says to a neighbour that it does not know yet: that a packet's TTL is used up.
TEST_F(WorkerLoopTest, HoldsWhatIsItsOwnForAnUnknownNextHopLikewise) {
  start(one_backend);
  outside_->deliver(mbuf_of(lb::test::udp("10.10.0.50:40000", "10.10.0.100:8000").ttl(1)));
  run();
  ASSERT_TRUE(soon([&] { return outside_->sent() == 1 && counters_.held.get() == 1; }));
  const lb::MacAddress mac = lb::test::backend_mac(50);
  outside_->deliver(mbuf_of(arp_reply(*outside_->take(), mac)));

  ASSERT_TRUE(soon([&] { return outside_->sent() == 1; }));
  const lb::test::FrameFields out = lb::test::fields_of(*outside_->take());
  EXPECT_EQ(out.destination_mac, mac);
  EXPECT_EQ(out.destination.address.to_string(), "10.10.0.50");
  EXPECT_TRUE(out.checksums_hold);
  EXPECT_EQ(counters_.held.get(), 0U);
  EXPECT_EQ(counters_.emitted.get(), 2U);
}

TEST_F(WorkerLoopTest, PuntsWhatIsNotForAServiceAndSendsWhatTheKernelSends) {
  start();
  const Bytes to_port = lb::test::udp("198.51.100.7:40000", "10.10.0.2:22");
  outside_->deliver(mbuf_of(to_port));
  const Bytes from_kernel = lb::test::udp("10.10.0.2:22", "198.51.100.7:40000").from(kOutsideMac);
  tap_->deliver(mbuf_of(from_kernel));
  run();

  ASSERT_TRUE(soon([&] { return tap_->sent() == 1 && outside_->sent() == 1; }));
  EXPECT_EQ(lb::test::difference(*tap_->take(), to_port), "");
  EXPECT_EQ(lb::test::difference(*outside_->take(), from_kernel), "");
  EXPECT_EQ(counters_.ports[0].punted.get(), 1U);
  EXPECT_EQ(counters_.ports[0].from_kernel.get(), 1U);
}

TEST_F(WorkerLoopTest, CountsWhatTheKernelDoesNotTake) {
  start({}, 63);
  for (unsigned n = 0; n < 100; ++n)
    outside_->deliver(mbuf_of(lb::test::udp("198.51.100.7:40000", "10.10.0.2:22")));
  run();

  ASSERT_TRUE(soon([&] { return counters_.ports[0].punted.get() + drops(DropReason::kPuntFull) == 100; }));
  EXPECT_EQ(drops(DropReason::kPuntFull), 100U - 63U);
}

TEST_F(WorkerLoopTest, CountsTheKernelsFramesThatTheWireDoesNotTake) {
  start({}, 63);
  for (unsigned n = 0; n < 100; ++n)
    tap_->deliver(mbuf_of(lb::test::udp("10.10.0.2:22", "198.51.100.7:40000").from(kOutsideMac)));
  run();

  ASSERT_TRUE(
      soon([&] { return counters_.ports[0].from_kernel.get() + drops(DropReason::kKernelTxFull) == 100; }));
  EXPECT_EQ(counters_.ports[0].from_kernel.get(), 63U);
}

TEST_F(WorkerLoopTest, AnnouncesEachVipWhenAsked) {
  start();
  loop_->announce();
  run();

  ASSERT_TRUE(soon([&] { return outside_->sent() >= 2 && inside_->sent() >= 2; }));
  const Bytes first = *outside_->take();
  EXPECT_EQ(Bytes(first.begin(), first.begin() + 6), Bytes(6, 0xff));
  EXPECT_EQ(Bytes(first.begin() + 28, first.begin() + 32), Bytes(first.begin() + 38, first.begin() + 42))
      << "sender and target are the VIP (RFC 5227 section 3)";
}

TEST_F(WorkerLoopTest, CountsBurstsByTheirFrames) {
  start(one_backend);
  for (unsigned n = 0; n < 32 + 32 + 7; ++n) outside_->deliver(mbuf_of(client_frame(n)));
  run();
  ASSERT_TRUE(soon([&] { return inside_->sent() == 32 + 32 + 7; }));
  inside_->deliver(mbuf_of(lb::test::udp("10.20.0.11:8000", "10.20.0.1:53")));

  std::vector<uint64_t> bursts;
  ASSERT_TRUE(soon([&] {
    bursts.clear();
    for (const lb::Counter& each : counters_.load.bursts) bursts.push_back(each.get());
    return bursts[0] == 1;
  }));
  EXPECT_EQ(bursts, (std::vector<uint64_t>{1, 0, 1, 0, 0, 2})) << "1, 7 and twice 32 frames";
  EXPECT_EQ(received(0) + received(1), 32U + 32 + 7 + 1);
}

TEST_F(WorkerLoopTest, AccountsForAllOfItsTime) {
  start(one_backend);
  outside_->deliver(mbuf_of(client_frame(0)));
  const lb::LoadCounters& load = counters_.load;
  const uint64_t began = rte_rdtsc();
  run();
  ASSERT_TRUE(soon([&] { return load.resting_cycles.get() > 0 && inside_->sent() == 1; }));
  const uint64_t running = rte_rdtsc(), polls = counters_.idle_polls.get();
  ASSERT_TRUE(soon([&] { return counters_.idle_polls.get() > polls + 20; }));
  const uint64_t still_running = rte_rdtsc();
  stop_ = true;
  thread_.join();
  const uint64_t ended = rte_rdtsc();

  EXPECT_GT(load.busy_cycles.get(), 0U);
  EXPECT_GT(load.polling_cycles.get(), 0U);
  const uint64_t all = load.busy_cycles.get() + load.polling_cycles.get() + load.resting_cycles.get();
  EXPECT_LE(all, ended - began);
  EXPECT_GE(all, still_running - running);
}

TEST_F(WorkerLoopTest, IsNotBusyWhenNothingComes) {
  start();
  run();
  ASSERT_TRUE(soon([&] { return counters_.idle_polls.get() > 200; }));

  EXPECT_EQ(counters_.load.busy_cycles.get(), 0U);
  EXPECT_GT(counters_.load.resting_cycles.get(), 0U);
}

TEST_F(WorkerLoopTest, TimesEveryStageOfOneBurstInMany) {
  constexpr unsigned kBursts = 300, kTimed = 2;  // of a frame each
  start(one_backend);
  run();
  for (unsigned n = 0; n < kBursts; ++n) {
    outside_->deliver(mbuf_of(client_frame(0)));
    ASSERT_TRUE(soon([&] { return counters_.load.bursts[0].get() == n + 1; }));
  }

  ASSERT_TRUE(soon([&] { return counters_.load.timed_packets.get() == kTimed; }));
  uint64_t sum = 0;
  for (unsigned stage = 0; stage < lb::kStageNames.size(); ++stage) {
    EXPECT_GT(counters_.load.stage_cycles[stage].get(), 0U) << lb::kStageNames[stage];
    sum += counters_.load.stage_cycles[stage].get();
  }
  EXPECT_LT(sum, counters_.load.busy_cycles.get());
}

TEST_F(WorkerLoopTest, RestsWhenNothingComes) {
  start();
  run();
  const auto idle = [&] { return counters_.idle_polls.get(); };
  ASSERT_TRUE(soon([&] { return idle() > 600; }));

  const uint64_t before = idle();
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(soon([&] { return idle() >= before + 100; }));

  EXPECT_GT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(40))
      << "half a millisecond each";
}

TEST_F(WorkerLoopTest, RestsLongerWhereFramesWakeIt) {
  wake_file_ = ::eventfd(0, EFD_NONBLOCK);
  start(one_backend);
  run();
  const auto idle = [&] { return counters_.idle_polls.get(); };
  ASSERT_TRUE(soon([&] { return counters_.load.resting_cycles.get() > 0; }));
  const uint64_t before = idle();
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(soon([&] { return idle() >= before + 50; }));
  EXPECT_GT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(90))
      << "two milliseconds each";

  // As long as the file is readable there is no such rest: what comes is found in the round after.
  ASSERT_EQ(::eventfd_write(wake_file_, 1), 0);
  outside_->deliver(mbuf_of(client_frame(0)));
  EXPECT_TRUE(soon([&] { return inside_->sent() == 1; }));
  stop_ = true;
  thread_.join();
  ::close(wake_file_);
}

}  // namespace
}  // namespace dataplane
