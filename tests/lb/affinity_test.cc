// SPDX-License-Identifier: MIT
// `tuple` and `source-ip`: which backend a flow has, and what moves it.
#include <gtest/gtest.h>

#include <set>

#include "tests/lb/rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

std::string client(unsigned n, unsigned port = 40000) {
  return "198.51." + std::to_string(n / 250) + "." + std::to_string(1 + n % 250) + ":" + std::to_string(port);
}
std::string client6(unsigned net, unsigned host, unsigned port = 40000) {
  char text[64];
  std::snprintf(text, sizeof(text), "[2001:db8:c:%x::%x]:%u", net, host, port);
  return text;
}
IpAddress backend_of(const Outcome& outcome) {
  EXPECT_EQ(to_string(outcome), "tx");
  return outcome.action == Action::kTx ? outcome.fields().destination.address : IpAddress{};
}

void by_source_ip(SnapshotSpec& spec) {
  for (ServiceSpec& each : spec.services) each.affinity = Affinity::kSourceIp;
}
void weights(SnapshotSpec& spec, std::initializer_list<uint32_t> values) {
  for (PoolSpec& each : spec.pools)
    for (size_t i = 0; i < each.backends.size(); ++i) each.backends[i].weight = std::data(values)[i];
}

TEST(AffinityTuple, EachFlowKeepsItsBackend) {
  Rig rig;
  std::set<IpAddress> seen;
  for (unsigned n = 0; n < 50; ++n) {
    const IpAddress first = backend_of(rig.send(tcp(client(n), "10.10.0.100:1935").syn()));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(backend_of(rig.send(tcp(client(n), "10.10.0.100:1935"))), first);
    seen.insert(first);
  }
  EXPECT_EQ(seen.size(), 3U);
}

TEST(AffinityTuple, OpenFlowsStayWhenWeightsChange) {
  Rig rig;
  std::vector<IpAddress> before;
  for (unsigned n = 0; n < 60; ++n)
    before.push_back(backend_of(rig.send(udp(client(n), "10.10.0.100:8000"))));

  ASSERT_TRUE(rig.reload([](SnapshotSpec& spec) { weights(spec, {0, 0, 100}); }));

  for (unsigned n = 0; n < 60; ++n)
    EXPECT_EQ(backend_of(rig.send(udp(client(n), "10.10.0.100:8000"))), before[n]) << n;
  for (unsigned n = 100; n < 130; ++n)
    EXPECT_EQ(backend_of(rig.send(udp(client(n), "10.10.0.100:8000"))), ip("10.20.0.13")) << "new: " << n;
}

TEST(AffinityTuple, OpenFlowsOfARemovedBackendGoOn) {
  Rig rig([](SnapshotSpec& spec) { pool(spec, "srs").backends.resize(1); });
  const FrameFields before = rig.send(tcp(client(1), "10.10.0.100:1935").syn()).fields();

  ASSERT_TRUE(rig.reload([](SnapshotSpec& spec) {
    pool(spec, "srs").backends = {{ip("10.20.0.12"), 0, 100}};
  }));

  EXPECT_EQ(backend_of(rig.send(tcp(client(1), "10.10.0.100:1935"))), ip("10.20.0.11"));
  const auto reply = tcp("10.20.0.11:1935", before.source.to_string()).to(kInsideMac);
  EXPECT_EQ(rig.send(reply, kInside).fields().destination.to_string(), client(1));
  EXPECT_EQ(backend_of(rig.send(tcp(client(2), "10.10.0.100:1935").syn())), ip("10.20.0.12"));
}

TEST(AffinityTuple, WithoutABackendThatTakesSessionsTheNewAreDroppedAndTheOldGoOn) {
  Rig rig;
  rig.send(udp(client(1), "10.10.0.100:8000"));

  ASSERT_TRUE(rig.reload([](SnapshotSpec& spec) { weights(spec, {0, 0, 0}); }));

  EXPECT_EQ(to_string(rig.send(udp(client(1), "10.10.0.100:8000"))), "tx");
  EXPECT_EQ(to_string(rig.send(udp(client(2), "10.10.0.100:8000"))), "drop no_backend");
}

TEST(AffinitySourceIp, OneClientHasOneBackendAcrossAllServicesOfAPool) {
  Rig rig(by_source_ip);
  std::set<IpAddress> seen;
  for (unsigned n = 0; n < 40; ++n) {
    const IpAddress first = backend_of(rig.send(tcp(client(n), "10.10.0.100:1935").syn()));
    seen.insert(first);
    for (unsigned port = 50000; port < 50003; ++port) {
      EXPECT_EQ(backend_of(rig.send(tcp(client(n, port), "10.10.0.100:1935").syn())), first);
      EXPECT_EQ(backend_of(rig.send(udp(client(n, port), "10.10.0.100:8000"))), first);
    }
  }
  EXPECT_EQ(seen.size(), 3U);
}

TEST(AffinitySourceIp, AClientStaysWhenWeightsChange) {
  Rig rig(by_source_ip);
  std::vector<IpAddress> before;
  for (unsigned n = 0; n < 40; ++n)
    before.push_back(backend_of(rig.send(tcp(client(n), "10.10.0.100:1935").syn())));

  ASSERT_TRUE(rig.reload([](SnapshotSpec& spec) { weights(spec, {1, 500, 30}); }));

  for (unsigned n = 0; n < 40; ++n)
    EXPECT_EQ(backend_of(rig.send(udp(client(n, 50000), "10.10.0.100:8000"))), before[n]) << n;
}

TEST(AffinitySourceIp, AClientOfADrainedBackendMovesWithNewSessionsOnly) {
  Rig rig(by_source_ip);
  const IpAddress first = backend_of(rig.send(tcp(client(1), "10.10.0.100:1935").syn()));

  ASSERT_TRUE(rig.reload([&](SnapshotSpec& spec) {
    for (BackendSpec& each : pool(spec, "srs").backends)
      if (each.address == first) each.weight = 0;
  }));

  EXPECT_EQ(backend_of(rig.send(tcp(client(1), "10.10.0.100:1935"))), first);
  const IpAddress second = backend_of(rig.send(udp(client(1, 50000), "10.10.0.100:8000")));
  EXPECT_NE(second, first);
  EXPECT_EQ(backend_of(rig.send(tcp(client(1, 50001), "10.10.0.100:1935").syn())), second)
      << "they stay together";
}

TEST(AffinitySourceIp, AnIpv6HouseholdIsOneClient) {
  Rig rig(by_source_ip);
  std::set<IpAddress> seen;
  for (unsigned net = 0; net < 20; ++net) {
    const IpAddress first = backend_of(rig.send(tcp(client6(net, 1), "[2001:db8:10::100]:1935").syn()));
    seen.insert(first);
    for (unsigned host = 2; host < 5; ++host)
      EXPECT_EQ(backend_of(rig.send(udp(client6(net, host), "[2001:db8:10::100]:8000"))), first);
  }
  EXPECT_EQ(seen.size(), 3U);
}

TEST(AffinitySourceIp, PoolsRememberTheirClientsApart) {
  Rig rig([](SnapshotSpec& spec) {
    by_source_ip(spec);
    spec.pools.push_back(pool(spec, "srs"));
    spec.pools.back().name = "other";
    spec.pools.back().backends = {{ip("10.20.0.13"), 0, 100}};
    pool(spec, "srs").backends = {{ip("10.20.0.11"), 0, 100}};
    service(spec, "rtc").pool = "other";
  });

  EXPECT_EQ(backend_of(rig.send(tcp(client(1), "10.10.0.100:1935").syn())), ip("10.20.0.11"));
  EXPECT_EQ(backend_of(rig.send(udp(client(1), "10.10.0.100:8000"))), ip("10.20.0.13"));
}

TEST(AffinitySourceIp, AnIdleClientIsForgottenAfterItsTimeOut) {
  Rig rig([](SnapshotSpec& spec) {
    by_source_ip(spec);
    for (ServiceSpec& each : spec.services) each.idle_timeout_s = 5;
    pool(spec, "srs").client_timeout_s = 60;
    weights(spec, {100, 0, 0});
  });
  rig.send(udp(client(1), "10.10.0.100:8000"));
  ASSERT_TRUE(rig.reload([](SnapshotSpec& spec) { weights(spec, {1, 1'000'000, 0}); }));

  rig.wait_s(40);
  EXPECT_EQ(backend_of(rig.send(udp(client(1, 50000), "10.10.0.100:8000"))), ip("10.20.0.11"))
      << "still known";
  rig.jump_ms(61'000);
  rig.wait_s(12);
  EXPECT_EQ(backend_of(rig.send(udp(client(1, 50001), "10.10.0.100:8000"))), ip("10.20.0.12"))
      << "picked anew";
}

TEST(AffinitySourceIp, AClientIsRememberedAsLongAsItsFlowIsBusy) {
  Rig rig([](SnapshotSpec& spec) {
    by_source_ip(spec);
    pool(spec, "srs").client_timeout_s = 10;
    weights(spec, {100, 0, 0});
  });
  rig.send(tcp(client(1), "10.10.0.100:1935").syn());
  ASSERT_TRUE(rig.reload([](SnapshotSpec& spec) { weights(spec, {1, 1'000'000, 0}); }));
  for (int i = 0; i < 20; ++i) {
    rig.wait_s(2);
    rig.send(tcp(client(1), "10.10.0.100:1935"));
  }

  EXPECT_EQ(backend_of(rig.send(udp(client(1, 50001), "10.10.0.100:8000"))), ip("10.20.0.11"));
}

}  // namespace
}  // namespace lb
