// SPDX-License-Identifier: MIT
// The real cleatctl (its path in $CLEATCTL) against a real API socket.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstdlib>

#include "tests/control/rig.h"

extern char** environ;

namespace control {
namespace {

using test::Json;
using test::Rig;
using test::run_until;

struct Ran {
  int code = -1;
  std::string out, err;
};

class CleatctlTest : public ::testing::Test {
 protected:
  CleatctlTest() { EXPECT_TRUE(rig.start().ok()); }

  // Runs cleatctl as it stands.
  Ran run_plain(std::vector<std::string> words) {
    const char* program = std::getenv("CLEATCTL");
    if (program == nullptr) {
      ADD_FAILURE() << "CLEATCTL does not name the program";
      return {};
    }
    words.insert(words.begin(), program);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    const std::string out = rig.folder / "out", err = rig.folder / "err";
    ::posix_spawn_file_actions_addopen(&files, 1, out.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600);
    ::posix_spawn_file_actions_addopen(&files, 2, err.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600);
    pid_t child = 0;
    const int failed = ::posix_spawn(&child, program, &files, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&files);
    EXPECT_EQ(failed, 0) << program;
    if (failed != 0) return {};
    int status = 0;
    EXPECT_TRUE(run_until(rig.io, [&] { return ::waitpid(child, &status, WNOHANG) == child; }));
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, test::read_file(out), test::read_file(err)};
  }
  // With --socket.
  Ran run(std::vector<std::string> words) {
    words.insert(words.begin(), {"--socket", rig.socket()});
    return run_plain(std::move(words));
  }

  Rig rig;
};

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
  EXPECT_EQ(ran.out,
            "pool  backend     state              weight  effective  flows  opened  drain  reason\n"
            "live  10.20.0.11  unchecked  30 (file: 100)         30      0       0  -      -\n"
            "live  10.20.0.12  unchecked             100        100      0       0  -      -\n");
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

TEST_F(CleatctlTest, ConfigCheckNeedsNoDaemon) {
  rig.controller->stop();
  EXPECT_EQ(run_plain({"config", "check", rig.file()}).code, 0);
  test::write_file(rig.folder / "bad.yaml", "pools: [\n");
  const Ran bad = run_plain({"config", "check", rig.folder / "bad.yaml"});
  EXPECT_EQ(bad.code, 2);
  EXPECT_FALSE(bad.err.empty());
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
  for (const char* command : {"backend drain", "config check", "neighbour show"})
    EXPECT_NE(ran.out.find(command), std::string::npos) << ran.out;
}

}  // namespace
}  // namespace control
