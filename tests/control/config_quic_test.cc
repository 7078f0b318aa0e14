// SPDX-License-Identifier: MIT
// `quic_lb` of a pool: what is read, and what is refused in one line.
#include <nlohmann/json.hpp>

#include "control/config_text.h"
#include "tests/control/sample_config.h"

namespace control {
namespace {

using test::config_with;
using test::problem_of;
using test::sample_with;

constexpr char kAnchor[] = "      - { address: 10.20.0.12, weight: 100 }\n";
constexpr char kKey[] = "8f95f09245765f80256934e50c66207f";
constexpr char kServers[] = "servers: { a1b2: 10.20.0.11, a1b3: 10.20.0.12 }";

// The sample with `items` as pool srs's quic_lb, each a flow map without its braces.
std::string text_with(const std::vector<std::string>& items) {
  std::string text = std::string(kAnchor) + "    quic_lb:\n";
  for (const std::string& item : items) text += "      - { " + item + " }\n";
  return sample_with(kAnchor, text);
}
std::string problem_with_item(const std::string& item) { return problem_of(text_with({item})); }

TEST(ConfigQuic, IsReadAsWritten) {
  const auto config =
      parse_config(text_with({std::string("config_id: 3, server_id_length: 2, nonce_length: 14, key: ") +
                              kKey + ", encodes_length: true, " + kServers}),
                   "c.yaml");
  ASSERT_TRUE(config.ok()) << config.error();
  ASSERT_EQ(config.value().pools[0].quic_lb.size(), 1U);
  const lb::QuicLbSpec& spec = config.value().pools[0].quic_lb[0];
  EXPECT_EQ(spec.config.config_id, 3);
  EXPECT_EQ(spec.config.server_id_length, 2);
  EXPECT_EQ(spec.config.nonce_length, 14);
  EXPECT_TRUE(spec.config.encodes_length);
  ASSERT_TRUE(spec.config.key);
  EXPECT_EQ((*spec.config.key)[15], 0x7f);
  ASSERT_EQ(spec.servers.size(), 2U);
  EXPECT_EQ(spec.servers[1].backend.to_string(), "10.20.0.12");
}

TEST(ConfigQuic, TheKeyIsNeverShown) {
  const auto config =
      parse_config(text_with({std::string("config_id: 0, server_id_length: 2, nonce_length: 6, key: ") +
                              kKey + ", " + kServers}),
                   "c.yaml");
  ASSERT_TRUE(config.ok()) << config.error();
  const std::string shown = config_as_json(config.value()).dump();
  EXPECT_EQ(shown.find("8f95"), std::string::npos) << shown;
  EXPECT_NE(shown.find("a1b3"), std::string::npos) << shown;
}

TEST(ConfigQuic, LengthsOutsideTheDraftAreRefused) {
  const std::string servers = std::string(", ") + kServers;
  EXPECT_NE(problem_with_item("config_id: 7, server_id_length: 2, nonce_length: 6" + servers).find("0..6"),
            std::string::npos);
  EXPECT_NE(problem_with_item("config_id: 0, server_id_length: 16, nonce_length: 4" + servers).find("1..15"),
            std::string::npos);
  EXPECT_NE(problem_with_item("config_id: 0, server_id_length: 2, nonce_length: 3" + servers).find("4..18"),
            std::string::npos);
  EXPECT_NE(problem_with_item("config_id: 0, server_id_length: 2, nonce_length: 18" + servers)
                .find("at most 17 is possible"),
            std::string::npos);
}

TEST(ConfigQuic, AServerIdOfAnotherLengthAndAStrangeBackendAreRefused) {
  const std::string lengths = "config_id: 0, server_id_length: 2, nonce_length: 6, servers: ";
  EXPECT_NE(problem_with_item(lengths + "{ a1b2c3: 10.20.0.11 }").find("4 hexadecimal digits are wanted"),
            std::string::npos);
  EXPECT_NE(problem_with_item(lengths + "{ a1b2: 10.20.0.99 }").find("is no backend of pool srs"),
            std::string::npos);
}

TEST(ConfigQuic, AWrongKeyIsRefusedWithoutShowingIt) {
  const std::string problem = problem_with_item(
      std::string("config_id: 0, server_id_length: 2, nonce_length: 6, key: 8f95f0, ") + kServers);
  EXPECT_NE(problem.find("pools.srs.quic_lb[0].key"), std::string::npos) << problem;
  EXPECT_EQ(problem.find("8f95f0"), std::string::npos) << problem;
}

TEST(ConfigQuic, AServerIdMayNotBeBothInClearAndEncrypted) {
  const std::string lengths = "server_id_length: 2, nonce_length: 6, ";
  const std::string problem =
      problem_of(text_with({"config_id: 0, " + lengths + kServers,
                            "config_id: 1, " + lengths + "key: " + kKey + ", " + kServers}));
  EXPECT_NE(problem.find("ids in clear and encrypted ids must be others"), std::string::npos) << problem;
}

TEST(ConfigQuic, AConfigIdTwiceIsRefused) {
  const std::string item = std::string("config_id: 0, server_id_length: 2, nonce_length: 6, ") + kServers;
  EXPECT_NE(problem_of(text_with({item, item})).find("given twice in this pool"), std::string::npos);
}

TEST(ConfigQuic, AServiceThatReadsIdsWantsThemInItsPoolAndUdp) {
  EXPECT_NE(problem_of(sample_with("affinity: tuple", "affinity: quic")).find("wants quic_lb in pool srs"),
            std::string::npos);
  EXPECT_NE(problem_of(sample_with("port: 1935, pool: srs, forward: nat",
                                   "port: 1935, pool: srs, forward: nat, affinity: dtls"))
                .find("protocol: udp is wanted"),
            std::string::npos);
}

}  // namespace
}  // namespace control
