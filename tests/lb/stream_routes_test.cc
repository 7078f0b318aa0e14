// SPDX-License-Identifier: MIT
// Streams of one service that have their servers in other pools, by vhost and app.
#include <gtest/gtest.h>

#include "lb/place_stream.h"
#include "lb/seam.h"
#include "tests/lb/rig.h"

namespace lb::test {
namespace {

// Pool "srs" has 10.20.0.11 to .13, pool "other" .21 and .22.
void with_routes(SnapshotSpec& spec) {
  PoolSpec other = pool(spec, "srs");
  other.name = "other";
  other.backends = {{ip("10.20.0.21"), 0, 100}, {ip("10.20.0.22"), 0, 100}};
  spec.pools.push_back(other);
  ServiceSpec& rtmp = service(spec, "rtmp");
  rtmp.affinity = Affinity::kStream;
  rtmp.vhosts = {"customer.a"};
  rtmp.routes = {{"customer.a", "", "other"}, {"", "vod", "other"}};
}

class StreamRoutes : public ::testing::Test {
 protected:
  std::string place(const StreamAsk& ask) {
    Packet packet;
    packet.src = ip("198.51.100.7");
    packet.dst = ip("10.10.0.100");
    packet.service = &rig_.snapshot().services[0];
    const auto placed = place_stream(rig_.worker(), rig_.snapshot(), rig_.now(), packet, ask);
    if (!placed) return "nobody";
    stream_ = placed->stream;
    return rig_.snapshot().backends[placed->backend].address.to_string();
  }
  static StreamAsk ask(StreamRole role, const char* vhost, const char* app, const std::string& stream) {
    StreamAsk ask;
    ask.role = role;
    ask.key = *StreamKey::make(vhost, app, stream);
    return ask;
  }
  static bool in_other(const std::string& address) { return address.starts_with("10.20.0.2"); }

  Rig rig_{with_routes};
  uint32_t stream_ = 0;
};

TEST_F(StreamRoutes, AStreamGoesToAServerOfItsRoutesPool) {
  for (unsigned i = 0; i < 40; ++i) {
    const std::string name = "cam" + std::to_string(i);
    EXPECT_TRUE(in_other(place(ask(StreamRole::kPublish, "customer.a", "live", name)))) << i;
    EXPECT_TRUE(in_other(place(ask(StreamRole::kPlay, "", "vod", name)))) << i;
    EXPECT_FALSE(in_other(place(ask(StreamRole::kPublish, "", "live", name)))) << i;
  }
}

TEST_F(StreamRoutes, PublisherAndPlayersOfARoutedStreamMeet) {
  const std::string server = place(ask(StreamRole::kPublish, "customer.a", "live", "cam"));
  const uint32_t stream = stream_;
  for (unsigned i = 0; i < 10; ++i)
    EXPECT_EQ(place(ask(StreamRole::kPlay, "customer.a", "live", "cam")), server);
  EXPECT_EQ(stream_, stream);
}

TEST_F(StreamRoutes, OfTwoReadingsTheKnownOneIsFoundInItsOwnPool) {
  const std::string server = place(ask(StreamRole::kPublish, "", "vod", "a"));
  StreamAsk two = ask(StreamRole::kPlay, "", "live", "a");
  two.other = StreamKey::make("", "vod", "a");
  EXPECT_EQ(place(two), server);
}

TEST_F(StreamRoutes, WhatNamesNoStreamGoesToTheServicesOwnPool) {
  StreamAsk other;
  for (unsigned i = 0; i < 20; ++i) EXPECT_FALSE(in_other(place(other)));
}

TEST_F(StreamRoutes, AnotherPoolsHealthDoesNotMatter) {
  ASSERT_TRUE(rig_.reload([](SnapshotSpec& spec) {
    for (BackendSpec& backend : pool(spec, "other").backends) backend.weight = 0;
  }));
  EXPECT_EQ(place(ask(StreamRole::kPublish, "customer.a", "live", "cam")), "nobody");
  EXPECT_NE(place(ask(StreamRole::kPublish, "", "live", "cam")), "nobody");
}

TEST_F(StreamRoutes, OnesThatCannotBeAreRefused) {
  const auto refusal = [this](const Rig::Edit& edit) { return rig_.reload(edit) ? "" : rig_.error(); };
  EXPECT_EQ(refusal([](SnapshotSpec& s) { service(s, "rtmp").routes[0].pool = "none"; }),
            "service rtmp: no pool is called none");
  EXPECT_EQ(refusal([](SnapshotSpec& s) {
              service(s, "rtmp").routes[0] = {"", "", "other"};
            }),
            "service rtmp: a route names a vhost, an app or both");
  EXPECT_EQ(
      refusal([](SnapshotSpec& s) {
        service(s, "rtmp").routes[1].pool = "srs6";
        s.lips.resize(1);
      }),
      "service rtmp: nat to backend 2001:db8:20::11 needs a LIP of its address family in nat.addresses");
  EXPECT_EQ(refusal([](SnapshotSpec& s) { service(s, "rtc").vhosts = {"a.example"}; }),
            "service rtc: vhosts and routes are for affinity stream and srt");
}

}  // namespace
}  // namespace lb::test
