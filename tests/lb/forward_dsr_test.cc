// SPDX-License-Identifier: MIT
// dsr: addresses and ports stay, MAC addresses and TTL change, replies never come by.
#include <gtest/gtest.h>

#include "tests/lb/rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

struct Way {
  const char* name;
  FrameBuilder (*frame)(std::string_view, std::string_view);
  const char *client, *vip, *service;
};

const Way kWays[] = {
    {"Tcp4", tcp, "198.51.100.7:40000", "10.10.0.100:1935", "rtmp"},
    {"Udp4", udp, "198.51.100.7:40000", "10.10.0.100:8000", "rtc"},
    {"Tcp6", tcp, "[2001:db8:c::7]:40000", "[2001:db8:10::100]:1935", "rtmp6"},
    {"Udp6", udp, "[2001:db8:c::7]:40000", "[2001:db8:10::100]:8000", "rtc6"},
};

void dsr(SnapshotSpec& spec) {
  for (PoolSpec& each : spec.pools) each.backends.resize(1);
  for (ServiceSpec& each : spec.services) each.forward = Forward::kDsr;
  spec.lips.clear();
}

class ForwardDsr : public testing::TestWithParam<Way> {
 protected:
  FrameBuilder from_client() { return GetParam().frame(GetParam().client, GetParam().vip); }
  FrameBuilder to_backend() { return from_client().from(kInsideMac).to(backend_mac(11)); }
  Rig rig_{dsr};
};
INSTANTIATE_TEST_SUITE_P(Ways, ForwardDsr, testing::ValuesIn(kWays),
                         [](const auto& way) { return way.param.name; });

TEST_P(ForwardDsr, OnlyMacAddressesAndTtlChange) {
  const Outcome out = rig_.send(from_client().syn().ttl(57).payload("odd").padding(9));

  ASSERT_EQ(out.action, Action::kTx) << out;
  EXPECT_EQ(out.port, kInside);
  EXPECT_EQ(difference(out.frame, to_backend().syn().ttl(56).payload("odd")), "");
}

TEST_P(ForwardDsr, TheLastHopIsNotForwarded) {
  EXPECT_EQ(to_string(rig_.send(from_client().ttl(1))), "drop ttl_expired");
}

TEST_P(ForwardDsr, AFlowKeepsItsBackendWhenAnotherIsAdded) {
  rig_.send(from_client());
  ASSERT_TRUE(rig_.reload([](SnapshotSpec& spec) {
    spec.pools[0].backends = {{ip("10.20.0.12"), 0, 100}, {ip("10.20.0.11"), 0, 0}};
    spec.pools[1].backends = {{ip("2001:db8:20::12"), 0, 100}, {ip("2001:db8:20::11"), 0, 0}};
  }));

  EXPECT_EQ(rig_.send(from_client()).fields().destination_mac, backend_mac(11));
  EXPECT_EQ(rig_.send(from_client().syn().from(backend_mac(99))).fields().destination_mac, backend_mac(11));
}

// A mid-flow segment of a flow that this balancer has not seen (a restart, another balancer) goes where Maglev says.
TEST_P(ForwardDsr, AnUnknownFlowInMidStreamIsTakenOver) {
  EXPECT_EQ(rig_.send(from_client().flags(tcp_flag::kAck).payload("data")).action, Action::kTx);
  EXPECT_EQ(rig_.open_flows(GetParam().service), 1);
}

// Its flow has no slot to be sent from.
TEST_P(ForwardDsr, AFlowBeginsAnewWhenItsServiceBecomesNat) {
  ASSERT_EQ(to_string(rig_.send(from_client().syn())), "tx");
  ASSERT_EQ(to_string(rig_.send(from_client())), "tx");
  ASSERT_TRUE(rig_.reload([](SnapshotSpec& spec) {
    for (ServiceSpec& each : spec.services) each.forward = Forward::kNat;
    spec.lips = {ip("10.20.0.100"), ip("2001:db8:20::100")};
  }));

  const Outcome middle = rig_.send(from_client());
  EXPECT_EQ(to_string(middle), GetParam().frame == tcp ? "drop no_flow" : "tx");
  const Outcome anew = rig_.send(from_client().syn());

  ASSERT_EQ(to_string(anew), "tx");
  EXPECT_TRUE(rig_.snapshot().addresses.find(anew.fields().source.address) != nullptr)
      << anew.fields().source.to_string();
  EXPECT_EQ(rig_.open_flows(GetParam().service), 1);
}

}  // namespace
}  // namespace lb
