// SPDX-License-Identifier: MIT
#include "tools/bench_frame.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "lb/wire.h"

namespace bench {
namespace {

constexpr lb::MacAddress kTo{{2, 0, 0, 0, 0, 1}}, kFrom{{2, 0, 0, 0, 0, 2}};
constexpr std::array<uint8_t, 5> kPayload{1, 2, 3, 4, 5};  // odd: the last byte is summed up alone

lb::Endpoint endpoint(const char* text) { return lb::Endpoint::parse(text).value(); }

struct Ends {
  lb::Endpoint source, destination;
};
const Ends kV4{endpoint("192.0.2.1:1000"), endpoint("10.0.0.1:8000")};
const Ends kV6{endpoint("[2001:db8::1]:1000"), endpoint("[2001:db8::2]:8000")};

std::vector<uint8_t> frame_of(const Ends& ends, lb::Protocol protocol) {
  std::vector<uint8_t> bytes(200);
  bytes.resize(
      write_frame(bytes.data(), kTo, kFrom, ends.source, ends.destination, {protocol, 0x10, kPayload}));
  return bytes;
}

struct BenchFrame : testing::TestWithParam<std::tuple<bool, lb::Protocol>> {
  const Ends& ends = std::get<0>(GetParam()) ? kV6 : kV4;
  std::vector<uint8_t> frame = frame_of(ends, std::get<1>(GetParam()));
};

TEST_P(BenchFrame, IsReadAsItWasWritten) {
  const Left left = read_frame(frame, lb::Forward::kNat, true);

  EXPECT_EQ(left.source, ends.source);
  EXPECT_EQ(left.destination, ends.destination);
  EXPECT_EQ(left.outer_destination, ends.destination.address);
  EXPECT_EQ(left.to, kTo);
  EXPECT_TRUE(left.checksums_right);
}

TEST_P(BenchFrame, AnyByteOfAddressesPortsAndPayloadThatChangesIsFound) {
  const size_t addresses = sizeof(lb::EthernetHeader) + (std::get<0>(GetParam()) ? 8 : 12);

  for (size_t at = addresses; at < frame.size(); ++at) {
    frame[at] ^= 0x41;
    EXPECT_FALSE(read_frame(frame, lb::Forward::kNat, true).checksums_right) << "byte " << at;
    frame[at] ^= 0x41;
  }
}

INSTANTIATE_TEST_SUITE_P(All, BenchFrame,
                         testing::Combine(testing::Bool(),
                                          testing::Values(lb::Protocol::kUdp, lb::Protocol::kTcp)));

TEST(BenchFrameOfIpv4, ATtlThatChangedWithoutItsChecksumIsFound) {
  std::vector<uint8_t> frame = frame_of(kV4, lb::Protocol::kUdp);

  --frame[sizeof(lb::EthernetHeader) + 8];

  EXPECT_FALSE(read_frame(frame, lb::Forward::kNat, true).checksums_right);
}

}  // namespace
}  // namespace bench
