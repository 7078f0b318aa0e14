// SPDX-License-Identifier: MIT
#include "lb/place_stream.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/lb/rig.h"

namespace lb::test {
namespace {

class PlaceStream : public ::testing::Test {
 protected:
  PlaceStream() : rig_([](SnapshotSpec& spec) { service(spec, "rtmp").affinity = Affinity::kStream; }) {}

  std::optional<Placed> place(std::string_view stream, StreamRole role = StreamRole::kPlay,
                              std::string_view other = "") {
    StreamAsk ask;
    ask.role = role;
    if (!stream.empty()) ask.key = *StreamKey::make("", "live", stream);
    if (!other.empty()) ask.other = *StreamKey::make("", "live", other);
    return place(ask);
  }
  std::optional<Placed> place(const StreamAsk& ask) {
    Packet packet;
    packet.src = ip("198.51.100.7");
    packet.src_port = static_cast<uint16_t>(40000 + placed_++);
    packet.dst = ip("10.10.0.100");
    packet.dst_port = 1935;
    packet.protocol = Protocol::kTcp;
    for (const Service& service : rig_.snapshot().services)
      if (service.affinity == Affinity::kStream) packet.service = &service;
    const auto placed = place_stream(rig_.worker(), rig_.snapshot(), rig_.now(), packet, ask);
    if (placed) rig_.counters().backends[placed->backend].flows_opened.add(1);
    return placed;
  }
  // It is let in there, too.
  BackendId publish(std::string_view stream, Publisher publisher = 1) {
    const Placed placed = place(stream, StreamRole::kPublish).value();
    rig_.worker().segment.streams().touch(placed.stream, true, rig_.now(), publisher);
    return placed.backend;
  }
  BackendSpec& backend(SnapshotSpec& spec, BackendId id) {
    for (BackendSpec& b : pool(spec, "srs").backends)
      if (b.address == rig_.snapshot().backends[id].address) return b;
    throw std::runtime_error("no such backend");
  }

  Rig rig_;
  unsigned placed_ = 0;
};

TEST_F(PlaceStream, AllOfOneStreamMeet) {
  const BackendId first = place("cam")->backend;
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(place("cam")->backend, first);
    EXPECT_EQ(place("cam", StreamRole::kPublish)->backend, first);
  }
}

TEST_F(PlaceStream, NoServerGetsMoreThanAQuarterAboveItsShare) {
  std::map<BackendId, unsigned> streams;
  for (int n = 0; n < 300; ++n) ++streams[place("cam" + std::to_string(n))->backend];
  EXPECT_EQ(streams.size(), 3U);
  for (const auto& [backend, count] : streams) EXPECT_LE(count, 126U) << backend;
}

TEST_F(PlaceStream, FlowsOfAFormerProcessThatEndLeaveTheBoundInForce) {
  const BackendId ended = rig_.snapshot().pools[0].entries[0].id;
  rig_.counters().backends[ended].flows_closed.add(1'000'000);
  std::map<BackendId, unsigned> streams;
  for (int n = 0; n < 300; ++n) ++streams[place("cam" + std::to_string(n))->backend];
  EXPECT_GT(streams[ended], 200U) << "it has none, as far as is known, and the others are full";
}

TEST_F(PlaceStream, WeightsCount) {
  rig_.reload([](SnapshotSpec& spec) { pool(spec, "srs").backends[0].weight = 400; });
  std::map<BackendId, unsigned> streams;
  for (int n = 0; n < 600; ++n) ++streams[place("cam" + std::to_string(n))->backend];
  for (const auto& [id, count] : streams) {
    const bool heavy = rig_.snapshot().backends[id].address == ip("10.20.0.11");
    EXPECT_NEAR(count, heavy ? 400 : 100, heavy ? 50 : 30);
  }
}

TEST_F(PlaceStream, PlayersFollowThePublisherToAServerThatDrains) {
  const BackendId first = publish("cam");
  rig_.reload([&](SnapshotSpec& spec) { backend(spec, first).weight = 0; });
  EXPECT_EQ(place("cam")->backend, first);
  EXPECT_NE(place("other")->backend, first);
}

TEST_F(PlaceStream, NextPublisherDecidesAnewWhenTheServerDrains) {
  const BackendId first = publish("cam");
  rig_.reload([&](SnapshotSpec& spec) { backend(spec, first).weight = 0; });
  rig_.wait_s(11);
  const BackendId second = place("cam", StreamRole::kPublish)->backend;
  EXPECT_NE(second, first);
  EXPECT_EQ(place("cam")->backend, second);
}

TEST_F(PlaceStream, APublisherWhoseServerEndedItGetsAnotherAtOnce) {
  const Placed placed = place("cam", StreamRole::kPublish).value();
  publish("cam", 5);
  rig_.reload([&](SnapshotSpec& spec) { backend(spec, placed.backend).weight = 0; });
  EXPECT_EQ(place("cam", StreamRole::kPublish)->backend, placed.backend);
  rig_.worker().segment.streams().end_publisher(placed.stream, 5);
  const BackendId second = place("cam", StreamRole::kPublish)->backend;
  EXPECT_NE(second, placed.backend);
  EXPECT_EQ(place("cam")->backend, second);
}

TEST_F(PlaceStream, APublisherThatADeadServerRefusesAgainAndAgainGetsAnother) {
  const BackendId first = publish("cam");
  rig_.reload([&](SnapshotSpec& spec) { backend(spec, first).weight = 0; });
  BackendId last = first;
  for (int tries = 0; tries < 12; ++tries) {
    last = place("cam", StreamRole::kPublish)->backend;
    rig_.wait_s(1);
  }
  EXPECT_NE(last, first);
  EXPECT_EQ(place("cam")->backend, last);
}

TEST_F(PlaceStream, PlayersOfADeadServersStreamGoWhereTheNextPublisherGoes) {
  const BackendId first = publish("cam");
  rig_.reload([&](SnapshotSpec& spec) {
    BackendSpec& dead = backend(spec, first);
    dead.weight = 0;
    dead.silent = true;
    dead.unanswered_ms = 1;
  });
  const BackendId second = place("cam")->backend;
  EXPECT_NE(second, first);
  EXPECT_EQ(place("cam", StreamRole::kPublish)->backend, second);
}

TEST_F(PlaceStream, ServerThatLeftTheConfigIsReplaced) {
  const BackendId first = publish("cam");
  rig_.reload([&](SnapshotSpec& spec) {
    auto& backends = pool(spec, "srs").backends;
    const IpAddress gone = rig_.snapshot().backends[first].address;
    std::erase_if(backends, [&](const BackendSpec& b) { return b.address == gone; });
  });
  EXPECT_NE(place("cam")->backend, first);
}

TEST_F(PlaceStream, SecondReadingOfANameCountsOnlyIfItIsKnown) {
  std::map<std::string, BackendId> where;
  for (int n = 0; n < 20; ++n) {
    const std::string stream = "cam" + std::to_string(n);
    where[stream] = place(stream, StreamRole::kPublish)->backend;
  }
  for (const auto& [stream, backend] : where)
    EXPECT_EQ(place(stream + "-17", StreamRole::kPlay, stream)->backend, backend);
}

TEST_F(PlaceStream, RequestForNoStreamGoesToAnybody) {
  StreamAsk ask;
  std::map<BackendId, unsigned> got;
  for (int n = 0; n < 60; ++n) ++got[place(ask)->backend];
  EXPECT_EQ(got.size(), 3U);
}

TEST_F(PlaceStream, WithoutServersThereIsNoPlace) {
  rig_.reload([](SnapshotSpec& spec) {
    for (BackendSpec& b : pool(spec, "srs").backends) b.weight = 0;
  });
  EXPECT_FALSE(place("cam"));
}

}  // namespace
}  // namespace lb::test
