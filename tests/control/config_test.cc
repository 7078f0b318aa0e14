// SPDX-License-Identifier: MIT
// What a right configuration means: fields, defaults and the forms they may be written in.
#include "control/config.h"

#include "control/config_text.h"
#include "control/restart_needed.h"
#include "tests/control/rig.h"
#include "tests/control/sample_config.h"

namespace control {
namespace {

using test::config_with;
using test::problem_with;

lb::IpAddress ip(const char* text) { return *lb::IpAddress::parse(text); }

TEST(Config, TheSampleIsReadAsWritten) {
  const Config config = config_with("workers: 1", "workers: 1");

  EXPECT_EQ(config.dataplane.ports.at(0).name, "outside");
  EXPECT_EQ(config.dataplane.ports.at(0).device, "veth:eth1");
  EXPECT_EQ(config.dataplane.ports.at(0).addresses.at(0).to_string(), "10.10.0.2/24");
  EXPECT_EQ(config.dataplane.ports.at(0).gateway_v4, ip("10.10.0.1"));
  EXPECT_FALSE(config.dataplane.ports.at(1).gateway_v4);

  const PoolConfig& pool = config.pools.at(0);
  EXPECT_EQ(pool.name, "srs");
  EXPECT_EQ(pool.health->path, "/api/v1/versions");
  EXPECT_EQ(pool.health->port, 1985);
  EXPECT_EQ(pool.health->interval_ms, 1000u);
  EXPECT_EQ(pool.health->timeout_ms, 500u);
  EXPECT_EQ(pool.backends.at(1).endpoint.address, ip("10.20.0.12"));

  EXPECT_EQ(config.services.at(0).name, "rtmp");
  EXPECT_EQ(config.services.at(1).protocol, lb::Protocol::kUdp);
  EXPECT_EQ(config.services.at(1).port_last, 8000);
  EXPECT_EQ(config.api.unix_path, "/run/cleat/api.sock");
}

TEST(Config, TimeOutsOfFlows) {
  const lb::FlowTimeouts all = test::config_with("/30]",
                                                 "/30], timeouts: { syn: 10s, half_closed: 1m, closed: 1s, "
                                                 "unanswered_udp: 1h }")
                                   .timeouts;
  EXPECT_EQ(all, (lb::FlowTimeouts{10, 60, 1, 3600}));
  EXPECT_EQ(test::config_with("name: rtmp", "name: rtmp").timeouts, lb::FlowTimeouts{});
  EXPECT_EQ(test::problem_with("/30]", "/30], timeouts: { syn: 2h }"),
            "7:54: nat.timeouts.syn: 2h is not from 1s to 1h");
}

TEST(Config, WhatIsLeftOutHasTheDocumentedDefault) {
  const auto config = parse_config(
      "dataplane: { ports: [ { name: p, device: net_null0, address: 10.0.0.2/24 } ] }\n"
      "nat: { addresses: 10.0.0.9 }\n"
      "pools: { live: { health: { port: 80 }, backends: [10.0.0.11] } }\n"
      "services: [ { name: s, vip: 10.0.0.5, protocol: udp, port: 1, pool: live } ]\n",
      "c.yaml");

  ASSERT_TRUE(config.ok()) << config.error();
  const Config& c = config.value();
  EXPECT_EQ(c.dataplane.workers, 0u) << "the dataplane decides";
  EXPECT_EQ(c.dataplane.state, "/dev/shm/cleat/default");
  EXPECT_TRUE(c.dataplane.punt);
  EXPECT_EQ(c.api.unix_path, "/run/cleat/api.sock");
  EXPECT_EQ(c.pick_seed, 0u);
  EXPECT_EQ(c.pools[0].pick, lb::PickMethod::kMaglev);
  EXPECT_EQ(c.pools[0].backends[0].weight, 100u);
  HealthConfig check;
  check.port = 80;
  EXPECT_EQ(*c.pools[0].health, check);
  EXPECT_EQ(c.services[0].forward, lb::Forward::kNat);
  EXPECT_EQ(c.services[0].affinity, lb::Affinity::kTuple);
  EXPECT_EQ(c.services[0].idle_timeout_s, 120u);
}

TEST(Config, WorkersMayBeLeftToTheDataplaneByName) {
  EXPECT_EQ(config_with("workers: 1", "workers: auto").dataplane.workers, 0u);
}

TEST(Config, IdleTimeoutIsLongerForTcp) {
  EXPECT_EQ(config_with("", "").services[0].idle_timeout_s, 900u);
  EXPECT_EQ(config_with("port: 1935", "port: 1935, idle_timeout: 2h").services[0].idle_timeout_s, 7200u);
}

TEST(Config, AServiceHasAPortARangeOrAny) {
  const auto ports = [](const std::string& text) {
    const ServiceConfig service = config_with("port: 1935", "port: " + text).services[0];
    return std::pair<unsigned, unsigned>(service.port_first, service.port_last);
  };

  EXPECT_EQ(ports("8000-8100"), std::pair(8000u, 8100u));
  EXPECT_EQ(ports("8000 - 8100"), std::pair(8000u, 8100u));
  EXPECT_EQ(ports("8000-8000"), std::pair(8000u, 8000u));
  EXPECT_EQ(ports("65535"), std::pair(65535u, 65535u));
  EXPECT_EQ(ports("any"), std::pair(1u, 65535u));
}

TEST(Config, AnExactPortMayLieInARangeOfAnotherService) {
  EXPECT_EQ(problem_with("protocol: udp, port: 8000", "protocol: tcp, port: any"), "");
  EXPECT_EQ(problem_with("protocol: udp, port: 8000", "protocol: tcp, port: 1900-2000"), "");
}

TEST(Config, NatPrefixesAreAllTheirAddresses) {
  const auto lips = config_with("[10.20.0.100/30]", "[10.20.0.100/31, 10.20.0.200, 2001:db8::fffe/127]").lips;

  const std::vector<lb::IpAddress> wanted = {ip("10.20.0.100"), ip("10.20.0.101"), ip("10.20.0.200"),
                                             ip("2001:db8::fffe"), ip("2001:db8::ffff")};
  EXPECT_EQ(lips, wanted);
}

TEST(Config, EveryDeviceFormIsTaken) {
  for (const char* device : {"veth:eth1", "nic:enp3s0", "packet:eth1", "pci:0000:3b:00.0",
                             "net_pcap0,rx_pcap=in.pcap,tx_pcap=out.pcap"})
    EXPECT_EQ(config_with("veth:eth1", device).dataplane.ports[0].device, device);
}

TEST(Config, APciAddressIsTakenAsLspciWritesIt) {
  for (const char* device : {"0000:3b:00.0", "3b:00.0", "pci:3B:00.0", "pci:0000:3B:00.0"})
    EXPECT_EQ(config_with("veth:eth1", device).dataplane.ports[0].device, "pci:0000:3b:00.0") << device;
}

TEST(Config, APortsMtuIsAsItSaysOrTheInterfaces) {
  EXPECT_EQ(config_with("veth:eth1", "veth:eth1").dataplane.ports[0].mtu, 0);
  const auto with_mtu = [](const std::string& mtu) {
    return config_with("gateway: 10.10.0.1", "gateway: 10.10.0.1, mtu: " + mtu).dataplane.ports[0].mtu;
  };
  EXPECT_EQ(with_mtu("1280"), 1280);
  EXPECT_EQ(with_mtu("9600"), 9600);
}

TEST(Config, AnotherMtuWantsARestart) {
  Config now = config_with("veth:eth1", "veth:eth1"), next = now;
  EXPECT_EQ(restart_needed(now, next), "");
  next.dataplane.ports[0].mtu = 9000;
  EXPECT_NE(restart_needed(now, next).find("dataplane.ports[0].mtu: 0 cannot become 9000"), std::string::npos)
      << restart_needed(now, next);
}

TEST(Config, BuffersOfAPortAreAsItSaysAndWantARestart) {
  const Config now = config_with("veth:eth1", "veth:eth1");
  Config next = config_with("gateway: 10.10.0.1", "gateway: 10.10.0.1, buffers: 100000");

  EXPECT_EQ(now.dataplane.ports[0].buffers, 8191u);
  EXPECT_EQ(next.dataplane.ports[0].buffers, 100000u);
  EXPECT_NE(restart_needed(now, next).find("dataplane.ports[0].buffers: 8191 cannot become 100000"),
            std::string::npos)
      << restart_needed(now, next);
}

TEST(Config, BackendsMayCarryAPortAndBePlain) {
  const auto backends =
      config_with("- { address: 10.20.0.11, weight: 100 }", "- 10.20.0.11:19350").pools[0].backends;

  EXPECT_EQ(backends[0].endpoint.to_string(), "10.20.0.11:19350");
  EXPECT_EQ(backends[0].weight, 100u);
}

TEST(Config, GatewaysAndNeighboursOfBothFamilies) {
  const PortConfig port =
      config_with("address: [10.10.0.2/24], gateway: 10.10.0.1",
                  "address: [10.10.0.2/24, 2001:db8::2/64], gateway: [10.10.0.1, 2001:db8::1], "
                  "neighbours: [ { address: 10.10.0.7, mac: \"52:54:00:12:34:56\" } ]")
          .dataplane.ports[0];

  EXPECT_EQ(port.gateway_v4, ip("10.10.0.1"));
  EXPECT_EQ(port.gateway_v6, ip("2001:db8::1"));
  EXPECT_EQ(port.neighbours.at(0).mac.to_string(), "52:54:00:12:34:56");
}

TEST(Config, TcpChecksAndHttpChecksSayWhatTheyWant) {
  const std::string http = "http: /api/v1/versions";
  EXPECT_EQ(config_with(http, "tcp: true").pools[0].health->type, HealthConfig::Type::kTcp);

  const HealthConfig check = *config_with(http, "http: \"/x?y=1\", status: 204, body: ok").pools[0].health;
  EXPECT_EQ(check.type, HealthConfig::Type::kHttp);
  EXPECT_EQ(check.path, "/x?y=1");
  EXPECT_EQ(check.status, 204);
  EXPECT_EQ(check.body, "ok");
}

TEST(Config, FastIntervalIsNeverLongerThanTheInterval) {
  EXPECT_EQ(config_with("interval: 1s", "interval: 100ms").pools[0].health->fast_interval_ms, 100u);
  EXPECT_EQ(config_with("interval: 1s", "interval: 1m").pools[0].health->fast_interval_ms, 500u);
}

TEST(Config, TableSizesAreRoundedUpToAPowerOfTwo) {
  const DataplaneConfig d =
      config_with("workers: 1", "flows_v4: 1025\n  flows_wide: 4096\n  punt: false").dataplane;

  EXPECT_EQ(d.flows_v4, 2048u);
  EXPECT_EQ(d.flows_wide, 4096u);
  EXPECT_FALSE(d.punt);
}

TEST(Config, OneArmIsEnough) {
  const auto config = parse_config(
      "dataplane: { ports: [ { name: p, device: \"nic:eth0\", address: 10.0.0.2/24, gateway: 10.0.0.1 } ] }\n"
      "pools: { live: { backends: [10.0.0.11, 10.0.0.12] } }\n"
      "services: [ { name: s, vip: 10.0.0.5, protocol: tcp, port: 80, pool: live, forward: dsr } ]\n",
      "c.yaml");

  EXPECT_TRUE(config.ok()) << config.error();
}

TEST(Config, JsonIsTakenToo) {
  const auto config = parse_config(
      R"({"dataplane": {"workers": 3, "ports": [{"name": "p", "device": "net_null0", "address": "10.0.0.2/24"}]}})",
      "c.json");

  ASSERT_TRUE(config.ok()) << config.error();
  EXPECT_EQ(config.value().dataplane.workers, 3u);
}

// Every field of the file, away from its default.
constexpr char kEverything[] = R"(
dataplane:
  workers: 2
  state: /tmp/state
  flows_v4: 2048
  flows_wide: 1024
  sessions: 2048
  punt: false
  ports:
    - name: a
      device: net_pcap0,rx_pcap=in
      address: [10.0.0.2/24, "2001:db8::2/64"]
      gateway: [10.0.0.1, "2001:db8::1"]
      neighbours: [ { address: 10.0.0.11, mac: "52:54:00:12:34:56" } ]
      buffers: 16383
nat: { addresses: [10.0.0.100/31, "2001:db8::100"] }
pools:
  z: { pick: wrr, client_timeout: 90s, health: { tcp: true }, backends: [ { address: 10.0.0.11:80, weight: 0 } ] }
  a: { pick: least-load, health: { http: /, status: 204, body: "a: b", port: 1, interval: 2m, rise: 3 }, backends: [ "2001:db8::" ] }
services:
  - { name: one, vip: 10.0.0.5, protocol: udp, port: any, pool: z, affinity: source-ip, idle_timeout: 1h }
  - { name: "2", vip: "2001:db8::5", protocol: tcp, port: 1-2, pool: a, forward: dsr }
api: { listen: "unix:/tmp/s", tcp: { listen: "[2001:db8::2]:9801", token_file: /etc/cleat/token } }
seed: 18446744073709551615
)";

TEST(Config, WrittenDownAgainItIsReadAsTheSame) {
  for (const char* text : {test::kSample, kEverything}) {
    const auto first = parse_config(text, "c.yaml");
    ASSERT_TRUE(first.ok()) << first.error();

    const auto json = config_as_json(first.value());
    for (const std::string& again : {yaml_text(json), json.dump()}) {
      const auto second = parse_config(again, "c.yaml");
      ASSERT_TRUE(second.ok()) << second.error() << "\n" << again;
      EXPECT_EQ(config_as_json(second.value()), json) << again;
    }
  }
}

TEST(Config, WrittenDownItHoldsEveryFieldOfTheFile) {
  const auto config = parse_config(kEverything, "c.yaml");
  ASSERT_TRUE(config.ok()) << config.error();
  const std::string text = yaml_text(config_as_json(config.value()));
  for (const char* piece : {"workers: 2",
                            "state: /tmp/state",
                            "flows_v4: 2048",
                            "flows_wide: 1024",
                            "sessions: 2048",
                            "punt: false",
                            "net_pcap0,rx_pcap=in",
                            "2001:db8::2/64",
                            "10.0.0.1,",
                            "52:54:00:12:34:56",
                            "buffers: 16383",
                            "10.0.0.101",
                            "pick: wrr",
                            "client_timeout: 90s",
                            "tcp: true",
                            "[2001:db8::2]:9801",
                            "/etc/cleat/token",
                            "10.0.0.11:80",
                            "weight: 0",
                            "least-load",
                            "status: 204",
                            "a: b",
                            "interval: 2m",
                            "rise: 3",
                            "port: any",
                            "source-ip",
                            "idle_timeout: 1h",
                            "port: 1-2",
                            "forward: dsr",
                            "unix:/tmp/s",
                            "seed: 18446744073709551615"})
    EXPECT_NE(text.find(piece), std::string::npos) << piece << "\n" << text;
}

TEST(Config, AFileThatCannotBeReadIsNamed) {
  const test::TempFolder folder;

  EXPECT_EQ(load_config(folder / "none.yaml").error(), folder / "none.yaml" + ": No such file or directory");
  EXPECT_EQ(load_config(folder / "").error(), folder / "" + ": Is a directory");
}

}  // namespace
}  // namespace control
