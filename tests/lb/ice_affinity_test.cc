// SPDX-License-Identifier: MIT
// `ice`: a check goes to its session's server from wherever it comes; what the server sends moves only on proof.
#include <gtest/gtest.h>

#include "lb/server_ufrag.h"
#include "lb/session_bytes.h"
#include "tests/lb/ice_rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

constexpr const char *kWifi = "198.51.100.7:40000", *kLte = "203.0.113.9:50000",
                     *kStranger = "192.0.2.66:666";

Endpoint server_of(const Outcome& outcome) {
  EXPECT_EQ(to_string(outcome), "tx");
  return outcome.action == Action::kTx ? outcome.fields().destination : Endpoint{};
}
Endpoint lip_of(const Outcome& outcome) {
  EXPECT_EQ(to_string(outcome), "tx");
  return outcome.action == Action::kTx ? outcome.fields().source : Endpoint{};
}
Endpoint client_of(const Outcome& outcome) { return server_of(outcome); }

TEST(IceAffinity, ChecksOfOneSessionComeByOneLipAndPortFromWhereverTheClientIs) {
  IceRig rig;
  const Outcome first = rig.from(kWifi, check());
  const Outcome second = rig.from(kLte, check({.number = 2}));

  EXPECT_EQ(server_of(second), server_of(first));
  EXPECT_EQ(lip_of(second), lip_of(first)) << "the server must not see another client";
  EXPECT_EQ(rig.opened(Rung::kHash), 1U);
  EXPECT_EQ(rig.ice().attached.get(), 1U);
}

TEST(IceAffinity, MediaFollowsTheChecksOfItsAddress) {
  IceRig rig;
  const Outcome first = rig.from(kWifi, check());
  rig.from(kLte, check({.number = 2}));

  for (const char* client : {kWifi, kLte})
    EXPECT_EQ(lip_of(rig.from(client, rtp())), lip_of(first)) << client;
}

TEST(IceAffinity, WhatIsOfNoSessionIsDropped) {
  IceRig rig;
  rig.from(kWifi, check());

  EXPECT_EQ(to_string(rig.from(kStranger, rtp())), "drop no_session");
  EXPECT_EQ(to_string(rig.from(kStranger, success(1))), "drop no_session");
  EXPECT_EQ(to_string(rig.from(kStranger, {0x16, 0xfe, 0xfd})), "drop no_session") << "DTLS";
  EXPECT_EQ(to_string(rig.from(kStranger, {})), "drop no_session");
}

TEST(IceAffinity, MalformedStunIsDropped) {
  IceRig rig;
  Bytes odd = check();
  odd.push_back(0);

  EXPECT_EQ(to_string(rig.from(kWifi, odd)), "drop bad_stun");
}

TEST(IceAffinity, AnUnsignedStrangerWithoutFingerprintOpensNothing) {
  IceRig rig;
  Bytes bytes = check();
  bytes.back() ^= 1;

  EXPECT_EQ(to_string(rig.from(kWifi, bytes)), "drop bad_stun");
  EXPECT_EQ(rig.open_flows("rtc"), 0);
}

TEST(IceAffinity, CandidatePairsOfOneServerUfragMeetByHash) {
  IceRig rig;
  for (int n = 0; n < 20; ++n) {
    const std::string ufrag = "ufrag" + std::to_string(n), port = std::to_string(40000 + n);
    const Outcome a = rig.from("198.51.100.7:" + port, check({.name = ufrag + ":AAAA"}));
    const Outcome b = rig.from("203.0.113.9:" + port, check({.name = ufrag + ":BBBB"}));
    EXPECT_EQ(server_of(a).address, server_of(b).address);
    EXPECT_NE(lip_of(a), lip_of(b)) << "the whole USERNAME is the session";
  }
}

TEST(IceAffinity, AServersNumberInItsUfragLeadsThere) {
  const AesKey secret{1, 2, 3};
  IceRig rig([&](SnapshotSpec& spec) {
    UfragSpec ufrag{secret, {}};
    for (const BackendSpec& backend : pool(spec, "srs").backends)
      ufrag.servers.push_back({backend.address.bytes()[15], {backend.address, backend.port}});
    pool(spec, "srs").ufrag = ufrag;
  });
  for (uint8_t n = 0; n < 30; ++n) {
    const auto host = static_cast<uint8_t>(11 + n % 3);
    const ServerUfrag ufrag = encode_ufrag(Aes128(secret), host, {n});
    const std::string name = std::string(ufrag.data(), ufrag.size()) + ":CLI1";
    const Outcome outcome = rig.from("198.51.100.7:" + std::to_string(40000 + n), check({.name = name}));
    EXPECT_EQ(server_of(outcome).address, ip("10.20.0." + std::to_string(host)));
  }
  EXPECT_EQ(rig.opened(Rung::kUfrag), 30U);
}

TEST(IceAffinity, WithoutHashTheTupleDecides) {
  IceRig rig([](SnapshotSpec& spec) { service(spec, "rtc").ice.hash = false; });
  rig.from(kWifi, check());

  EXPECT_EQ(rig.opened(Rung::kTuple), 1U);
  EXPECT_EQ(rig.opened(Rung::kHash), 0U);
}

TEST(IceAffinity, WhatWasLearnedBeatsTheHashAndIsCountedAsSuch) {
  for (const uint8_t host : std::initializer_list<uint8_t>{11, 12, 13}) {
    IceRig rig;
    rig.learn(host, kServerPassword);
    const Outcome outcome = rig.from(kWifi, check({.password = kServerPassword}));

    EXPECT_EQ(server_of(outcome).address, ip("10.20.0." + std::to_string(host)));
    EXPECT_EQ(rig.opened(Rung::kWhip), 1U);
    EXPECT_EQ(rig.opened(Rung::kHash), 0U);
  }
}

TEST(IceAffinity, AnAnswerGoesToWhereItsCheckCameFrom) {
  IceRig rig;
  const Outcome first = rig.from(kWifi, check({.number = 1}));
  rig.from(kLte, check({.number = 2}));

  EXPECT_EQ(client_of(rig.reply_to(first, success(2))), endpoint(kLte));
  EXPECT_EQ(client_of(rig.reply_to(first, success(1))), endpoint(kWifi));
  EXPECT_EQ(client_of(rig.reply_to(first, rtp())), endpoint(kWifi)) << "attached is not moved";
}

TEST(IceAffinity, ANominatedCheckWithTheRightPasswordMovesTheWayBack) {
  IceRig rig;
  rig.learn(12, kServerPassword);
  const Outcome first = rig.from(kWifi, check({.password = kServerPassword}));
  rig.reply_to(first, success(1));

  const Outcome moved = rig.from(kLte, check({.password = kServerPassword, .nominates = true, .number = 2}));

  EXPECT_EQ(lip_of(moved), lip_of(first));
  EXPECT_EQ(client_of(rig.reply_to(first, rtp())), endpoint(kLte));
  EXPECT_EQ(rig.ice().moves_proven.get(), 1U);
  EXPECT_EQ(lip_of(rig.from(kWifi, rtp())), lip_of(first)) << "late packets of the old path";
}

TEST(IceAffinity, AProvenAddressTakesOverFromASilentOneWithoutNomination) {
  IceRig rig;
  rig.learn(12, kServerPassword);
  const Outcome first = rig.from(kWifi, check({.password = kServerPassword}));
  rig.reply_to(first, success(1));

  rig.from(kLte, check({.password = kServerPassword, .number = 2}));
  EXPECT_EQ(client_of(rig.reply_to(first, rtp())), endpoint(kWifi));
  rig.wait_ms(1500);
  rig.from(kLte, check({.password = kServerPassword, .number = 3}));

  EXPECT_EQ(client_of(rig.reply_to(first, rtp())), endpoint(kLte));
  EXPECT_EQ(rig.ice().gap_ms_sum.get(), 1500U);
}

TEST(IceAffinity, AForgedCheckOfAKnownPasswordGetsNothing) {
  IceRig rig;
  rig.learn(12, kServerPassword);
  const Outcome first = rig.from(kWifi, check({.password = kServerPassword}));
  rig.reply_to(first, success(1));

  for (int s = 0; s < 30; ++s) {
    const Bytes forged = check({.password = "wrong", .nominates = true, .number = 2});
    EXPECT_EQ(to_string(rig.from(kStranger, forged)), "drop stun_integrity");
    EXPECT_EQ(to_string(rig.from(kStranger, rtp(0x99))), "drop no_session");
    EXPECT_EQ(client_of(rig.reply_to(first, rtp())), endpoint(kWifi));
    rig.wait_s(1);
    rig.from(kWifi, rtp());
  }
  EXPECT_EQ(rig.drops(DropReason::kStunIntegrity), 30U);
  EXPECT_EQ(rig.refused(MoveRefusal::kWrongSignature), 30U);
}

TEST(IceAffinity, ForgedAddressOfTheClientItselfCannotTurnItWithoutThePassword) {
  IceRig rig;
  rig.learn(12, kServerPassword);
  const Outcome first = rig.from(kWifi, check({.password = kServerPassword}));
  rig.from(kLte, check({.password = kServerPassword, .number = 2}));
  rig.reply_to(first, success(1));

  EXPECT_EQ(to_string(rig.from(kLte, check({.password = "wrong", .nominates = true}))),
            "drop stun_integrity");
  EXPECT_EQ(client_of(rig.reply_to(first, rtp())), endpoint(kWifi));
}

TEST(IceAffinity, WithoutAPasswordTheWayBackStaysAsLongAsTheClientSpeaks) {
  IceRig rig;
  const Outcome first = rig.from(kWifi, check());
  rig.reply_to(first, success(1));
  for (int i = 0; i < 40; ++i) {
    rig.from(kWifi, rtp());
    rig.from(kStranger, check({.nominates = true, .number = 2}));
    rig.wait_ms(250);
  }
  EXPECT_TRUE(rig.challenges().empty());
  EXPECT_EQ(client_of(rig.reply_to(first, rtp())), endpoint(kWifi));
}

TEST(IceAffinity, WhereServersCheckIntegrityTheirSuccessIsProof) {
  IceRig rig([](SnapshotSpec& spec) { service(spec, "rtc").ice.servers_check_integrity = true; });
  const Outcome first = rig.from(kWifi, check());
  rig.reply_to(first, success(1));
  rig.from(kLte, check({.nominates = true, .number = 2}));
  EXPECT_EQ(client_of(rig.reply_to(first, rtp())), endpoint(kWifi));

  EXPECT_EQ(client_of(rig.reply_to(first, success(2))), endpoint(kLte));

  EXPECT_EQ(client_of(rig.reply_to(first, rtp())), endpoint(kLte));
}

TEST(IceAffinity, AnUnknownUfragFromALivingAddressDisturbsNothing) {
  IceRig rig;
  const Outcome first = rig.from(kWifi, check());
  for (int n = 0; n < 100; ++n)
    EXPECT_EQ(lip_of(rig.from(kWifi, check({.name = "rand" + std::to_string(n) + ":evil"}))), lip_of(first));

  EXPECT_EQ(rig.open_flows("rtc"), 1);
  EXPECT_EQ(lip_of(rig.from(kWifi, rtp())), lip_of(first));
}

TEST(IceAffinity, APortThatChangedHandsBelongsToTheNewClient) {
  IceRig rig;
  const Outcome first = rig.from(kWifi, check());
  rig.reply_to(first, success(1));
  rig.wait_s(7);

  const Outcome second = rig.from(kWifi, check({.name = "another1:CLI2", .number = 9}));

  EXPECT_NE(lip_of(second), lip_of(first));
  EXPECT_EQ(lip_of(rig.from(kWifi, rtp())), lip_of(second));
}

TEST(IceAffinity, AKnownPasswordTakesAnAddressAtOnce) {
  IceRig rig;
  const Outcome first = rig.from(kWifi, check());
  rig.reply_to(first, success(1));
  rig.learn(13, kServerPassword, "another1:CLI2");

  const CheckWords words{.name = "another1:CLI2", .password = kServerPassword, .number = 9};
  rig.from(kLte, check(words));
  const Outcome second = rig.from(kWifi, check(words));

  EXPECT_EQ(server_of(second).address, ip("10.20.0.13"));
  EXPECT_EQ(lip_of(rig.from(kWifi, rtp())), lip_of(second));
}

TEST(IceAffinity, OnlyTheLongestSilentAddressMakesWay) {
  IceRig rig;
  const Outcome first = rig.from(kWifi, check());
  rig.reply_to(first, success(1));
  for (uint8_t n = 1; n <= 8; ++n) {
    rig.wait_ms(250);
    rig.from(kWifi, rtp());
    rig.from("203.0.113.9:" + std::to_string(50000 + n), check({.number = n}));
  }
  EXPECT_EQ(to_string(rig.from("203.0.113.9:50001", rtp(0x99))), "drop no_session");
  for (const int n : {6, 7, 8})
    EXPECT_EQ(lip_of(rig.from("203.0.113.9:" + std::to_string(50000 + n), rtp())), lip_of(first));
  EXPECT_EQ(lip_of(rig.from(kWifi, rtp())), lip_of(first));
}

TEST(IceAffinity, AMoveIsSeenByAnotherWorker) {
  IceRig rig({}, 2);
  rig.learn(12, kServerPassword);
  const Outcome first = rig.from(kWifi, check({.password = kServerPassword}), 0);
  rig.reply_to(first, success(1), 1);

  rig.from(kLte, check({.password = kServerPassword, .nominates = true, .number = 2}), 1);

  EXPECT_EQ(client_of(rig.reply_to(first, rtp(), 0)), endpoint(kLte));
  EXPECT_EQ(lip_of(rig.from(kWifi, rtp(), 0)), lip_of(first));
}

TEST(IceAffinity, ASessionEndsAsAWhole) {
  IceRig rig([](SnapshotSpec& spec) { service(spec, "rtc").idle_timeout_s = 35; });
  const Outcome first = rig.from(kWifi, check());
  rig.reply_to(first, success(1));
  rig.from(kLte, check({.number = 2}));
  rig.wait_s(45);

  EXPECT_FALSE(rig.session());
  EXPECT_EQ(rig.open_flows("rtc"), 0);
  EXPECT_EQ(to_string(rig.from(kLte, rtp())), "drop no_session");
  EXPECT_EQ(rig.slots_in_state(SlotState::kQuarantine), 1U);
  rig.wait_s(20);
  EXPECT_EQ(rig.slots_in_state(SlotState::kQuarantine), 1U) << "SRS remembers the address for 30 s";
}

TEST(IceAffinity, ASessionLivesOnThroughARestart) {
  IceRig rig;
  rig.learn(12, kServerPassword);
  const Outcome first = rig.from(kWifi, check({.password = kServerPassword}));
  rig.reply_to(first, success(1));
  rig.from(kLte, check({.password = kServerPassword, .number = 2}));

  const MendReport report = mend(rig.segment(), rig.now());

  EXPECT_EQ(report.sessions, 1U);
  EXPECT_EQ(report.flows, 2U);
  EXPECT_EQ(report.entries_removed + report.entries_restored + report.slots_released, 0U);
  EXPECT_EQ(lip_of(rig.from(kLte, rtp())), lip_of(first));
  rig.from("192.0.2.1:1", check({.password = kServerPassword, .nominates = true, .number = 3}));
  EXPECT_EQ(client_of(rig.reply_to(first, rtp())), endpoint("192.0.2.1:1"));
}

TEST(IceAffinity, ItsBytesAreCountedFromAllItsAddressesAndAcrossARestart) {
  IceRig rig;
  uint64_t in = 0, out = 0;
  const auto count = [](uint64_t& sum, const Outcome& outcome) {
    EXPECT_EQ(to_string(outcome), "tx");
    sum += outcome.frame.size();
  };
  const auto counted = [&rig] {
    const auto session = rig.session();
    return bytes_of(rig.segment().sessions().sessions.at(session->index),
                    rig.segment().slots().at(session->control.slot()));
  };
  const Outcome first = rig.from(kWifi, check());
  count(in, first);
  count(out, rig.reply_to(first, success(1)));
  count(in, rig.from(kLte, check({.number = 2})));
  for (uint16_t n = 0; n < 20; ++n) {
    count(in, rig.from(n % 2 == 0 ? kWifi : kLte, rtp(0x11223344, n)));
    count(out, rig.reply_to(first, rtp()));
    EXPECT_EQ(counted().in, in);
    EXPECT_EQ(counted().out, out);
    rig.wait_ms(100);
    if (n == 10) mend(rig.segment(), rig.now());
  }
}

TEST(IceAffinity, InDsrTheServerIsFoundFromAnotherAddress) {
  IceRig rig([](SnapshotSpec& spec) { service(spec, "rtc").forward = Forward::kDsr; });
  for (int n = 0; n < 20; ++n) {
    const std::string name = "ufrag" + std::to_string(n) + ":CLI1", port = ":" + std::to_string(40000 + n);
    const Outcome first = rig.from("198.51.100.7" + port, check({.name = name}));
    const Outcome moved = rig.from("203.0.113.9" + port, check({.name = name, .number = 2}));
    EXPECT_EQ(moved.fields().destination_mac, first.fields().destination_mac);
    EXPECT_EQ(rig.from("203.0.113.9" + port, rtp()).fields().destination_mac, first.fields().destination_mac);
  }
}

TEST(IceAffinity, AUsernameThatIsTooLongForASessionGoesByHashAndTuple) {
  IceRig rig;
  const std::string name = std::string(60, 'u') + ":" + std::string(40, 'c');
  const Outcome first = rig.from(kWifi, check({.name = name}));

  EXPECT_EQ(lip_of(rig.from(kWifi, check({.name = name, .number = 2}))), lip_of(first));
  EXPECT_EQ(lip_of(rig.from(kWifi, rtp())), lip_of(first));
  EXPECT_EQ(rig.open_flows("rtc"), 1);
}

TEST(IceAffinity, WhenNoSessionIsFreeTheCheckIsDropped) {
  SegmentGeometry few = kTinySegment;
  few.sessions = 1024;
  IceRig rig({}, 1, few);
  unsigned refused = 0;
  for (int n = 0; n < 1100; ++n) {
    const Outcome outcome = rig.from("198.51.100.7:" + std::to_string(10000 + n),
                                     check({.name = "ufrag" + std::to_string(n) + ":CLI1"}));
    if (outcome.action == Action::kTx) rig.reply_to(outcome, success(1));
    refused += outcome.action == Action::kDrop && outcome.reason == DropReason::kSessionTableFull ? 1 : 0;
  }
  EXPECT_EQ(refused, 1100U - 1024U);
}

}  // namespace
}  // namespace lb
