// SPDX-License-Identifier: MIT
// Buffers are large enough for a port's frames, and not larger than its driver takes.
#include "dataplane/frame_room.h"

#include <gtest/gtest.h>
#include <rte_mbuf.h>

namespace dataplane {
namespace {

TEST(FrameRoom, OfUsualFramesIsWhatItAlwaysWas) {
  EXPECT_EQ(frame_bytes(1500), 2048U);
  EXPECT_EQ(buffer_room("veth:eth1", 1500), uint32_t{RTE_MBUF_DEFAULT_BUF_SIZE});
  EXPECT_EQ(buffer_room("packet:eth1", 1280), uint32_t{RTE_MBUF_DEFAULT_BUF_SIZE});
}

TEST(FrameRoom, HoldsTheFrameOfEachMtu) {
  for (uint32_t mtu = 1280; mtu <= kMostMtu; ++mtu) {
    ASSERT_GE(frame_bytes(mtu), mtu + 18 + 128) << mtu;
    ASSERT_EQ(frame_bytes(mtu) % 2048, 0U) << mtu;
    for (const char* device : {"veth:eth1", "packet:eth1", "pci:0000:3b:00.0"})
      ASSERT_GE(buffer_room(device, mtu), mtu + 18 + RTE_PKTMBUF_HEADROOM) << device << mtu;
  }
}

TEST(FrameRoom, AboveTheMostIsTheMost) { EXPECT_EQ(frame_bytes(65535), frame_bytes(kMostMtu)); }

TEST(FrameRoom, AfXdpsBufferIsInOnePage) {
  const uint16_t most = af_xdp_most_mtu();
  EXPECT_GT(most, 3300);
  EXPECT_LE(buffer_room("veth:eth1", most) + sizeof(rte_mbuf) + 64, 4096U);
  EXPECT_GT(buffer_room("veth:eth1", most + 1U), 4096U) << "af_packet's";
}

}  // namespace
}  // namespace dataplane
