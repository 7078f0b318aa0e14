// SPDX-License-Identifier: MIT
// What servers say they have: how it is asked for, read, and entered.
#include "control/stream_polls.h"

#include "control/learn_streams.h"
#include "control/srs_streams.h"
#include "tests/control/stream_rig.h"

namespace control {
namespace {

namespace asio = boost::asio;
using test::http_reply;
using test::Json;
using test::OriginServer;
using test::run_until;
using test::StreamRig;

// As SRS 6 answers, shortened.
std::string answer_of(const std::vector<std::string>& urls, bool active = true) {
  Json streams = Json::array();
  for (const std::string& url : urls)
    streams.push_back({{"id", "vid-80pd724"},
                       {"name", "cam"},
                       {"vhost", "vid-1r0l86h"},
                       {"app", "live"},
                       {"url", url},
                       {"publish", {{"active", active}, {"cid", "18lk4075"}}}});
  return Json{{"code", 0}, {"server", "s2"}, {"streams", streams}}.dump();
}

TEST(SrsStreams, OnlyWhatIsPublishedCounts) {
  EXPECT_EQ(published_streams(answer_of({"/live/a", "customer.a/live/b"})).value(),
            (std::vector<std::string>{"/live/a", "customer.a/live/b"}));
  EXPECT_TRUE(published_streams(answer_of({"/live/a"}, false)).value().empty());
  EXPECT_TRUE(
      published_streams(R"({"streams":[{"url":"/live/a"},{"publish":{"active":1},"url":"/live/b"},7,null,
    {"publish":{"active":true}},{"publish":{"active":true},"url":5}]})")
          .value()
          .empty());
}

TEST(SrsStreams, WhatIsNoSuchAnswerIsRefused) {
  for (const char* body : {"", "<html>", "{", "{\"streams\":"})
    EXPECT_EQ(published_streams(body).error(), "not json");
  for (const char* body : {"[]", "{}", "7", R"({"streams":{}})"})
    EXPECT_EQ(published_streams(body).error(), "no list of streams") << body;
}

TEST(SrsStreams, ADeepAnswerCostsNoMore) {
  const std::string deep = std::string(1 << 20, '[') + std::string(1 << 20, ']');
  EXPECT_EQ(published_streams(deep).error(), "no list of streams");
  EXPECT_EQ(
      published_streams(R"({"streams":[{"publish":{"active":true},"url":"/live/a","video":)" + deep + "}]}")
          .value(),
      std::vector<std::string>{"/live/a"});
}

class StreamPollsTest : public ::testing::Test {
 protected:
  StreamPollTarget target(uint32_t interval_ms = 20) {
    return {"live", server.endpoint(), {"/api/v1/streams/?count=7", server.port(), interval_ms, 2000}};
  }
  StreamPollView view() { return polls.view("live", server.endpoint()).value_or(StreamPollView{}); }
  bool wait_for(const std::function<bool()>& met) { return run_until(io, met); }

  asio::io_context io;
  OriginServer server{io};
  std::vector<std::string> taken;
  unsigned takes = 0, fails = 0;
  StreamPolls polls{io, [this](const StreamPollTarget&, const std::vector<std::string>& names, bool failed) {
                      taken = names;
                      ++(failed ? fails : takes);
                      return LearnedCounts{.learned = failed ? 0u : 1u};
                    }};
};

TEST_F(StreamPollsTest, AskAgainAndAgainAndHandOverWhatIsSaid) {
  server.reply = http_reply(200, answer_of({"/live/a"}));
  polls.set({target()});

  ASSERT_TRUE(wait_for([&] { return takes >= 3; }));

  EXPECT_EQ(taken, std::vector<std::string>{"/live/a"});
  EXPECT_TRUE(server.requests[0].starts_with("GET /api/v1/streams/?count=7 HTTP/1.1\r\n"))
      << server.requests[0];
  EXPECT_EQ(view().streams, 1u);
  EXPECT_EQ(view().age_s, 0u);
  EXPECT_GE(polls.totals().counts.learned, 3u);
}

TEST_F(StreamPollsTest, AServerThatFailsKeepsWhatItHadAndSaysWhy) {
  server.reply = http_reply(200, answer_of({"/live/a"}));
  polls.set({target()});
  ASSERT_TRUE(wait_for([&] { return takes == 1; }));
  const std::pair<std::string, std::string> cases[] = {{http_reply(302, ""), "status 302"},
                                                       {http_reply(200, "<html>"), "not json"},
                                                       {http_reply(200, "{}"), "no list of streams"},
                                                       {"HTTP/1.1 200 OK\r\n\r\n", "not json"},
                                                       {"nonsense\r\n\r\n", "not http"}};
  for (const auto& [reply, reason] : cases) {
    server.reply = reply;
    ASSERT_TRUE(wait_for([&, wanted = reason] { return view().reason == wanted; }))
        << reason << view().reason;
    EXPECT_EQ(taken, std::vector<std::string>{"/live/a"});
  }
  EXPECT_GE(fails, std::size(cases));
  server.reply = http_reply(200, answer_of({}));
  ASSERT_TRUE(wait_for([&] { return view().reason.empty(); }));
  EXPECT_TRUE(taken.empty());
}

TEST_F(StreamPollsTest, WhoIsNotAskedAnyMoreCountsAllTheSame) {
  server.reply = http_reply(200, answer_of({"/live/a"}));
  polls.set({target()});
  ASSERT_TRUE(wait_for([&] { return takes == 2; }));
  polls.set({target()});
  EXPECT_EQ(view().passed, 2u) << "asked the same: it goes on";

  polls.set({});

  EXPECT_FALSE(polls.view("live", server.endpoint()));
  EXPECT_EQ(polls.totals().passed, 2u);
  EXPECT_EQ(polls.totals().streams, 0u);
}

class LearnStreamsTest : public ::testing::Test {
 protected:
  LearnedCounts learn(const std::string& pool, const char* address, const std::vector<std::string>& names) {
    return learn_streams(rig.engine, rig.spec, pool, *lb::Endpoint::parse(address), names);
  }
  StreamRig rig;
};

TEST_F(LearnStreamsTest, AServersStreamsAreItsOwnFromThenOn) {
  EXPECT_EQ(learn("live", "10.20.0.12", {"/live/a", "/live/b"}).learned, 2u);
  EXPECT_EQ(rig.server_of("/live/a"), "10.20.0.12");
  EXPECT_TRUE(rig.find("/live/a")->published);
  EXPECT_EQ(learn("live", "10.20.0.12", {"/live/a", "/live/b"}).learned, 0u) << "twice changes nothing";
}

TEST_F(LearnStreamsTest, NamesAreReadAsTheServicesClientsNameThem) {
  EXPECT_EQ(learn("live", "10.20.0.11", {"other.example/live/a"}).learned, 1u);
  EXPECT_EQ(rig.server_of("/live/a"), "10.20.0.11") << "it has no vhost of its own here";
  EXPECT_EQ(learn("live", "10.20.0.11", {"customer.a/live/a", "", "x", "/"}).learned, 0u);
  EXPECT_EQ(learn("edge", "10.20.0.21", {"customer.a/live/a", "/live/b"}).learned, 1u);
  EXPECT_EQ(rig.server_of("customer.a/live/a", StreamRig::kEdge), "10.20.0.21");
}

TEST_F(LearnStreamsTest, AStreamThatNobodyPublishesElsewhereMoves) {
  rig.put("/live/a", StreamRig::kLive, 0);
  EXPECT_EQ(learn("live", "10.20.0.12", {"/live/a"}).moved, 1u);
  EXPECT_EQ(rig.server_of("/live/a"), "10.20.0.12");
}

TEST_F(LearnStreamsTest, OfTwoServersThatClaimAStreamTheFirstKeepsIt) {
  EXPECT_EQ(learn("live", "10.20.0.11", {"/live/a"}).learned, 1u);
  EXPECT_EQ(learn("live", "10.20.0.12", {"/live/a"}).conflicts, 1u);
  EXPECT_EQ(rig.server_of("/live/a"), "10.20.0.11");
  rig.now.ms += 11'000;
  EXPECT_EQ(learn("live", "10.20.0.12", {"/live/a"}).moved, 1u) << "the first one says so no more";
}

TEST_F(LearnStreamsTest, OfAServerThatDoesNotAnswerNothingIsForgotten) {
  learn("live", "10.20.0.11", {"/live/a", "/live/b"});
  for (unsigned i = 0; i < 20; ++i) {
    rig.now.ms += 5000;
    keep_streams(rig.engine, rig.spec, "live", *lb::Endpoint::parse("10.20.0.11"), {"/live/a"});
  }
  EXPECT_EQ(rig.server_of("/live/a"), "10.20.0.11");
  EXPECT_EQ(rig.server_of("/live/b"), "");
  EXPECT_FALSE(rig.find("/live/a")->published);
}

TEST_F(LearnStreamsTest, ABackendThatThePoolHasNotTeachesNothing) {
  EXPECT_EQ(learn("live", "10.20.0.21", {"/live/a"}).learned, 0u);
  EXPECT_EQ(learn("none", "10.20.0.11", {"/live/a"}).learned, 0u);
  EXPECT_EQ(rig.server_of("/live/a"), "");
}

TEST(StreamPollsOfAPool, ItsServersAreAskedAndWhatTheySayIsShown) {
  StreamRig rig;
  OriginServer server(rig.io);
  server.reply = http_reply(200, answer_of({"/live/a", "/live/b"}));
  std::string text =
      test::stream_yaml(rig, "    streams: { port: " + std::to_string(server.port()) + ", interval: 1s }\n");
  text.replace(text.find("10.20.0.11"), 10, "\"127.0.0.1\"");
  rig.configure(text);
  ASSERT_EQ(rig.ask("POST", "/v1/reload").status, 200u);

  ASSERT_TRUE(run_until(rig.io, [&] { return rig.server_of("/live/b") == "127.0.0.1"; }));

  EXPECT_EQ(rig.backend(0).at("streams").at("published"), 2);
  EXPECT_EQ(rig.backend(0).at("streams").at("reason"), "");
  EXPECT_TRUE(rig.get("/v1/pools/edge").at("backends").at(0).at("streams").is_null());
  EXPECT_EQ(rig.get("/v1/stats").at("streams").at("learned"), 2);
  EXPECT_NE(rig.ask("GET", "/metrics").body.find("cleat_stream_events_total{event=\"learned\"} 2\n"),
            std::string::npos);
}

}  // namespace
}  // namespace control
