// SPDX-License-Identifier: MIT
// Mistakes that only two sections together make.
#include "tests/control/sample_config.h"

namespace control {
namespace {

using test::kSample;
using test::problem_of;
using test::problem_with;

constexpr char kThirdService[] = "api:";

std::string with_service(const std::string& fields) {
  return problem_with(kThirdService, "  - { name: third, " + fields + " }\napi:");
}

TEST(ConfigChecks, AVipTwiceNamesTheServiceThatHasIt) {
  const std::string problem =
      "18:25: services[2].vip: VIP 10.10.0.100 with this protocol and port is service rtmp's already; "
      "another "
      "VIP or port is wanted";
  EXPECT_EQ(with_service("vip: 10.10.0.100, protocol: tcp, port: 1935, pool: srs"), problem);
  EXPECT_EQ(with_service("vip: 10.10.0.100, protocol: udp, port: 1935, pool: srs"), "");
}

TEST(ConfigChecks, PortRangesOfOneVipDoNotOverlap) {
  const auto two = [](const std::string& first, const std::string& second) {
    return with_service("vip: 10.10.0.9, protocol: tcp, port: " + first +
                        ", pool: srs }\n  - { name: fourth, vip: 10.10.0.9, protocol: tcp, port: " + second +
                        ", pool: srs");
  };
  const std::string problem =
      "19:26: services[3].vip: VIP 10.10.0.9 with this protocol and port is service third's already; another "
      "VIP "
      "or port is wanted";
  EXPECT_EQ(two("100-200", "200-300"), problem);
  EXPECT_EQ(two("200-300", "100-200"), problem);
  EXPECT_EQ(two("100-400", "200-300"), problem);
  EXPECT_EQ(two("any", "200-300"), problem);
  EXPECT_EQ(two("100-199", "200-300"), "");
}

TEST(ConfigChecks, NamesAreGivenOnce) {
  EXPECT_EQ(problem_with("name: rtc", "name: rtmp"),
            "17:13: services[1].name: service rtmp is given twice; every service has a name of its own");
  EXPECT_EQ(problem_with("name: inside", "name: outside"),
            "6:15: dataplane.ports[1].name: port outside is given twice");
  EXPECT_EQ(problem_with("veth:eth2", "veth:eth1"),
            "6:32: dataplane.ports[1].device: veth:eth1 is port outside's, too; ports on one device want a "
            "`vlan` each, "
            "and one may do without");
  EXPECT_EQ(problem_with("address: 10.20.0.12", "address: 10.20.0.11"),
            "14:9: pools.srs.backends[1]: backend 10.20.0.11 is given twice in this pool; keep one");
}

TEST(ConfigChecks, PortsOnOneDeviceHaveAVlanEach) {
  const auto second = [](const std::string& vlan) {
    return problem_with("veth:eth2\"", "veth:eth1\", vlan: " + vlan);
  };
  EXPECT_EQ(second("7"), "");
  EXPECT_EQ(second("4095"), "6:51: dataplane.ports[1].vlan: 4095 is not in 1..4094");
  std::string both = test::sample_with("veth:eth2\"", "veth:eth1\", vlan: 7");
  both.insert(both.find("veth:eth1\"") + 10, ", vlan: 7");
  EXPECT_EQ(
      problem_of(both),
      "6:32: dataplane.ports[1].device: veth:eth1 is port outside's, too, with VLAN 7; ports on one device "
      "want a `vlan` each, and one may do without");
}

TEST(ConfigChecks, AnUnknownPoolNamesTheNearestOne) {
  EXPECT_EQ(problem_with("pool: srs", "pool: sr"),
            "16:70: services[0].pool: no pool is called \"sr\"; did you mean srs?");
}

TEST(ConfigChecks, AnEmptyPoolIsRefused) {
  EXPECT_EQ(problem_with("services:\n", "  none: { backends: [] }\nservices:\n"),
            "15:21: pools.none.backends: an empty pool; at least one backend is wanted");
}

TEST(ConfigChecks, NatNeedsALipOfTheBackendsFamily) {
  EXPECT_EQ(problem_with("10.20.0.100/30", "2001:db8::100"),
            "16:5: services[0]: nat needs a local address (LIP) of the backends' family; an IPv4 address in "
            "nat.addresses, or forward: dsr, is wanted");
  EXPECT_EQ(problem_with("nat: { addresses: [10.20.0.100/30] }\n", "").substr(0, 17), "15:5: services[0]");
}

TEST(ConfigChecks, DsrNeedsBackendsBesideAPortAndWithoutPorts) {
  const std::string yaml = test::sample_with("forward: nat", "forward: dsr");
  EXPECT_EQ(problem_of(yaml), "");
  const auto refused = [&](const std::string& backend) {
    std::string text = yaml;
    return problem_of(text.replace(text.find("10.20.0.12"), 10, backend));
  };
  EXPECT_EQ(refused("10.20.0.12:19350"),
            "16:84: services[0].forward: only nat can change the port, but backend 10.20.0.12:19350 of pool "
            "srs names "
            "one; forward: nat, or backends without ports, are wanted");
  EXPECT_EQ(refused("10.99.0.12"),
            "16:84: services[0].forward: dsr needs its backends on a port's own network, backend 10.99.0.12 "
            "of pool "
            "srs is not; forward: nat is wanted");
}

TEST(ConfigChecks, CleatsOwnAddressesDoNotMeetTheKernels) {
  EXPECT_EQ(
      problem_with("vip: 10.10.0.100", "vip: 10.10.0.2"),
      "16:24: services[0].vip: 10.10.0.2 is the own address of port outside, which the kernel answers for; "
      "another is wanted");
  EXPECT_EQ(
      problem_with("[10.20.0.100/30]", "[10.20.0.100/30, 10.20.0.2]"),
      "7:36: nat.addresses[1]: 10.20.0.2 is the own address of port inside, which the kernel answers for; "
      "another is wanted");
  EXPECT_EQ(problem_with("vip: 10.10.0.100", "vip: 10.20.0.101"),
            "16:24: services[0].vip: 10.20.0.101 is also one of nat.addresses; a VIP and a LIP must differ");
  EXPECT_EQ(problem_with("vip: 10.10.0.100", "vip: 10.10.0.1"),
            "16:24: services[0].vip: 10.10.0.1 is a gateway; another is wanted");
  EXPECT_EQ(
      problem_with("vip: 10.10.0.100", "vip: 10.10.0.255"),
      "16:24: services[0].vip: 10.10.0.255 is the network or broadcast address of 10.10.0.2/24; a host's is "
      "wanted");
}

TEST(ConfigChecks, GatewaysAreOnLinkAndOneOfAFamily) {
  EXPECT_EQ(
      problem_with("gateway: 10.10.0.1", "gateway: 10.11.0.1"),
      "5:79: dataplane.ports[0].gateway: 10.11.0.1 is on no network of port outside; a gateway must share "
      "one with it");
  EXPECT_EQ(problem_with("gateway: 10.10.0.1", "gateway: 10.10.0.2"),
            "5:79: dataplane.ports[0].gateway: 10.10.0.2 is the port's own address");
  EXPECT_EQ(
      problem_with("gateway: 10.10.0.1", "gateway: [10.10.0.1, 10.10.0.3]"),
      "5:91: dataplane.ports[0].gateway[1]: a second IPv4 gateway; a port has at most one of each family");
  EXPECT_EQ(problem_with("[10.20.0.2/24]", "[10.20.0.2/24], gateway: 10.20.0.1"),
            "6:79: dataplane.ports[1].gateway: a second IPv4 gateway; port outside has one");
}

TEST(ConfigChecks, PortsHaveNetworksOfTheirOwn) {
  EXPECT_EQ(problem_with("[10.20.0.2/24]", "[10.10.0.2/25]"),
            "6:55: dataplane.ports[1].address[0]: 10.10.0.2 is given twice; port outside has it");
  EXPECT_EQ(
      problem_with("[10.20.0.2/24]", "[10.10.0.3/24]"),
      "6:55: dataplane.ports[1].address[0]: the network of 10.10.0.3/24 is port outside's, too; each port "
      "wants a network of its own");
  EXPECT_EQ(
      problem_with("[10.20.0.2/24]", "[10.20.0.255/24]"),
      "6:55: dataplane.ports[1].address[0]: 10.20.0.255/24 is the network's own or its broadcast address; a "
      "host's is wanted");
}

TEST(ConfigChecks, ABackendIsAnotherHostThatCanBeReached) {
  EXPECT_EQ(
      problem_with("address: 10.20.0.11", "address: 10.20.0.2"),
      "13:20: pools.srs.backends[0].address: 10.20.0.2 is this balancer's own; a backend is another host");
  EXPECT_EQ(problem_with("address: 10.20.0.11", "address: 10.10.0.100"),
            "16:24: services[0].vip: backend 10.10.0.100 of pool srs is the VIP itself");
  EXPECT_EQ(problem_with("address: 10.20.0.11", "address: \"2001:db8::11\""),
            "13:20: pools.srs.backends[0].address: 2001:db8::11 is on no port's network and there is no IPv6 "
            "gateway; a port with an address beside it, or a gateway, is wanted");
}

TEST(ConfigChecks, NatTranslatesBetweenFamiliesAndDsrCannot) {
  EXPECT_EQ(problem_with("vip: 10.10.0.100", "vip: 2001:db8::100"), "");
  std::string dsr = test::sample_with("vip: 10.10.0.100", "vip: 2001:db8::100");
  EXPECT_EQ(
      problem_of(dsr.replace(dsr.find("forward: nat"), 12, "forward: dsr")),
      "16:72: services[0].pool: backend 10.20.0.11 of pool srs is IPv4, the VIP IPv6; dsr needs a pool of "
      "the VIP's family, nat translates");
}

}  // namespace
}  // namespace control
