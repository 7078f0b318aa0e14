// SPDX-License-Identifier: MIT
// `affinity: ice`, `ice` of a service, `ice_ufrag` of a pool, `dataplane.sessions`: what is read, and what is refused in one
// line.
#include <nlohmann/json.hpp>

#include "control/config_text.h"
#include "control/restart_needed.h"
#include "tests/control/sample_config.h"

namespace control {
namespace {

using test::config_with;
using test::problem_of;
using test::problem_with;
using test::sample_with;

constexpr char kBackend[] = "      - { address: 10.20.0.12, weight: 100 }\n";
constexpr char kKey[] = "8f95f09245765f80256934e50c66207f";
constexpr char kServers[] = "servers: { 1: 10.20.0.11, 65535: 10.20.0.12 }";

// Pool srs's lines, with its ice_ufrag a flow map of `fields`.
std::string ufrag_lines(const std::string& fields) {
  return std::string(kBackend) + "    ice_ufrag: { " + fields + " }\n";
}
std::string ufrag_problem(const std::string& fields) { return problem_with(kBackend, ufrag_lines(fields)); }
std::string right_ufrag() { return std::string("key: ") + kKey + ", " + kServers; }
// The sample's service rtc with other fields behind its forward.
ServiceConfig service_with(const std::string& fields) {
  return config_with("affinity: tuple", fields).services[1];
}

TEST(ConfigIce, AServiceThatSaysNoMoreUsesEveryRungAndTrustsNoAnswer) {
  const ServiceConfig service = service_with("affinity: ice");

  EXPECT_EQ(service.affinity, lb::Affinity::kIce);
  EXPECT_TRUE(service.ice.ufrag && service.ice.whip && service.ice.ask && service.ice.hash);
  EXPECT_FALSE(service.ice.servers_check_integrity);
}

TEST(ConfigIce, EachRungIsSwitchedByItself) {
  const lb::IceSpec none = service_with(
                               "affinity: ice, ice: { ufrag: false, whip: false, ask: false, hash: false, "
                               "stun_integrity: enforced }")
                               .ice;
  EXPECT_FALSE(none.ufrag || none.whip || none.ask || none.hash);
  EXPECT_TRUE(none.servers_check_integrity);

  EXPECT_FALSE(service_with("affinity: ice, ice: { whip: false }").ice.whip);
  EXPECT_TRUE(service_with("affinity: ice, ice: { whip: false }").ice.hash);
  EXPECT_FALSE(service_with("affinity: ice, ice: { stun_integrity: ignored }").ice.servers_check_integrity);
}

TEST(ConfigIce, TheKeyAndTheServersOfAPoolsUfragsAreReadAsWritten) {
  const lb::UfragSpec ufrag = *config_with(kBackend, ufrag_lines(right_ufrag())).pools[0].ice_ufrag;

  EXPECT_EQ(ufrag.key[0], 0x8f);
  EXPECT_EQ(ufrag.key[15], 0x7f);
  ASSERT_EQ(ufrag.servers.size(), 2U);
  EXPECT_EQ(ufrag.servers[0].id, 1);
  EXPECT_EQ(ufrag.servers[1].id, 65535);
  EXPECT_EQ(ufrag.servers[1].backend.to_string(), "10.20.0.12");
}

TEST(ConfigIce, UdpAndOnePortAreWanted) {
  EXPECT_EQ(problem_with("protocol: udp, port: 8000, pool: srs, forward: nat, affinity: tuple",
                         "protocol: tcp, port: 8000, pool: srs, forward: nat, affinity: ice"),
            "17:99: services[1].affinity: ICE sessions are found in UDP only; protocol: udp is wanted");
  for (const char* ports : {"8000-8001", "any"})
    EXPECT_EQ(problem_with("port: 8000, pool: srs, forward: nat, affinity: tuple",
                           std::string("port: ") + ports + ", pool: srs, forward: nat, affinity: ice"),
              "17:58: services[1].port: affinity ice is for one port; a service for each port is wanted");
}

TEST(ConfigIce, OnlyServicesOfItHaveAnIceSection) {
  EXPECT_EQ(
      problem_with("affinity: tuple", "affinity: tuple, ice: { hash: false }"),
      "17:111: services[1].ice: only services of affinity: ice have it; leave it out, or affinity: ice is "
      "wanted");
}

TEST(ConfigIce, AnUnknownRungOrWordNamesTheNearestOne) {
  EXPECT_EQ(problem_with("affinity: tuple", "affinity: ice, ice: { hahs: true }"),
            "17:111: services[1].ice.hahs: unknown key; did you mean hash?");
  EXPECT_EQ(problem_with("affinity: tuple", "affinity: ice, ice: { stun_integrity: enforce }"),
            "17:127: services[1].ice.stun_integrity: \"enforce\" is unknown; did you mean enforced?");
  EXPECT_EQ(problem_with("affinity: tuple", "affinity: ice, ice: { whip: 1 }"),
            "17:117: services[1].ice.whip: \"1\" is neither true nor false");
  EXPECT_EQ(problem_with("affinity: tuple", "affinity: icy"),
            "17:99: services[1].affinity: \"icy\" is unknown; did you mean ice?");
}

TEST(ConfigIce, WhipIsReadOfTcpServicesInNat) {
  const auto rtmp = [](const std::string& fields) {
    return sample_with("pool: srs, forward: nat }", fields + " }");
  };
  const auto config = parse_config(rtmp("pool: srs, forward: nat, reads: whip"), "c.yaml");
  ASSERT_TRUE(config.ok()) << config.error();
  EXPECT_TRUE(config.value().services[0].reads_whip);
  EXPECT_FALSE(config.value().services[1].reads_whip);
  const std::string wanted = "WHIP is read of TCP services in nat; protocol: tcp and forward: nat are wanted";
  EXPECT_NE(problem_of(rtmp("pool: srs, forward: dsr, reads: whip")).find(wanted), std::string::npos);
  EXPECT_NE(problem_with("affinity: tuple", "reads: whip").find(wanted), std::string::npos);
  EXPECT_NE(problem_of(rtmp("pool: srs, reads: whep")).find("did you mean whip?"), std::string::npos);
}

TEST(ConfigIce, AServerNumberIsWholeInItsRangeAndGivenOnce) {
  const std::string key = std::string("key: ") + kKey + ", servers: { ";
  EXPECT_EQ(
      ufrag_problem(key + "65536: 10.20.0.11 }"),
      "15:75: pools.srs.ice_ufrag.servers.65536: \"65536\" is no server number; one in 0..65535 is wanted");
  for (const char* number : {"-1", "0x1", "a", "1.5", "''"})
    EXPECT_NE(ufrag_problem(key + number + ": 10.20.0.11 }").find("is no server number"), std::string::npos)
        << number;
  EXPECT_NE(ufrag_problem(key + "1: 10.20.0.11, 1: 10.20.0.12 }").find("given twice"), std::string::npos);
  EXPECT_NE(
      ufrag_problem(key + "1: 10.20.0.11, 01: 10.20.0.12 }").find("server number 1 is given twice; keep one"),
      std::string::npos);
}

TEST(ConfigIce, AServerIsABackendOfThePool) {
  EXPECT_EQ(ufrag_problem(std::string("key: ") + kKey + ", servers: { 1: 10.20.0.99 }"),
            "15:71: pools.srs.ice_ufrag.servers.1: \"10.20.0.99\" is no backend of pool srs; one, written as "
            "there, "
            "is wanted");
  EXPECT_EQ(ufrag_problem(std::string("key: ") + kKey + ", servers: {}"),
            "15:66: pools.srs.ice_ufrag.servers: an empty map; at least one server is wanted");
}

TEST(ConfigIce, AKeyAndServersAreNeeded) {
  EXPECT_EQ(ufrag_problem(kServers),
            "15:16: pools.srs.ice_ufrag.key: missing; a key of 32 hexadecimal digits is wanted");
  EXPECT_EQ(ufrag_problem(std::string("key: ") + kKey),
            "15:16: pools.srs.ice_ufrag.servers: missing; a map from server number to backend is wanted");
}

TEST(ConfigIce, AWrongKeyIsRefusedWithoutShowingIt) {
  for (const char* key :
       {"8f95f0", "8f95f09245765f80256934e50c66207g", "8f95f09245765f80256934e50c66207f00"}) {
    const std::string problem = ufrag_problem(std::string("key: ") + key + ", " + kServers);
    EXPECT_EQ(problem,
              "15:23: pools.srs.ice_ufrag.key: no key; 32 hexadecimal digits, as cleatctl ufrag keygen "
              "prints them, "
              "are wanted");
  }
}

TEST(ConfigIce, WrittenDownItHoldsEverythingButTheKey) {
  Config config = config_with(kBackend, ufrag_lines(right_ufrag()));
  config.services[1].affinity = lb::Affinity::kIce;
  config.services[1].ice.hash = false;
  const std::string shown = yaml_text(config_as_json(config));

  EXPECT_EQ(shown.find("8f95"), std::string::npos) << shown;
  for (const char* piece :
       {"key: (hidden)", "servers: {1: 10.20.0.11, 65535: 10.20.0.12}", "affinity: ice",
        "ice: {ufrag: true, whip: true, ask: true, hash: false, stun_integrity: ignored}", "sessions: 65536"})
    EXPECT_NE(shown.find(piece), std::string::npos) << piece << "\n" << shown;
}

TEST(ConfigIce, WrittenDownWithItsKeyItIsReadAsTheSame) {
  Config config = config_with(kBackend, ufrag_lines(right_ufrag()));
  config.services[1].affinity = lb::Affinity::kIce;
  config.services[1].ice = {false, true, false, true};
  const auto wanted = config_as_json(config);
  auto open = wanted;
  open["pools"]["srs"]["ice_ufrag"]["key"] = kKey;

  const auto again = parse_config(yaml_text(open), "c.yaml");

  ASSERT_TRUE(again.ok()) << again.error() << yaml_text(open);
  EXPECT_EQ(config_as_json(again.value()), wanted);
  EXPECT_EQ(again.value().pools[0].ice_ufrag->key, config.pools[0].ice_ufrag->key);
}

TEST(ConfigIce, SessionsAreRoundedUpToAPowerOfTwo) {
  EXPECT_EQ(config_with("", "").dataplane.sessions, 65536u);
  EXPECT_EQ(config_with("workers: 1", "sessions: 1025").dataplane.sessions, 2048u);
  EXPECT_EQ(problem_with("workers: 1", "sessions: 1000"),
            "2:13: dataplane.sessions: 1000 is not in 1024..16777216");
}

TEST(ConfigIce, AnotherNumberOfSessionsWantsARestart) {
  const Config now = config_with("", "");
  EXPECT_EQ(restart_needed(now, config_with("workers: 1", "workers: 1\n  sessions: 2048")),
            "c.yaml: dataplane.sessions: 65536 cannot become 2048 at run time: restart needed");
  EXPECT_EQ(restart_needed(now, config_with("workers: 1", "workers: 1\n  sessions: 65535")), "");
}

}  // namespace
}  // namespace control
