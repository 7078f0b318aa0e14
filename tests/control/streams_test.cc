// SPDX-License-Identifier: MIT
// GET /v1/streams, /v1/streams/where, POST /v1/streams/move and /v1/streams/forget, and the counts of streams.
#include "control/streams.h"

#include <set>

#include "control/stream_stats.h"
#include "lb/place_stream.h"
#include "lb/srt_call.h"
#include "tests/control/stream_rig.h"

namespace control {
namespace {

using test::Json;
using test::StreamRig;

class StreamsTest : public ::testing::Test {
 protected:
  Json streams(const std::string& query = "") { return rig.get("/v1/streams" + query).at("streams"); }
  Json where(const std::string& stream) { return rig.get("/v1/streams/where?service=rtmp&stream=" + stream); }
  // Status and error.
  std::pair<unsigned, std::string> refusal(const std::string& method, const std::string& path,
                                           const std::string& body = "") {
    const test::Reply reply = rig.ask(method, path, body);
    return {reply.status, reply.json().value("error", "")};
  }
  std::pair<unsigned, std::string> move(const std::string& stream, const std::string& backend) {
    return refusal("POST", "/v1/streams/move",
                   Json{{"service", "rtmp"}, {"stream", stream}, {"backend", backend}}.dump());
  }

  StreamRig rig;
};

TEST_F(StreamsTest, AStreamShowsItsServerAndWhetherItIsPublished) {
  rig.put("/live/cam", StreamRig::kLive, 1, true);
  rig.now.ms += 3000;
  rig.put("customer.a/live/cam", StreamRig::kEdge, 0);

  std::set<std::string> shown;
  for (const Json& one : streams()) shown.insert(one.dump());
  EXPECT_EQ(shown,
            (std::set<std::string>{
                R"({"stream":"/live/cam","pool":"live","backend":"10.20.0.12","published":true,"seen_s":3})",
                R"({"stream":"customer.a/live/cam","pool":"edge","backend":"10.20.0.21","published":false,)"
                R"("seen_s":0})"}));
}

TEST_F(StreamsTest, AreFilteredByEachField) {
  rig.put("/live/cam", StreamRig::kLive, 0);
  rig.put("/vod/film", StreamRig::kLive, 1);
  rig.put("customer.a/live/cam", StreamRig::kEdge, 0);
  const auto count = [this](const std::string& query) { return streams(query).size(); };

  EXPECT_EQ(count(""), 3u);
  EXPECT_EQ(count("?service=rtmp"), 3u) << "of its routes' pools, too";
  EXPECT_EQ(count("?service=other"), 0u);
  EXPECT_EQ(count("?prefix=%2Flive%2F"), 1u);
  EXPECT_EQ(count("?prefix=customer.a/"), 1u);
  EXPECT_EQ(count("?backend=10.20.0.12"), 1u);
  EXPECT_EQ(count("?backend=10.20.0.12:1"), 0u);
}

TEST_F(StreamsTest, ComeInPartsThatMeet) {
  for (unsigned i = 0; i < 5; ++i) rig.put("/live/" + std::to_string(i), StreamRig::kLive, 0);
  std::set<std::string> names;
  unsigned requests = 0;
  Json next = 0;
  while (!next.is_null() && ++requests < 10) {
    const Json part = rig.get("/v1/streams?limit=2&after=" + next.dump());
    for (const Json& one : part.at("streams")) EXPECT_TRUE(names.insert(one.at("stream")).second) << one;
    next = part.at("next");
  }
  EXPECT_EQ(names.size(), 5u);
  EXPECT_EQ(refusal("GET", "/v1/streams?limit=1001").second,
            "limit: a whole number from 1 to 1000 is wanted");
  EXPECT_EQ(refusal("GET", "/v1/streams?prfix=x").second, "prfix: unknown; did you mean prefix?");
}

TEST_F(StreamsTest, OfAKnownStreamBothSidesGoToItsServer) {
  rig.put("/live/cam", StreamRig::kLive, 1);

  const Json said = where("/live/cam");
  EXPECT_EQ(said.at("known"),
            Json::parse(R"({"backend":"10.20.0.12","published":false,"seen_s":0,"takes_new":true})"));
  for (const char* who : {"publisher", "player"})
    EXPECT_EQ(said.at(who),
              Json::parse(R"({"backend":"10.20.0.12","reason":"known","by_hash":null,"left":null})"));
  EXPECT_EQ(said.at("pool"), "live");
  EXPECT_TRUE(said.at("route").is_null());
}

TEST_F(StreamsTest, AStreamMayBeNamedAsItsClientsNameIt) {
  rig.put("customer.a/live/cam", StreamRig::kEdge, 0);
  EXPECT_EQ(where("rtmp%3A%2F%2F192.0.2.1%3A1935%2Flive%2Froom%2Fcam%3Fkey%3D1").at("stream"),
            "/live/room/cam");
  EXPECT_EQ(where("nobody.example/live/cam").at("stream"), "/live/cam") << "no vhost of its own";
  for (const char* name :
       {"customer.a/live/cam", "CUSTOMER.A/live/cam.flv", "http://customer.a:8080/live/cam.flv",
        "rtmp://192.0.2.1/live/cam%3Fvhost%3Dcustomer.a"}) {
    const Json said = where(name);
    EXPECT_EQ(said.at("stream"), "customer.a/live/cam") << name;
    EXPECT_EQ(said.at("pool"), "edge") << name;
    EXPECT_EQ(said.at("route"), "customer.a/") << name;
    EXPECT_EQ(said.at("player").at("backend"), "10.20.0.21") << name;
  }
}

TEST_F(StreamsTest, OfANewStreamItSaysWhatAWorkerDoes) {
  lb::WhipOffers offers;
  lb::PathMtus path_mtus;
  lb::Worker worker(rig.segment, rig.neighbours, offers, path_mtus, rig.peeks, rig.counters[0], 0, 1, {});
  rig.counters[0].backends[rig.backend_id(StreamRig::kLive, 0)].flows_opened.add(40);
  lb::Packet packet;
  packet.service = rig.snapshot->services.data();
  unsigned by_load = 0;
  for (unsigned i = 0; i < 60; ++i) {
    const std::string name = (i % 3 == 0 ? "customer.a/live/" : "/live/") + std::to_string(i);
    const Json said = where(name);
    lb::StreamAsk ask;
    ask.role = lb::StreamRole::kPublish;
    ask.key = lb::StreamKey::of_text(name);
    const auto placed = lb::place_stream(worker, *rig.snapshot, rig.now, packet, ask);
    ASSERT_TRUE(placed);
    EXPECT_EQ(said.at("publisher").at("backend"),
              rig.snapshot->backends[placed->backend].address.to_string());
    EXPECT_TRUE(said.at("known").is_null());
    if (said.at("publisher").at("reason") != "load") continue;
    ++by_load;
    EXPECT_EQ(said.at("publisher").at("by_hash"), "10.20.0.11");
  }
  EXPECT_GT(by_load, 5u);
}

TEST_F(StreamsTest, AServerThatDrainsKeepsOnlyWhatIsPublished) {
  rig.put("/live/published", StreamRig::kLive, 0, true);
  rig.put("/live/silent", StreamRig::kLive, 0);
  ASSERT_EQ(rig.ask("POST", "/v1/pools/live/backends/10.20.0.11/drain").status, 200u);

  EXPECT_EQ(where("/live/published").at("player").at("backend"), "10.20.0.11");
  EXPECT_EQ(where("/live/published").at("known").at("takes_new"), false);
  EXPECT_EQ(
      where("/live/silent").at("player"),
      Json::parse(R"({"backend":"10.20.0.12","reason":"hash","by_hash":"10.20.0.12","left":"drained"})"));
}

TEST_F(StreamsTest, WhereNobodyTakesNewSessionsItSaysSo) {
  for (const char* host : {"10.20.0.11", "10.20.0.12"})
    ASSERT_EQ(rig.ask("POST", std::string("/v1/pools/live/backends/") + host + "/drain").status, 200u);
  EXPECT_EQ(where("/live/cam").at("publisher"),
            Json::parse(R"({"backend":null,"reason":"nobody","by_hash":null,"left":null})"));
}

TEST_F(StreamsTest, AMovedStreamsNextConnectionsGoToItsNewServer) {
  rig.put("/live/cam", StreamRig::kLive, 0);

  const test::Reply reply = rig.ask("POST", "/v1/streams/move",
                                    R"({"service":"rtmp","stream":"/live/cam","backend":"10.20.0.12"})");

  EXPECT_EQ(reply.status, 200u) << reply.body;
  EXPECT_EQ(reply.json().at("player").at("backend"), "10.20.0.12");
  EXPECT_EQ(rig.server_of("/live/cam"), "10.20.0.12");
  EXPECT_EQ(streams().size(), 1u);
  EXPECT_EQ(rig.logged("operator change change=\"move to 10.20.0.12\" pool=live stream=/live/cam"), 1u);
}

TEST_F(StreamsTest, AStreamMayBeMovedBeforeItsFirstConnection) {
  EXPECT_EQ(move("customer.a/live/cam", "10.20.0.22").first, 200u);
  EXPECT_EQ(rig.server_of("customer.a/live/cam", StreamRig::kEdge), "10.20.0.22");
}

TEST_F(StreamsTest, AMoveThatCannotBeSaysWhatCouldBe) {
  using Said = std::pair<unsigned, std::string>;
  EXPECT_EQ(move("/live/cam", "10.20.0.21"),
            Said(404, "pool live has no backend 10.20.0.21; there are: 10.20.0.11, 10.20.0.12"));
  EXPECT_EQ(move("/live/cam", "x").first, 422u);
  EXPECT_EQ(move("cam", "10.20.0.11"), Said(422,
                                            "stream: \"cam\" names none; /APP/STREAM, VHOST/APP/STREAM or "
                                            "the URL that a client uses is wanted"));
  ASSERT_EQ(rig.ask("POST", "/v1/pools/live/backends/10.20.0.11/drain").status, 200u);
  EXPECT_EQ(move("/live/cam", "10.20.0.11"),
            Said(422, "backend 10.20.0.11 takes no new sessions: cleatctl backend show says why"));
  EXPECT_EQ(rig.server_of("/live/cam"), "");
}

TEST_F(StreamsTest, AForgottenStreamIsANewOneAndForgettingNothingSucceeds) {
  rig.put("/live/cam", StreamRig::kLive, 0);
  const std::string body = R"({"service":"rtmp","stream":"/live/cam"})";

  EXPECT_EQ(rig.ask("POST", "/v1/streams/forget", body).status, 200u);
  EXPECT_TRUE(streams().empty());
  EXPECT_EQ(rig.ask("POST", "/v1/streams/forget", body).status, 200u);
}

TEST_F(StreamsTest, AServiceThatReadsNoStreamsSaysSo) {
  using Said = std::pair<unsigned, std::string>;
  EXPECT_EQ(refusal("GET", "/v1/streams/where?service=x&stream=/a/b"),
            Said(404, "no service is called \"x\"; of affinity stream and srt there are: rtmp"));
  EXPECT_EQ(refusal("GET", "/v1/streams/where?service=rtmp"),
            Said(422, "stream is missing: /APP/STREAM, VHOST/APP/STREAM or a URL is wanted"));
  rig.configure(test::Rig::yaml(rig.socket()));
  ASSERT_EQ(rig.ask("POST", "/v1/reload").status, 200u);
  EXPECT_EQ(refusal("GET", "/v1/streams/where?service=rtmp&stream=/a/b"),
            Said(422, "service rtmp has affinity tuple: it knows of no streams"));
}

TEST_F(StreamsTest, ServicesShowTheirVhostsAndRoutes) {
  const Json service = rig.get("/v1/services").at("services").at(0);
  EXPECT_EQ(service.at("vhosts"), Json::array({"customer.a"}));
  EXPECT_EQ(service.at("routes"), Json::parse(R"([{"vhost":"customer.a","pool":"edge"}])"));
}

TEST_F(StreamsTest, AFlowNamesTheStreamThatItAskedForAndPublishesOrPlaysIt) {
  const lb::StreamView cam = rig.put("/live/cam", StreamRig::kLive, 0),
                       film = rig.put("/vod/film", StreamRig::kLive, 0);
  rig.connect(cam, "192.0.2.7", 40000, true);
  rig.connect(cam, "192.0.2.8", 40001, false);
  rig.connect(film, "192.0.2.9", 40002, false);
  rig.open_flow(0, 40003, "192.0.2.10", 5555);
  const auto flows = [this](const std::string& query) { return rig.get("/v1/flows" + query).at("flows"); };

  EXPECT_EQ(flows("").size(), 4u);
  EXPECT_EQ(flows("?stream=/live/cam").size(), 2u);
  EXPECT_EQ(flows("?stream=/live/").size(), 0u) << "the whole of it";
  EXPECT_EQ(flows("?lport=40000").at(0).at("stream"), "/live/cam");
  EXPECT_EQ(flows("?lport=40000").at(0).at("publishes"), true);
  EXPECT_EQ(flows("?lport=40001").at(0).at("publishes"), false);
  EXPECT_TRUE(flows("?lport=40003").at(0).at("stream").is_null()) << "it asked for nothing";

  rig.segment.streams().forget(cam);
  EXPECT_TRUE(flows("?lport=40000").at(0).at("stream").is_null());
  EXPECT_TRUE(flows("?lport=40000").at(0).at("publishes").is_null());
}

TEST_F(StreamsTest, AnSrtFlowNamesItsStreamToo) {
  const lb::StreamView cam = rig.put("/live/cam", StreamRig::kLive, 0);
  lb::NatSlot& slot = rig.segment.slots().at(lb::NatSlots::index(0, lb::Protocol::kUdp, 40000));
  const auto fill = [&](uint32_t caller) {
    lb::NatSlots::fill(slot, cam.control.backend(), rig.snapshot->services[0].listener,
                       *lb::IpAddress::parse("192.0.2.7"), 5555, 10080, rig.now.tick());
    lb::begin_srt_call(slot, caller, cam.place(), true);
    lb::NatSlots::open(slot, rig.now.tick());
  };
  const auto flow = [this] { return rig.get("/v1/flows?lport=40000").at("flows").at(0); };

  for (const uint32_t caller : {0U, 0xffffffffU}) {
    fill(caller);
    EXPECT_EQ(flow().at("stream"), "/live/cam");
    EXPECT_EQ(flow().at("publishes"), true);
    EXPECT_EQ(flow().at("state"), "embryonic");
  }
}

TEST_F(StreamsTest, WhatSrtConnectionsDidIsCountedOverAllWorkers) {
  rig.counters[0].srt.inductions.add(5);
  rig.counters[1].srt.inductions.add(2);
  rig.counters[1].srt.moved.add(3);

  const Json srt = rig.get("/v1/stats").at("srt");
  EXPECT_EQ(srt.at("inductions"), 7);
  EXPECT_EQ(srt.at("moved"), 3);
  EXPECT_EQ(srt.at("opened"), 0);
  EXPECT_NE(rig.ask("GET", "/metrics").body.find("cleat_srt_events_total{event=\"moved\"} 3\n"),
            std::string::npos);
}

TEST_F(StreamsTest, WhatConnectionsDidIsCountedOverAllWorkers) {
  rig.counters[0].peeks.syns.add(5);
  rig.counters[1].peeks.syns.add(2);
  rig.counters[1].peeks.ends[static_cast<unsigned>(lb::PeekEnd::kTooSlow)].add(3);
  lb::Peeks::Held victim;
  const auto held = rig.peeks.claim(7, rig.now, victim);

  const Json peeks = rig.get("/v1/stats").at("peeks");
  EXPECT_EQ(peeks.at("syns"), 7);
  EXPECT_EQ(peeks.at("ends").at("too_slow"), 3);
  EXPECT_EQ(peeks.at("in_use"), 1);
  EXPECT_EQ(peeks.at("room"), 64);
  const std::string metrics = rig.ask("GET", "/metrics").body;
  EXPECT_NE(metrics.find("cleat_peek_syns_total 7\n"), std::string::npos);
  EXPECT_NE(metrics.find("cleat_peeks_ended_total{end=\"too_slow\"} 3\n"), std::string::npos);
}

TEST_F(StreamsTest, KnownStreamsAreCountedAndForgottenOnesAreNot) {
  rig.put("/live/a", StreamRig::kLive, 0);
  rig.put("/live/b", StreamRig::kLive, 0);
  StreamCensus census;
  census.look(rig.engine);
  EXPECT_EQ(census.in_use(), 2u);
  rig.now.ms += 61'000;
  census.look(rig.engine);
  EXPECT_EQ(census.in_use(), 0u);
}

}  // namespace
}  // namespace control
