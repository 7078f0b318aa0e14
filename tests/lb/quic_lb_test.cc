// SPDX-License-Identifier: MIT
// Rules of draft-ietf-quic-load-balancers for a balancer's codec. Numbers such as R2.2 count the draft's requirements in
// the order of its sections: 1 Config Rotation and allocation, 2 Unroutable Connection IDs, 5 Load Balancer Actions.
#include "lb/quic_lb.h"

#include <gtest/gtest.h>

#include "lb/quic_lb_cipher.h"
#include "tests/lb/quic_lb_rig.h"

namespace lb {
namespace {

using test::config_of;
using test::ExactOctets;
using test::from_hex;
using test::kQuicLbVectors;
using test::live;
using test::QuicLbVector;
using test::routed;
using test::to_hex;

constexpr const char* kKey = "8f95f09245765f80256934e50c66207f";

std::vector<bool> ways() {
  return has_aes_instructions() ? std::vector<bool>{false, true} : std::vector<bool>{false};
}

TEST(QuicLb, DecodesEveryVector) {
  for (const QuicLbVector& v : kQuicLbVectors)
    for (const bool instructions : ways()) {
      const QuicLbConfigs configs = live({config_of(v)}, instructions);
      EXPECT_EQ(routed(configs, v.cid), v.server_id) << v.name << " " << instructions;
      EXPECT_EQ(routed(configs, v.cid, CidEnd::kOpen), v.server_id) << v.name << " " << instructions;
    }
}

TEST(QuicLb, EncodesEveryVector) {
  for (const QuicLbVector& v : kQuicLbVectors) {
    QuicLbConfig config = config_of(v);
    config.encodes_length = v.encodes_length && v.appended_octets == 0;
    const auto cid = encode(config, from_hex(v.server_id), from_hex(v.nonce), from_hex(v.cid)[0] & 31);
    ASSERT_TRUE(cid.ok()) << v.name;
    EXPECT_EQ(to_hex(cid.value().view()), std::string(v.cid).substr(0, 2 * cid.value().length)) << v.name;
  }
}

TEST(QuicLb, EncryptsAndDecryptsTheDraftsWorkedExample) {
  auto text = from_hex("31441a9c69c275");
  const Aes128 aes(*test::key_of("fdf726a9893ec05c0632d3956680baf0"));

  quic_lb_encrypt(aes, text);
  EXPECT_EQ(to_hex(text), "67947d29be054a");

  quic_lb_decrypt(aes, 3, text);
  EXPECT_EQ(to_hex(text).substr(0, 6), "31441a");
}

TEST(QuicLb, R1_1_TheFirstThreeBitsNameTheConfiguration) {
  const QuicLbConfigs configs = live({config_of(0, 1, 4), config_of(3, 2, 4), config_of(6, 3, 4)});

  EXPECT_EQ(routed(configs, "05 aabbccddeeff11"), "aa");
  EXPECT_EQ(routed(configs, "7f aabbccddeeff11"), "aabb");
  EXPECT_EQ(routed(configs, "c0 aabbccddeeff11"), "aabbcc");
  EXPECT_EQ(configs.decode(from_hex("c0aabbccddeeff11"), CidEnd::kExact).config_id, 6);
}

TEST(QuicLb, R1_2_NoConfigurationHasIdSeven) {
  const QuicLbConfig seven = config_of(7, 3, 4), eight = config_of(8, 3, 4);

  EXPECT_FALSE(QuicLbConfigs::make({&seven, 1}).ok());
  EXPECT_FALSE(QuicLbConfigs::make({&eight, 1}).ok());
}

TEST(QuicLb, R1_3_FirstBits111AreNeverRoutable) {
  std::vector<QuicLbConfig> all;
  for (unsigned id = 0; id < 7; ++id) all.push_back(config_of(id, 1, 4));
  const QuicLbConfigs configs = live(all);

  EXPECT_EQ(routed(configs, "e700000000000000"), "reserved");
  EXPECT_EQ(routed(configs, "ff11111111111111111111111111111111111111"), "reserved");
}

TEST(QuicLb, R1_4_WithoutItsConfigurationAConnectionIdIsUnroutable) {
  EXPECT_EQ(routed(live({config_of(1, 3, 4)}), "07c4605e4504cc4f"), "no_config");
  for (unsigned first = 0; first < 0xe0; ++first)
    EXPECT_EQ(QuicLbConfigs()
                  .decode(from_hex(to_hex({{static_cast<uint8_t>(first)}}) + "00112233445566778899"),
                          CidEnd::kExact)
                  .reason,
              Unroutable::kNoConfig);
}

TEST(QuicLb, R1_5_TheLowBitsAreNoLengthUnlessTheConfigurationSaysSo) {
  const QuicLbConfigs configs = live({config_of(0, 3, 4)});

  for (const char* first : {"00", "06", "07", "08", "1f"})
    EXPECT_EQ(routed(configs, std::string(first) + "c4605e4504cc4f"), "c4605e") << first;
}

TEST(QuicLb, R1_7_OneIdCannotMeanTwoConfigurations) {
  const QuicLbConfig both[] = {config_of(2, 3, 4), config_of(2, 8, 8, kKey)};

  const auto made = QuicLbConfigs::make(both);

  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error(), "quic-lb config id 2 is given twice");
}

TEST(QuicLb, R1_8_TakesThe120PairsOfLengthsThatTheDraftAllows) {
  unsigned allowed = 0;
  for (unsigned server_id = 0; server_id < 40; ++server_id)
    for (unsigned nonce = 0; nonce < 40; ++nonce) {
      const bool right = config_of(0, server_id, nonce).check().ok();
      EXPECT_EQ(right,
                server_id >= 1 && server_id <= 15 && nonce >= 4 && nonce <= 18 && server_id + nonce <= 19)
          << server_id << " " << nonce;
      allowed += right ? 1 : 0;
    }
  EXPECT_EQ(allowed, 120U);
}

TEST(QuicLb, R1_9_WithoutAKeyTheServerIdIsInTheClear) {
  EXPECT_EQ(routed(live({config_of(0, 3, 4)}), "0720b1d07b359d3c"), "20b1d0");
  EXPECT_EQ(routed(live({config_of(0, 3, 4, kKey)}), "0720b1d07b359d3c"), "ed793a");
}

TEST(QuicLb, R2_2_AConnectionIdThatIsTooShortIsUnroutable) {
  for (const CidEnd end : {CidEnd::kExact, CidEnd::kOpen}) {  // kOpen: R2.6, the datagram's end
    EXPECT_EQ(routed(live({config_of(0, 3, 4)}), "07c4605e4504cc", end), "too_short");
    EXPECT_EQ(routed(live({config_of(0, 3, 4)}), "07c4605e4504cc4f", end), "c4605e");
    EXPECT_EQ(routed(live({config_of(0, 3, 4)}), "07", end), "too_short");
  }
}

TEST(QuicLb, R2_4_WhereAllServersTellTheLengthItMustBeRight) {
  const QuicLbConfigs configs = live({config_of(0, 3, 4, "", true)});

  EXPECT_EQ(routed(configs, "07c4605e4504cc4f"), "c4605e");
  EXPECT_EQ(routed(configs, "06c4605e4504cc4f"), "length_mismatch");
  EXPECT_EQ(routed(configs, "08c4605e4504cc4f"), "length_mismatch");
  EXPECT_EQ(routed(configs, "08c4605e4504cc4f", CidEnd::kOpen), "length_mismatch")
      << "longer than the datagram";
  EXPECT_EQ(routed(configs, "06c4605e4504cc4fffffff", CidEnd::kOpen), "too_short")
      << "too short for the decoder";
  EXPECT_EQ(routed(configs, "07c4605e4504cc4fffffff", CidEnd::kOpen), "c4605e");
}

TEST(QuicLb, R2_5_OctetsThatServersAppendDoNoHarm) {
  EXPECT_EQ(routed(live({config_of(0, 3, 4, kKey)}), "0720b1d07b359d3c ffee"), "ed793a");
  EXPECT_EQ(routed(live({config_of(0, 3, 4, kKey, true)}), "0920b1d07b359d3c ffee"), "ed793a");
}

TEST(QuicLb, R2_7_ZeroOctetsAreUnroutableAnd255AreNot) {
  const QuicLbConfigs configs = live({config_of(0, 3, 4)});
  auto longest = from_hex("07c4605e4504cc4f");
  longest.resize(255, 0xee);

  EXPECT_EQ(routed(configs, ""), "empty");
  EXPECT_EQ(routed(configs, longest), "c4605e");
  EXPECT_EQ(configs.decode(longest, CidEnd::kExact).cid_length, 255);
}

TEST(QuicLb, TellsTheLengthAsFarAsItIsKnown) {
  const auto length = [](bool encodes, const char* octets, CidEnd end) {
    return live({config_of(0, 3, 4, "", encodes)}).decode(from_hex(octets), end).cid_length;
  };

  EXPECT_EQ(length(false, "07c4605e4504cc4fffffff", CidEnd::kExact), 11);
  EXPECT_EQ(length(false, "07c4605e4504cc4fffffff", CidEnd::kOpen), 8);
  EXPECT_EQ(length(true, "09c4605e4504cc4fffffff", CidEnd::kOpen), 10);
}

TEST(QuicLb, R5_5_ExpandPutsTheInputFirst) {
  // Drafts up to -18 put length and pass first; their ids of four passes are others. This is the first pass of enc-0.
  auto text = from_hex("ed793aee080dbf");
  quic_lb_encrypt(Aes128(*test::key_of(kKey)), text);

  EXPECT_EQ(to_hex(text), "20b1d07b359d3c");
}

TEST(QuicLb, R9_1_AnOuterBalancerRoutesByAPrefixOfTheServerId) {
  for (const char* key : {"", kKey}) {
    const auto cid = encode(config_of(0, 8, 6, key), from_hex("0102030405060708"), from_hex("a1a2a3a4a5a6"));
    ASSERT_TRUE(cid.ok());

    EXPECT_EQ(routed(live({config_of(0, 3, 11, key)}), cid.value().view()), "010203");
    EXPECT_EQ(routed(live({config_of(0, 8, 6, key)}), cid.value().view()), "0102030405060708");
  }
}

TEST(QuicLb, R10_1_ADtls12RecordReadAsAShortHeaderIsUnroutable) {
  std::vector<QuicLbConfig> all;
  for (unsigned id = 0; id < 7; ++id) all.push_back(config_of(id, 1, 4));

  EXPECT_EQ(routed(live(all), "fefd0000000000000000005a", CidEnd::kOpen), "reserved");
  EXPECT_EQ(routed(live(all), "feff0000000000000000005a", CidEnd::kOpen), "reserved");
}

TEST(QuicLb, EncodingRefusesLengthsThatTheConfigurationDoesNotHave) {
  EXPECT_EQ(encode(config_of(0, 3, 4), from_hex("aabb"), from_hex("11223344")).error(),
            "quic-lb server id of 2 octets: the configuration says 3");
  EXPECT_EQ(encode(config_of(0, 3, 4), from_hex("aabbcc"), from_hex("1122334455")).error(),
            "quic-lb nonce of 5 octets: the configuration says 4");
  EXPECT_FALSE(encode(config_of(7, 3, 4), from_hex("aabbcc"), from_hex("11223344")).ok());
}

}  // namespace
}  // namespace lb
