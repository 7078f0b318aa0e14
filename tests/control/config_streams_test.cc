// SPDX-License-Identifier: MIT
// `affinity: stream`, `vhosts` and `routes` of a service, `dataplane.streams` and `dataplane.peeks`: what is read, and what is
// refused in one line.
#include <nlohmann/json.hpp>

#include "control/config_changes.h"
#include "control/config_text.h"
#include "control/desired.h"
#include "control/restart_needed.h"
#include "tests/control/sample_config.h"

namespace control {
namespace {

using test::config_with;
using test::problem_of;
using test::problem_with;
using test::sample_with;

constexpr char kRtmp[] = "port: 1935, pool: srs, forward: nat";
constexpr char kOtherPool[] = "services:\n";

// The sample's service rtmp with other fields behind its pool, and a pool "edge".
std::string text_with(const std::string& fields) {
  std::string text = sample_with(kRtmp, "port: 1935, pool: srs, " + fields);
  const size_t at = text.find(kOtherPool);
  return text.insert(at, "  edge: { backends: [10.20.0.21, 10.20.0.22] }\n");
}
std::string problem_of_fields(const std::string& fields) { return problem_of(text_with(fields)); }
ServiceConfig service_with(const std::string& fields) {
  const auto config = parse_config(text_with(fields), "c.yaml");
  if (!config) throw std::runtime_error(config.error());
  return config.value().services[0];
}

TEST(ConfigStreams, AServiceOfItMaySayNoMore) {
  const ServiceConfig service = service_with("affinity: stream");

  EXPECT_EQ(service.affinity, lb::Affinity::kStream);
  EXPECT_TRUE(service.vhosts.empty());
  EXPECT_TRUE(service.routes.empty());
}

TEST(ConfigStreams, AServiceOfItMayReadWhip) {
  const ServiceConfig service = service_with("affinity: stream, reads: whip");

  EXPECT_EQ(service.affinity, lb::Affinity::kStream);
  EXPECT_TRUE(service.reads_whip);
}

TEST(ConfigStreams, VhostsAndRoutesAreReadAsWritten) {
  const ServiceConfig service = service_with(
      "affinity: stream, vhosts: [customer.a, Customer.B], routes: [{ vhost: customer.a, pool: edge }, "
      "{ app: live, pool: edge }, { vhost: customer.b, app: live/x, pool: srs }]");

  EXPECT_EQ(service.vhosts, (std::vector<std::string>{"customer.a", "Customer.B"}));
  EXPECT_EQ(service.routes,
            (std::vector<lb::StreamRouteSpec>{
                {"customer.a", "", "edge"}, {"", "live", "edge"}, {"customer.b", "live/x", "srs"}}));
  EXPECT_EQ(service_with("affinity: stream, vhosts: one.example").vhosts,
            std::vector<std::string>{"one.example"});
}

TEST(ConfigStreams, TheDataplaneIsToldOfThem) {
  const auto config = parse_config(
      text_with("affinity: stream, vhosts: [customer.a], routes: [{ vhost: customer.a, pool: edge }]"),
      "c.yaml");
  ASSERT_TRUE(config.ok()) << config.error();
  const lb::ServiceSpec spec = desired_state(config.value(), {}, [](const std::string&, const lb::Endpoint&) {
                                 return Standing{};
                               }).spec.services[0];

  EXPECT_EQ(spec.vhosts, std::vector<std::string>{"customer.a"});
  EXPECT_EQ(spec.routes, (std::vector<lb::StreamRouteSpec>{{"customer.a", "", "edge"}}));
}

TEST(ConfigStreams, OneTcpPortInNatIsWantedWithoutAHeader) {
  EXPECT_EQ(problem_with("affinity: tuple", "affinity: stream"),
            "17:99: services[1].affinity: streams are read of TCP connections; protocol: tcp is wanted, or "
            "affinity: srt where UDP is SRT");
  EXPECT_EQ(problem_of_fields("forward: dsr, affinity: stream"),
            "17:84: services[0].forward: with affinity: stream Cleat answers clients itself; forward: nat is "
            "wanted");
  EXPECT_EQ(problem_with(kRtmp, "port: 1935-1936, pool: srs, affinity: stream"),
            "16:58: services[0].port: affinity stream is for one port; a service for each port is wanted");
  EXPECT_EQ(problem_of_fields("affinity: stream, proxy_protocol: v2"),
            "17:109: services[0].proxy_protocol: affinity stream puts no header into connections; "
            "proxy_protocol: none "
            "is wanted. cleatctl flow show says who is behind a LIP's port");
}

TEST(ConfigStreams, OnlyServicesOfItHaveVhostsAndRoutes) {
  for (const char* field : {"vhosts: [a.example]", "routes: [{ app: live, pool: edge }]"})
    EXPECT_NE(problem_of_fields(field).find(
                  ": only services of affinity: stream and srt have it; leave it out, or one of these is "
                  "wanted"),
              std::string::npos)
        << field;
}

TEST(ConfigStreams, SrtIsOneUdpPortInNatAndHasVhostsAndRoutes) {
  const auto config = parse_config(
      sample_with("affinity: tuple",
                  "affinity: srt, vhosts: [customer.a], routes: [{ vhost: customer.a, pool: srs }]"),
      "c.yaml");
  ASSERT_TRUE(config.ok()) << config.error();
  EXPECT_EQ(config.value().services[1].affinity, lb::Affinity::kSrt);
  EXPECT_EQ(config.value().services[1].routes.size(), 1U);
  EXPECT_EQ(config.value().services[1].idle_timeout_s, 30U);
  EXPECT_EQ(config_as_json(config.value()).at("services").at(1).at("affinity"), "srt");

  EXPECT_EQ(problem_of_fields("affinity: srt"),
            "17:85: services[0].affinity: SRT is UDP; protocol: udp is wanted, or affinity: stream for TCP");
  EXPECT_NE(
      problem_with("forward: nat, affinity: tuple", "forward: dsr, affinity: srt")
          .find(
              "services[1].forward: with affinity: srt Cleat answers callers itself; forward: nat is wanted"),
      std::string::npos);
  EXPECT_NE(problem_with("port: 8000, pool: srs, forward: nat, affinity: tuple",
                         "port: 8000-8001, pool: srs, affinity: srt")
                .find("services[1].port: affinity srt is for one port; a service for each port is wanted"),
            std::string::npos);
}

TEST(ConfigStreams, AVhostIsAHostName) {
  EXPECT_EQ(problem_of_fields("affinity: stream, vhosts: [a.example, 'a:80']"),
            "17:113: services[0].vhosts[1]: vhost 'a:80' is no host name: letters, digits, '.', '-' and '_' "
            "are wanted");
}

TEST(ConfigStreams, ARouteNamesAVhostOfTheServiceOrAnApp) {
  const std::string begin = "affinity: stream, vhosts: [customer.a], routes: [";
  EXPECT_NE(
      problem_of_fields(begin + "{ vhost: customer.b, pool: edge }]")
          .find("services[0].routes[0].vhost: \"customer.b\" is none of the service's vhosts; did you mean "
                "customer.a?"),
      std::string::npos);
  EXPECT_NE(problem_of_fields("affinity: stream, routes: [{ vhost: customer.b, pool: edge }]")
                .find("is none of the service's vhosts; vhosts: [customer.b] is wanted beside routes"),
            std::string::npos);
  EXPECT_NE(problem_of_fields(begin + "{ pool: edge }]")
                .find("services[0].routes[0]: a route names a vhost, an app or both; vhost: NAME, app: NAME "
                      "or both are "
                      "wanted. For all other streams there is the service's pool"),
            std::string::npos);
  EXPECT_NE(problem_of_fields(begin + "{ app: /, pool: edge }]").find("app '/' is no name of an app"),
            std::string::npos);
  EXPECT_NE(problem_of_fields(begin + "{ app: a }]").find("services[0].routes[0].pool: missing"),
            std::string::npos);
  EXPECT_NE(problem_of_fields(begin + "{ ap: a, pool: edge }]").find("unknown key; did you mean app?"),
            std::string::npos);
}

TEST(ConfigStreams, TwoRoutesOfTheSameStreamsAreRefused) {
  EXPECT_NE(
      problem_of_fields("affinity: stream, vhosts: [a.b], routes: [{ vhost: a.b, app: live, pool: edge }, "
                        "{ vhost: A.B, app: /live/, pool: srs }]")
          .find("services[0].routes[1]: a second route for \"a.b/live/\"; keep one"),
      std::string::npos);
}

TEST(ConfigStreams, ARoutesPoolIsThereAndCanBeReached) {
  EXPECT_NE(problem_of_fields("affinity: stream, routes: [{ app: live, pool: edges }]")
                .find("services[0].routes[0].pool: no pool is called \"edges\"; did you mean edge?"),
            std::string::npos);
  std::string text = text_with("affinity: stream, routes: [{ app: live, pool: edge }]");
  const size_t at = text.find("10.20.0.21");
  EXPECT_NE(problem_of(text.replace(at, 10, "10.10.0.100")).find("is the VIP itself"), std::string::npos);
}

TEST(ConfigStreams, WrittenDownTheyAreReadAsTheSame) {
  const auto config = parse_config(
      text_with(
          "affinity: stream, vhosts: [customer.a], routes: [{ vhost: customer.a, app: live, pool: edge }]"),
      "c.yaml");
  ASSERT_TRUE(config.ok()) << config.error();
  const std::string shown = yaml_text(config_as_json(config.value()));

  const auto again = parse_config(shown, "c.yaml");

  ASSERT_TRUE(again.ok()) << again.error() << shown;
  EXPECT_EQ(again.value().services[0].vhosts, config.value().services[0].vhosts);
  EXPECT_EQ(again.value().services[0].routes, config.value().services[0].routes);
  EXPECT_NE(shown.find("{vhost: customer.a, app: live, pool: edge}"), std::string::npos) << shown;
  EXPECT_TRUE(config_changes(config.value(), again.value()).empty());
}

TEST(ConfigStreams, TableSizesAreRoundedUpToAPowerOfTwo) {
  EXPECT_EQ(config_with("", "").dataplane.streams, 16384u);
  EXPECT_EQ(config_with("", "").dataplane.peeks, 4096u);
  EXPECT_EQ(config_with("workers: 1", "streams: 1025").dataplane.streams, 2048u);
  EXPECT_EQ(config_with("workers: 1", "peeks: 9").dataplane.peeks, 16u);
  EXPECT_EQ(problem_with("workers: 1", "streams: 1000"),
            "2:12: dataplane.streams: 1000 is not in 1024..8388608");
  EXPECT_EQ(problem_with("workers: 1", "peeks: 1048577"),
            "2:10: dataplane.peeks: 1048577 is not in 8..1048576");
}

TEST(ConfigStreams, OtherTableSizesWantARestart) {
  const Config now = config_with("", "");
  EXPECT_EQ(restart_needed(now, config_with("workers: 1", "workers: 1\n  streams: 2048")),
            "c.yaml: dataplane.streams: 16384 cannot become 2048 at run time: restart needed");
  EXPECT_EQ(restart_needed(now, config_with("workers: 1", "workers: 1\n  peeks: 8")),
            "c.yaml: dataplane.peeks: 4096 cannot become 8 at run time: restart needed");
}

}  // namespace
}  // namespace control
