// SPDX-License-Identifier: MIT
// A client that changes its address in the middle of its media: known again by it, proved by a challenge, and nobody else
// gets anything.
#include "lb/roam.h"

#include <gtest/gtest.h>

#include "lb/mend.h"
#include "tests/lb/ice_rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

constexpr const char *kWifi = "198.51.100.7:40000", *kLte = "203.0.113.9:50000",
                     *kStranger = "192.0.2.66:666";
constexpr const char* kClientPassword = "the-password-of-the-browser-0123";
constexpr uint32_t kSsrc = 0x11223344;

// A session whose passwords WHIP told, in the middle of its media.
class Roam : public testing::Test {
 protected:
  explicit Roam(bool passwords = true, unsigned workers = 1) : rig_({}, workers) {
    if (passwords) rig_.learn(12, kServerPassword, kName, kClientPassword);
    first_ = rig_.from(kWifi, check({.password = passwords ? kServerPassword : nullptr}));
    rig_.reply_to(first_, success(1));
    for (int i = 0; i < 4; ++i) speak();
    rig_.own_frames();
  }
  // The client, a quarter of a second later.
  void speak(const char* from = kWifi) {
    rig_.wait_ms(250);
    rig_.from(from, rtp(kSsrc, ++sequence_));
    rig_.from(from, srtcp(++index_));
  }
  Endpoint replies_go_to() {
    const Outcome reply = rig_.reply_to(first_, rtp());
    return reply.action == Action::kTx ? reply.fields().destination : Endpoint{};
  }
  bool goes_to_server(const Outcome& outcome) {
    return outcome.action == Action::kTx && outcome.fields().source == first_.fields().source;
  }

  IceRig rig_;
  Outcome first_;
  uint16_t sequence_ = 65530;  // it wraps on the way
  uint32_t index_ = 100;
};
class RoamWithoutPasswords : public Roam {
 protected:
  RoamWithoutPasswords() : Roam(false) {}
};
class RoamOnTwoWorkers : public Roam {
 protected:
  RoamOnTwoWorkers() : Roam(true, 2) {}
};

TEST_F(Roam, APublishersMediaGoesOnAtOnceAndAChallengeBringsItsWayBack) {
  EXPECT_TRUE(goes_to_server(rig_.from(kLte, rtp(kSsrc, ++sequence_))));
  EXPECT_EQ(replies_go_to(), endpoint(kWifi)) << "nothing is proved yet";
  const auto challenges = rig_.challenges();
  ASSERT_EQ(challenges.size(), 1U);
  EXPECT_EQ(challenges[0].to, endpoint(kLte));

  EXPECT_EQ(to_string(rig_.from(kLte, challenges[0].answer(kClientPassword))), "consumed");

  EXPECT_EQ(replies_go_to(), endpoint(kLte));
  EXPECT_TRUE(goes_to_server(rig_.from(kLte, rtp(kSsrc, ++sequence_))));
  EXPECT_EQ(rig_.ice().moves_challenged.get(), 1U);
  EXPECT_EQ(rig_.ice().bridged.get(), 1U);
}

TEST_F(Roam, AChallengeIsWhatAnIceAgentAnswers) {
  rig_.from(kLte, rtp(kSsrc, ++sequence_));
  const auto challenges = rig_.challenges();
  ASSERT_EQ(challenges.size(), 1U);
  const StunMessage message = challenges[0].parsed();

  EXPECT_TRUE(message.is_binding(StunClass::kRequest));
  EXPECT_EQ(*message.username(), "CLI1:srvufrag") << "the receiver's ufrag first";
  EXPECT_TRUE(message.controlled());
  EXPECT_TRUE(message.priority());
  EXPECT_TRUE(message.integrity_ok(key_of(kClientPassword)));
  EXPECT_TRUE(message.fingerprint_ok());
}

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

TEST_F(Roam, WhatDoesNotGoOnIsOfNobody) {
  EXPECT_EQ(to_string(rig_.from(kLte, rtp(kSsrc + 1, ++sequence_))), "drop no_session") << "another SSRC";
  EXPECT_EQ(to_string(rig_.from(kLte, rtp(kSsrc, static_cast<uint16_t>(sequence_ + 30000)))),
            "drop no_session");
  EXPECT_EQ(to_string(rig_.from(kLte, rtp(kSsrc, static_cast<uint16_t>(sequence_ - 3000)))),
            "drop no_session");
  EXPECT_EQ(to_string(rig_.from(kLte, srtcp(index_))), "drop no_session") << "said before";
  EXPECT_EQ(to_string(rig_.from(kLte, srtcp(index_ + 4))), "drop no_session");
  EXPECT_EQ(to_string(rig_.from(kLte, srtcp(index_ + 1, false, 2))), "drop no_session");
  EXPECT_TRUE(rig_.challenges().empty());
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

TEST_F(Roam, ANominatedCheckFromElsewhereIsAskedBackAndThenMoves) {
  rig_.from(kLte, check({.password = kServerPassword, .nominates = true, .number = 2}));
  EXPECT_EQ(replies_go_to(), endpoint(kWifi));
  const auto challenges = rig_.challenges();
  ASSERT_EQ(challenges.size(), 1U);

  rig_.from(kLte, challenges[0].answer(kClientPassword));

  EXPECT_EQ(replies_go_to(), endpoint(kLte));
}

TEST_F(Roam, ACheckThatSomebodySawAndSendsAgainMovesNothing) {
  const Bytes seen = check({.password = kServerPassword, .nominates = true, .number = 2});
  rig_.from(kWifi, seen);
  for (int i = 0; i < 30; ++i) {
    rig_.from(kStranger, seen);
    for (const Challenge& challenge : rig_.challenges()) rig_.from(kStranger, challenge.answer("guessed"));
    EXPECT_EQ(replies_go_to(), endpoint(kWifi));
    speak();
  }
}

TEST_F(Roam, AnAttachedAddressIsAskedAgainByItsMediaWhenTheFirstChallengeWasLost) {
  rig_.wait_ms(1250);
  rig_.from(kLte, check({.password = kServerPassword, .number = 2}));
  ASSERT_EQ(rig_.challenges().size(), 1U);
  rig_.wait_ms(250);
  rig_.from(kLte, srtcp(++index_));
  const auto challenges = rig_.challenges();
  ASSERT_EQ(challenges.size(), 1U);

  rig_.from(kLte, challenges[0].answer(kClientPassword));

  EXPECT_EQ(replies_go_to(), endpoint(kLte));
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

TEST_F(Roam, NeitherDoesOneFromAnAddressThatTheClientHadBefore) {
  rig_.from(kLte, check({.password = kServerPassword, .nominates = true, .number = 2}));
  rig_.from(kLte, rig_.challenges().at(0).answer(kClientPassword));
  ASSERT_EQ(replies_go_to(), endpoint(kLte));

  rig_.from(kWifi, check({.password = kServerPassword, .nominates = true, .number = 1}));

  EXPECT_EQ(replies_go_to(), endpoint(kLte));
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

TEST_F(Roam, AnAnswerIsNotRightAgainWhenItsSecondComesRound) {
  rig_.from(kLte, rtp(kSsrc, ++sequence_));
  const Bytes answer = rig_.challenges().at(0).answer(kClientPassword);
  rig_.from(kLte, answer);
  ASSERT_EQ(replies_go_to(), endpoint(kLte));
  rig_.wait_ms(250);
  rig_.from(kWifi, check({.password = kServerPassword, .nominates = true, .number = 7}));
  rig_.from(kWifi, rig_.challenges().at(0).answer(kClientPassword));
  ASSERT_EQ(replies_go_to(), endpoint(kWifi));

  for (int i = 0; i < 128; ++i) rig_.wait_s(1), rig_.from(kWifi, rtp(kSsrc, ++sequence_));
  rig_.from(kLte, answer);

  EXPECT_EQ(replies_go_to(), endpoint(kWifi));
}

TEST_F(Roam, AStrangerWhoSaysWhatTheClientWouldSayGetsNothing) {
  uint64_t bytes_in = 0, bytes_out = 0;
  for (int i = 0; i < 300; ++i) {
    const Bytes forged = rtp(kSsrc, static_cast<uint16_t>(sequence_ + 1));
    rig_.from(kStranger, forged);
    bytes_in += forged.size();
    for (const Challenge& challenge : rig_.challenges()) {
      EXPECT_EQ(challenge.to, endpoint(kStranger));
      bytes_out += challenge.message.size();
      rig_.from(kStranger, challenge.answer("guessed"));
      Bytes unsigned_success(kMaxStunAnswer);
      const auto message = build_binding_success(unsigned_success, challenge.parsed().transaction(),
                                                 endpoint(kIceVip), nullptr);
      rig_.from(kStranger, {message.begin(), message.end()});
    }
    EXPECT_EQ(replies_go_to(), endpoint(kWifi));
    speak();
  }
  EXPECT_LE(bytes_out, 3 * bytes_in);
  EXPECT_EQ(rig_.ice().moves_challenged.get(), 0U);
  EXPECT_LE(rig_.ice().bridged.get(), 256U + 1);
}

TEST_F(Roam, NobodyIsSentMoreThanThreeTimesWhatCameFromHisAddress) {
  for (int i = 0; i < 50; ++i) {
    Bytes short_packet = rtp(kSsrc, static_cast<uint16_t>(sequence_ + 1 + i));
    short_packet.resize(12);
    rig_.from(kStranger, short_packet);
    rig_.jump_ms(100);
  }
  uint64_t bytes_out = 0;
  for (const Challenge& challenge : rig_.challenges()) bytes_out += challenge.message.size();
  EXPECT_LE(bytes_out, 3U * 50 * 12);
  EXPECT_GT(rig_.ice().challenges_withheld.get(), 0U);
}

TEST_F(Roam, AnAnswerOfAnotherAddressOrAnotherTimeProvesNothing) {
  rig_.from(kLte, rtp(kSsrc, ++sequence_));
  const auto challenges = rig_.challenges();
  ASSERT_EQ(challenges.size(), 1U);
  const Bytes answer = challenges[0].answer(kClientPassword);

  EXPECT_EQ(to_string(rig_.from(kStranger, answer)), "drop no_session");
  rig_.wait_s(5);
  EXPECT_EQ(to_string(rig_.from(kLte, answer)), "drop no_session");
  EXPECT_EQ(replies_go_to(), endpoint(kWifi));
}

TEST_F(Roam, ASilentPathIsAskedAgainAndThenLeftAlone) {
  for (int i = 0; i < 100; ++i) {
    rig_.from(kLte, srtcp(index_ + 1));
    rig_.jump_ms(40);
  }
  EXPECT_EQ(rig_.challenges().size(), 6U) << "three, and three more 2 s later";
}

TEST_F(RoamOnTwoWorkers, TheOtherWorkerKnowsTheClientAgain) {
  EXPECT_TRUE(goes_to_server(rig_.from(kLte, rtp(kSsrc, ++sequence_), 1)));
  const auto challenges = rig_.challenges(1);
  ASSERT_EQ(challenges.size(), 1U);
  rig_.from(kLte, challenges[0].answer(kClientPassword), 1);
  EXPECT_EQ(replies_go_to(), endpoint(kLte));
}

TEST_F(RoamWithoutPasswords, NobodyIsAskedBeforeTheOldAddressIsSilent) {
  rig_.from(kLte, rtp(kSsrc, ++sequence_));
  EXPECT_TRUE(rig_.challenges().empty()) << "its last packet is a moment old";
  rig_.wait_ms(1000);
  rig_.from(kLte, rtp(kSsrc, ++sequence_));
  const auto challenges = rig_.challenges();
  ASSERT_EQ(challenges.size(), 1U);
  EXPECT_FALSE(challenges[0].parsed().has_integrity());

  rig_.from(kLte, challenges[0].answer(kClientPassword));

  EXPECT_EQ(replies_go_to(), endpoint(kLte));
  EXPECT_EQ(rig_.ice().moves_provisional.get(), 1U);
}

TEST_F(RoamWithoutPasswords, AnAnswerThatComesWhenTheClientSpokeAgainMovesNothing) {
  rig_.wait_ms(1000);
  rig_.from(kLte, rtp(kSsrc, ++sequence_));
  const auto challenges = rig_.challenges();
  ASSERT_EQ(challenges.size(), 1U);
  speak();

  rig_.from(kLte, challenges[0].answer(kClientPassword));

  EXPECT_EQ(replies_go_to(), endpoint(kWifi));
  EXPECT_EQ(rig_.ice().moves_refused.get(), 1U);
}

// A player's SRTCP and checks by turns, as after a second rebinding soon after the first.
TEST_F(RoamWithoutPasswords, AMoveThatWasTooEarlyIsMadeLater) {
  const auto move = [this](const char* to, uint64_t within_ms) {
    for (const uint64_t begin = rig_.now().ms; rig_.now().ms < begin + within_ms; rig_.wait_ms(100)) {
      rig_.from(to, srtcp(++index_));
      if ((rig_.now().ms - begin) % 2600 == 1300) rig_.from(to, check({.nominates = true, .number = 5}));
      for (const Challenge& challenge : rig_.challenges())
        rig_.from(challenge.to.to_string(), challenge.answer(kClientPassword));
      if (replies_go_to() == endpoint(to)) return true;
    }
    return false;
  };
  EXPECT_TRUE(move(kLte, 3000));
  EXPECT_TRUE(move("203.0.113.10:50001", 9000)) << "5 s after the first, at the next check";
}

TEST_F(RoamWithoutPasswords, ACheckFromElsewhereIsAskedForItsWayBack) {
  rig_.wait_ms(1250);
  rig_.from(kLte, check({.nominates = true, .number = 3}));
  EXPECT_EQ(replies_go_to(), endpoint(kWifi));
  const auto challenges = rig_.challenges();
  ASSERT_EQ(challenges.size(), 1U);

  rig_.from(kLte, challenges[0].answer(kClientPassword));

  EXPECT_EQ(replies_go_to(), endpoint(kLte));
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

TEST(Mend, AnSsrcThatAKilledWorkerNotedAndDidNotEnterIsFound) {
  IceRig rig;
  constexpr const char* kClient = "198.51.100.7:40000";
  rig.learn(12, kServerPassword);
  rig.reply_to(rig.from(kClient, check({.password = kServerPassword})), success(1));
  rig.segment().sessions().sessions.at(rig.session()->index).ssrcs[0].store(0x11223344);

  mend(rig.segment(), rig.now());

  for (uint16_t n = 1; n <= 4; ++n) {
    rig.wait_ms(250);
    rig.from(kClient, rtp(0x11223344, n));
  }
  EXPECT_EQ(to_string(rig.from("203.0.113.9:50000", rtp(0x11223344, 5))), "tx");
}

}  // namespace
}  // namespace lb
