// SPDX-License-Identifier: MIT
// Ids that outlive a process: the same thing keeps its number, a number changes hands only after its hold.
#include "lb/identity.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lb {
namespace {

constexpr uint64_t kHold = 1000;

Identity backend(const std::string& address, uint16_t port = 0, const std::string& pool = "srs") {
  Identity identity;
  identity.kind = IdentityKind::kBackend;
  identity.address = IpAddress::parse(address).value();
  identity.port = port;
  identity.name_hash = name_hash(pool);
  return identity;
}

class IdentityTest : public testing::Test {
 protected:
  std::optional<uint16_t> acquire(const std::string& address, uint64_t now) {
    return table_.acquire(backend(address), now, kHold);
  }
  void release_all_but(std::vector<uint16_t> kept, uint64_t now) {
    bool used[3] = {};
    for (const uint16_t id : kept) used[id] = true;
    table_.release_unmarked(used, now);
  }

  std::vector<IdentityEntry> entries_{3};
  IdentityTable table_{entries_};
};

TEST_F(IdentityTest, TheSameThingHasTheSameIdEachTime) {
  const auto first = acquire("10.0.0.1", 0);
  const auto other = acquire("10.0.0.2", 0);

  EXPECT_EQ(acquire("10.0.0.1", 500), first);
  EXPECT_NE(other, first);
}

TEST_F(IdentityTest, PoolPortAndKindTellIdentitiesApart) {
  const auto plain = table_.acquire(backend("10.0.0.1"), 0, kHold);
  const auto with_port = table_.acquire(backend("10.0.0.1", 80), 0, kHold);
  const auto in_other_pool = table_.acquire(backend("10.0.0.1", 0, "edge"), 0, kHold);

  EXPECT_NE(plain, with_port);
  EXPECT_NE(plain, in_other_pool);
  EXPECT_NE(with_port, in_other_pool);
}

TEST_F(IdentityTest, AFullTableGivesNone) {
  for (const char* address : {"10.0.0.1", "10.0.0.2", "10.0.0.3"}) ASSERT_TRUE(acquire(address, 0));

  EXPECT_FALSE(acquire("10.0.0.4", 1'000'000)) << "ids in use are never taken away";
}

TEST_F(IdentityTest, AReleasedIdKeepsItsMeaningAndComesBackToItsOwner) {
  const auto id = acquire("10.0.0.1", 0);
  release_all_but({}, 100);

  EXPECT_TRUE(table_.is_released(*id));
  EXPECT_EQ(table_.at(*id), backend("10.0.0.1"));
  EXPECT_EQ(acquire("10.0.0.1", 100'000), id);
  EXPECT_FALSE(table_.is_released(*id));
}

TEST_F(IdentityTest, AStrangerGetsAnIdOnlyAfterTheHold) {
  for (const char* address : {"10.0.0.1", "10.0.0.2", "10.0.0.3"}) acquire(address, 0);
  release_all_but({0, 2}, 5000);

  EXPECT_FALSE(acquire("10.0.0.4", 5000 + kHold - 1));
  EXPECT_EQ(acquire("10.0.0.4", 5000 + kHold), 1);
  EXPECT_FALSE(table_.find(backend("10.0.0.2"))) << "its former owner is forgotten";
}

TEST_F(IdentityTest, ANeverUsedIdIsPreferredToOneThatWasReleased) {
  acquire("10.0.0.1", 0);
  release_all_but({}, 0);

  EXPECT_EQ(acquire("10.0.0.2", 1'000'000), 1);
}

TEST_F(IdentityTest, TheLongestReleasedIdIsReusedFirst) {
  for (const char* address : {"10.0.0.1", "10.0.0.2", "10.0.0.3"}) acquire(address, 0);
  release_all_but({0, 1}, 100);
  release_all_but({0}, 200);
  release_all_but({}, 300);

  EXPECT_EQ(acquire("10.0.0.4", 10'000), 2);
  EXPECT_EQ(acquire("10.0.0.5", 10'000), 1);
}

TEST_F(IdentityTest, ASecondReleaseDoesNotProlongTheHold) {
  for (const char* address : {"10.0.0.1", "10.0.0.2", "10.0.0.3"}) acquire(address, 0);
  release_all_but({0, 1}, 100);
  release_all_but({0, 1}, 900);

  EXPECT_EQ(acquire("10.0.0.4", 100 + kHold), 2);
}

TEST_F(IdentityTest, AReleaseAtTimeZeroIsARelease) {
  const auto id = acquire("10.0.0.1", 0);

  release_all_but({}, 0);

  EXPECT_TRUE(table_.is_released(*id));
}

TEST_F(IdentityTest, ANewViewOnTheSameMemoryKnowsEveryId) {
  const auto first = acquire("10.0.0.1", 0);
  const auto second = acquire("10.0.0.2", 0);
  release_all_but({*second}, 100);

  IdentityTable restarted(entries_);

  EXPECT_EQ(restarted.find(backend("10.0.0.1")), first);
  EXPECT_EQ(restarted.find(backend("10.0.0.2")), second);
  EXPECT_TRUE(restarted.is_released(*first));
  EXPECT_EQ(restarted.acquire(backend("10.0.0.3"), 200, kHold), 2);
}

TEST(NameHash, IsFnv1aAndNeverZero) {
  EXPECT_EQ(name_hash("a"), 0xaf63dc4c8601ec8cULL) << "the FNV reference vector";
  EXPECT_NE(name_hash(""), 0U);
  EXPECT_NE(name_hash("live"), name_hash("edge"));
}

}  // namespace
}  // namespace lb
