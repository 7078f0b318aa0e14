// SPDX-License-Identifier: MIT
#include "lb/route_table.h"

#include <gtest/gtest.h>

#include "tests/lb/rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

std::string way(const RouteTable& routes, const char* destination) {
  const auto route = routes.find(ip(destination));
  return route ? std::to_string(route->port) + " " + route->next_hop.to_string() : "none";
}

TEST(RouteTable, OnLinkNeighboursAreReachedDirectly) {
  const RouteTable routes(two_armed_spec().ports);

  EXPECT_EQ(way(routes, "10.10.0.77"), "0 10.10.0.77");
  EXPECT_EQ(way(routes, "10.20.0.11"), "1 10.20.0.11");
  EXPECT_EQ(way(routes, "2001:db8:20::11"), "1 2001:db8:20::11");
}

TEST(RouteTable, EverybodyElseThroughTheGatewayOfTheirFamily) {
  const RouteTable routes(two_armed_spec().ports);

  EXPECT_EQ(way(routes, "198.51.100.7"), "0 10.10.0.1");
  EXPECT_EQ(way(routes, "10.20.1.1"), "0 10.10.0.1");
  EXPECT_EQ(way(routes, "2001:db8:c::7"), "0 2001:db8:10::1");
}

TEST(RouteTable, WithoutAGatewayThereIsNoWay) {
  auto ports = two_armed_spec().ports;
  ports[0].gateway_v4.reset();
  const RouteTable routes(ports);

  EXPECT_EQ(way(routes, "198.51.100.7"), "none");
  EXPECT_EQ(way(routes, "2001:db8:c::7"), "0 2001:db8:10::1");
  EXPECT_EQ(way(RouteTable(), "10.0.0.1"), "none");
}

TEST(RouteTable, TheLongestPrefixWins) {
  auto ports = two_armed_spec().ports;
  ports[0].addresses = {*Prefix::parse("10.0.0.1/8"), *Prefix::parse("2001:db8::1/32")};
  const RouteTable routes(ports);

  EXPECT_EQ(way(routes, "10.20.0.11"), "1 10.20.0.11");
  EXPECT_EQ(way(routes, "10.21.0.11"), "0 10.21.0.11");
  EXPECT_EQ(way(routes, "2001:db8:20::1"), "1 2001:db8:20::1");
  EXPECT_EQ(way(routes, "2001:db8:21::1"), "0 2001:db8:21::1");
}

TEST(RouteTable, APortSpeaksWithItsFirstAddressOfEachFamily) {
  auto ports = two_armed_spec().ports;
  ports[0].addresses.push_back(*Prefix::parse("10.11.0.2/24"));
  ports[1].addresses.resize(1);
  const RouteTable routes(ports);

  EXPECT_EQ(routes.own_address(0, Family::kIpv4), ip("10.10.0.2"));
  EXPECT_EQ(routes.own_address(0, Family::kIpv6), ip("2001:db8:10::2"));
  EXPECT_TRUE(routes.own_address(1, Family::kIpv6).is_unset());
  EXPECT_TRUE(routes.own_address(9, Family::kIpv4).is_unset());
}

}  // namespace
}  // namespace lb
