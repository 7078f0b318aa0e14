// SPDX-License-Identifier: MIT
// Every mistake is one line that says where it is, in which field, what is wrong and what would be right.
#include "tests/control/sample_config.h"

namespace control {
namespace {

using test::kSample;
using test::problem_of;
using test::problem_with;
using test::sample_with;

TEST(ConfigRefusal, AnUnknownKeyNamesTheNearestOne) {
  EXPECT_EQ(problem_with("workers", "wrokers"), "2:3: dataplane.wrokers: unknown key; did you mean workers?");
  EXPECT_EQ(problem_with("nat:", "nta:"), "7:1: nta: unknown key; did you mean nat?");
  EXPECT_EQ(problem_with("rise: 2", "raise: 2"),
            "11:81: pools.srs.health.raise: unknown key; did you mean rise?");
  EXPECT_EQ(problem_with("nat: { addresses", "nat: { prefixes"),
            "7:8: nat.prefixes: unknown key; addresses and timeouts are known");
}

TEST(ConfigRefusal, AKeyGivenTwiceNamesBothLines) {
  EXPECT_EQ(problem_with("  workers: 1\n", "  workers: 1\n  punt: true\n  workers: 1\n"),
            "4:3: dataplane.workers: given twice, in lines 2 and 4; keep one");
  EXPECT_EQ(problem_of(std::string(kSample) + "nat: { addresses: [10.20.0.9] }\n"),
            "19:1: nat: given twice, in lines 7 and 19; keep one");
  EXPECT_EQ(problem_with("    backends:", "    pick: wrr\n    backends:"),
            "12:5: pools.srs.pick: given twice, in lines 10 and 12; keep one");
  EXPECT_EQ(problem_with("name: rtmp,", "name: rtmp, name: rtmp,"),
            "16:19: services[0].name: given twice, in line 16; keep one");
  EXPECT_EQ(problem_with("services:\n", "  srs: { backends: [10.20.0.13] }\nservices:\n"),
            "15:3: pools.srs: given twice, in lines 9 and 15; keep one");
}

TEST(ConfigRefusal, AWrongTypeSaysTheRightOne) {
  EXPECT_EQ(problem_with("workers: 1", "workers: [1]"),
            "2:12: dataplane.workers: a list is not right here; a whole number in 1..64 is wanted");
  EXPECT_EQ(problem_with("workers: 1", "workers: \"1\""),
            "2:12: dataplane.workers: \"1\" is text; a whole number in 1..64, without quotes, is wanted");
  EXPECT_EQ(problem_with("workers: 1", "workers: one"),
            "2:12: dataplane.workers: \"one\" is not a whole number; one in 1..64 is wanted");
  EXPECT_EQ(problem_with("workers: 1", "punt: maybe"),
            "2:9: dataplane.punt: \"maybe\" is neither true nor false");
  EXPECT_EQ(problem_with("nat: { addresses: [10.20.0.100/30] }", "nat: [10.20.0.100/30]"),
            "7:6: nat: a list is not right here; a map (key: value) is wanted");
  EXPECT_EQ(problem_with("services:\n", "  one: { backends: 10.20.0.11 }\nservices:\n"),
            "15:20: pools.one.backends: \"10.20.0.11\" is not right here; a list is wanted");
  EXPECT_EQ(problem_with("pool: srs", "pool: { srs: 1 }"),
            "16:70: services[0].pool: a map is not right here; the name of a pool is wanted");
}

TEST(ConfigRefusal, AKeyWithoutValueIsAMistake) {
  EXPECT_EQ(problem_with("workers: 1", "workers:"),
            "2:3: dataplane.workers: has no value; give it one or leave it out");
  EXPECT_EQ(problem_of("dataplane:\n"), "1:1: dataplane: has no value; give it one or leave it out");
  EXPECT_EQ(problem_with("[10.20.0.100/30]", "[10.20.0.100/30, ~]"),
            "7:36: nat.addresses[1]: an empty item; give it a value or remove it");
}

TEST(ConfigRefusal, WhatIsMissingIsNamed) {
  EXPECT_EQ(problem_of(""), "1:1: empty; at least dataplane: with its ports is wanted");
  EXPECT_EQ(problem_of("nat: { addresses: 10.0.0.1 }\n"),
            "1:1: dataplane: missing; a section with the ports is wanted");
  EXPECT_EQ(problem_of("dataplane: { workers: 1 }\n"),
            "1:12: dataplane.ports: missing; a list with at least one port is wanted");
  EXPECT_EQ(problem_with("vip: 10.10.0.100, ", ""),
            "16:5: services[0].vip: missing; an IPv4 or IPv6 address is wanted");
  EXPECT_EQ(problem_with("name: outside, ", ""),
            "5:7: dataplane.ports[0].name: missing; 1 to 9 of a-z, 0-9 and - is wanted");
}

TEST(ConfigRefusal, NumbersHaveTheirRange) {
  EXPECT_EQ(problem_with("weight: 100", "weight: -1"),
            "13:40: pools.srs.backends[0].weight: -1 is not in 0..10000");
  EXPECT_EQ(problem_with("weight: 100", "weight: 10001"),
            "13:40: pools.srs.backends[0].weight: 10001 is not in 0..10000");
  EXPECT_EQ(problem_with("weight: 100", "weight: 1.5"),
            "13:40: pools.srs.backends[0].weight: \"1.5\" is not a whole number; one in 0..10000 is wanted");
  EXPECT_EQ(problem_with("workers: 1", "workers: 99999999999999999999"),
            "2:12: dataplane.workers: 99999999999999999999 is not in 1..64");
  EXPECT_EQ(problem_with("rise: 2", "rise: 0"), "11:87: pools.srs.health.rise: 0 is not in 1..100");
}

TEST(ConfigRefusal, DurationsWantTheirUnitAndRange) {
  const std::string field = "11:61: pools.srs.health.interval: ";
  const std::string wanted = "; a whole number with its unit (500ms, 1s, 2m, 1h) from 100ms to 1h is wanted";
  EXPECT_EQ(problem_with("interval: 1s", "interval: 1"), field + "\"1\" is no duration" + wanted);
  EXPECT_EQ(problem_with("interval: 1s", "interval: 1.5s"), field + "\"1.5s\" is no duration" + wanted);
  EXPECT_EQ(problem_with("interval: 1s", "interval: -1s"), field + "\"-1s\" is no duration" + wanted);
  EXPECT_EQ(problem_with("interval: 1s", "interval: 2h"), field + "2h is not from 100ms to 1h");
  EXPECT_EQ(problem_with("pick: maglev", "client_timeout: 1500ms"),
            "10:21: pools.srs.client_timeout: 1500ms is not a whole number of seconds");
  EXPECT_EQ(problem_with("interval: 1s", "interval: 1s, fast_interval: 2s"),
            "11:80: pools.srs.health.fast_interval: longer than interval; it is for looking again sooner");
}

TEST(ConfigRefusal, APortRangeReversedSaysTheRightOrder) {
  EXPECT_EQ(problem_with("port: 1935", "port: 8100-8000"),
            "16:58: services[0].port: 8100-8000 is reversed; 8000-8100 is wanted");
  EXPECT_EQ(problem_with("port: 1935", "port: 0"),
            "16:58: services[0].port: \"0\" is no port; 1..65535, a range as in 8000-8100, or any is wanted");
  EXPECT_EQ(
      problem_with("port: 1935", "port: 65536"),
      "16:58: services[0].port: \"65536\" is no port; 1..65535, a range as in 8000-8100, or any is wanted");
}

TEST(ConfigRefusal, AnUnknownWordNamesTheNearestOne) {
  EXPECT_EQ(problem_with("forward: nat", "forward: natt"),
            "16:84: services[0].forward: \"natt\" is unknown; did you mean nat?");
  EXPECT_EQ(problem_with("affinity: tuple", "affinity: sticky"),
            "17:99: services[1].affinity: \"sticky\" is unknown; tuple, source-ip, quic, dtls, ice, "
            "stream and srt are known");
  EXPECT_EQ(problem_with("pick: maglev", "pick: roundrobin"),
            "10:11: pools.srs.pick: \"roundrobin\" is unknown; maglev, wrr and least-load are known");
}

TEST(ConfigRefusal, AddressesThatAreNoneSayWhatTheyLookLike) {
  EXPECT_EQ(problem_with("vip: 10.10.0.100", "vip: 10.10.0"),
            "16:24: services[0].vip: \"10.10.0\" is no address; an IPv4 or IPv6 address is wanted");
  EXPECT_EQ(problem_with("vip: 10.10.0.100", "vip: 10.10.0.100/32"),
            "16:24: services[0].vip: \"10.10.0.100/32\" is no address; 10.10.0.100 is wanted");
  EXPECT_EQ(
      problem_with("vip: 10.10.0.100", "vip: 10.10.0.100:1935"),
      "16:24: services[0].vip: \"10.10.0.100:1935\" is no address; 10.10.0.100 is wanted, without a port");
  EXPECT_EQ(problem_with("vip: 10.10.0.100", "vip: 224.0.0.1"),
            "16:24: services[0].vip: 224.0.0.1 is no host's address");
  EXPECT_EQ(
      problem_with("[10.10.0.2/24]", "[10.10.0.2]"),
      "5:55: dataplane.ports[0].address[0]: 10.10.0.2 lacks the length of its network; 10.10.0.2/24, say, "
      "is wanted");
  EXPECT_EQ(problem_with("10.20.0.11,", "10.20.0.11:0,"),
            "13:20: pools.srs.backends[0].address: \"10.20.0.11:0\" is no backend; ADDRESS or ADDRESS:PORT "
            "([ADDRESS]:PORT for IPv6) is wanted");
}

TEST(ConfigRefusal, DevicesSayTheirKind) {
  const auto refused = [](const std::string& device) {
    const std::string field = "5:32: dataplane.ports[0].device: ";
    const std::string problem = problem_with("veth:eth1", device);
    return problem.starts_with(field) ? problem.substr(field.size()) : problem;
  };
  EXPECT_EQ(refused("eth1"), "\"eth1\" does not say its kind; nic:eth1 or veth:eth1 is wanted");
  EXPECT_EQ(refused("pci:eth1"), "\"eth1\" is no PCI address; one as in pci:0000:3b:00.0 is wanted");
  EXPECT_EQ(refused("veth:a-name-that-is-long"),
            "\"a-name-that-is-long\" is no interface name; one of 1 to 15 bytes, as in veth:eth1, is wanted");
  EXPECT_EQ(
      refused("tap:x"),
      "\"tap:x\" is no device; veth:IF, nic:IF, packet:IF, pci:ADDRESS or DPDK devargs (net_...) are known");
}

TEST(ConfigRefusal, BuffersOfAPortAreNotFewerThanItsRingsHoldNorMoreThanMemoryDoes) {
  for (const char* buffers : {"8190", "4194305"}) {
    const std::string problem =
        problem_with("gateway: 10.10.0.1", "gateway: 10.10.0.1, buffers: " + std::string(buffers));
    EXPECT_NE(
        problem.find("dataplane.ports[0].buffers: " + std::string(buffers) + " is not in 8191..4194304"),
        std::string::npos)
        << problem;
  }
}

TEST(ConfigRefusal, AnMtuIsOneThatIpAndNicsTake) {
  for (const char* mtu : {"1279", "9601"}) {
    const std::string problem =
        problem_with("gateway: 10.10.0.1", "gateway: 10.10.0.1, mtu: " + std::string(mtu));
    EXPECT_NE(problem.find("dataplane.ports[0].mtu: " + std::string(mtu) + " is not in 1280..9600"),
              std::string::npos)
        << problem;
  }
}

TEST(ConfigRefusal, ADeviceHasOneMtu) {
  const std::string inside = "    - { name: inside,";
  const std::string second = problem_with(
      inside, R"(    - { name: tagged, device: "veth:eth1", vlan: 7, mtu: 1400, address: 10.77.0.2/24 })"
              "\n" +
                  inside);
  EXPECT_NE(second.find("dataplane.ports[1].mtu: veth:eth1 is port outside's, too, and a device has one MTU"),
            std::string::npos)
      << second;
}

TEST(ConfigRefusal, NamesAreShortAndPlain) {
  EXPECT_EQ(
      problem_with("name: outside", "name: Outside"),
      "5:15: dataplane.ports[0].name: \"Outside\" is no port name; 1 to 9 of a-z, 0-9 and - are wanted");
  EXPECT_EQ(
      problem_with("name: rtmp", "name: \"rt mp\""),
      "16:13: services[0].name: \"rt mp\" is no name; 1 to 63 letters, digits, '.', '_' and '-' are wanted");
  EXPECT_EQ(problem_with("  srs:\n", "  s/s:\n"),
            "10:5: pools.s/s: \"s/s\" is no name; 1 to 63 letters, digits, '.', '_' and '-' are wanted");
}

TEST(ConfigRefusal, NatAddressesAreWholeNetworksOnce) {
  EXPECT_EQ(
      problem_with("10.20.0.100/30", "10.20.0.101/30"),
      "7:20: nat.addresses[0]: 10.20.0.101/30 begins inside its network; 10.20.0.100/30, or the address "
      "alone, is wanted");
  EXPECT_EQ(problem_with("[10.20.0.100/30]", "[10.20.0.100/30, 10.20.0.102]"),
            "7:36: nat.addresses[1]: LIP 10.20.0.102 is given twice");
  EXPECT_EQ(problem_with("10.20.0.100/30", "10.0.0.0/8"),
            "7:20: nat.addresses[0]: more LIPs than the 519 that are possible; a longer prefix is wanted");
}

TEST(ConfigRefusal, HealthChecksThatCannotBe) {
  const std::string http = "http: /api/v1/versions, port: 1985";
  EXPECT_EQ(
      problem_with(http, "http: /api/v1/versions"),
      "11:13: pools.srs.health: its port is missing; backend 10.20.0.11 names none either, so port: N is "
      "wanted");
  EXPECT_EQ(problem_with("http: ", "tcp: true, http: "),
            "11:32: pools.srs.health.http: tcp is given, too; one of them is wanted");
  EXPECT_EQ(problem_with(http, "tcp: false, port: 1985"),
            "11:20: pools.srs.health.tcp: false is not possible; leave it out, or health for no checks");
  EXPECT_EQ(problem_with(http, "tcp: true, status: 200"),
            "11:34: pools.srs.health.status: only http checks have it; http: /PATH is missing");
  EXPECT_EQ(
      problem_with("http: /api/v1/versions", "http: versions"),
      "11:21: pools.srs.health.http: \"versions\" is no path; one as in /api/v1/versions, without blanks, is "
      "wanted");
}

TEST(ConfigRefusal, AnApiOverTcpThatCannotBe) {
  const auto with = [](const std::string& tcp) {
    return problem_with("api.sock\" }", "api.sock\", tcp: " + tcp + " }");
  };
  EXPECT_NE(with("{ listen: \"10.20.0.2:9801\" }").find("api.tcp.token_file"), std::string::npos);
  EXPECT_NE(with("{ token_file: /etc/cleat/token }").find("api.tcp.listen"), std::string::npos);
  EXPECT_NE(with("{ listen: 10.20.0.2, token_file: /t }").find("\"10.20.0.2\" is no ADDRESS:PORT"),
            std::string::npos);
  EXPECT_NE(with("{ listen: \"10.20.0.2:9801\", token_file: token }").find("\"token\" is no full path"),
            std::string::npos);
  EXPECT_NE(with("{ listen: \"10.20.0.2:9801\", token_file: /t, tls: true }").find("tls"), std::string::npos);
}

TEST(ConfigRefusal, WhatIsNoYamlSaysWhere) {
  EXPECT_EQ(problem_of("dataplane: [\n"), "2:1: not YAML: end of sequence flow not found");
  const std::string second =
      "a second YAML document, or text behind the first; one file holds one configuration";
  EXPECT_EQ(problem_of("dataplane: 1\n---\nnat: 2\n"), "2:1: " + second);
  EXPECT_EQ(problem_of("{ dataplane: 1 }\nnat: 2\n"), "2:1: " + second);
  EXPECT_EQ(problem_of("? [a]\n: 1\n"), "1:3: a key must be one word");
}

TEST(ConfigRefusal, AMessageIsOneLineWhateverTheFileHolds) {
  const std::string problem = problem_with("workers: 1", "\"a\\nb\\e\": 1");
  EXPECT_TRUE(problem.starts_with("2:3: dataplane.a?b?: unknown key; ")) << problem;
  EXPECT_LT(problem_with("forward: nat", "forward: " + std::string(5000, 'x')).size(), 200u);
}

}  // namespace
}  // namespace control
