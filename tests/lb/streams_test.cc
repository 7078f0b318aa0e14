// SPDX-License-Identifier: MIT
#include "lb/streams.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace lb {
namespace {

StreamKey key(unsigned n) { return *StreamKey::make("", "live", "cam" + std::to_string(n)); }

class StreamsTest : public ::testing::Test {
 protected:
  static constexpr uint32_t kCount = 1024;
  std::unique_ptr<StreamRecord[]> records_{new StreamRecord[kCount]()};
  Streams streams_{records_.get(), kCount, 99};
  Now now_{1'000'000};
};

TEST_F(StreamsTest, StreamIsFoundInItsPoolAlone) {
  EXPECT_FALSE(streams_.find(3, key(1), now_));
  const auto made = streams_.learn(3, key(1), 12, now_);
  ASSERT_TRUE(made);
  const auto found = streams_.find(3, key(1), now_);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->control.backend(), 12);
  EXPECT_EQ(found->key.text(), "/live/cam1");
  EXPECT_FALSE(found->published);
  EXPECT_FALSE(streams_.find(4, key(1), now_));
  EXPECT_FALSE(streams_.find(3, key(2), now_));
}

TEST_F(StreamsTest, LearningAKnownStreamSaysWhereItIs) {
  streams_.learn(3, key(1), 12, now_);
  EXPECT_EQ(streams_.learn(3, key(1), 13, now_)->control.backend(), 12);
}

TEST_F(StreamsTest, KnownStreamIsNotLearnedTwiceWhenAnEarlierPlaceBecomesFree) {
  std::vector<StreamView> made;
  for (unsigned n = 0; n < kCount; ++n)
    if (const auto view = streams_.learn(1, key(n), 12, now_)) made.push_back(*view);
  for (const StreamView& view : made)
    if (view.index % Streams::kWays == 0) streams_.forget(view);
  for (const StreamView& view : made) {
    if (view.index % Streams::kWays == 0) continue;
    EXPECT_EQ(streams_.learn(1, view.key, 13, now_)->index, view.index);
  }
}

TEST_F(StreamsTest, MoveCountsForWhoComesNext) {
  const auto seen = streams_.learn(3, key(1), 12, now_);
  EXPECT_TRUE(streams_.move(*seen, 13));
  EXPECT_FALSE(streams_.move(*seen, 14)) << "what it saw is old";
  EXPECT_EQ(streams_.find(3, key(1), now_)->control.backend(), 13);
}

TEST_F(StreamsTest, IsForgottenAMinuteAfterItsLastConnection) {
  const auto seen = streams_.learn(3, key(1), 12, now_);
  now_.ms += 50'000;
  streams_.touch(seen->place(), false, now_);
  now_.ms += 59'000;
  EXPECT_TRUE(streams_.find(3, key(1), now_));
  now_.ms += 2'000;
  EXPECT_FALSE(streams_.find(3, key(1), now_));
  EXPECT_EQ(streams_.learn(3, key(1), 13, now_)->control.backend(), 13);
}

TEST_F(StreamsTest, WhoeverKeepsAForgottenOneKeepsNoOtherAlive) {
  const auto first = streams_.learn(3, key(1), 12, now_);
  streams_.forget(*first);
  streams_.touch(first->place(), true, now_);
  const auto second = streams_.learn(3, key(1), 13, now_);
  ASSERT_EQ(second->index, first->index);
  EXPECT_FALSE(streams_.find(3, key(1), now_)->published);

  now_.ms += 50'000;
  streams_.touch(first->place(), true, now_);
  EXPECT_FALSE(streams_.at(first->place(), now_));
  EXPECT_FALSE(streams_.find(3, key(1), now_)->published);
  EXPECT_EQ(streams_.at(second->place(), now_)->control.backend(), 13);
  now_.ms += 11'000;
  EXPECT_FALSE(streams_.find(3, key(1), now_)) << "nobody of its own was there";
  EXPECT_FALSE(streams_.at(second->place(), now_));
  EXPECT_FALSE(streams_.at(kNoStream, now_));
}

TEST_F(StreamsTest, IsPublishedForAsLongAsItsPublisherIsThere) {
  const auto seen = streams_.learn(3, key(1), 12, now_);
  streams_.touch(seen->place(), true, now_);
  now_.ms += 9'000;
  EXPECT_TRUE(streams_.find(3, key(1), now_)->published);
  now_.ms += 2'000;
  EXPECT_FALSE(streams_.find(3, key(1), now_)->published);
}

TEST_F(StreamsTest, IsPublishedNoMoreWhenItsPublisherIsGone) {
  const auto seen = streams_.learn(3, key(1), 12, now_);
  streams_.touch(seen->place(), true, now_, 7);
  now_.ms += 3'000;
  streams_.touch(seen->place(), true, now_, 8);
  streams_.touch(seen->place(), true, now_);
  streams_.end_publisher(seen->place(), kNoPublisher);
  streams_.end_publisher(seen->place(), 8);
  streams_.end_publisher(seen->place() ^ 1U << kStreamIndexBits, 7);
  EXPECT_TRUE(streams_.find(3, key(1), now_)->published) << "the first one is there";
  streams_.end_publisher(seen->place(), 7);
  EXPECT_FALSE(streams_.find(3, key(1), now_)->published);
  streams_.touch(seen->place(), true, now_, 8);
  EXPECT_TRUE(streams_.find(3, key(1), now_)->published);
  now_.ms += 11'000;
  streams_.touch(seen->place(), true, now_, 9);
  streams_.end_publisher(seen->place(), 8);
  EXPECT_TRUE(streams_.find(3, key(1), now_)->published) << "8 was silent for too long";
  streams_.end_publisher(kNoStream, 9);
}

TEST_F(StreamsTest, WhoTakesAPublishersPlaceIsTheOneThatEnds) {
  const auto seen = streams_.learn(3, key(1), 12, now_);
  streams_.touch(seen->place(), true, now_, 7);
  streams_.leave_publisher(seen->place(), 8);
  streams_.touch(seen->place(), true, now_, 8);
  streams_.end_publisher(seen->place(), 8);
  EXPECT_TRUE(streams_.find(3, key(1), now_)->published) << "7 has not left";
  streams_.leave_publisher(seen->place(), 7);
  EXPECT_TRUE(streams_.find(3, key(1), now_)->published) << "it may come again";
  streams_.touch(seen->place(), true, now_, 8);
  streams_.end_publisher(seen->place(), 7);
  EXPECT_TRUE(streams_.find(3, key(1), now_)->published);
  streams_.end_publisher(seen->place(), 8);
  EXPECT_FALSE(streams_.find(3, key(1), now_)->published);
}

TEST_F(StreamsTest, LongestKeyIsKeptWhole) {
  const StreamKey longest = *StreamKey::make("", "live", std::string(StreamKey::kMaxBytes - 6, 'x'));
  ASSERT_EQ(longest.text().size(), StreamKey::kMaxBytes);
  streams_.learn(3, longest, 12, now_);
  EXPECT_EQ(streams_.find(3, longest, now_)->key.text(), longest.text());
}

TEST_F(StreamsTest, FullTableRefusesAndForgetsNobody) {
  std::map<unsigned, BackendId> kept;
  unsigned refused = 0;
  for (unsigned n = 0; n < 3 * kCount; ++n) {
    const auto backend = static_cast<BackendId>(n % 100);
    if (streams_.learn(1, key(n), backend, now_))
      kept[n] = backend;
    else
      ++refused;
  }
  EXPECT_GE(refused, 2 * kCount);
  for (const auto& [n, backend] : kept) EXPECT_EQ(streams_.find(1, key(n), now_)->control.backend(), backend);
}

TEST_F(StreamsTest, HalfWrittenRecordIsFreedByMending) {
  const auto seen = streams_.learn(3, key(1), 12, now_);
  records_[seen->index].control.store(seen->control.with(StreamControl::State::kBusy).raw());
  EXPECT_FALSE(streams_.find(3, key(1), now_));
  streams_.mend();
  EXPECT_EQ(streams_.learn(3, key(1), 13, now_)->index, seen->index);
}

TEST_F(StreamsTest, TwoThreadsThatLearnOneStreamAgree) {
  for (unsigned n = 0; n < 2000; ++n) {
    std::atomic<unsigned> ready{0};
    const auto learn = [&](unsigned who) {
      ready.fetch_add(1);
      while (ready.load() < 2) std::this_thread::yield();
      streams_.learn(5, key(n), static_cast<BackendId>(10 + who), now_);
    };
    std::thread other(learn, 1);
    learn(0);
    other.join();
    const auto found = streams_.find(5, key(n), now_);
    if (!found) continue;  // no room
    unsigned copies = 0;
    for (StreamIndex i = 0; i < kCount; ++i) {
      const auto view = streams_.read(i, now_);
      copies += view && view->key == key(n) ? 1 : 0;
    }
    EXPECT_EQ(copies, 1U) << n;
    streams_.forget(*found);
  }
}

}  // namespace
}  // namespace lb
