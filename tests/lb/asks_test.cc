// SPDX-License-Identifier: MIT
// Budgets: so much a second, of each network and of all, and under pressure only what came before.
#include "lb/asks.h"

#include <gtest/gtest.h>

#include "lb/hash.h"
#include "tests/lb/frame_builder.h"

namespace lb {
namespace {

using test::ip;

constexpr Now kNow{1'000'000'000};
Now after_ms(uint64_t ms) { return {kNow.ms + ms}; }

TEST(Budget, GivesSoManyASecondAndThenAgain) {
  Budget budget(3);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(budget.take(kNow));
  EXPECT_FALSE(budget.take(after_ms(999)));
  EXPECT_EQ(budget.used(after_ms(999)), 3U) << "what was refused is not taken";
  EXPECT_EQ(budget.used(after_ms(1000)), 0U);
  EXPECT_TRUE(budget.take(after_ms(1000)));
  EXPECT_EQ(budget.used(after_ms(1000)), 1U);
}

TEST(Budget, OfNothingGivesNothing) { EXPECT_FALSE(Budget(0).take(kNow)); }

class AsksTest : public testing::Test {
 protected:
  // Somebody asks for a name that nobody asked for before.
  bool ask(std::string_view client, Now now = kNow) {
    return asks_->may_ask(now, ip(client), hash_word(++names_, 1));
  }
  // As a browser does, which repeats itself.
  bool ask_again(std::string_view client) {
    const uint64_t name = hash_word(++names_, 1);
    return asks_->may_ask(kNow, ip(client), name) || asks_->may_ask(kNow, ip(client), name);
  }
  // Each from a network of its own.
  bool ask_from_anywhere(Now now = kNow, uint64_t name = 0) {
    const uint32_t network = 0x0b000000U + (++networks_ << 8);
    return asks_->may_ask(now, IpAddress::v4(be32::of(network)), hash_word(name != 0 ? name : ++names_, 1));
  }
  // More than the ease lets pass.
  void press(Now now) {
    for (unsigned n = 0; n < Asks::kPerSecond / Asks::kEaseShare + 200; ++n) ask_from_anywhere(now);
  }
  const std::unique_ptr<Asks> asks_ = std::make_unique<Asks>();
  uint64_t names_ = 1'000'000;
  uint32_t networks_ = 0;
};

TEST_F(AsksTest, ANetworkHasItsShareWhateverItsAddresses) {
  for (unsigned n = 0; n < Asks::kPerNetwork; ++n)
    ASSERT_TRUE(ask_again("192.0.2." + std::to_string(n))) << n;
  EXPECT_FALSE(ask_again("192.0.2.200"));
  EXPECT_TRUE(ask("192.0.3.1"));
  EXPECT_TRUE(ask("192.0.2.1", after_ms(1000)));
}

TEST_F(AsksTest, AnIpv6NetworkIsA48) {
  for (unsigned n = 0; n < Asks::kPerNetwork; ++n)
    ASSERT_TRUE(ask_again("2001:db8:7:" + std::to_string(n) + "::" + std::to_string(n))) << n;
  EXPECT_FALSE(ask_again("2001:db8:7:ffff::1"));
  EXPECT_TRUE(ask("2001:db8:8::1"));
}

TEST_F(AsksTest, ANetworkUnderPressureIsAskedAboutOnlyWhatCameBefore) {
  for (unsigned n = 0; n < Asks::kPerNetwork / Asks::kEaseShare; ++n) ASSERT_TRUE(ask("192.0.2.1")) << n;
  EXPECT_FALSE(ask("192.0.2.1"));
  EXPECT_TRUE(ask_again("192.0.2.77")) << "a browser beside a flood";
  EXPECT_TRUE(ask("192.0.3.1"));
}

TEST_F(AsksTest, UnderPressureANameMustHaveComeBefore) {
  for (unsigned n = 0; n < Asks::kPerSecond / Asks::kEaseShare; ++n) ASSERT_TRUE(ask_from_anywhere()) << n;

  EXPECT_FALSE(ask_from_anywhere(kNow, 77));
  EXPECT_TRUE(ask_from_anywhere(after_ms(50), 77)) << "as a browser repeats it";
}

TEST_F(AsksTest, ANameIsRememberedForASecondAndForgottenAfterTwo) {
  press(kNow);
  EXPECT_FALSE(ask_from_anywhere(after_ms(900), 77));
  press(after_ms(1000));
  EXPECT_TRUE(ask_from_anywhere(after_ms(1899), 77));
  EXPECT_FALSE(ask_from_anywhere(after_ms(1900), 78));
  press(after_ms(2000));
  press(after_ms(3000));
  EXPECT_FALSE(ask_from_anywhere(after_ms(3900), 78));
}

TEST_F(AsksTest, ANameIsForgottenAlsoWhenNobodyAskedForAWhile) {
  press(kNow);
  EXPECT_FALSE(ask_from_anywhere(after_ms(1), 77));
  press(after_ms(3000));
  EXPECT_FALSE(ask_from_anywhere(after_ms(3001), 77));
}

TEST_F(AsksTest, AWorkerAsksSoOftenASecondAndNotMore) {
  unsigned asked = 0;
  for (unsigned n = 1; n <= 3 * Asks::kPerSecond; ++n) {
    ask_from_anywhere(kNow, n);
    asked += ask_from_anywhere(kNow, n) ? 1 : 0;
  }
  EXPECT_LE(asked, Asks::kPerSecond);
  EXPECT_GT(asked, Asks::kPerSecond / 2);
  EXPECT_TRUE(ask_from_anywhere(after_ms(1000)));
}

}  // namespace
}  // namespace lb
