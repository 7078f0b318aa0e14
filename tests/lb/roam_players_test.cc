// SPDX-License-Identifier: MIT
// Players that change their address: known again by their SRTCP, also in a crowd.
#include "lb/roam.h"

#include <gtest/gtest.h>

#include "tests/lb/roam_rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

TEST_F(Roam, APlayerIsKnownByTheIndexOfItsSrtcp) {
  for (const bool gcm : {false, true}) {
    for (int i = 0; i < 3; ++i) rig_.from(kWifi, srtcp(++index_, gcm));
    const std::string port = gcm ? ":50001" : ":50002";
    rig_.from("203.0.113.9" + port, srtcp(index_ + 2, gcm));
    const auto challenges = rig_.challenges();
    ASSERT_EQ(challenges.size(), 1U) << gcm;
    rig_.from("203.0.113.9" + port, challenges[0].answer(kClientPassword));
    EXPECT_EQ(replies_go_to(), endpoint("203.0.113.9" + port));
    rig_.wait_ms(250);
    rig_.from(kWifi, check({.password = kServerPassword, .nominates = true, .number = 7}));
    rig_.from(kWifi, rig_.challenges().at(0).answer(kClientPassword));
    EXPECT_EQ(replies_go_to(), endpoint(kWifi));
  }
}

// Congestion feedback has an SSRC of its own, and comes 15 times as often.
TEST_F(Roam, APlayerIsKnownByEitherOfItsTwoSsrcs) {
  constexpr uint32_t kFeedback = 0xfa17fa17;
  rig_.from(kWifi, srtcp(7000, false, kFeedback));
  rig_.from(kWifi, srtcp(++index_));
  rig_.from(kLte, srtcp(7001, false, kFeedback));
  const auto challenges = rig_.challenges();
  ASSERT_EQ(challenges.size(), 1U);
  rig_.from(kLte, challenges[0].answer(kClientPassword));
  EXPECT_EQ(replies_go_to(), endpoint(kLte));

  rig_.wait_ms(250);
  rig_.from(kLte, srtcp(7002, false, kFeedback));
  rig_.from("203.0.113.9:50001", srtcp(++index_));
  EXPECT_EQ(rig_.challenges().size(), 1U);
}

// A change of networks takes a second or two, and the feedback of that time is lost.
TEST_F(Roam, APlayerThatWasSilentIsKnownAfterAsManyPacketsAsThatTimeMayHaveCost) {
  EXPECT_EQ(to_string(rig_.from(kLte, srtcp(index_ + 30))), "drop no_session");
  EXPECT_TRUE(rig_.challenges().empty()) << "it spoke just now";

  rig_.wait_ms(1500);
  rig_.from(kLte, srtcp(index_ + 1000));
  EXPECT_TRUE(rig_.challenges().empty()) << "nobody says so much";
  rig_.from(kLte, srtcp(index_ + 31));
  const auto challenges = rig_.challenges();
  ASSERT_EQ(challenges.size(), 1U);
  rig_.from(kLte, challenges[0].answer(kClientPassword));
  EXPECT_EQ(replies_go_to(), endpoint(kLte));
}

TEST_F(Roam, FiftyPlayersOfOneAddressMoveAtOnceAndEachGetsItsOwnBack) {
  constexpr int kPlayers = 50;
  std::vector<Outcome> first;
  const auto name = [](int n) { return "srvufrag:P" + std::to_string(100 + n); };
  const auto password = [](int n) { return "the-password-of-player-" + std::to_string(100 + n); };
  const auto old_place = [](int n) { return "198.51.100.50:" + std::to_string(20000 + n); };
  const auto new_place = [](int n) { return "203.0.113.50:" + std::to_string(30000 + n); };
  for (int n = 0; n < kPlayers; ++n) {
    rig_.learn(static_cast<uint8_t>(11 + n % 3), kServerPassword, name(n), password(n).c_str());
    first.push_back(rig_.from(old_place(n), check({.name = name(n), .password = kServerPassword})));
    rig_.reply_to(first[n], success(1));
    // Ten of them at each index: ten candidates for each move.
    rig_.from(old_place(n), srtcp(1000 + static_cast<uint32_t>(n % 5) * 10));
  }
  rig_.own_frames();
  for (int n = 0; n < kPlayers; ++n) rig_.from(new_place(n), srtcp(1001 + static_cast<uint32_t>(n % 5) * 10));

  int rounds = 0;
  for (auto open = rig_.challenges(); !open.empty() && rounds < 20; open = rig_.challenges(), ++rounds)
    for (const Challenge& challenge : open) {
      const int n = challenge.to.port - 30000;
      rig_.from(challenge.to.to_string(), challenge.answer(password(n).c_str()));
    }

  for (int n = 0; n < kPlayers; ++n)
    EXPECT_EQ(rig_.reply_to(first[n], rtp()).fields().destination, endpoint(new_place(n))) << n;
  EXPECT_EQ(rig_.ice().moves_challenged.get(), 50U);
  EXPECT_LE(rounds, 16) << "one round trip for each candidate";
}

// From Wi-Fi to LTE and back: what comes from the address that it had before goes on, and is asked at once; what was on its way
// when it left is not.
TEST_F(Roam, AClientThatComesBackToAnAddressIsKnownByItsNextSrtcp) {
  rig_.from(kLte, srtcp(++index_));
  rig_.from(kLte, rig_.challenges().at(0).answer(kClientPassword));
  ASSERT_EQ(replies_go_to(), endpoint(kLte));
  rig_.from(kLte, srtcp(++index_));
  rig_.wait_ms(250);

  rig_.from(kWifi, srtcp(index_ - 1));
  rig_.from(kWifi, srtcp(index_));
  EXPECT_TRUE(rig_.challenges().empty()) << "late";
  rig_.from(kWifi, srtcp(++index_));
  const auto challenges = rig_.challenges();
  ASSERT_EQ(challenges.size(), 1U);
  EXPECT_EQ(replies_go_to(), endpoint(kLte));
  rig_.from(kWifi, challenges[0].answer(kClientPassword));
  EXPECT_EQ(replies_go_to(), endpoint(kWifi));
}

// Three players of one index, asked in turn. The first one's challenge is sent twice, for its answer is late, and is answered twice.
TEST_F(Roam, AnAnswerThatComesTwiceDoesNotPassOverTheNextCandidate) {
  const auto password = [](int n) { return "the-password-of-player-" + std::to_string(100 + n); };
  for (int n = 0; n < 3; ++n) {
    const std::string name = "srvufrag:P" + std::to_string(100 + n);
    const std::string place = "198.51.100.50:" + std::to_string(20000 + n);
    rig_.learn(12, kServerPassword, name, password(n).c_str());
    rig_.reply_to(rig_.from(place, check({.name = name, .password = kServerPassword})), success(1));
    rig_.from(place, srtcp(5000));
  }
  rig_.own_frames();
  rig_.from(kLte, srtcp(5001));
  rig_.jump_ms(150);
  rig_.from(kLte, srtcp(5002));
  const auto twice = rig_.challenges();
  ASSERT_EQ(twice.size(), 2U);

  for (const Challenge& challenge : twice) rig_.from(kLte, challenge.answer(password(2).c_str()));
  const auto second = rig_.challenges();
  ASSERT_EQ(second.size(), 1U);
  EXPECT_TRUE(second[0].parsed().integrity_ok(key_of(password(1))));
  rig_.from(kLte, second[0].answer(password(2).c_str()));
  rig_.from(kLte, rig_.challenges().at(0).answer(password(2).c_str()));

  EXPECT_EQ(rig_.ice().moves_challenged.get(), 1U);
}

TEST_F(RoamWithoutPasswords, AmongSeveralPlayersNobodyIsMovedByGuess) {
  for (int n = 0; n < 2; ++n) {
    const std::string place = "198.51.100.50:" + std::to_string(20000 + n);
    rig_.reply_to(rig_.from(place, check({.name = "srvufrag:P" + std::to_string(100 + n)})), success(1));
    rig_.from(place, srtcp(5000));
  }
  rig_.own_frames();
  rig_.wait_s(2);
  rig_.from(kLte, srtcp(5001));

  EXPECT_TRUE(rig_.challenges().empty());
}

}  // namespace
}  // namespace lb
