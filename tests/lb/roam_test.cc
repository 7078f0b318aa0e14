// SPDX-License-Identifier: MIT
// A client that changes its address in the middle of its media: known again by it, proved by a challenge, and nobody else
// gets anything.
#include "lb/roam.h"

#include <gtest/gtest.h>

#include "lb/mend.h"
#include "tests/lb/roam_rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

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

TEST_F(Roam, NeitherDoesOneFromAnAddressThatTheClientHadBefore) {
  rig_.from(kLte, check({.password = kServerPassword, .nominates = true, .number = 2}));
  rig_.from(kLte, rig_.challenges().at(0).answer(kClientPassword));
  ASSERT_EQ(replies_go_to(), endpoint(kLte));

  rig_.from(kWifi, check({.password = kServerPassword, .nominates = true, .number = 1}));

  EXPECT_EQ(replies_go_to(), endpoint(kLte));
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

// A home's router gives the port of a session that ended a while ago to one that goes on.
TEST_F(Roam, MediaFromAnAddressThatAnEndedSessionHadGoesToItsOwnServer) {
  rig_.learn(13, kServerPassword, "srvufrag:ENDED", "the-password-of-who-has-ended-01");
  rig_.reply_to(rig_.from(kLte, check({.name = "srvufrag:ENDED", .password = kServerPassword})), success(1));
  rig_.from(kLte, rtp(0x99));
  for (int i = 0; i < 7 * 4; ++i) speak();
  rig_.own_frames();

  EXPECT_TRUE(goes_to_server(rig_.from(kLte, rtp(kSsrc, ++sequence_))));

  const auto challenges = rig_.challenges();
  ASSERT_EQ(challenges.size(), 1U);
  rig_.from(kLte, challenges[0].answer(kClientPassword));
  EXPECT_EQ(replies_go_to(), endpoint(kLte));
}

TEST_F(Roam, MediaFromAnAddressWhoseSessionIsThereStaysThatSessions) {
  rig_.learn(13, kServerPassword, "srvufrag:THERE", "the-password-of-who-is-there-012");
  const Outcome there = rig_.from(kLte, check({.name = "srvufrag:THERE", .password = kServerPassword}));
  rig_.reply_to(there, success(1));
  for (int i = 0; i < 5 * 4; ++i) speak();

  EXPECT_EQ(rig_.from(kLte, rtp(kSsrc, ++sequence_)).fields().source, there.fields().source);
}

TEST_F(Roam, AStrangerWhoSaysWhatTheClientWouldSayGetsNothing) {
  uint64_t bytes_in = 0, bytes_out = 0, answers = 0;
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
      answers += 2;
    }
    EXPECT_EQ(replies_go_to(), endpoint(kWifi));
    speak();
  }
  EXPECT_LE(bytes_out, 3 * bytes_in);
  EXPECT_EQ(rig_.ice().moves_challenged.get(), 0U);
  EXPECT_EQ(rig_.refused(MoveRefusal::kNotTheClient), answers);
  EXPECT_GT(answers, 0U);
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
  EXPECT_EQ(rig_.refused(MoveRefusal::kNotSilent), 1U);
}

TEST_F(RoamWithoutPasswords, WhoMovedAMomentAgoStaysAndWhosePasswordBecameKnownMustSign) {
  const auto challenge_from = [this](const char* place) {
    rig_.wait_ms(1000);
    rig_.from(place, rtp(kSsrc, ++sequence_));
    return rig_.challenges().at(0);
  };
  const Challenge first = challenge_from(kLte);
  rig_.from(kLte, first.answer(kClientPassword));
  rig_.from(kLte, first.answer(kClientPassword));
  EXPECT_EQ(rig_.refused(MoveRefusal::kTooSoon), 1U);

  rig_.wait_s(5);
  const Challenge second = challenge_from(kStranger);
  auto session = rig_.session();
  Sessions::put_key(rig_.segment().sessions().sessions.at(session->index), session->control, KeyOf::kClient,
                    key_of(kClientPassword));
  rig_.from(kStranger, second.answer(kClientPassword));
  EXPECT_EQ(rig_.refused(MoveRefusal::kPasswordKnown), 1U);
  EXPECT_EQ(replies_go_to(), endpoint(kLte));
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
