// SPDX-License-Identifier: MIT
// What a service says of TCP alone: `proxy_protocol` and `mss`.
#include <nlohmann/json.hpp>

#include "control/config_text.h"
#include "control/desired.h"
#include "tests/control/sample_config.h"

namespace control {
namespace {

using test::config_with;
using test::problem_with;

constexpr char kRtmp[] = "port: 1935, pool: srs, forward: nat", kRtc[] = "affinity: tuple";
std::string rtmp(const std::string& fields) { return "port: 1935, pool: srs, " + fields; }

TEST(ConfigTcp, NeitherIsThereUnlessItIsGiven) {
  const ServiceConfig service = config_with(kRtmp, rtmp("forward: nat")).services[0];
  EXPECT_FALSE(service.proxy_protocol);
  EXPECT_EQ(service.mss, 0);
  EXPECT_FALSE(config_with(kRtmp, rtmp("proxy_protocol: none")).services[0].proxy_protocol);
}

TEST(ConfigTcp, BothReachTheDataplane) {
  const Config config = config_with(kRtmp, rtmp("proxy_protocol: v2, mss: 1300"));
  EXPECT_TRUE(config.services[0].proxy_protocol);
  EXPECT_EQ(config.services[0].mss, 1300);
  const Desired desired = desired_state(config, {}, [](const auto&...) { return Standing{}; });
  EXPECT_TRUE(desired.spec.services[0].proxy_protocol);
  EXPECT_EQ(desired.spec.services[0].mss, 1300);
  EXPECT_FALSE(desired.spec.services[1].proxy_protocol);
}

TEST(ConfigTcp, WhatIsShownIsReadAgain) {
  const Config config = config_with(kRtmp, rtmp("proxy_protocol: v2, mss: 1300"));
  const auto again = parse_config(yaml_text(config_as_json(config)), "c.yaml");
  ASSERT_TRUE(again.ok()) << again.error();
  EXPECT_TRUE(again.value().services[0].proxy_protocol);
  EXPECT_EQ(again.value().services[0].mss, 1300);
  EXPECT_EQ(yaml_text(config_as_json(again.value())), yaml_text(config_as_json(config)));
}

TEST(ConfigTcp, OnlyTcpInNatHasAHeader) {
  EXPECT_EQ(problem_with(kRtmp, rtmp("forward: dsr, proxy_protocol: v2")),
            "16:105: services[0].proxy_protocol: only nat hides clients from servers; forward: nat is "
            "wanted, or none, for "
            "here servers see them anyway");
  EXPECT_EQ(problem_with(kRtc, "proxy_protocol: v2"),
            "17:105: services[1].proxy_protocol: the header is put into TCP connections; protocol: tcp is "
            "wanted, or none. "
            "For UDP, cleatctl flow show says who is behind a LIP's port");
  EXPECT_EQ(problem_with(kRtmp, rtmp("proxy_protocol: v1")),
            "16:91: services[0].proxy_protocol: \"v1\" is unknown; did you mean v2?");
}

TEST(ConfigTcp, AnMssIsOfTcpAndWithinItsRange) {
  EXPECT_EQ(problem_with(kRtmp, rtmp("mss: 535")), "16:80: services[0].mss: 535 is not in 536..8960");
  EXPECT_EQ(problem_with(kRtmp, rtmp("mss: 8961")), "16:80: services[0].mss: 8961 is not in 536..8960");
  EXPECT_EQ(problem_with(kRtc, "mss: 1300"),
            "17:94: services[1].mss: an MSS is of TCP; protocol: tcp is wanted, or no mss");
  EXPECT_EQ(config_with(kRtmp, rtmp("forward: nat, mss: 536")).services[0].mss, 536);
}

}  // namespace
}  // namespace control
