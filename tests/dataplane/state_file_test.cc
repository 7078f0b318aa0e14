// SPDX-License-Identifier: MIT
// The state segment as a file: who may open it, what is taken over, what is put aside.
#include "dataplane/state_file.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace dataplane {
namespace {

namespace fs = std::filesystem;
using lb::NarrowTable;

constexpr lb::SegmentGeometry kGeometry{.flows_v4 = 1024, .flows_wide = 1024, .lips = 1};
constexpr lb::Now kNow{5'000'000};

class StateFileTest : public testing::Test {
 protected:
  StateFileTest() {
    char name[] = "/tmp/cleat-state-XXXXXX";
    folder_ = ::mkdtemp(name);
    path_ = folder_ + "/run/default";
  }
  ~StateFileTest() override { fs::remove_all(folder_); }

  lb::Result<StateFile> open(lb::Now now = kNow, const lb::SegmentGeometry& geometry = kGeometry) {
    return StateFile::open(path_, geometry, now);
  }
  static unsigned mode_of(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
  }
  // A flow without a slot, as DSR has them.
  static void enter_flow(lb::Segment& segment) {
    const auto lend = [](lb::IdentityTable& table, lb::IdentityKind kind) {
      lb::Identity identity;
      identity.kind = kind;
      identity.port = 80;
      return *table.acquire(identity, 0, 0);
    };
    const auto listener = lend(segment.listeners(), lb::IdentityKind::kListener);
    const auto backend = lend(segment.backends(), lb::IdentityKind::kBackend);
    NarrowTable& table = segment.flows().narrow;
    const auto key = lb::narrow_key(lb::IpAddress::v4(lb::be32::of(0xcb007101)), 1, listener);
    ASSERT_TRUE(table.insert(key, table.hash(key), lb::kNoSlot, backend, kNow.tick()).found);
  }
  // Opens once, closes, and overwrites bytes of the file.
  void leave_behind(size_t offset, const std::string& bytes) {
    ASSERT_TRUE(open());
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(offset));
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

  std::string folder_, path_;
};

TEST_F(StateFileTest, AFreshFileIsTheOwnersAloneInAFolderOfItsOwn) {
  const auto file = open();

  ASSERT_TRUE(file) << file.error();
  EXPECT_EQ(mode_of(path_), 0600U);
  EXPECT_EQ(mode_of(folder_ + "/run"), 0700U);
  EXPECT_EQ(fs::file_size(path_), kGeometry.bytes());
  EXPECT_FALSE(file.value().mended());
  EXPECT_EQ(file.value().rejected(), "");
}

TEST_F(StateFileTest, AnImpossibleGeometryMakesNoFile) {
  EXPECT_FALSE(open(kNow, {.flows_v4 = 1000}));
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(StateFileTest, TheNextProcessFindsTheFlowsOfTheOneBefore) {
  {
    auto first = open();
    enter_flow(first.value().segment());
  }

  auto second = open({kNow.ms + 60'000});

  ASSERT_TRUE(second.value().mended());
  EXPECT_EQ(second.value().mended()->flows, 1U);
  EXPECT_EQ(second.value().rejected(), "");
}

TEST_F(StateFileTest, ASecondDaemonOnTheSamePathIsRefused) {
  auto first = open();

  const auto second = open();

  ASSERT_FALSE(second);
  EXPECT_NE(second.error().find("in use by another cleatd"), std::string::npos);
  EXPECT_TRUE(fs::exists(path_));
}

TEST_F(StateFileTest, AKilledDaemonLeavesNoLock) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto file = open();
    if (file) enter_flow(file.value().segment());
    [[maybe_unused]] const auto written = ::write(ready[1], file ? "+" : "-", 1);
    ::pause();
    ::_exit(0);
  }
  char opened = 0;
  ASSERT_EQ(::read(ready[0], &opened, 1), 1);
  ASSERT_EQ(opened, '+');
  EXPECT_FALSE(open()) << "while the other process lives";
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);

  auto taken_over = open();

  ASSERT_TRUE(taken_over) << taken_over.error();
  EXPECT_EQ(taken_over.value().mended()->flows, 1U);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(StateFileTest, AMovedStateFileKeepsLockAndMapping) {
  auto first = open();
  StateFile moved(std::move(first).value());

  enter_flow(moved.segment());

  EXPECT_FALSE(open());
}

TEST_F(StateFileTest, OtherTableSizesPutTheFileAsideAndStartAfresh) {
  { auto first = open(); }
  lb::SegmentGeometry larger = kGeometry;
  larger.flows_v4 *= 2;

  auto second = open(kNow, larger);

  ASSERT_TRUE(second) << second.error();
  EXPECT_NE(second.value().rejected().find("table sizes"), std::string::npos);
  EXPECT_FALSE(second.value().mended());
  EXPECT_EQ(fs::file_size(path_), larger.bytes());
  EXPECT_EQ(fs::file_size(path_ + ".rejected"), kGeometry.bytes());
}

TEST_F(StateFileTest, WhatIsNoSegmentIsPutAside) {
  leave_behind(0, "#!/bin/sh");

  auto file = open();

  ASSERT_TRUE(file) << file.error();
  EXPECT_EQ(file.value().rejected(), "not a state segment");
  EXPECT_TRUE(fs::exists(path_ + ".rejected"));
}

TEST_F(StateFileTest, ADaemonKilledBeforeItLaidOutTheSegmentIsNoHindrance) {
  leave_behind(0, std::string(4096, '\0'));

  EXPECT_TRUE(open());
}

TEST_F(StateFileTest, AnotherVersionIsPutAside) {
  leave_behind(8, std::string("\x63\0\0\0", 4));

  EXPECT_NE(open().value().rejected().find("version 99"), std::string::npos);
}

TEST_F(StateFileTest, AFileOfAnEarlierBootIsPutAside) {
  { auto first = open({kNow.ms + 3'600'000}); }

  EXPECT_NE(open().value().rejected().find("booted"), std::string::npos);
}

TEST_F(StateFileTest, AFileThatWasCutShortIsPutAside) {
  { auto first = open(); }
  fs::resize_file(path_, kGeometry.bytes() - 4096);
  EXPECT_NE(open().value().rejected().find("shorter"), std::string::npos);

  fs::resize_file(path_, 10);

  EXPECT_NE(open().value().rejected().find("too short"), std::string::npos);
}

TEST_F(StateFileTest, APutAsideFileIsNotInTheWayOfTheNext) {
  leave_behind(0, "rubbish");
  ASSERT_TRUE(open());
  leave_behind(0, "garbage");

  ASSERT_TRUE(open());

  std::ifstream aside(path_ + ".rejected", std::ios::binary);
  std::string start(7, '\0');
  aside.read(start.data(), 7);
  EXPECT_EQ(start, "garbage");
}

TEST_F(StateFileTest, ASymbolicLinkIsRefused) {
  fs::create_directories(folder_ + "/run");
  fs::create_symlink("/tmp", path_);

  const auto file = open();

  ASSERT_FALSE(file);
  EXPECT_NE(file.error().find(path_), std::string::npos);
}

TEST_F(StateFileTest, AnotherUsersFileIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  { auto first = open(); }
  ASSERT_EQ(::chown(path_.c_str(), 65534, 65534), 0);

  const auto file = open();

  ASSERT_FALSE(file);
  EXPECT_NE(file.error().find("another user"), std::string::npos);
}

TEST_F(StateFileTest, AFolderThatCannotBeMadeIsNamed) {
  std::ofstream(folder_ + "/run") << "in the way";

  const auto file = open();

  ASSERT_FALSE(file);
  EXPECT_NE(file.error().find(path_), std::string::npos);
}

}  // namespace
}  // namespace dataplane
