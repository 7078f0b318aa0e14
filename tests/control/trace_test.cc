// SPDX-License-Identifier: MIT
// /v1/trace: from the operator's request to the trace's end. What workers would write into the rings, the test does.
#include "control/trace.h"

#include "tests/control/rig.h"

namespace control {
namespace {

using test::Json;

class TraceApiTest : public ::testing::Test {
 protected:
  TraceApiTest() { EXPECT_TRUE(rig.start().ok()); }

  test::Reply post(const std::string& body) { return rig.ask("POST", "/v1/trace", body); }
  Json begin(const std::string& body = "{}") {
    const test::Reply reply = post(body);
    EXPECT_EQ(reply.status, 200u) << reply.body;
    id = reply.json().at("trace").get<uint64_t>();
    return reply.json();
  }
  [[nodiscard]] std::string place(uint64_t after = 0) const {
    return "/v1/trace?id=" + std::to_string(id) + "&after=" + std::to_string(after);
  }
  Json read(uint64_t after = 0) { return rig.get(place(after)); }
  // A packet that the trace asked for came to a worker.
  void packet(unsigned worker = 0) {
    lb::TraceRing& ring = rig.spec.trace->rings->of(worker);
    lb::TraceRecord& record = ring.next();
    record = {};
    record.ms = rig.now.ms;
    record.action = lb::Action::kTx;
    record.length_in = record.length_out = 98;
    ring.commit();
  }

  test::Rig rig;
  uint64_t id = 0;
};

TEST_F(TraceApiTest, ItsConditionsAreInTheSnapshotWhileItRuns) {
  EXPECT_FALSE(rig.spec.trace);
  begin(R"({"client":"198.51.100.7","port":40000,"vip":"10.10.0.100:1935/tcp","service":"rtmp",
            "backend":"10.20.0.11","reason":"no_flow","snaplen":64})");

  ASSERT_TRUE(rig.spec.trace);
  const lb::TraceFilter& filter = rig.spec.trace->filter;
  EXPECT_EQ(filter.client, lb::IpAddress::parse("198.51.100.7"));
  EXPECT_EQ(filter.client_port, 40000);
  EXPECT_EQ(filter.vip, lb::Endpoint::parse("10.10.0.100:1935"));
  EXPECT_EQ(filter.protocol, lb::Protocol::kTcp);
  EXPECT_EQ(filter.reason, lb::DropReason::kNoFlow);
  EXPECT_EQ(filter.snaplen, 64);
  EXPECT_EQ(rig.spec.trace->service, "rtmp");
  EXPECT_EQ(rig.spec.trace->rings->count(), 2u);
}

TEST_F(TraceApiTest, PacketsOfAllWorkersComeInTheirOrderOfTime) {
  begin();
  packet(1);
  rig.now.ms += 10;
  packet(0);
  packet(0);

  const Json all = read();
  ASSERT_EQ(all.at("packets").size(), 3u);
  EXPECT_EQ(all.at("packets").at(0).at("worker"), 1);
  EXPECT_EQ(all.at("next"), 3);
  const uint64_t first = all.at("packets").at(0).at("time_ms").get<uint64_t>();
  EXPECT_EQ(all.at("packets").at(1).at("time_ms"), first + 10);
  EXPECT_EQ(read(2).at("packets").size(), 1u);
  EXPECT_EQ(read(9).at("packets").size(), 0u);
}

TEST_F(TraceApiTest, EndsAfterSoManyPacketsAndCountsTheRest) {
  begin(R"({"packets":3})");
  for (unsigned i = 0; i < 5; ++i) packet(i % 2);
  for (unsigned i = 0; i < 4; ++i) packet(0);  // of which the ring of four takes one

  const Json end = read();
  EXPECT_EQ(end.at("packets").size(), 3u);
  EXPECT_EQ(end.at("ended"), "packets");
  EXPECT_EQ(end.at("not_kept"), 6);
  EXPECT_FALSE(rig.spec.trace);
}

TEST_F(TraceApiTest, EndsAfterItsTime) {
  begin(R"({"seconds":2})");
  rig.now.ms += 1999;
  EXPECT_TRUE(read().at("ended").is_null());
  EXPECT_EQ(read().at("ends_in_ms"), 1);
  rig.now.ms += 1;
  EXPECT_EQ(read().at("ended"), "seconds");
  EXPECT_FALSE(rig.spec.trace);
}

TEST_F(TraceApiTest, OneThatNobodyReadsEndsByItself) {
  begin(R"({"seconds":600})");
  rig.now.ms += kTraceUnreadMs;
  EXPECT_TRUE(test::run_until(rig.io, [this] { return !rig.spec.trace; }));
  EXPECT_EQ(read().at("ended"), "unread");
  EXPECT_EQ(rig.logged("trace ended"), 1u);
}

TEST_F(TraceApiTest, ItsPacketsGoAMinuteAfterTheLastReader) {
  begin(R"({"seconds":1})");
  packet();
  rig.now.ms += 1000;
  EXPECT_EQ(read().at("packets").size(), 1u);
  rig.now.ms += kTraceKeptMs - 1;
  EXPECT_EQ(read().at("packets").size(), 1u);
  rig.now.ms += kTraceKeptMs;
  EXPECT_EQ(rig.ask("GET", place()).status, 404u);
}

TEST_F(TraceApiTest, ThereIsOneAtATime) {
  begin();
  const test::Reply second = post("{}");
  EXPECT_EQ(second.status, 422u);
  EXPECT_NE(second.body.find("another trace runs, for 10 s more"), std::string::npos) << second.body;

  EXPECT_EQ(rig.ask("DELETE", place()).status, 200u);
  const uint64_t former = id;
  begin();
  EXPECT_GT(id, former);
}

TEST_F(TraceApiTest, DeleteEndsItAndOfNothingSucceeds) {
  begin();
  EXPECT_EQ(rig.ask("DELETE", "/v1/trace?id=" + std::to_string(id + 1)).status, 200u);
  EXPECT_TRUE(rig.spec.trace);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(rig.ask("DELETE", "/v1/trace?id=" + std::to_string(id)).status, 200u);
  EXPECT_FALSE(rig.spec.trace);
  EXPECT_EQ(read().at("ended"), "asked");
}

TEST_F(TraceApiTest, DeleteWithoutANumberEndsWhicheverRuns) {
  begin();
  EXPECT_EQ(rig.ask("DELETE", "/v1/trace").status, 200u);
  EXPECT_EQ(read().at("ended"), "asked");
}

TEST_F(TraceApiTest, AReloadLeavesItRunning) {
  begin();
  EXPECT_EQ(rig.ask("POST", "/v1/reload").status, 200u);
  ASSERT_TRUE(rig.spec.trace);
  packet();
  EXPECT_EQ(read().at("packets").size(), 1u);
}

TEST_F(TraceApiTest, OneThatCannotBePublishedIsRefusedAndForgotten) {
  rig.publish_fails = "no room";
  EXPECT_EQ(post("{}").status, 422u);
  rig.publish_fails.clear();
  begin();
}

TEST_F(TraceApiTest, AnAnswerHoldsSoManyPacketsAndTheEndComesLast) {
  begin(R"({"packets":600})");
  for (unsigned i = 0; i < 600; ++i) packet();
  const Json part = read();
  EXPECT_EQ(part.at("packets").size(), 500u);
  EXPECT_TRUE(part.at("ended").is_null());
  const Json rest = read(500);
  EXPECT_EQ(rest.at("packets").size(), 100u);
  EXPECT_EQ(rest.at("ended"), "packets");
}

TEST_F(TraceApiTest, WhatCannotBeAskedForIsRefusedByItsField) {
  const std::pair<const char*, const char*> wrong[] = {
      {R"({"client":"nobody"})", "client: an address is wanted"},
      {R"({"client":7})", "client: a string is wanted"},
      {R"({"port":5})", "port: it is the client's; give client as well"},
      {R"({"client":"192.0.2.7","port":0})", "port: a whole number from 1 to 65535"},
      {R"({"vip":"10.10.0.100:1935/sctp"})", "vip: ADDRESS:PORT/tcp or"},
      {R"({"backend":""})", "backend: ADDRESS or ADDRESS:PORT is wanted"},
      {R"({"reason":"no_flwo"})", "did you mean no_flow?"},
      {R"({"service":"rtmpp"})", "did you mean rtmp?"},
      {R"({"packets":10001})", "packets: a whole number from 1 to 10000"},
      {R"({"seconds":0})", "seconds: a whole number from 1 to 3600"},
      {R"({"snaplen":257})", "snaplen: a whole number from 0 to 256"},
      {R"({"drops_only":"yes"})", "drops_only: true or false is wanted"},
      {R"({"colour":"red"})", "unknown field"}};
  for (const auto& [body, why] : wrong) {
    const test::Reply reply = post(body);
    EXPECT_EQ(reply.status, 422u) << body;
    EXPECT_NE(reply.body.find(why), std::string::npos) << reply.body;
  }
  EXPECT_FALSE(rig.spec.trace);
  EXPECT_EQ(rig.ask("GET", "/v1/trace?number=1").status, 422u);
}

TEST_F(TraceApiTest, APacketIsShownInTheConfigurationsWords) {
  begin(R"({"snaplen":4})");
  lb::TraceRing& ring = rig.spec.trace->rings->of(1);
  lb::TraceRecord& record = ring.next();
  record = {};
  record.ms = rig.now.ms;
  const auto address = [](const char* text) { return *lb::IpAddress::parse(text); };
  record.before = {address("198.51.100.7"), address("10.10.0.100"), 40000, 1935, 6, true};
  record.after = {address("10.20.0.100"), address("10.20.0.11"), 1024, 1935, 6, true};
  record.client = *lb::Endpoint::parse("198.51.100.7:40000");
  record.backend = *lb::Endpoint::parse("10.20.0.11:1935");
  record.service = rig.snapshot->services[0].id;
  record.length_in = record.length_out = 60;
  record.kept_in = record.kept_out = 2;
  record.in[0] = 0xab;
  record.port_out = 1;
  record.action = lb::Action::kTx;
  record.way = lb::TraceWay::kIn;
  record.by = lb::TraceBy::kPick;
  record.tcp_flags = 0x12;
  ring.commit();

  Json shown = read().at("packets").at(0);
  shown.erase("time_ms");
  EXPECT_EQ(shown, Json::parse(R"({"worker":1,"port":"outside","way":"in","protocol":"tcp",
    "source":"198.51.100.7:40000","destination":"10.10.0.100:1935","size_bytes":60,"tcp_flags":"SA",
    "verdict":"forwarded","reason":null,"new_port":"inside","new_source":"10.20.0.100:1024",
    "new_destination":"10.20.0.11:1935","new_size_bytes":60,"service":"rtmp","client":"198.51.100.7:40000",
    "backend":"10.20.0.11:1935","by":"maglev","rung":null,"bytes":"ab00","new_bytes":"0000"})"));
}

}  // namespace
}  // namespace control
