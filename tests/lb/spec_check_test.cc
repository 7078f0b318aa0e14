// SPDX-License-Identifier: MIT
#include "lb/spec_check.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/lb/rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

std::string refusal(const std::function<void(SnapshotSpec&)>& edit) {
  SnapshotSpec spec = two_armed_spec();
  edit(spec);
  const Status status = check(spec);
  return status.ok() ? "" : status.error();
}
// A fifth service beside the four of the rig.
ServiceSpec& added(SnapshotSpec& spec, uint16_t first, uint16_t last) {
  spec.services.push_back(service(spec, "rtc"));
  ServiceSpec& each = spec.services.back();
  each.name = "added";
  each.port_first = first;
  each.port_last = last;
  return each;
}

TEST(SpecCheck, AcceptsWhatIsRight) {
  EXPECT_EQ(refusal([](SnapshotSpec&) {}), "");
  EXPECT_EQ(refusal([](SnapshotSpec& s) { s = {}; }), "");
  EXPECT_EQ(refusal([](SnapshotSpec& s) { s.pools[0].backends.clear(); }), "");
  EXPECT_EQ(refusal([](SnapshotSpec& s) {
              s.pools[0].backends.push_back({ip("10.20.0.11"), 19350, 1});
            }),
            "");
}

TEST(SpecCheck, NamesMayNotRepeat) {
  EXPECT_EQ(refusal([](SnapshotSpec& s) { s.services[1].name = "rtmp"; }), "service rtmp is given twice");
  EXPECT_EQ(refusal([](SnapshotSpec& s) { s.pools[1].name = "srs"; }), "pool srs is given twice");
}

TEST(SpecCheck, AddressesMayNotRepeat) {
  EXPECT_EQ(refusal([](SnapshotSpec& s) { s.lips.push_back(s.lips[0]); }), "LIP 10.20.0.100 is given twice");
  EXPECT_EQ(refusal([](SnapshotSpec& s) { s.pools[0].backends[1] = s.pools[0].backends[0]; }),
            "pool srs: backend 10.20.0.11 is given twice");
  EXPECT_EQ(refusal([](SnapshotSpec& s) { s.lips.push_back(ip("10.10.0.100")); }),
            "service rtmp: its VIP 10.10.0.100 is a LIP, too; they must be apart");
}

TEST(SpecCheck, APortBelongsToOneService) {
  EXPECT_EQ(refusal([](SnapshotSpec& s) { added(s, 8000, 8000); }),
            "service added: port 8000 of VIP 10.10.0.100 belongs to service rtc");
  EXPECT_EQ(refusal([](SnapshotSpec& s) { added(s, 8000, 8000).protocol = Protocol::kTcp; }), "");
  EXPECT_EQ(refusal([](SnapshotSpec& s) { added(s, 1, 65535); }), "") << "an exact port beats a range";
  EXPECT_EQ(refusal([](SnapshotSpec& s) {
              service(s, "rtc").port_last = 8009;
              added(s, 8009, 9000);
            }),
            "service added: port 8009 of VIP 10.10.0.100 belongs to service rtc");
}

TEST(SpecCheck, ValuesOutOfRangeAreNamed) {
  EXPECT_EQ(refusal([](SnapshotSpec& s) { s.services[0].port_first = 1936; }),
            "service rtmp: its port range is reversed");
  EXPECT_EQ(refusal([](SnapshotSpec& s) { s.services[0].port_first = 0; }),
            "service rtmp: its port range is reversed");
  EXPECT_EQ(refusal([](SnapshotSpec& s) { s.services[0].protocol = Protocol::kIcmp; }),
            "service rtmp: its protocol is neither tcp nor udp");
  EXPECT_EQ(refusal([](SnapshotSpec& s) { s.services[0].idle_timeout_s = 0; }),
            "service rtmp: its idle time-out is not in 1..14400 s");
  EXPECT_EQ(refusal([](SnapshotSpec& s) { s.pools[0].client_timeout_s = 14401; }),
            "pool srs: its clients' time-out is not in 1..14400 s");
  EXPECT_EQ(refusal([](SnapshotSpec& s) { s.pools[0].backends[0].weight = 1'000'001; }),
            "pool srs: backend 10.20.0.11: its weight is not in 0..1000000");
}

TEST(SpecCheck, SrtIsOneUdpPortInNat) {
  const auto edited = [](const char* name, const std::function<void(ServiceSpec&)>& edit) {
    return refusal([&](SnapshotSpec& s) {
      service(s, name).affinity = Affinity::kSrt;
      edit(service(s, name));
    });
  };
  const std::string only = ": affinity srt is for one UDP port in nat";
  EXPECT_EQ(edited("rtc", [](ServiceSpec&) {}), "");
  EXPECT_EQ(edited("rtmp", [](ServiceSpec&) {}), "service rtmp" + only);
  EXPECT_EQ(edited("rtc", [](ServiceSpec& s) { s.forward = Forward::kDsr; }), "service rtc" + only);
  EXPECT_EQ(edited("rtc", [](ServiceSpec& s) { s.port_last = 8009; }), "service rtc" + only);
}

TEST(SpecCheck, WhatIsOfTcpIsRefusedElsewhere) {
  EXPECT_EQ(refusal([](SnapshotSpec& s) { service(s, "rtmp").proxy_protocol = true; }), "");
  EXPECT_EQ(refusal([](SnapshotSpec& s) { service(s, "rtc").proxy_protocol = true; }),
            "service rtc: the PROXY protocol is for TCP in nat");
  EXPECT_EQ(refusal([](SnapshotSpec& s) {
              service(s, "rtmp").forward = Forward::kDsr;
              service(s, "rtmp").proxy_protocol = true;
            }),
            "service rtmp: the PROXY protocol is for TCP in nat");
  EXPECT_EQ(refusal([](SnapshotSpec& s) { service(s, "rtmp").mss = 536; }), "");
  for (const auto& [name, mss] : {std::pair("rtmp", 535), {"rtmp", 8961}, {"rtc", 1000}})
    EXPECT_EQ(refusal([&](SnapshotSpec& s) { service(s, name).mss = static_cast<uint16_t>(mss); }),
              "service " + std::string(name) + ": an MSS is of TCP, 536..8960");
}

TEST(SpecCheck, ABackendMustBeReachableInTheServicesMode) {
  EXPECT_EQ(refusal([](SnapshotSpec& s) { s.services[0].pool = "srs6"; }), "") << "nat translates";
  EXPECT_EQ(refusal([](SnapshotSpec& s) {
              s.services[0].pool = "srs6";
              s.services[0].forward = Forward::kDsr;
            }),
            "service rtmp: backend 2001:db8:20::11 is not of the VIP's address family");
  EXPECT_EQ(refusal([](SnapshotSpec& s) { s.lips.erase(s.lips.begin()); }),
            "service rtmp: nat to backend 10.20.0.11 needs a LIP of its address family in nat.addresses");
  EXPECT_EQ(refusal([](SnapshotSpec& s) {
              s.services[0].forward = Forward::kDsr;
              s.pools[0].backends[0].port = 19350;
            }),
            "service rtmp: only nat can change the port, but backend 10.20.0.11:19350 names one");
  EXPECT_EQ(refusal([](SnapshotSpec& s) {
              s.services[0].forward = Forward::kDsr;
              s.pools[0].backends[0].address = ip("192.0.2.1");
            }),
            "service rtmp: dsr needs backend 192.0.2.1 on a port's own network");
}

}  // namespace
}  // namespace lb
