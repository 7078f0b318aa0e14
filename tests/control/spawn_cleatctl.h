// SPDX-License-Identifier: MIT
// A test that runs the real cleatctl (its path in $CLEATCTL) against a rig's API socket.
#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/control/rig.h"

extern char** environ;

namespace control::test {

struct Ran {
  int code = -1;
  std::string out, err;
};

// World  a Rig, started or not
template <typename World>
class CleatctlTest : public ::testing::Test {
 protected:
  CleatctlTest() {
    if (rig.controller) return;
    EXPECT_TRUE(rig.start().ok());
  }

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

  World rig;
};

}  // namespace control::test
