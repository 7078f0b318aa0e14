// SPDX-License-Identifier: MIT
#include "dataplane/buffer_plan.h"

#include <gtest/gtest.h>

#include "dataplane/eal.h"

namespace dataplane {
namespace {

Options with_ports(unsigned count) {
  Options options;
  options.workers = 1;
  options.ports.resize(count);
  for (PortOptions& port : options.ports) port.device = "net_null0";
  return options;
}

TEST(BufferPlan, APortHasItsOwnNumberOfBuffersAndRoomForItsMtu) {
  Options options = with_ports(3);
  options.ports[1].buffers = 100'000;
  options.ports[2].mtu = 9000;

  const auto buffers = buffers_of(options);

  ASSERT_EQ(buffers.size(), 2u);
  EXPECT_EQ(buffers.begin()->second, 8191u + 100'000u);
  EXPECT_EQ(buffers.rbegin()->second, 8191u);
  EXPECT_GT(buffers.rbegin()->first, 9000u);
}

// Six ports had too little once: DPDK lays no buffer across two pages.
TEST(BufferPlan, TheBuffersOfSixteenPortsFitIntoTheMemoryAskedFor) {
  Options options = with_ports(16);
  options.ports[3].mtu = 9000;
  ASSERT_TRUE(start_eal({.workers = 1, .memory_mb = packet_memory_mb(options), .pci = {}, .arguments = {}}));

  for (const auto& [room, buffers] : buffers_of(options)) {
    const auto pool = make_pool("test-" + std::to_string(room), buffers, room);
    EXPECT_TRUE(pool) << pool.error();
  }
  stop_eal();
}

}  // namespace
}  // namespace dataplane
