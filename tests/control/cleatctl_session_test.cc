// SPDX-License-Identifier: MIT
// `cleatctl session`: what it says of the sessions of a running cleatd.
#include "tests/control/ice_rig.h"
#include "tests/control/spawn_cleatctl.h"

namespace control {
namespace {

using test::IceRig;
using test::Json;
using test::Ran;

constexpr char kName[] = "srvufrag:CLI1";
constexpr char kWifi[] = "198.51.100.7:40000", kLte[] = "203.0.113.9:50000";

using CleatctlSessionTest = test::CleatctlTest<IceRig>;

TEST_F(CleatctlSessionTest, ShowListsSessionsAndThenTheirAddresses) {
  auto found = rig.open(kName, lb::Rung::kHash, kWifi, 40001);
  rig.attach(found, kLte, lb::TupleState::kProven, true);
  rig.put_password(found, lb::KeyOf::kServer);

  const Ran ran = run({"session", "show"});

  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(
      ran.out,
      "username       services  backend          rung  lip                client              moves  gap ms  "
      "longest  bytes in  bytes out  age  passwords\n"
      "srvufrag:CLI1  rtc       10.20.0.11:8000  hash  10.20.0.100:40001  198.51.100.7:40000      0       -  "
      "      -         0          0  0s   server\n"
      "\n"
      "username       address             vip               current  proven  nominated  idle ms\n"
      "srvufrag:CLI1  198.51.100.7:40000  10.10.0.100:8000  yes      no      no               0\n"
      "srvufrag:CLI1  203.0.113.9:50000   10.10.0.100:8000  no       yes     yes              0\n");
}

TEST_F(CleatctlSessionTest, ShowTakesFiltersAndALimit) {
  rig.open(kName, lb::Rung::kHash, kWifi, 40001, 0);
  rig.open("other:CLI2", lb::Rung::kHash, kLte, 40002, 1);
  const auto shown = [this](std::vector<std::string> words) {
    words.insert(words.begin(), {"session", "show", "--json"});
    const Ran ran = run(words);
    EXPECT_EQ(ran.code, 0) << ran.err;
    return Json::parse(ran.out).at("sessions");
  };

  EXPECT_EQ(shown({}).size(), 2u);
  EXPECT_EQ(shown({"--limit", "1"}).size(), 1u);
  EXPECT_EQ(shown({"--backend", "10.20.0.12"}).at(0).at("username"), "other:CLI2");
  EXPECT_EQ(shown({"--username", kName}).at(0).at("client"), kWifi);
  EXPECT_EQ(run({"session", "show", "--lport", "40001"}).code, 2);
}

TEST_F(CleatctlSessionTest, WhySaysHowTheServerWasFoundAndWhereRepliesGo) {
  auto found = rig.open(kName, lb::Rung::kUfrag, kWifi, 40001);
  rig.attach(found, kLte, lb::TupleState::kProven);
  rig.move(found, 1, 750);
  rig.now.ms += 2500;

  const Ran ran = run({"session", "why", kName});

  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out,
            "srvufrag:CLI1 is on 10.20.0.11:8000 of pool live (rung ufrag): the server's half of the "
            "USERNAME holds "
            "that server's number (ice_ufrag of the pool).\n"
            "What the server sends to 10.20.0.100:40001 goes to 203.0.113.9:50000 (proven, heard 2500 ms "
            "ago). Answers "
            "to their own checks go to 198.51.100.7:40000 (unproven, heard 2500 ms ago). The way back moved "
            "once, the "
            "last time after 750 ms of silence.\n");
}

TEST_F(CleatctlSessionTest, WhyHasAReasonForEachRung) {
  const std::pair<lb::Rung, const char*> cases[] = {
      {lb::Rung::kTold, "told Cleat so"},
      {lb::Rung::kWhip, "WHIP or WHEP answer"},
      {lb::Rung::kAsked, "the one that knew"},
      {lb::Rung::kHash, "the hash of the USERNAME's server half"},
      {lb::Rung::kTuple, "client's address and port"}};
  for (const auto& [rung, reason] : cases) {
    const std::string name = "ufrag:" + std::string(lb::rung_name(rung));
    rig.learn(name, rung);
    const Ran ran = run({"session", "why", name});
    EXPECT_NE(ran.out.find(reason), std::string::npos) << ran.out << ran.err;
    EXPECT_NE(ran.out.find("none has come yet"), std::string::npos) << ran.out;
  }
}

TEST_F(CleatctlSessionTest, WhyOfAnUnknownNameIsExitOne) {
  const Ran ran = run({"session", "why", "nobody:here"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.out, "");
  EXPECT_NE(ran.err.find("no session has this USERNAME"), std::string::npos) << ran.err;
}

TEST_F(CleatctlSessionTest, ANameFromTheNetworkCannotSteerTheTerminal) {
  rig.open("a\x1b[2J\n:b", lb::Rung::kHash, kWifi, 40001);

  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"session", "show"}, {"session", "why", "a\x1b[2J\n:b"}, {"flow", "show"}}) {
    const Ran ran = run(words);
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(ran.out.find('\x1b'), std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find("a?[2J?:b"), std::string::npos) << ran.out;
  }
}

TEST_F(CleatctlSessionTest, StatsShowListsWhatSessionsDid) {
  rig.counters[0].ice.sessions[static_cast<unsigned>(lb::Rung::kHash)].add(7);
  rig.counters[1].ice.moves_proven.add(1);
  rig.counters[1].ice.gap(750);

  const Ran ran = run({"stats", "show"});

  EXPECT_NE(ran.out.find("sessions                              count\n"
                         "opened, by hash                           7\n"
                         "moves, proven                             1\n"
                         "moves after up to 1000 ms of silence      1\n"),
            std::string::npos)
      << ran.out;
}

TEST_F(CleatctlSessionTest, TellSaysWhoseASessionIs) {
  const std::string file = rig.folder / "password";
  test::write_file(file, "0123456789abcdefghijkl\n");

  const Ran ran = run({"session", "tell", "live", kName, "10.20.0.12", "--server-password", "@" + file});

  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "");
  const Json session = rig.get("/v1/sessions").at("sessions").at(0);
  EXPECT_EQ(session.at("backend"), "10.20.0.12");
  EXPECT_EQ(session.at("passwords"), Json::parse(R"({"server":true,"client":false})"));
}

TEST_F(CleatctlSessionTest, WhatCannotBeToldIsRefused) {
  EXPECT_EQ(run({"session", "tell", "live", kName}).code, 2);
  EXPECT_EQ(run({"session", "tell", "live", kName, "10.20.0.12", "--client-password", "@/nowhere"}).code, 2);

  const Ran ran = run({"session", "tell", "live", kName, "10.20.0.12", "--client-password", "short"});

  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.err,
            "cleatctl: client_password: an ice-pwd is wanted, 22 to 256 letters, digits, '+' or '/'\n");
}

}  // namespace
}  // namespace control
