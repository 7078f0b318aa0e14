// SPDX-License-Identifier: MIT
#include "lb/maglev.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "lb/hash.h"

namespace lb {
namespace {

constexpr uint32_t kSize = 65537;

std::vector<MaglevEntry> backends(size_t count, uint32_t weight = 100) {
  std::vector<MaglevEntry> entries;
  for (size_t i = 0; i < count; ++i)
    entries.push_back({hash_word(i, 0xabcd), weight, static_cast<BackendId>(i + 1)});
  return entries;
}

std::map<BackendId, unsigned> shares(const std::vector<BackendId>& table) {
  std::map<BackendId, unsigned> count;
  for (const BackendId id : table) ++count[id];
  return count;
}

unsigned moved(const std::vector<BackendId>& before, const std::vector<BackendId>& after) {
  unsigned count = 0;
  for (size_t i = 0; i < before.size(); ++i) count += before[i] != after[i] ? 1 : 0;
  return count;
}

// The paper's pseudocode (section 3.4) with whole permutations, and turns for weights: every round a backend may fill
// weight / heaviest places, fractions saved up.
std::vector<BackendId> plain_maglev(std::vector<MaglevEntry> entries, uint32_t size) {
  std::sort(entries.begin(), entries.end(), [](auto& a, auto& b) { return a.identity < b.identity; });
  std::vector<std::vector<uint32_t>> permutation;
  uint64_t heaviest = 0;
  for (const MaglevEntry& e : entries) {
    const uint64_t offset = reduce(hash_word(e.identity, 0x6d61676c6576), size);
    const uint64_t skip = reduce(hash_word(e.identity, 0x736b6970), size - 1) + 1;
    permutation.emplace_back();
    for (uint64_t j = 0; j < size; ++j)
      permutation.back().push_back(static_cast<uint32_t>((offset + j * skip) % size));
    heaviest = std::max<uint64_t>(heaviest, e.weight);
  }
  std::vector<int> entry(size, -1);
  std::vector<uint32_t> next(entries.size(), 0);
  std::vector<uint64_t> saved(entries.size(), 0);
  for (uint32_t n = 0;;) {
    for (size_t i = 0; i < entries.size(); ++i) {
      saved[i] += entries[i].weight;
      if (saved[i] < heaviest) continue;
      saved[i] -= heaviest;
      uint32_t c = permutation[i][next[i]];
      while (entry[c] >= 0) c = permutation[i][++next[i]];
      entry[c] = static_cast<int>(i);
      ++next[i];
      if (++n < size) continue;
      std::vector<BackendId> table;
      for (const int e : entry) table.push_back(entries[static_cast<size_t>(e)].id);
      return table;
    }
  }
}

TEST(Maglev, EveryPlaceIsFilledAndSharesAreEven) {
  const auto table = maglev_table(backends(10), kSize);

  ASSERT_EQ(table.size(), kSize);
  const auto count = shares(table);
  ASSERT_EQ(count.size(), 10U);
  for (const auto& [id, places] : count) EXPECT_NEAR(places, kSize / 10.0, 1.0) << id;
}

TEST(Maglev, SharesFollowWeights) {
  auto entries = backends(4);
  entries[0].weight = 300, entries[1].weight = 100, entries[2].weight = 99, entries[3].weight = 1;

  const auto count = shares(maglev_table(entries, kSize));

  for (const MaglevEntry& e : entries)
    EXPECT_NEAR(count.at(e.id), kSize * e.weight / 500.0, 2.0) << "weight " << e.weight;
}

TEST(Maglev, TheOrderOfTheConfigDoesNotMatter) {
  auto entries = backends(20);
  for (size_t i = 0; i < entries.size(); ++i) entries[i].weight = static_cast<uint32_t>(1 + i * 7 % 5);
  const auto table = maglev_table(entries, kSize);
  std::mt19937 random(4);
  for (int i = 0; i < 5; ++i) {
    std::shuffle(entries.begin(), entries.end(), random);
    EXPECT_EQ(maglev_table(entries, kSize), table);
  }
}

TEST(Maglev, RemovingOneBackendMovesOnlyItsShare) {
  const auto entries = backends(10);
  const auto before = maglev_table(entries, kSize);

  const auto after = maglev_table(std::span(entries).first(9), kSize);

  const unsigned own = shares(before).at(10);
  const unsigned others = moved(before, after) - own;
  EXPECT_LT(others, kSize * 4 / 100) << "the paper (figure 12) sees a few percent at this size";
}

TEST(Maglev, AddingOneBackendTakesAboutItsShare) {
  const auto entries = backends(10);

  const unsigned count =
      moved(maglev_table(std::span(entries).first(9), kSize), maglev_table(entries, kSize));

  EXPECT_GT(count, kSize / 10 - 2);
  EXPECT_LT(count, kSize / 10 + kSize * 4 / 100);
}

TEST(Maglev, ASmallChangeOfAWeightMovesLittle) {
  auto entries = backends(10);
  const auto before = maglev_table(entries, kSize);
  entries[3].weight = 90;

  EXPECT_LT(moved(before, maglev_table(entries, kSize)), kSize * 5 / 100);
}

TEST(Maglev, NobodyGivesAnEmptyTable) { EXPECT_TRUE(maglev_table({}, kSize).empty()); }

TEST(Maglev, OneBackendFillsTheTable) {
  const auto table = maglev_table(backends(1, 1), kSize);

  EXPECT_EQ(shares(table).at(1), kSize);
}

TEST(Maglev, TheHeaviestWeightsDoNotOverflow) {
  auto entries = backends(2, 1'000'000);
  entries[1].weight = 1;

  EXPECT_LE(shares(maglev_table(entries, kSize))[2], 1U);
}

TEST(Maglev, SizesAreThePrimesFromTheList) {
  EXPECT_EQ(maglev_size(0), 65537U);
  EXPECT_EQ(maglev_size(65537), 65537U);
  EXPECT_EQ(maglev_size(65538), 131101U);
  EXPECT_EQ(maglev_size(10'000'000), 655373U);
  for (const uint32_t size : {65537U, 131101U, 262147U, 409609U, 655373U})
    for (uint32_t d = 2; d * d <= size; ++d) ASSERT_NE(size % d, 0U) << size << " = " << d << " x ...";
}

TEST(Maglev, MatchesThePapersPseudocodeForRandomPools) {
  std::mt19937 random(5);
  for (int round = 0; round < 60; ++round) {
    auto entries = backends(1 + random() % 12);
    for (MaglevEntry& e : entries) {
      e.identity = random();
      e.weight = static_cast<uint32_t>(1 + random() % (round % 2 == 0 ? 3 : 1000));
    }
    constexpr uint32_t kSmall = 1009;
    ASSERT_EQ(maglev_table(entries, kSmall), plain_maglev(entries, kSmall)) << "round " << round;
  }
}

}  // namespace
}  // namespace lb
