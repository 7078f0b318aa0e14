// SPDX-License-Identifier: MIT
// What two rigs made of the same frames, compared: verdicts, bytes, counters.
#pragma once

#include <gtest/gtest.h>

#include "tests/lb/rig.h"

namespace lb::test {

inline void expect_same(const std::vector<Outcome>& fast, const std::vector<Outcome>& plain) {
  for (size_t i = 0; i < plain.size(); ++i) {
    ASSERT_EQ(to_string(fast[i]), to_string(plain[i]));
    if (plain[i].action == Action::kDrop) continue;
    ASSERT_EQ(fast[i].port, plain[i].port);
    ASSERT_EQ(difference(fast[i].frame, plain[i].frame), "");
  }
}

inline void expect_same_counters(const WorkerCounters& fast, const WorkerCounters& plain) {
  for (unsigned i = 0; i < kDropReasonCount; ++i)
    EXPECT_EQ(fast.drops[i].get(), plain.drops[i].get()) << drop_reason_name(static_cast<DropReason>(i));
  for (unsigned i = 0; i < kUnroutableCount; ++i)
    EXPECT_EQ(fast.cid_unroutable[i].get(), plain.cid_unroutable[i].get())
        << unroutable_name(static_cast<Unroutable>(i));
  for (unsigned i = 0; i < kQuicLbConfigCount; ++i)
    EXPECT_EQ(fast.cid_routed[i].get(), plain.cid_routed[i].get()) << i;
  EXPECT_EQ(fast.cid_moves.get(), plain.cid_moves.get());
  for (unsigned i = 0; i < 2; ++i) {
    EXPECT_EQ(fast.ports[i].rx_packets.get(), plain.ports[i].rx_packets.get());
    EXPECT_EQ(fast.ports[i].rx_bytes.get(), plain.ports[i].rx_bytes.get());
    EXPECT_EQ(fast.ports[i].punted.get(), plain.ports[i].punted.get());
  }
  const auto same = [](const TrafficCounters& a, const TrafficCounters& b) {
    return a.packets_in.get() == b.packets_in.get() && a.bytes_in.get() == b.bytes_in.get() &&
           a.packets_out.get() == b.packets_out.get() && a.bytes_out.get() == b.bytes_out.get() &&
           a.flows_opened.get() == b.flows_opened.get() && a.flows_closed.get() == b.flows_closed.get();
  };
  for (unsigned i = 0; i <= kMaxServices; ++i) EXPECT_TRUE(same(fast.services[i], plain.services[i])) << i;
  for (unsigned i = 0; i < kMaxBackends; ++i) EXPECT_TRUE(same(fast.backends[i], plain.backends[i])) << i;
}

}  // namespace lb::test
