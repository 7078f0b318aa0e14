// SPDX-License-Identifier: MIT
// Backends that fall silent: whose flows are reset, with which number, and whose are not.
#include "lb/silence.h"

#include <gtest/gtest.h>

#include "lb/wire.h"
#include "tests/lb/rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

constexpr uint32_t kClientFirst = 5000, kServerFirst = 90'000;  // numbers behind the SYNs

struct Family {
  const char *name, *client, *vip, *backend, *pool;
};
std::ostream& operator<<(std::ostream& out, const Family& family) { return out << family.name; }

TcpHeader tcp_in(const Bytes& frame) {
  TcpHeader tcp;
  std::memcpy(&tcp, frame.data() + 14 + (frame[12] == 0x08 ? 20 : 40), sizeof(tcp));
  return tcp;
}

class Silence : public testing::TestWithParam<Family> {
 protected:
  FrameBuilder from_client() { return tcp(GetParam().client, GetParam().vip); }
  FrameBuilder from_backend() { return tcp(GetParam().backend, lip_.to_string()).to(kInsideMac); }
  Outcome client(const FrameBuilder& segment) { return rig_.send(segment); }
  Outcome backend(const FrameBuilder& segment) { return rig_.send(segment, kInside); }

  void SetUp() override {
    lip_ = client(from_client().syn().sequence(kClientFirst - 1)).fields().source;
    backend(from_backend().syn_ack().sequence(kServerFirst - 1).acknowledge(kClientFirst));
    client(from_client().sequence(kClientFirst).acknowledge(kServerFirst));
    ASSERT_EQ(rig_.slots_in_state(SlotState::kLive), 1U);
    rig_.own_frames();
  }

  Outcome data(uint32_t sequence = kClientFirst) {
    return client(from_client().sequence(sequence).acknowledge(kServerFirst).payload("media"));
  }
  // What a client says when it is asked: all that it sent and got.
  Outcome word(uint32_t sequence = kClientFirst) {
    return client(from_client().sequence(sequence).acknowledge(kServerFirst));
  }
  void set_silent(BackendSpec& backend, bool silent) {
    if (!silent || backend.unanswered_ms == 0) backend.unanswered_ms = silent ? rig_.now().ms : 0;
    backend.silent = silent;
  }
  // One check had no answer.
  void miss_a_check() {
    rig_.reload([this](SnapshotSpec& spec) {
      for (BackendSpec& backend : pool(spec, GetParam().pool).backends) backend.unanswered_ms = rig_.now().ms;
    });
  }
  void become_silent() {
    rig_.reload([this](SnapshotSpec& spec) {
      for (BackendSpec& backend : pool(spec, GetParam().pool).backends) set_silent(backend, true);
    });
    rig_.own_frames();
  }
  void fall_silent() {
    rig_.wait_s(3);
    become_silent();
  }
  [[nodiscard]] std::vector<TcpHeader> asked() {
    std::vector<TcpHeader> to_client;
    for (const auto& [port, frame] : rig_.own_frames())
      if (port == kOutside && fields_of(frame).protocol == 6) to_client.push_back(tcp_in(frame));
    return to_client;
  }

  Endpoint lip_;
  Rig rig_{[](SnapshotSpec& spec) {
    pool(spec, "srs").backends.resize(1);
    pool(spec, "srs6").backends.resize(1);
  }};
};

TEST_P(Silence, DataThatNobodyAcknowledgesEndsTheFlowWithinASecond) {
  fall_silent();
  EXPECT_EQ(to_string(data()), "tx") << "it may still arrive";
  rig_.wait_ms(500);
  EXPECT_EQ(to_string(data()), "tx");
  rig_.wait_ms(500);
  rig_.own_frames();

  EXPECT_EQ(to_string(data()), "drop server_silent");

  const auto own = rig_.own_frames();
  ASSERT_EQ(own.size(), 2U);
  const TcpHeader to_client = tcp_in(own[0].second), to_backend = tcp_in(own[1].second);
  EXPECT_EQ(own[0].first, kOutside);
  EXPECT_EQ(fields_of(own[0].second).source.to_string(), GetParam().vip);
  EXPECT_EQ(fields_of(own[0].second).destination.to_string(), GetParam().client);
  EXPECT_TRUE(fields_of(own[0].second).checksums_hold);
  EXPECT_EQ(to_client.flags, tcp_flag::kRst);
  EXPECT_EQ(to_client.sequence.host(), kServerFirst) << "what the client waits for (RFC 5961 section 3.2)";
  EXPECT_EQ(own[1].first, kInside);
  EXPECT_EQ(fields_of(own[1].second).source, lip_);
  EXPECT_EQ(fields_of(own[1].second).destination.to_string(), GetParam().backend);
  EXPECT_EQ(to_backend.sequence.host(), kClientFirst) << "what the backend waits for";
  EXPECT_EQ(rig_.counters().resets.get(), 1U);
}

TEST_P(Silence, TimeCountsFromTheFirstCheckWithoutAnAnswerOn) {
  rig_.wait_s(3);
  miss_a_check();
  for (int i = 0; i < 4; ++i, rig_.wait_ms(500)) EXPECT_EQ(to_string(data()), "tx");
  EXPECT_EQ(rig_.counters().resets.get(), 0U) << "one check says little";
  become_silent();

  EXPECT_EQ(to_string(data()), "drop server_silent");
}

TEST_P(Silence, AQuietClientIsAskedFromTheFirstCheckWithoutAnAnswerOn) {
  rig_.wait_s(1);
  miss_a_check();
  rig_.own_frames();
  rig_.wait_ms(260);
  ASSERT_GE(asked().size(), 1U);
  for (int i = 0; i < 4; ++i, rig_.wait_ms(260)) EXPECT_EQ(to_string(word(kClientFirst + 5)), "tx");
  become_silent();

  EXPECT_EQ(to_string(word(kClientFirst + 5)), "drop server_silent")
      << "what it has sent is awaited since then";
}

TEST_P(Silence, APlayerIsNotResetBeforeAKeepAliveHowLongTheChecksMayFail) {
  rig_.wait_s(3);
  miss_a_check();
  for (int i = 0; i < 24; ++i, rig_.wait_ms(500)) EXPECT_EQ(to_string(word()), "tx");
  become_silent();

  const Outcome keep_alive = word();
  ASSERT_EQ(to_string(keep_alive), "tx");
  EXPECT_EQ(tcp_in(keep_alive.frame).sequence.host(), kClientFirst - 1);
  rig_.wait_ms(1000);
  EXPECT_EQ(to_string(word()), "drop server_silent");
}

TEST_P(Silence, WhatTheBackendSaysBetweenTheChecksBeginsTheTimeAnew) {
  rig_.wait_s(3);
  miss_a_check();
  for (int i = 0; i < 4; ++i, rig_.wait_ms(500)) EXPECT_EQ(to_string(data()), "tx");
  backend(from_backend().sequence(kServerFirst).acknowledge(kClientFirst));
  become_silent();

  for (int i = 0; i < 3; ++i, rig_.wait_ms(500)) EXPECT_EQ(to_string(data()), "tx");
  EXPECT_EQ(to_string(data()), "drop server_silent") << "a reply is noted once a second";
}

TEST_P(Silence, AQuietClientIsAskedUntilItSpeaks) {
  fall_silent();

  rig_.wait_ms(100);
  const auto first = asked();
  rig_.wait_ms(400);
  const auto second = asked();

  ASSERT_EQ(first.size(), 1U);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(first[0].flags, tcp_flag::kAck);
  EXPECT_NE(first[0].sequence.host(), second[0].sequence.host()) << "one may lie in the client's window";
}

TEST_P(Silence, APublisherWhoseLastDataIsLostIsResetByItsOwnWord) {
  data();  // never acknowledged
  fall_silent();
  EXPECT_EQ(to_string(word(kClientFirst + 5)), "tx");
  rig_.wait_ms(1000);

  EXPECT_EQ(to_string(word(kClientFirst + 5)), "drop server_silent");
}

TEST_P(Silence, AnIdlePlayerSurvivesACutOfFiveSeconds) {
  fall_silent();
  for (int i = 0; i < 10; ++i) {
    const Outcome out = word();
    ASSERT_EQ(to_string(out), "tx");
    EXPECT_EQ(tcp_in(out.frame).sequence.host(), kClientFirst) << "as it is: no keep-alive yet";
    rig_.wait_ms(500);
  }
  rig_.reload([this](SnapshotSpec& spec) {
    for (PoolSpec& pool : spec.pools)
      for (BackendSpec& backend : pool.backends) set_silent(backend, false);
  });

  EXPECT_EQ(to_string(backend(from_backend().sequence(kServerFirst).acknowledge(kClientFirst))), "tx");
  EXPECT_EQ(to_string(data()), "tx");
  EXPECT_EQ(rig_.counters().resets.get(), 0U);
}

TEST_P(Silence, AnIdlePlayerOfABackendThatStaysAwayIsResetWhenAKeepAliveHasNoAnswer) {
  fall_silent();
  rig_.wait_ms(kQuietPatienceMs);

  const Outcome keep_alive = word();
  ASSERT_EQ(to_string(keep_alive), "tx");
  EXPECT_EQ(tcp_in(keep_alive.frame).sequence.host(), kClientFirst - 1) << "the backend must answer";
  EXPECT_TRUE(keep_alive.fields().checksums_hold);
  rig_.wait_ms(1000);

  EXPECT_EQ(to_string(word()), "drop server_silent");
}

TEST_P(Silence, AnAnsweredKeepAliveKeepsTheFlow) {
  fall_silent();
  rig_.wait_ms(kQuietPatienceMs);
  word();
  backend(from_backend().sequence(kServerFirst).acknowledge(kClientFirst));

  for (int i = 0; i < 3; ++i) {
    rig_.wait_ms(400);
    EXPECT_EQ(to_string(word()), "tx");
  }
}

TEST_P(Silence, ABackendThatOnlyItsChecksMissKeepsItsFlows) {
  fall_silent();
  uint32_t sequence = kClientFirst;
  for (int i = 0; i < 40; ++i, sequence += 5) {
    EXPECT_EQ(to_string(data(sequence)), "tx");
    rig_.wait_ms(100);
    backend(from_backend().sequence(kServerFirst).acknowledge(sequence + 5));
    if (i == 1) rig_.own_frames();
  }
  EXPECT_LE(asked().size(), 10U) << "it is asked only when the last noted reply is half a second old";
}

TEST_P(Silence, ARepeatedSynGoesToAnotherBackend) {
  rig_.reload([](SnapshotSpec& spec) {
    for (PoolSpec& each : spec.pools) {
      BackendSpec other = each.backends[0];
      other.address = ip(other.address.is_v4() ? "10.20.0.12" : "2001:db8:20::12");
      each.backends.push_back(other);
    }
  });
  const std::string vip = GetParam().vip;
  for (unsigned n = 0; n < 32; ++n) {
    const std::string host = GetParam().client;
    const std::string client = host.substr(0, host.rfind(':') + 1) + std::to_string(41000 + n);
    const Outcome first = rig_.send(tcp(client, vip).syn());
    const IpAddress ignoring = first.fields().destination.address;
    rig_.reload([&](SnapshotSpec& spec) {
      for (BackendSpec& backend : pool(spec, GetParam().pool).backends) {
        set_silent(backend, backend.address == ignoring);
        backend.weight = backend.address == ignoring ? 0 : 100;
      }
    });
    const Outcome second = rig_.send(tcp(client, vip).syn());
    ASSERT_EQ(to_string(second), "tx");
    EXPECT_NE(second.fields().destination.address, ignoring);
    EXPECT_EQ(
        to_string(rig_.send(tcp(second.fields().destination.to_string(), second.fields().source.to_string())
                                .syn_ack()
                                .to(kInsideMac),
                            kInside)),
        "tx");
  }
}

TEST_P(Silence, NumbersGoRound) {
  constexpr uint32_t kLast = 0xffffffff;
  backend(from_backend().sequence(kServerFirst).acknowledge(kLast));
  fall_silent();
  EXPECT_EQ(to_string(word(kLast)), "tx");
  rig_.wait_ms(900);
  EXPECT_EQ(to_string(word(kLast)), "tx") << "all was acknowledged";
  word(kLast + 5);
  rig_.wait_ms(900);
  rig_.own_frames();

  EXPECT_EQ(to_string(word(kLast + 5)), "drop server_silent");
  EXPECT_EQ(tcp_in(rig_.own_frames()[1].second).sequence.host(), kLast);
}

INSTANTIATE_TEST_SUITE_P(OverBoth, Silence,
                         testing::Values(Family{"IPv4", "198.51.100.7:40000", "10.10.0.100:1935",
                                                "10.20.0.11:1935", "srs"},
                                         Family{"IPv6", "[2001:db8:c::7]:40000", "[2001:db8:10::100]:1935",
                                                "[2001:db8:20::11]:1935", "srs6"}),
                         [](const auto& one) { return one.param.name; });

// Of backend 10.20.0.11.
struct Said {
  uint64_t refused, unanswered, unreachable;
  friend bool operator==(const Said&, const Said&) = default;
};

class Failures : public testing::Test {
 protected:
  Said said() {
    const BackendId id = rig_.snapshot().pools[0].members[0];
    const FailureCounters& c = rig_.counters().failures[id];
    return {c.refused.get(), c.unanswered.get(), c.unreachable.get()};
  }
  Rig rig_{[](SnapshotSpec& spec) { pool(spec, "srs").backends.resize(1); }};
  const char *client_ = "198.51.100.7:40000", *vip_ = "10.10.0.100:1935", *backend_ = "10.20.0.11:1935";
};

TEST_F(Failures, ARefusedSynSpeaksAgainstItsBackendAndAResetLaterDoesNot) {
  Endpoint lip = rig_.send(tcp(client_, vip_).syn()).fields().source;
  rig_.send(tcp(backend_, lip.to_string()).rst().to(kInsideMac), kInside);
  EXPECT_EQ(said(), (Said{1, 0, 0}));

  lip = rig_.send(tcp(client_, vip_).syn()).fields().source;
  rig_.send(tcp(backend_, lip.to_string()).syn_ack().to(kInsideMac), kInside);
  rig_.send(tcp(client_, vip_));
  rig_.send(tcp(backend_, lip.to_string()).rst().to(kInsideMac), kInside);
  EXPECT_EQ(said(), (Said{1, 0, 0}));
}

TEST_F(Failures, ASynThatMustBeRepeatedSpeaksAgainstItsBackend) {
  rig_.send(tcp(client_, vip_).syn());
  EXPECT_EQ(said(), (Said{0, 0, 0}));
  rig_.send(tcp(client_, vip_).syn());
  EXPECT_EQ(said(), (Said{0, 1, 0}));
}

TEST_F(Failures, AnIcmpErrorThatSaysUnreachableSpeaksAgainstItsBackendAndTooBigDoesNot) {
  const Outcome out = rig_.send(tcp(client_, vip_).syn());
  const std::string lip = out.fields().source.address.to_string();
  const Bytes quote(out.frame.begin() + 14, out.frame.end());
  for (const uint8_t code : {uint8_t{1}, uint8_t{3}, uint8_t{4}})
    rig_.send(ping("10.20.0.1", lip).icmp(3, code).icmp_rest(1400).payload(quote).to(kInsideMac), kInside);
  EXPECT_EQ(said(), (Said{0, 0, 2}));
}

TEST_F(Failures, AUdpFlowWithoutAnAnswerSpeaksAgainstItsBackendAndOneWithAnAnswerDoesNot) {
  rig_.send(udp("198.51.100.7:50000", "10.10.0.100:8000"));
  const Endpoint lip = rig_.send(udp("198.51.100.7:50001", "10.10.0.100:8000")).fields().source;
  rig_.send(udp("10.20.0.11:8000", lip.to_string()).to(kInsideMac), kInside);
  rig_.wait_s(12);
  EXPECT_EQ(said(), (Said{0, 1, 0}));
}

}  // namespace
}  // namespace lb
