// SPDX-License-Identifier: MIT
// Rung 4: every server is asked, the one that answers owns the session, and a flood cannot use it.
#include "lb/ask_owner.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/lb/ice_rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

constexpr const char *kWifi = "198.51.100.7:40000", *kLte = "203.0.113.9:50000";

class AskOwner : public testing::Test {
 protected:
  explicit AskOwner(const SegmentGeometry& geometry = kTinySegment)
      : rig_([](SnapshotSpec& spec) { service(spec, "rtc").ice.ask = true; }, 1, geometry) {}

  struct Asked {
    Endpoint from, to;
    Bytes message;
  };
  // Requests that Cleat has sent to servers since it was asked last.
  std::vector<Asked> asked() {
    std::vector<Asked> found;
    for (const auto& [port, frame] : rig_.own_frames()) {
      const FrameFields fields = fields_of(frame);
      if (port != kInside || fields.protocol != static_cast<uint8_t>(Protocol::kUdp)) continue;
      EXPECT_TRUE(fields.checksums_hold);
      found.push_back({fields.source, fields.destination, fields.payload});
    }
    return found;
  }
  // A server says something to whatever LIP and port `request` went out by.
  Outcome reply_of(uint8_t host, const Outcome& request, const Bytes& payload) {
    return rig_.send(udp("10.20.0." + std::to_string(host) + ":8000", request.fields().source.to_string())
                         .from(backend_mac(host))
                         .to(kInsideMac)
                         .payload(payload),
                     kInside);
  }
  static uint8_t host_of(const Outcome& outcome) { return outcome.fields().destination.address.bytes()[15]; }

  IceRig rig_;
};

// The request goes out by one LIP, which is of one family.
TEST_F(AskOwner, ServersOfTheOtherFamilyAreNotAskedByThatLip) {
  ASSERT_TRUE(rig_.reload([](SnapshotSpec& spec) {
    pool(spec, "srs").backends = {
        {ip("10.20.0.11"), 0, 100}, {ip("10.20.0.12"), 0, 1}, {ip("2001:db8:20::13"), 0, 1}};
  }));
  rig_.headroom = 64;
  const Outcome first = rig_.from(kWifi, check());
  ASSERT_EQ(to_string(first), "tx");
  const bool v4 = first.fields().source.address.is_v4();
  const std::vector<Asked> others = asked();
  EXPECT_EQ(others.size(), v4 ? 1U : 0U);
  for (const Asked& each : others) EXPECT_EQ(each.to.address.is_v4(), v4);
}

TEST_F(AskOwner, EveryServerGetsTheCheckFromOneLipAndPort) {
  const Bytes request = check();
  const Outcome first = rig_.from(kWifi, request);
  ASSERT_EQ(to_string(first), "tx");
  std::set<uint8_t> hosts{host_of(first)};
  for (const Asked& each : asked()) {
    EXPECT_EQ(each.from, first.fields().source);
    EXPECT_EQ(each.message, request);
    hosts.insert(each.to.address.bytes()[15]);
  }
  EXPECT_EQ(hosts, (std::set<uint8_t>{11, 12, 13}));
}

TEST_F(AskOwner, TheOneThatAnswersOwnsTheSession) {
  for (const uint8_t owner : std::initializer_list<uint8_t>{11, 12, 13}) {
    const std::string name = "server" + std::to_string(owner) + ":CLI1",
                      client = "198.51.100.7:" + std::to_string(owner);
    const Outcome first = rig_.from(client, check({.name = name}));

    const Outcome answer = reply_of(owner, first, success(1));

    ASSERT_EQ(to_string(answer), "tx");
    EXPECT_EQ(answer.fields().destination, endpoint(client));
    EXPECT_EQ(host_of(rig_.from(client, rtp(owner))), owner);
    EXPECT_EQ(host_of(rig_.from("203.0.113.9:" + std::to_string(owner), check({.name = name, .number = 2}))),
              owner);
  }
  EXPECT_EQ(rig_.opened(Rung::kAsked), 3U);
}

TEST_F(AskOwner, OnlyASuccessForTheTransactionIsAnAnswer) {
  const Outcome first = rig_.from(kWifi, check());
  EXPECT_EQ(to_string(reply_of(11, first, success(2))), "drop reply_from_stranger") << "another transaction";
  EXPECT_EQ(to_string(reply_of(12, first, rtp())), "drop reply_from_stranger");
  Bytes refusal(kMaxStunAnswer);
  const auto message = build_binding_error(refusal, transaction(1), StunError::kBadRequest, nullptr);
  EXPECT_EQ(to_string(reply_of(13, first, {message.begin(), message.end()})), "drop reply_from_stranger");
  EXPECT_EQ(to_string(reply_of(99, first, success(1))), "drop reply_from_stranger") << "not of the pool";
  EXPECT_EQ(rig_.opened(Rung::kAsked), 0U);
}

TEST_F(AskOwner, TheFirstAnswerWins) {
  const Outcome first = rig_.from(kWifi, check());
  EXPECT_EQ(to_string(reply_of(13, first, success(1))), "tx");
  EXPECT_EQ(to_string(reply_of(11, first, success(1))), "drop reply_from_stranger");
  EXPECT_EQ(host_of(rig_.from(kWifi, rtp())), 13);
  EXPECT_EQ(rig_.open_flows("rtc"), 1);
}

TEST_F(AskOwner, WithoutAnswerItIsAskedAgainAtGrowingIntervals) {
  std::vector<uint64_t> when;
  const uint64_t begin = rig_.now().ms;
  while (rig_.now().ms < begin + 4000) {
    rig_.from(kWifi, check());
    if (!asked().empty()) when.push_back(rig_.now().ms - begin);
    rig_.wait_ms(50);
  }
  EXPECT_EQ(when, (std::vector<uint64_t>{0, 100, 200, 400, 800, 1600, 3200}));
}

TEST_F(AskOwner, WhatCannotBeAskedAboutGoesByHash) {
  const std::string ufrag(72 - 5, 'u');
  Bytes long_check(kMaxStunCheck);
  StunBuilder builder(long_check, kStunBinding, StunClass::kRequest, transaction(1));
  const std::array<uint8_t, 160> padding{};
  const auto message = builder.username(ufrag + ":CLI1").attribute(0xc057, padding).fingerprint().message();
  ASSERT_GT(message.size(), 256U);

  EXPECT_EQ(to_string(rig_.from(kWifi, {message.begin(), message.end()})), "tx");

  EXPECT_TRUE(asked().empty());
  EXPECT_EQ(rig_.opened(Rung::kHash), 1U);
}

TEST_F(AskOwner, WhatNobodyOwnsIsForgotten) {
  rig_.from(kWifi, check());
  rig_.wait_s(12);
  EXPECT_FALSE(rig_.session());
  EXPECT_EQ(rig_.open_flows("rtc"), 0);
  EXPECT_EQ(rig_.slots_in_state(SlotState::kProbing), 0U);
}

TEST_F(AskOwner, TheOtherAddressOfAMultiHomedClientIsAskedAboutOnce) {
  const Outcome first = rig_.from(kWifi, check());
  asked();
  const Outcome second = rig_.from(kLte, check({.number = 2}));
  EXPECT_TRUE(asked().empty()) << "one probe at a time for each USERNAME";
  EXPECT_EQ(second.fields().source, first.fields().source);
  reply_of(12, first, success(1));
  EXPECT_EQ(host_of(rig_.from(kLte, rtp())), 12);
}

TEST_F(AskOwner, AFloodOfInventedNamesStaysInItsBudgetAndDisturbsNobody) {
  const Outcome mine = rig_.from(kWifi, check());
  reply_of(12, mine, success(1));
  asked();
  // 100,000 in a second, each from another network, while somebody asks as browsers do.
  const std::string name = "honest00:CLI1";
  const char* honest = "203.0.113.77:7777";
  uint64_t probes = 0;
  bool answered = false;
  for (int n = 0; n < 100'000; ++n) {
    const std::string address = std::to_string(1 + n % 100) + "." + std::to_string(n / 100 % 200) + ".9.1";
    rig_.from(address + ":" + std::to_string(1000 + n % 60000),
              check({.name = "f" + std::to_string(1'000'000 + n) + ":x"}));
    for (const Asked& each : asked()) probes += each.message.size() > 0 ? 1 : 0;
    if (n % 100 == 0) rig_.jump_ms(1);
    if (n % 5000 != 2500 || answered) continue;
    const Outcome outcome = rig_.from(honest, check({.name = name, .number = 9}));
    probes += asked().size();
    answered = outcome.action == Action::kTx && reply_of(13, outcome, success(9)).action == Action::kTx;
  }

  EXPECT_TRUE(answered) << "who asks again is heard";
  EXPECT_LE(probes, 2U * 2 * Asks::kPerSecond) << "two windows, two other servers";
  EXPECT_GT(rig_.ice().asks_refused.get(), 90'000U);
  EXPECT_EQ(host_of(rig_.from(kWifi, rtp())), 12);
  EXPECT_LE(rig_.slots_in_state(SlotState::kProbing), kLocalPorts / 10);
}

// Even by hash, where nothing limits how many are opened.
TEST(Unanswered, SessionsHoldATenthOfTheSlotsAndTheOldestMakesWay) {
  SegmentGeometry geometry = kTinySegment;
  geometry.sessions = 4096;
  IceRig rig({}, 1, geometry);
  const Outcome mine = rig.from(kWifi, check());
  rig.reply_to(mine, success(1));
  for (int n = 0; n < 20'000; ++n) {
    const Outcome outcome = rig.from("203.0.113." + std::to_string(n % 250) + ":" + std::to_string(1000 + n),
                                     check({.name = "f" + std::to_string(1'000'000 + n) + ":x"}));
    ASSERT_EQ(to_string(outcome), "tx") << n;
  }
  EXPECT_LE(rig.slots_in_state(SlotState::kEmbryonic), 4096U / 10);
  EXPECT_EQ(rig.from(kWifi, rtp()).fields().source, mine.fields().source);
  EXPECT_GT(rig.ice().pushed_out.get(), 19'000U);
}

TEST(Asking, WhatWasNotSentIsNotCountedAsAsked) {
  IceRig rig([](SnapshotSpec& spec) { service(spec, "rtc").ice.ask = true; });
  std::vector<Bytes> checks;
  for (int n = 0; n < 64; ++n)
    checks.push_back(udp("198.51.100.7:" + std::to_string(1000 + n), kIceVip)
                         .payload(check({.name = "name" + std::to_string(n) + ":CLI1"})));
  rig.send_burst(checks);

  EXPECT_EQ(rig.ice().asked.get(), rig.own_frames().size());
}

}  // namespace
}  // namespace lb
