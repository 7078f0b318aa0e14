// SPDX-License-Identifier: MIT
// The real cleatctl (its path in $CLEATCTL) against a real API socket.
#include "tests/control/spawn_cleatctl.h"

namespace control {
namespace {

using test::Json;
using test::Ran;
using test::Rig;

using CleatctlTest = test::CleatctlTest<Rig>;

TEST_F(CleatctlTest, ChangesAreInForceWhenItReturns) {
  EXPECT_EQ(run({"backend", "weight", "live", "10.20.0.11", "30"}).code, 0);
  EXPECT_EQ(rig.weight("10.20.0.11"), 30u);
  EXPECT_EQ(run({"backend", "drain", "live", "10.20.0.11", "--deadline", "60"}).code, 0);
  EXPECT_EQ(rig.weight("10.20.0.11"), 0u);
  EXPECT_EQ(run({"backend", "undrain", "live", "10.20.0.11"}).code, 0);
  EXPECT_EQ(rig.weight("10.20.0.11"), 30u);
  EXPECT_EQ(run({"backend", "reset", "live", "10.20.0.11"}).code, 0);
  EXPECT_EQ(rig.weight("10.20.0.11"), 100u);
}

TEST_F(CleatctlTest, AddTwiceAndRemoveTwiceSucceed) {
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(run({"backend", "add", "live", "10.20.0.13:19350", "--weight", "5"}).code, 0);
  EXPECT_EQ(rig.weight("10.20.0.13"), 5u);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(run({"backend", "remove", "live", "10.20.0.13:19350"}).code, 0);
  EXPECT_EQ(rig.weight("10.20.0.13"), UINT32_MAX);
}

TEST_F(CleatctlTest, RefusalIsExitOneWithTheReasonOnStderr) {
  const Ran ran = run({"backend", "weight", "live", "10.20.0.99", "30"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.out, "");
  EXPECT_NE(ran.err.find("10.20.0.99"), std::string::npos) << ran.err;
  EXPECT_EQ(run({"backend", "weight", "live", "10.20.0.11", "10001"}).code, 1);
  EXPECT_EQ(run({"pool", "show", "vod"}).code, 1);
}

TEST_F(CleatctlTest, UsageIsExitTwo) {
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"backend"},
      {"backend", "frobnicate"},
      {"backend", "weight", "live", "10.20.0.11"},
      {"backend", "weight", "live", "10.20.0.11", "many"},
      {"backend", "weight", "live", "10.20.0.11", "-1"},
      {"backend", "undrain", "live", "10.20.0.11", "--deadline", "5"},
      {"backend", "drain", "live", "10.20.0.11", "--deadline", "0"},
      {"backend", "add", "live", "10.20.0.13", "--weight", "-1"},
      {"status", "show", "--jso"},
      {"--bogus", "status", "show"}};
  for (const auto& words : wrong) EXPECT_EQ(run(words).code, 2) << (words.empty() ? "nothing" : words.back());
  EXPECT_EQ(rig.publishes, 1u);
}

TEST_F(CleatctlTest, ShowsAlignedTables) {
  ASSERT_EQ(run({"backend", "weight", "live", "10.20.0.11", "30"}).code, 0);
  const Ran ran = run({"backend", "show"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(
      ran.out,
      "pool  backend     state      since  falls          weight  effective  flows  opened  drain  why\n"
      "live  10.20.0.11  unchecked  -          -  30 (file: 100)         30      0       0  -      -\n"
      "live  10.20.0.12  unchecked  -          -             100        100      0       0  -      -\n");
}

TEST_F(CleatctlTest, EveryShowWorksAsTableAndAsJson) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"status", "show"},
                                             {"service", "show"},
                                             {"pool", "show"},
                                             {"pool", "show", "live"},
                                             {"backend", "show"},
                                             {"backend", "show", "live"},
                                             {"config", "show"},
                                             {"stats", "show"},
                                             {"flow", "show"},
                                             {"session", "show"},
                                             {"port", "show"},
                                             {"neighbour", "show"}}) {
    const Ran table = run(words);
    EXPECT_EQ(table.code, 0) << words[0] << table.err;
    EXPECT_FALSE(table.out.empty()) << words[0];
    std::vector<std::string> as_json = words;
    as_json.emplace_back("--json");
    const Ran json = run(as_json);
    EXPECT_EQ(json.code, 0) << words[0] << json.err;
    EXPECT_TRUE(Json::parse(json.out, nullptr, false).is_object()) << json.out;
  }
}

TEST_F(CleatctlTest, StatsShowHowTheWorkersTimeGoes) {
  EXPECT_EQ(run({"stats", "show"}).out.find("busy %"), std::string::npos) << "the workers stand still";
  lb::WorkerCounters& worker = rig.counters[1];
  worker.load.busy_cycles.add(1'000'000'000);
  worker.load.polling_cycles.add(500'000'000);
  worker.load.resting_cycles.add(2'500'000'000);
  for (const unsigned frames : {1U, 3U, 32U, 4U}) worker.load.burst(frames);
  worker.ports[0].rx_packets.add(40);
  worker.load.stage_cycles[static_cast<unsigned>(lb::Stage::kClassify)].add(8 * 32);
  worker.load.timed_packets.add(32);

  const Ran ran = run({"stats", "show"});
  EXPECT_NE(ran.out.find(
                "load of late, and % of bursts by their frames:\n"
                "worker  over s  busy %  polling %  resting %  cycles/pkt  frames/burst     1   2-4  5-8  "
                "9-16  17-31    32\n"
                "     1     2.0    25.0       12.5       62.5  25000000.0          10.0  25.0  50.0  0.0   "
                "0.0    0.0  25.0\n"),
            std::string::npos)
      << ran.out;
  EXPECT_NE(ran.out.find("cycles per packet by stage, of 2000000000 a second:\n"
                         "worker  timed pkts   rx  classify  affinity  forward   tx\n"
                         "     1          32  0.0       8.0       0.0      0.0  0.0\n"),
            std::string::npos)
      << ran.out;
}

TEST_F(CleatctlTest, ConfigCheckNeedsNoDaemon) {
  rig.controller->stop();
  EXPECT_EQ(run_plain({"config", "check", rig.file()}).code, 0);
  test::write_file(rig.folder / "bad.yaml", "pools: [\n");
  const Ran bad = run_plain({"config", "check", rig.folder / "bad.yaml"});
  EXPECT_EQ(bad.code, 2);
  EXPECT_EQ(bad.err, rig.folder / "bad.yaml" + ":2:1: not YAML: end of sequence flow not found\n");
}

TEST_F(CleatctlTest, ConfigShowIsAFileThatApplyTakes) {
  ASSERT_EQ(run({"backend", "weight", "live", "10.20.0.11", "30"}).code, 0);
  const Ran shown = run({"config", "show"});
  ASSERT_EQ(shown.code, 0) << shown.err;
  const std::string file = rig.folder / "shown.yaml";
  test::write_file(file, shown.out);

  EXPECT_EQ(run_plain({"config", "check", file}).code, 0);
  EXPECT_EQ(run({"config", "apply", file}).out, "applied, 0 changes\n");

  EXPECT_EQ(test::read_file(rig.file()), shown.out);
  EXPECT_EQ(run({"config", "show"}).out, shown.out);
  EXPECT_NE(shown.out.find("# live"), std::string::npos) << shown.out;
}

TEST_F(CleatctlTest, HiddenKeysSurviveShowCheckAndApply) {
  const std::string key = "8f95f09245765f80256934e50c66207f";
  rig.configure(Rig::yaml(rig.socket(), "    ice_ufrag: { key: " + key + ", servers: { 1: 10.20.0.11 } }\n"));
  ASSERT_EQ(run({"config", "reload"}).code, 0);
  const std::string file = rig.folder / "shown.yaml";
  const Ran shown = run({"config", "show"});
  ASSERT_EQ(shown.out.find(key), std::string::npos) << shown.out;
  test::write_file(file, shown.out);

  EXPECT_EQ(run_plain({"config", "check", file}).code, 0);
  const Ran applied = run({"config", "apply", file});

  EXPECT_EQ(applied.out, "applied, 0 changes\n") << applied.err;
  EXPECT_NE(test::read_file(rig.file()).find(key), std::string::npos) << test::read_file(rig.file());
}

TEST_F(CleatctlTest, ConfigApplySaysWhatChanged) {
  std::string text = test::read_file(rig.file());
  const std::string port = "port: 1935";
  test::write_file(rig.folder / "next.yaml", text.replace(text.find(port), port.size(), "port: 1936"));
  EXPECT_EQ(run({"config", "apply", rig.folder / "next.yaml"}).out,
            "applied, 1 change\n  services.rtmp.port: 1936, was 1935\n");
}

TEST_F(CleatctlTest, ConfigApplyOfAWrongFileIsExitTwoAndOfARefusedOneExitOne) {
  const std::string file = rig.folder / "next.yaml", former = test::read_file(rig.file());
  test::write_file(file, "nonsense: 1\n");
  const Ran wrong = run({"config", "apply", file});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_TRUE(wrong.err.starts_with(file + ":1:1: nonsense: unknown key")) << wrong.err;

  test::write_file(file, Rig::yaml(rig.socket() + "2"));
  const Ran refused = run({"config", "apply", file});
  EXPECT_EQ(refused.code, 1);
  EXPECT_NE(refused.err.find("restart needed"), std::string::npos) << refused.err;
  EXPECT_EQ(test::read_file(rig.file()), former);
}

TEST_F(CleatctlTest, FlowShowSaysWhoIsBehindALip) {
  rig.open_flow(0, 40000, "192.0.2.7", 5555);
  const Ran ran = run({"flow", "show", "--lport", "40000"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out,
            "service  protocol  client          vip               lip                backend          state  "
            "    idle s  session\n"
            "rtmp     tcp       192.0.2.7:5555  10.10.0.100:1935  10.20.0.100:40000  10.20.0.11:1935  "
            "embryonic       0  -\n");
  EXPECT_EQ(run({"flow", "show", "--lport", "0"}).code, 1);
  EXPECT_EQ(run({"flow", "show", "--limit", "0"}).code, 2);
  EXPECT_EQ(run({"flow", "show", "--deadline", "5"}).code, 2);
}

TEST_F(CleatctlTest, ReloadRefusedSaysWhy) {
  rig.configure(Rig::yaml(rig.socket() + "2"));
  const Ran ran = run({"config", "reload"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(ran.err.find("restart needed"), std::string::npos) << ran.err;
}

TEST_F(CleatctlTest, NoDaemonIsExitOneAndNamesTheSocket) {
  rig.controller->stop();
  const Ran ran = run({"status", "show"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(ran.err.find(rig.socket()), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("is cleatd running?"), std::string::npos) << ran.err;
}

TEST_F(CleatctlTest, HelpListsEveryCommand) {
  const Ran ran = run_plain({"help"});
  EXPECT_EQ(ran.code, 0);
  for (const char* command : {"backend drain", "config check", "config apply", "flow show", "session why",
                              "ufrag encode", "neighbour show"})
    EXPECT_NE(ran.out.find(command), std::string::npos) << ran.out;
}

}  // namespace
}  // namespace control
