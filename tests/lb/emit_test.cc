// SPDX-License-Identifier: MIT
// Datagrams of Cleat's own: whole frames, to the next hop, or not at all.
#include "lb/emit.h"

#include <gtest/gtest.h>

#include "tests/lb/rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

class Emit : public testing::Test {
 protected:
  bool emit(std::string_view from, std::string_view to, const Bytes& payload) {
    return emit_udp(rig_.worker(), rig_.snapshot(), rig_.now(), endpoint(from), endpoint(to), payload);
  }
  Rig rig_;
};

TEST_F(Emit, IsAWholeFrameByTheGateway) {
  for (const auto& [from, to] : {std::pair("10.10.0.100:8000", "198.51.100.7:40000"),
                                 std::pair("[2001:db8:10::100]:8000", "[2001:db8:c::7]:40000")}) {
    for (const size_t size : {size_t{0}, size_t{1}, size_t{20}, kMaxEmittedUdp}) {
      const Bytes payload(size, 0x5a);
      ASSERT_TRUE(emit(from, to, payload)) << from << size;
      const auto frames = rig_.own_frames();
      ASSERT_EQ(frames.size(), 1U);
      EXPECT_EQ(frames[0].first, kOutside);
      const FrameFields fields = fields_of(frames[0].second);
      EXPECT_EQ(fields.destination_mac, kGatewayMac);
      EXPECT_EQ(fields.source_mac, kOutsideMac);
      EXPECT_EQ(fields.source, endpoint(from));
      EXPECT_EQ(fields.destination, endpoint(to));
      EXPECT_EQ(fields.payload, payload);
      EXPECT_TRUE(fields.checksums_hold);
      EXPECT_NE(fields.l4_checksum, 0U);
    }
  }
}

TEST_F(Emit, GoesToAServerByItsOwnMacAddress) {
  ASSERT_TRUE(emit("10.20.0.100:1024", "10.20.0.12:8000", {1, 2, 3}));
  const auto frames = rig_.own_frames();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].first, kInside);
  EXPECT_EQ(fields_of(frames[0].second).destination_mac, backend_mac(12));
}

TEST_F(Emit, WaitsForANextHopThatIsAskedFor) {
  ASSERT_TRUE(emit("10.20.0.100:1024", "10.20.0.77:8000", {1}));
  const std::span<const OutFrames::Out> frames = rig_.worker().out.frames();
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0].bytes[12] << 8 | frames[0].bytes[13], 0x0806) << "ARP";
  EXPECT_TRUE(frames[0].next_hop.is_unset());
  EXPECT_EQ(frames[1].port, kInside);
  EXPECT_EQ(frames[1].next_hop, ip("10.20.0.77"));
  const FrameFields fields = fields_of(rig_.own_frames()[1].second);
  EXPECT_EQ(fields.destination, endpoint("10.20.0.77:8000"));
  EXPECT_TRUE(fields.checksums_hold);
}

TEST_F(Emit, IsNothingWhereNobodyAnswersForTheNextHop) {
  for (unsigned n = 0; n < Neighbours::kRequests; ++n) {
    EXPECT_TRUE(emit("10.20.0.100:1024", "10.20.0.77:8000", {1}));
    rig_.wait_ms(Neighbours::kRetryMs);
  }
  rig_.own_frames();
  EXPECT_FALSE(emit("10.20.0.100:1024", "10.20.0.77:8000", {1}));
  EXPECT_TRUE(rig_.own_frames().empty());
}

TEST_F(Emit, IsNothingWithoutARoute) {
  ASSERT_TRUE(rig_.reload([](SnapshotSpec& spec) { spec.ports[kOutside].gateway_v4 = {}; })) << rig_.error();
  EXPECT_FALSE(emit("10.10.0.100:8000", "198.51.100.7:40000", {1}));
  EXPECT_TRUE(rig_.own_frames().empty());
}

TEST_F(Emit, WhatTheArenaDoesNotHoldIsRefused) {
  for (unsigned n = 0; n < OutFrames::kCapacity + 9; ++n) emit("10.20.0.100:1024", "10.20.0.12:8000", {1});
  EXPECT_EQ(rig_.worker().out.refused(), 9U);
  EXPECT_EQ(rig_.own_frames().size(), OutFrames::kCapacity);
}

}  // namespace
}  // namespace lb
