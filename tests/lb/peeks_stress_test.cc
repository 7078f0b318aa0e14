// SPDX-License-Identifier: MIT
// Several workers on one table of peeks: whoever holds a place holds it alone, and it is of the connection that was asked for.
#include <gtest/gtest.h>

#include <random>
#include <thread>
#include <vector>

#include "lb/hash.h"
#include "lb/peeks.h"

namespace lb {
namespace {

constexpr unsigned kThreads = 3, kRounds = 200'000, kClients = 96;
const Endpoint kVip = *Endpoint::parse("10.10.0.100:1935");

Endpoint client(unsigned n) { return {IpAddress::v4(be32::of(0xc6336400U + n)), 40000}; }

// In plain words of the record, which two at once would lose counts in.
void work(Peeks& peeks, unsigned seed, uint64_t& begun, uint64_t& counted, uint64_t& ended) {
  std::mt19937 random(seed);
  for (unsigned round = 0; round < kRounds; ++round) {
    const auto n = static_cast<unsigned>(random() % kClients);
    const uint64_t hash = hash_word(n, 5);
    bool busy = false;
    Peeks::Held held = peeks.find(hash, client(n), kVip, busy);
    if (busy) continue;
    if (!held) {
      Peeks::Held victim;
      held = peeks.claim(hash, {1'000'000 + round}, victim);
      if (victim) {
        ended += victim->given;
        std::move(victim).end();
      }
      if (!held) continue;
      held->client = client(n);
      held->vip = kVip;
      ++begun;
    }
    ASSERT_EQ(held->client, client(n));
    ++held->given;
    ++counted;
    if (random() % 8 == 0) {
      ended += held->given;
      std::move(held).end();
    }
  }
}

TEST(PeeksStress, NoTwoWorkersHoldOnePlace) {
  Peeks peeks(32);
  std::array<uint64_t, kThreads> begun{}, counted{}, ended{};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kThreads; ++i)
    threads.emplace_back([&, i] { work(peeks, i + 1, begun[i], counted[i], ended[i]); });
  for (std::thread& thread : threads) thread.join();
  uint64_t sum = 0, over = 0;
  for (unsigned i = 0; i < kThreads; ++i) {
    EXPECT_GT(begun[i], 0U);
    sum += counted[i];
    over += ended[i];
  }
  for (uint32_t index = 0; index < peeks.count(); ++index)
    if (Peeks::Held held = peeks.at(index)) {
      over += held->given;
      std::move(held).end();
    }
  EXPECT_EQ(over, sum);
  EXPECT_EQ(peeks.used(), 0U);
}

}  // namespace
}  // namespace lb
