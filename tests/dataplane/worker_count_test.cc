// SPDX-License-Identifier: MIT
#include "dataplane/worker_count.h"

#include <gtest/gtest.h>

namespace dataplane {
namespace {

unsigned count(std::vector<unsigned> queues, unsigned cpus) { return default_workers(queues, cpus); }

TEST(WorkerCount, IsTwoWhereTwoKernelInterfacesCanFeedThem) {
  EXPECT_EQ(count({2, 2}, 2), 2U);
  EXPECT_EQ(count({64, 8}, 32), 2U);
  EXPECT_EQ(count({2, 2, 2}, 4), 2U);
}

TEST(WorkerCount, IsOneWhereASecondHasNothingToDo) {
  EXPECT_EQ(count({2}, 8), 1U) << "one arm: both directions come in by one queue";
  EXPECT_EQ(count({2, 1}, 8), 1U) << "a port with a single queue";
  EXPECT_EQ(count({2, 2}, 1), 1U) << "one cpu";
  EXPECT_EQ(count({0, 0}, 8), 1U) << "DPDK's own drivers";
  EXPECT_EQ(count({2, 0}, 8), 1U) << "one of each";
}

TEST(WorkerCount, AsksTheMachine) {
  std::vector<PortOptions> ports(2);
  ports[0].device = "net_ring0";
  ports[1].device = "veth:none-such";
  EXPECT_EQ(default_workers(ports), 1U);
}

}  // namespace
}  // namespace dataplane
