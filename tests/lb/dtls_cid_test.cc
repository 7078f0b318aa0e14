// SPDX-License-Identifier: MIT
#include "lb/dtls_cid.h"

#include <gtest/gtest.h>

#include "tests/lb/quic_lb_rig.h"

namespace lb {
namespace {

using test::ExactOctets;
using test::from_hex;
using test::Octets;
using test::to_hex;

std::string read(std::span<const uint8_t> datagram, size_t cid_length) {
  const ExactOctets exact(datagram);
  const auto cid = find_dtls_cid(exact.view(), cid_length);
  return cid ? to_hex(*cid) : "none";
}
std::string read(std::string_view hex, size_t cid_length) { return read(from_hex(hex), cid_length); }

// type 25, version, epoch 1, sequence number, connection id, length, 3 octets
constexpr const char* kDtls12 = "19 fefd 0001 000000000007 0720b1d07b359d3c 0003 aabbcc";

TEST(DtlsCid, R10_2_ATls12CidRecordHasItsIdBehindTheSequenceNumber) {
  EXPECT_EQ(read(kDtls12, 8), "0720b1d07b359d3c");
}

TEST(DtlsCid, R10_3_AUnifiedHeaderHasItsIdAtTheSecondOctetIfItsCBitIsSet) {
  EXPECT_EQ(read("30 0720b1d07b359d3c 01 aabb", 8), "0720b1d07b359d3c");
  EXPECT_EQ(read("38 0720b1d07b359d3c 0102 aabb", 8), "0720b1d07b359d3c");
  EXPECT_EQ(read("3f 0720b1d07b359d3c 0102 0002 aabb", 8), "0720b1d07b359d3c");
  for (const char* without_c : {"20", "28", "2f"})
    EXPECT_EQ(read(std::string(without_c) + "0720b1d07b359d3c 0102 0002 aabb", 8), "none") << without_c;
}

TEST(DtlsCid, R10_1_RecordsInTheClearHaveNone) {
  EXPECT_EQ(read("16 fefd 0000 000000000000 0003 aabbcc 0000000000000000", 8), "none");
  EXPECT_EQ(read("17 fefd 0001 000000000000 0003 aabbcc 0000000000000000", 8), "none");
  EXPECT_EQ(read("19 feff 0001 000000000007 0720b1d07b359d3c 0003 aabbcc", 8), "none")
      << "DTLS 1.0 has no ids";
}

TEST(DtlsCid, WithoutAConfiguredLengthThereIsNone) {
  EXPECT_EQ(read(kDtls12, 0), "none");
  EXPECT_EQ(read(kDtls12, 256), "none");
  EXPECT_EQ(read("30 0720b1d07b359d3c 01 aabb", 0), "none");
}

TEST(DtlsCid, RecordsThatEndTooEarlyHaveNone) {
  for (const char* hex :
       {kDtls12, "3c 0720b1d07b359d3c 0102 0002 aabb", "34 0720b1d07b359d3c 01 0002 aabb"}) {
    const Octets whole = from_hex(hex);
    for (size_t length = 0; length < whole.size(); ++length)
      EXPECT_EQ(read(std::span(whole).first(length), 8), "none") << hex << " " << length;
    EXPECT_EQ(read(whole, 8), "0720b1d07b359d3c") << hex;
  }
  const Octets open = from_hex("38 0720b1d07b359d3c 0102");  // no length: the record takes all that follows
  for (size_t length = 0; length < open.size(); ++length)
    EXPECT_EQ(read(std::span(open).first(length), 8), "none") << length;
}

TEST(DtlsCid, R10_5_TheFirstRecordDecides) {
  EXPECT_EQ(read(std::string(kDtls12) + "19 fefd 0001 000000000008 ffffffffffffffff 0000", 8),
            "0720b1d07b359d3c");
}

TEST(DtlsCid, AnIdOfQuicLbRoutesDtlsAsWell) {
  const QuicLbConfigs configs = test::live({test::config_of(0, 3, 4, "8f95f09245765f80256934e50c66207f")});
  for (const char* hex : {kDtls12, "30 0720b1d07b359d3c 01 aabb"}) {
    const Octets record = from_hex(hex);
    const auto cid = find_dtls_cid(record, 8);
    ASSERT_TRUE(cid.has_value());
    EXPECT_EQ(test::routed(configs, *cid), "ed793a") << hex;
  }
}

}  // namespace
}  // namespace lb
