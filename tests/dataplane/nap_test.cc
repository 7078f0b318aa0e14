// SPDX-License-Identifier: MIT
#include "dataplane/nap.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

namespace dataplane {
namespace {

constexpr long kLongNs = 900'000'000, kShortNs = 2'000'000;

class NapTest : public testing::Test {
 protected:
  void TearDown() override { ::close(file_); }

  void frame_comes() const { ASSERT_EQ(::eventfd_write(file_, 1), 0); }
  void frame_is_read() const {
    eventfd_t value = 0;
    ASSERT_EQ(::eventfd_read(file_, &value), 0);
  }
  static long took_ns(Nap& nap, long ns, bool in_vain) {
    const auto began = std::chrono::steady_clock::now();
    nap.take(ns, in_vain);
    return std::chrono::nanoseconds(std::chrono::steady_clock::now() - began).count();
  }

  const int file_ = ::eventfd(0, EFD_NONBLOCK);
};

TEST_F(NapTest, LastsItsTimeWhenNothingComes) {
  Nap nap({file_}, true);
  EXPECT_TRUE(nap.woken_by_all());
  EXPECT_GE(took_ns(nap, kShortNs, false), kShortNs);
  EXPECT_GE(took_ns(nap, kShortNs, true), kShortNs);
}

TEST_F(NapTest, NeedsNoFile) {
  Nap nap({}, false);
  EXPECT_FALSE(nap.woken_by_all());
  EXPECT_GE(took_ns(nap, kShortNs, false), kShortNs);
}

TEST_F(NapTest, EndsWithTheFrame) {
  Nap nap({file_}, true);
  frame_comes();
  EXPECT_LT(took_ns(nap, kLongNs, false), kLongNs);
  EXPECT_LT(took_ns(nap, kLongNs, false), kLongNs) << "the next one, after another frame was found";
}

TEST_F(NapTest, LetsFilesAloneOnceAfterAWakingForNothing) {
  Nap nap({file_}, true);
  frame_comes();
  EXPECT_LT(took_ns(nap, kLongNs, false), kLongNs);
  EXPECT_GE(took_ns(nap, kLongNs, true), 50'000) << "readable, but it sleeps, though not for long";
  frame_is_read();
  EXPECT_GE(took_ns(nap, kShortNs, true), kShortNs);
  frame_comes();
  EXPECT_LT(took_ns(nap, kLongNs, true), kLongNs) << "it listens again";
}

TEST_F(NapTest, IsNotKeptAwakeByABrokenFile) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  Nap nap({ends[0], file_}, true);
  ::close(ends[1]);

  EXPECT_LT(took_ns(nap, kLongNs, false), kLongNs);

  EXPECT_FALSE(nap.woken_by_all()) << "its queue has to be looked at";
  EXPECT_GE(took_ns(nap, kShortNs, false), kShortNs);
  frame_comes();
  EXPECT_LT(took_ns(nap, kLongNs, false), kLongNs) << "the others still wake it";
  ::close(ends[0]);
}

TEST(AfXdpSockets, AreThoseThatAreOpenAndNoOthers) {
  const std::vector<int> before = af_xdp_sockets();
  const int other = ::socket(AF_INET, SOCK_DGRAM, 0);
  EXPECT_EQ(af_xdp_sockets(), before);
  const int xdp = ::socket(AF_XDP, SOCK_RAW, 0);
  if (xdp < 0) GTEST_SKIP() << "no AF_XDP here: another kernel, or no CAP_NET_RAW";

  const std::vector<int> with = af_xdp_sockets();

  EXPECT_EQ(with.size(), before.size() + 1);
  EXPECT_TRUE(std::ranges::binary_search(with, xdp));
  ::close(xdp);
  EXPECT_EQ(af_xdp_sockets(), before);
  ::close(other);
}

}  // namespace
}  // namespace dataplane
