// SPDX-License-Identifier: MIT
// What `config apply` says that it changed, and keys that `config show` hides.
#include "control/config_changes.h"

#include "control/config_text.h"
#include "control/hidden_keys.h"
#include "tests/control/sample_config.h"

#include <nlohmann/json.hpp>

namespace control {
namespace {

using test::config_with;
using test::kSample;
using Changes = std::vector<std::string>;

Config sample() { return config_with("pick: maglev", "pick: maglev"); }
Changes changes_with(const std::string& from, const std::string& to) {
  return config_changes(sample(), config_with(from, to));
}

constexpr char kSecret[] = "8f95f09245765f80256934e50c66207f";

// The sample with a pool that has a key of each kind.
std::string text_with_keys(const std::string& quic_key, const std::string& ufrag_key) {
  return test::sample_with("    pick: maglev\n",
                           "    pick: maglev\n    quic_lb:\n      - { config_id: 2, server_id_length: 2, "
                           "nonce_length: 6, key: \"" +
                               quic_key + "\", servers: { \"0001\": 10.20.0.11 } }\n    ice_ufrag: { key: " +
                               ufrag_key + ", servers: { 1: 10.20.0.12 } }\n");
}
Config config_of(const std::string& text) {
  auto config = parse_config(text, "c.yaml");
  if (!config) throw std::runtime_error(config.error());
  return std::move(config).value();
}

TEST(ConfigChanges, NothingChangedIsNoChange) { EXPECT_EQ(config_changes(sample(), sample()), Changes{}); }

TEST(ConfigChanges, AFieldIsNamedWithBothItsValues) {
  EXPECT_EQ(changes_with("port: 1935", "port: 1936"), Changes{"services.rtmp.port: 1936, was 1935"});
  EXPECT_EQ(changes_with("address: 10.20.0.12, weight: 100", "address: 10.20.0.12, weight: 5"),
            Changes{"pools.srs.backends.10.20.0.12.weight: 5, was 100"});
}

TEST(ConfigChanges, WhatComesAndGoesIsNamed) {
  EXPECT_EQ(changes_with("      - { address: 10.20.0.12, weight: 100 }\n", ""),
            Changes{"pools.srs.backends.10.20.0.12: gone"});
  EXPECT_EQ(changes_with("name: rtc,", "name: rtc2,"), (Changes{"services.rtc: gone", "services.rtc2: new"}));
}

TEST(ConfigChanges, AnotherOrderIsNoChange) {
  const std::string text = test::sample_with("      - { address: 10.20.0.11, weight: 100 }\n", "");
  const size_t end = text.find("services:");
  const std::string turned =
      text.substr(0, end) + "      - { address: 10.20.0.11, weight: 100 }\n" + text.substr(end);
  EXPECT_EQ(config_changes(sample(), config_of(turned)), Changes{});
}

TEST(ConfigChanges, AnotherKeyIsSaidAndNotShown) {
  const std::string other(32, 'a');
  const Changes changes =
      config_changes(config_of(text_with_keys(kSecret, kSecret)), config_of(text_with_keys(other, other)));
  EXPECT_EQ(changes, (Changes{"pools.srs.quic_lb.2.key: another", "pools.srs.ice_ufrag.key: another"}));
}

TEST(HiddenKeys, WhatConfigShowPrintsIsFilledAndTheSame) {
  const Config config = config_of(text_with_keys(kSecret, kSecret));
  const std::string shown = yaml_text(config_as_json(config));
  ASSERT_EQ(shown.find(kSecret), std::string::npos);
  EXPECT_FALSE(parse_config(shown, "c.yaml").ok());

  const Config again = config_of(fill_hidden_keys(shown, keys_of(config)));
  EXPECT_EQ(config_changes(config, again), Changes{});
  EXPECT_TRUE(parse_config(fill_hidden_keys(shown, any_key()), "c.yaml").ok());
}

TEST(HiddenKeys, OneThatIsNotInForceIsRefusedWithItsPlace) {
  const std::string text = text_with_keys(kHiddenKey, kSecret);
  EXPECT_EQ(fill_hidden_keys(text, keys_of(sample())), text);
  EXPECT_NE(
      test::problem_of(text).find("pools.srs.quic_lb[0].key: config show prints this in the place of a key"),
      std::string::npos)
      << test::problem_of(text);
}

TEST(HiddenKeys, OtherPlacesAreLeftAlone) {
  for (const std::string& text :
       {std::string("a: \"(hidden)\"\n"), std::string("pools: [(hidden)]\n"),
        std::string("pools: { p: { quic_lb: (hidden) } }\n"), std::string("pools: (hidden) ]\n"),
        std::string("# (hidden)\n"), std::string("")})
    EXPECT_EQ(fill_hidden_keys(text, any_key()), text);
}

}  // namespace
}  // namespace control
