// SPDX-License-Identifier: MIT
// `cleatctl stream`, and what `service show` and `stats show` say of streams.
#include "tests/control/spawn_cleatctl.h"
#include "tests/control/stream_rig.h"

namespace control {
namespace {

using test::Json;
using test::Ran;
using test::StreamRig;

using CleatctlStreamTest = test::CleatctlTest<StreamRig>;

TEST_F(CleatctlStreamTest, ShowListsStreams) {
  rig.put("/live/cam", StreamRig::kLive, 1, true);

  const Ran ran = run({"stream", "show"});

  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out,
            "stream     pool  backend     published  seen s\n"
            "/live/cam  live  10.20.0.12  yes             0\n");
}

TEST_F(CleatctlStreamTest, ShowTakesFiltersAndALimit) {
  for (unsigned i = 0; i < 3; ++i) rig.put("/live/" + std::to_string(i), StreamRig::kLive, 0);
  rig.put("customer.a/live/cam", StreamRig::kEdge, 1);
  const auto shown = [this](std::vector<std::string> words) {
    words.insert(words.begin(), {"stream", "show", "--json"});
    const Ran ran = run(words);
    EXPECT_EQ(ran.code, 0) << ran.err;
    return Json::parse(ran.out).at("streams").size();
  };

  EXPECT_EQ(shown({}), 4u);
  EXPECT_EQ(shown({"--limit", "2"}), 2u);
  EXPECT_EQ(shown({"--prefix", "customer.a/"}), 1u);
  EXPECT_EQ(shown({"--service", "rtmp", "--backend", "10.20.0.11"}), 3u);
  EXPECT_EQ(run({"stream", "show", "--username", "x"}).code, 2);
}

TEST_F(CleatctlStreamTest, WhereSaysWhoGetsTheNextConnectionAndWhy) {
  rig.put("customer.a/live/cam", StreamRig::kEdge, 1, true);
  rig.now.ms += 2000;

  EXPECT_EQ(run({"stream", "where", "rtmp", "rtmp://customer.a/live/cam"}).out,
            "Clients of service rtmp that ask for it mean customer.a/live/cam of pool edge, by its route "
            "customer.a/.\n"
            "10.20.0.22 has it, and somebody publishes it there; last seen 2s ago.\n"
            "The next publisher goes to 10.20.0.22: it has the stream.\n"
            "The next player goes to 10.20.0.22: it has the stream.\n");
}

TEST_F(CleatctlStreamTest, WhereSaysWhyAServerIsLeft) {
  rig.put("/live/cam", StreamRig::kLive, 0);
  ASSERT_EQ(run({"backend", "drain", "live", "10.20.0.11"}).code, 0);
  const std::string why =
      "10.20.0.12: the backend that had it takes no new sessions, and nobody publishes there; the hash of "
      "the stream's "
      "name falls on it.\n";

  EXPECT_EQ(
      run({"stream", "where", "rtmp", "/live/cam"}).out,
      "Clients of service rtmp that ask for it mean /live/cam of pool live, the service's own.\n"
      "10.20.0.11 has it; last seen 0s ago. That backend takes no new sessions: cleatctl backend show.\n"
      "The next publisher goes to " +
          why + "The next player goes to " + why);
  ASSERT_EQ(run({"backend", "drain", "live", "10.20.0.12"}).code, 0);
  EXPECT_NE(run({"stream", "where", "rtmp", "/live/x"})
                .out.find("The next publisher would be reset: no backend takes new sessions.\n"),
            std::string::npos);
}

TEST_F(CleatctlStreamTest, MoveAndForgetSayNothingWhenDone) {
  rig.put("/live/cam", StreamRig::kLive, 0);

  const Ran moved = run({"stream", "move", "rtmp", "/live/cam", "10.20.0.12"});
  EXPECT_EQ(moved.code, 0) << moved.err;
  EXPECT_EQ(moved.out, "");
  EXPECT_EQ(rig.server_of("/live/cam"), "10.20.0.12");
  EXPECT_EQ(run({"stream", "forget", "rtmp", "/live/cam"}).code, 0);
  EXPECT_EQ(rig.server_of("/live/cam"), "");
}

TEST_F(CleatctlStreamTest, WhatCannotBeIsExitOneWithTheReason) {
  const Ran ran = run({"stream", "move", "rtmp", "/live/cam", "10.20.0.99"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.err, "cleatctl: pool live has no backend 10.20.0.99; there are: 10.20.0.11, 10.20.0.12\n");
  EXPECT_EQ(run({"stream", "where", "rtmp"}).code, 2);
}

TEST_F(CleatctlStreamTest, ServiceShowListsRoutes) {
  EXPECT_NE(run({"service", "show"})
                .out.find("\n\nstreams of service  of vhost    of app  go to pool\n"
                          "rtmp                customer.a  (all)   edge\n"),
            std::string::npos)
      << run({"service", "show"}).out;
}

TEST_F(CleatctlStreamTest, StatsShowListsWhatConnectionsDid) {
  rig.counters[0].peeks.joined.add(7);
  rig.counters[1].peeks.ends[static_cast<unsigned>(lb::PeekEnd::kNotUnderstood)].add(2);

  EXPECT_NE(run({"stats", "show"})
                .out.find("streams                             count\n"
                          "connections joined to their server      7\n"
                          "ended, not_understood                   2\n"),
            std::string::npos)
      << run({"stats", "show"}).out;
}

TEST_F(CleatctlStreamTest, FlowShowSaysWhoPublishesAndWhoPlays) {
  const lb::StreamView cam = rig.put("/live/cam", StreamRig::kLive, 0);
  rig.connect(cam, "192.0.2.7", 40000, true);
  rig.connect(rig.put("/live/x", StreamRig::kLive, 0), "192.0.2.8", 40001, false);

  EXPECT_EQ(run({"flow", "show", "--stream", "/live/cam"}).out,
            "service  protocol  client          vip               lip                backend          state  "
            "  idle s  "
            "session  stream     publishes\n"
            "rtmp     tcp       192.0.2.7:5555  10.10.0.100:1935  10.20.0.100:40000  10.20.0.11:1935  "
            "spliced       0  "
            "-        /live/cam  yes\n");
}

TEST_F(CleatctlStreamTest, FlowWhyNamesTheStreamOfAFlow) {
  rig.connect(rig.put("/live/cam", StreamRig::kLive, 0), "192.0.2.7", 40000, true);
  const std::string said = run({"flow", "why", "192.0.2.7:5555", "10.10.0.100:1935"}).out;
  EXPECT_NE(said.find("It asked for stream /live/cam: cleatctl stream where rtmp /live/cam."),
            std::string::npos)
      << said;
}

TEST_F(CleatctlStreamTest, FlowWhyLeadsToTheStream) {
  EXPECT_NE(
      run({"flow", "why", "192.0.2.7:5555", "10.10.0.100:1935"})
          .out.find(
              "A new one goes where the stream is that it asks for: cleatctl stream where rtmp STREAM.\n"),
      std::string::npos);
}

}  // namespace
}  // namespace control
