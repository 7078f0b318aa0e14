// SPDX-License-Identifier: MIT
// `health`, `slow_start` and `panic_threshold` in the configuration.
#include "control/config_text.h"
#include "control/payload.h"
#include "tests/control/sample_config.h"

#include <nlohmann/json.hpp>

namespace control {
namespace {

using test::config_with;
using test::problem_of;
using test::problem_with;
using test::sample_with;

constexpr char kHttp[] = "http: /api/v1/versions, port: 1985";

HealthConfig check_with(const std::string& fields) { return *config_with(kHttp, fields).pools[0].health; }

TEST(ConfigHealth, UdpSendsATextOrHexAndWantsWhatIsGiven) {
  const HealthConfig check =
      check_with(R"(udp: true, port: 1, send: "hex:00ff", begins: "hex:01", contains: up)");
  EXPECT_EQ(check.type, HealthConfig::Type::kUdp);
  EXPECT_EQ(check.send, std::string("\x00\xff", 2));
  EXPECT_EQ(check.begins, "\x01");
  EXPECT_EQ(check.contains, "up");
  EXPECT_TRUE(check.answer_required);
  EXPECT_FALSE(check_with("udp: true, port: 1, send: ping").answer_required);
  EXPECT_TRUE(check_with("udp: true, port: 1, send: ping, answer: required").answer_required);
}

TEST(ConfigHealth, IcmpNeedsNoPort) { EXPECT_EQ(check_with("icmp: true").type, HealthConfig::Type::kIcmp); }

TEST(ConfigHealth, PoolsSayHowTheyStartAndWhenTheyPanic) {
  EXPECT_EQ(config_with("pick: maglev", "slow_start: 30s").pools[0].slow_start_s, 30u);
  EXPECT_EQ(config_with("pick: maglev", "pick: maglev").pools[0].slow_start_s, 0u);
  EXPECT_FALSE(config_with("pick: maglev", "panic_threshold: auto").pools[0].panic_threshold.percent);
  EXPECT_EQ(config_with("pick: maglev", "panic_threshold: 70%").pools[0].panic_threshold.percent, 70u);
  EXPECT_EQ(config_with("pick: maglev", "panic_threshold: 0").pools[0].panic_threshold.percent, 0u);
}

TEST(ConfigHealth, ChecksAtOnceAreLimitedForAllPools) {
  EXPECT_EQ(config_with("api:", "health: { at_once: 7 }\napi:").checks_at_once, 7u);
  EXPECT_EQ(config_with("api:", "api:").checks_at_once, 256u);
}

TEST(ConfigHealth, WrittenDownAgainItIsReadAsTheSame) {
  for (const std::string fields :
       {R"(udp: true, port: 1, send: "hex:00ff", begins: "hex:68", contains: "hex:6865783a")", "icmp: true",
        R"(udp: true, port: 1, send: "a: b # c", answer: required)", "udp: true, port: 1, send: \"1\""}) {
    std::string text = sample_with(kHttp, fields);
    text.replace(text.find("pick: maglev"), 12, "slow_start: 30s\n    panic_threshold: 70%");
    const auto first = parse_config(text + "health: { at_once: 7 }\n", "c.yaml");
    ASSERT_TRUE(first.ok()) << first.error();
    const std::string written = yaml_text(config_as_json(first.value()));
    const auto again = parse_config(written, "c.yaml");
    ASSERT_TRUE(again.ok()) << again.error();
    EXPECT_EQ(*again.value().pools[0].health, *first.value().pools[0].health) << written;
    EXPECT_EQ(config_as_json(again.value()), config_as_json(first.value()));
    for (const char* piece : {"slow_start: 30s", "panic_threshold: 70%", "at_once: 7"})
      EXPECT_NE(written.find(piece), std::string::npos) << written;
  }
}

TEST(ConfigHealth, PayloadsAreReadAsTheyAreWritten) {
  for (const std::string& bytes : {std::string("ping"), std::string("hex:00"), std::string("\x00\x01", 2),
                                   std::string("\xff"), std::string("a\n")})
    EXPECT_EQ(parse_payload(payload_text(bytes)), bytes);
  EXPECT_EQ(payload_text("ping"), "ping");
  EXPECT_EQ(payload_text("a\n"), "hex:610a");
  for (const char* text : {"hex:0", "hex:0g", "hex:hex"}) EXPECT_FALSE(parse_payload(text)) << text;
}

TEST(ConfigHealth, WhatCannotBeIsRefusedWithItsPlace) {
  EXPECT_EQ(problem_with("http: ", "icmp: true, http: "),
            "11:21: pools.srs.health.icmp: http is given, too; one of them is wanted");
  EXPECT_EQ(problem_with(kHttp, "udp: true, port: 1"),
            "11:13: pools.srs.health.send: missing; what to send, a text or hex:DIGITS, is wanted");
  EXPECT_EQ(problem_with(kHttp, "udp: true, port: 1, send: \"hex:0\""),
            "11:41: pools.srs.health.send: \"hex:0\" is no payload; a text, or hex: and an even number of "
            "hexadecimal digits, is wanted");
  EXPECT_EQ(problem_with(kHttp, "udp: true, port: 1, send: \"\""),
            "11:41: pools.srs.health.send: 0 bytes are not in 1..1400");
  EXPECT_EQ(problem_with(kHttp, "udp: true, port: 1, send: a, begins: b, answer: optional"),
            "11:63: pools.srs.health.answer: begins and contains want an answer; leave this out");
  EXPECT_EQ(problem_with(kHttp, "udp: true, send: a"),
            "11:13: pools.srs.health: its port is missing; backend 10.20.0.11 names none either, so port: N "
            "is wanted");
  EXPECT_EQ(problem_with(kHttp, "tcp: true, port: 1, send: a"),
            "11:41: pools.srs.health.send: only udp checks have it; udp: true is missing");
  EXPECT_EQ(problem_with(kHttp, "icmp: false"),
            "11:21: pools.srs.health.icmp: false is not possible; leave it out, or health for no checks");
  EXPECT_EQ(problem_with(kHttp, "icmp: true, port: 1"),
            "11:33: pools.srs.health.port: icmp has no ports; leave it out");
  EXPECT_EQ(problem_with("pick: maglev", "slow_start: 2h"),
            "10:17: pools.srs.slow_start: 2h is not from 0s to 1h");
  EXPECT_EQ(problem_with("pick: maglev", "panic_threshold: 50"),
            "10:22: pools.srs.panic_threshold: \"50\" is no threshold; auto, or a share of the pool from 0% "
            "to 100%, is wanted");
  EXPECT_EQ(problem_with("api:", "health: { at_once: 0 }\napi:"),
            "18:20: health.at_once: 0 is not in 1..4096");
  EXPECT_EQ(problem_with("api:", "health: { interval: 1s }\napi:"),
            "18:11: health.interval: unknown key; at_once is known");
}

}  // namespace
}  // namespace control
