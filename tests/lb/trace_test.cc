// SPDX-License-Identifier: MIT
// What a trace says of packets, beside what the pipeline did with them.
#include "lb/trace.h"

#include <gtest/gtest.h>

#include <random>

#include "lb/quic_lb.h"
#include "tests/lb/ice_rig.h"
#include "tests/lb/trace_rig.h"

namespace lb::test {
namespace {

constexpr const char *kClient = "198.51.100.7:40000", *kVip = "10.10.0.100:8000";

Bytes with_bad_checksum() { return udp(kClient, kVip).ip_checksum(0xbad).bytes(); }

TEST(Trace, SaysWhereAClientsPacketWentAndWhy) {
  TraceRig rig;
  rig.trace(of_client("198.51.100.7"));

  const Outcome first = rig.send(udp(kClient, kVip).payload("one"));
  rig.send(udp(kClient, kVip).payload("two"));
  const auto kept = rig.kept();

  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(ends_text(kept[0].before), "198.51.100.7:40000 > 10.10.0.100:8000");
  const FrameFields sent = first.fields();
  EXPECT_EQ(ends_text(kept[0].after), sent.source.to_string() + " > " + sent.destination.to_string());
  EXPECT_EQ(kept[0].backend, sent.destination);
  EXPECT_EQ(kept[0].way, TraceWay::kIn);
  EXPECT_EQ(kept[0].by, TraceBy::kPick);
  EXPECT_EQ(kept[1].by, TraceBy::kFlow);
}

TEST(Trace, SaysToWhomAReplyWent) {
  TraceRig rig;
  const FrameFields sent = rig.send(udp(kClient, kVip)).fields();
  rig.trace(of_client("198.51.100.7", 40000));

  rig.send(udp(sent.destination.to_string(), sent.source.to_string()).to(kInsideMac), kInside);
  const auto kept = rig.kept();

  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].way, TraceWay::kOut);
  EXPECT_EQ(ends_text(kept[0].after), "10.10.0.100:8000 > 198.51.100.7:40000");
  EXPECT_EQ(kept[0].client, endpoint(kClient));
  EXPECT_EQ(kept[0].backend, sent.destination);
  EXPECT_EQ(kept[0].by, TraceBy::kNothing);
}

TEST(Trace, KeepsThePacketsOfOneClientAndNoOthers) {
  TraceRig rig;
  rig.trace(of_client("198.51.100.7", 40000));

  rig.send(udp("198.51.100.8:40000", kVip));
  rig.send(udp("198.51.100.7:40001", kVip));
  rig.send(tcp("198.51.100.7:40000", "10.10.0.100:1935").syn());

  ASSERT_EQ(rig.kept().size(), 1u);
}

TEST(Trace, FiltersByServiceVipAndBackend) {
  TraceRig rig;
  const Bytes media = udp(kClient, kVip), stream = tcp(kClient, "10.10.0.100:1935").syn();
  const auto count = [&](const TraceFilter& filter, const std::string& service) {
    rig.trace(filter, service);
    rig.send(media);
    rig.send(stream);
    return rig.kept().size();
  };
  TraceFilter filter;
  EXPECT_EQ(count(filter, ""), 2u);
  EXPECT_EQ(count(filter, "rtc"), 1u);
  EXPECT_EQ(count(filter, "gone"), 0u);
  filter.vip = endpoint("10.10.0.100:1935");
  filter.protocol = Protocol::kTcp;
  EXPECT_EQ(count(filter, ""), 1u);
  filter.protocol = Protocol::kUdp;
  EXPECT_EQ(count(filter, ""), 0u);
  filter = {};
  filter.backend = Endpoint{rig.send(media).fields().destination.address, 8000};
  EXPECT_EQ(count(filter, ""), 1u);
  filter.backend->address = ip("10.20.0.99");
  EXPECT_EQ(count(filter, ""), 0u);
}

TEST(Trace, AMalformedPacketIsSeenByItsReason) {
  TraceRig rig;
  TraceFilter filter;
  filter.reason = DropReason::kBadIpChecksum;
  rig.trace(filter);

  rig.send(with_bad_checksum());
  rig.send(udp(kClient, "10.10.0.100:9"));
  rig.send(udp(kClient, kVip));
  const auto kept = rig.kept();

  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].reason, DropReason::kBadIpChecksum);
  EXPECT_FALSE(kept[0].before.known);
  EXPECT_EQ(kept[0].length_in, with_bad_checksum().size());
}

// Its addresses were not proved, so it is no packet of anybody's.
TEST(Trace, AMalformedPacketIsNobodys) {
  TraceRig rig;
  rig.trace(of_client("198.51.100.7"));
  rig.send(with_bad_checksum());
  EXPECT_TRUE(rig.kept().empty());
}

TEST(Trace, AFrameForAnotherStationIsNotTakenForTheOneBefore) {
  TraceRig rig;
  rig.trace({});
  rig.send(udp(kClient, kVip));
  rig.send(udp(kClient, kVip).to(kGatewayMac));
  const auto kept = rig.kept();

  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[1].reason, DropReason::kOtherStation);
  EXPECT_FALSE(kept[1].before.known);
  EXPECT_TRUE(kept[1].backend.address.is_unset());
}

TEST(Trace, DropsOnlyLeavesTheRestOut) {
  TraceRig rig;
  TraceFilter filter = of_client("198.51.100.7");
  filter.drops_only = true;
  rig.trace(filter);

  rig.send(udp(kClient, kVip));
  rig.send(tcp(kClient, "10.10.0.100:1935"));
  const auto kept = rig.kept();

  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].reason, DropReason::kNoFlow);
  EXPECT_TRUE(kept[0].backend.address.is_unset());
}

TEST(Trace, KeepsTheFirstBytesAsTheyCameAndAsTheyLeft) {
  TraceRig rig;
  TraceFilter filter = of_client("198.51.100.7");
  filter.snaplen = 60;
  rig.trace(filter);
  const Bytes sent = udp(kClient, kVip).payload(std::string(100, 'x'));

  const Outcome outcome = rig.send(sent);
  const TraceRecord kept = rig.kept().at(0);

  EXPECT_EQ(kept.kept_in, 60);
  EXPECT_EQ(kept.length_in, sent.size());
  EXPECT_TRUE(std::equal(sent.begin(), sent.begin() + 60, kept.in.begin()));
  EXPECT_EQ(kept.kept_out, 60);
  EXPECT_TRUE(std::equal(outcome.frame.begin(), outcome.frame.begin() + 60, kept.out.begin()));
}

TEST(Trace, AnEchoOfAVipIsAnswered) {
  TraceRig rig;
  rig.trace(of_client("198.51.100.7"));
  rig.send(ping("198.51.100.7", "10.10.0.100"));
  const auto kept = rig.kept();
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_TRUE(kept[0].answered);
}

TEST(Trace, APacketThatWaitedIsSeenTwice) {
  TraceRig rig([](SnapshotSpec& spec) {
    pool(spec, "srs").backends = {{ip("10.20.0.50"), 0, 100}};  // whose MAC nobody knows
  });
  rig.trace(of_client("198.51.100.7"));

  const Outcome held = rig.send(udp(kClient, kVip));
  ASSERT_EQ(held.action, Action::kHold);
  EXPECT_EQ(rig.resume(held).action, Action::kHold);
  rig.neighbours().put_static(kInside, ip("10.20.0.50"), backend_mac(50));
  ASSERT_EQ(rig.resume(held).action, Action::kTx);
  const auto kept = rig.kept();

  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].action, Action::kHold);
  EXPECT_EQ(kept[1].action, Action::kTx);
  EXPECT_EQ(kept[1].client, endpoint(kClient));
  EXPECT_EQ(ends_text(kept[1].after), ends_text(kept[0].after));
}

TEST(Trace, LaterPiecesAreTheirClients) {
  TraceRig rig;
  rig.trace(of_client("198.51.100.7"));
  rig.send(udp(kClient, kVip).fragment(0x2000).payload(std::string(16, 'a')).udp_length(32));
  rig.send(udp(kClient, kVip).fragment(3).payload(std::string(8, 'b')));
  const auto kept = rig.kept();

  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[1].action, Action::kTx);
  EXPECT_EQ(kept[1].backend.address, kept[0].backend.address);
}

TEST(Trace, APieceThatWaitedAndIsRefusedWithItsFirstOneIsSeenAsItCame) {
  TraceRig rig([](SnapshotSpec& spec) { service(spec, "rtc").pool = "srs6"; });
  rig.headroom = 64;
  rig.trace(of_client("198.51.100.7"));
  const Outcome held = rig.send(udp(kClient, kVip).fragment(3).payload(std::string(8, 'b')));
  ASSERT_EQ(held.action, Action::kHold);
  const Outcome first =
      rig.send(udp(kClient, kVip).fragment(0x2000).l4_checksum(0).payload("16 bytes in all."));
  ASSERT_EQ(first.reason, DropReason::kFragment);
  ASSERT_EQ(rig.resume(held).reason, DropReason::kFragment);
  const auto kept = rig.kept();

  ASSERT_EQ(kept.size(), 3u);
  EXPECT_EQ(kept[2].reason, DropReason::kFragment);
  EXPECT_EQ(kept[2].before.source, ip("198.51.100.7"));
  EXPECT_FALSE(kept[2].after.known);
}

TEST(Trace, APieceWhoseFirstOneNeverComesIsItsClientsToTheEnd) {
  TraceRig rig;
  rig.trace(of_client("198.51.100.7"));
  const Outcome held = rig.send(udp(kClient, kVip).fragment(3).payload(std::string(8, 'b')));
  ASSERT_EQ(held.action, Action::kHold);
  rig.jump_ms(1000);
  ASSERT_EQ(rig.resume(held).reason, DropReason::kFragmentLost);
  const auto kept = rig.kept();

  ASSERT_EQ(kept.size(), 2u);
  EXPECT_FALSE(kept[0].after.known);
  EXPECT_EQ(kept[1].reason, DropReason::kFragmentLost);
  EXPECT_EQ(kept[1].before.source, ip("198.51.100.7"));
  EXPECT_FALSE(kept[1].after.known);
}

TEST(Trace, TheClientsPlaceIsTold) {
  TraceRig rig([](SnapshotSpec& spec) { service(spec, "rtmp").affinity = Affinity::kSourceIp; });
  rig.trace({}, "rtmp");
  rig.send(tcp("198.51.100.7:1", "10.10.0.100:1935").syn());
  rig.send(tcp("198.51.100.7:2", "10.10.0.100:1935").syn());
  const auto kept = rig.kept();
  ASSERT_EQ(kept.size(), 2u);
  for (const TraceRecord& record : kept) EXPECT_EQ(record.by, TraceBy::kClient);
  EXPECT_EQ(kept[0].backend, kept[1].backend);
}

TEST(Trace, AConnectionIdIsTold) {
  QuicLbConfig config;
  config.server_id_length = 1;
  config.nonce_length = 4;
  const std::array<uint8_t, 1> id{7};
  TraceRig rig([&](SnapshotSpec& spec) {
    service(spec, "rtc").affinity = Affinity::kQuic;
    pool(spec, "srs").quic_lb = {{config, {{QuicServerId::of(id), {ip("10.20.0.12"), 0}}}}};
  });
  rig.trace({}, "rtc");
  const auto cid = encode(config, id, std::array<uint8_t, 4>{1, 2, 3, 4}).value();
  Bytes named(40, 0x5a);
  named[0] = 0x41;  // a short header
  std::copy(cid.view().begin(), cid.view().end(), named.begin() + 1);

  rig.send(udp(kClient, kVip).payload(named));
  rig.send(udp(kClient, kVip).payload("nobody's"));
  const auto kept = rig.kept();

  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].by, TraceBy::kConnectionId);
  EXPECT_EQ(kept[0].backend.address, ip("10.20.0.12"));
  EXPECT_EQ(kept[1].by, TraceBy::kFlow);
}

TEST(Trace, ASessionIsToldWithItsRungAndMediaBeforeProofIsABridge) {
  Traced<IceRig> rig;
  rig.reply_to(rig.from(kClient, check()), success(1));
  rig.wait_ms(300);
  rig.from(kClient, rtp(0x11223344, 1));
  rig.trace({}, "rtc");

  rig.from(kClient, rtp(0x11223344, 2));
  ASSERT_EQ(rig.from("203.0.113.9:50000", rtp(0x11223344, 3)).action, Action::kTx);
  rig.from("203.0.113.10:50000", rtp(0x99887766, 3));
  const auto kept = rig.kept();

  ASSERT_EQ(kept.size(), 3u);
  EXPECT_EQ(kept[0].by, TraceBy::kSession);
  EXPECT_EQ(kept[0].rung, Rung::kHash);
  EXPECT_EQ(kept[1].by, TraceBy::kBridge);
  EXPECT_EQ(kept[1].backend, kept[0].backend);
  EXPECT_EQ(kept[2].reason, DropReason::kNoSession);
  EXPECT_TRUE(kept[2].backend.address.is_unset());
}

TEST(Trace, AFullRingCountsWhatItCannotKeep) {
  TraceRig rig;
  rig.trace(of_client("198.51.100.7"), "", 4);
  for (unsigned i = 0; i < 10; ++i) rig.send(udp(kClient, kVip));
  EXPECT_EQ(rig.kept().size(), 4u);
  EXPECT_EQ(rig.rings->of(0).missed(), 6u);
}

TEST(Trace, AfterItsEndNothingIsKept) {
  TraceRig rig;
  rig.trace({});
  rig.end_trace();
  rig.send(udp(kClient, kVip));
  EXPECT_TRUE(rig.kept().empty());
}

// Of every kind, whole and damaged.
std::vector<Bytes> random_frames(std::mt19937& random, unsigned count) {
  const auto pick = [&](unsigned below) { return static_cast<unsigned>(random() % below); };
  std::vector<Bytes> frames;
  while (frames.size() < count) {
    const std::string client =
        "198.51.100." + std::to_string(1 + pick(5)) + ":" + std::to_string(4000 + pick(9));
    const std::string vip =
        pick(4) == 0 ? "10.20.0.100:2000" : "10.10.0.100:" + std::to_string(pick(3) == 0 ? 9 : 8000);
    Bytes frame = pick(3) == 0 ? ping("198.51.100.7", "10.10.0.100").bytes()
                  : pick(2) == 0
                      ? tcp(client, "10.10.0.100:1935").flags(static_cast<uint8_t>(pick(64))).bytes()
                      : udp(client, vip).payload(std::string(pick(400), 'p')).bytes();
    if (pick(4) == 0) frame[pick(static_cast<unsigned>(frame.size()))] ^= static_cast<uint8_t>(1 + pick(255));
    if (pick(8) == 0) frame.resize(pick(static_cast<unsigned>(frame.size())) + 1);
    frames.push_back(std::move(frame));
  }
  return frames;
}

TEST(Trace, SaysOfRandomFramesWhatTheirVerdictsSaid) {
  TraceRig rig;
  TraceRig untraced;
  TraceFilter filter;
  filter.snaplen = TraceRecord::kMaxBytes;
  rig.trace(filter, "", 1024);
  std::mt19937 random(20261127);
  for (unsigned round = 0; round < 400; ++round) {
    const std::vector<Bytes> frames = random_frames(random, 16);
    const auto outcomes = rig.send_burst(frames);
    const auto plain = untraced.send_burst(frames);
    const auto kept = rig.kept();
    ASSERT_EQ(kept.size(), frames.size());
    for (size_t i = 0; i < frames.size(); ++i) {
      const Outcome& outcome = outcomes[i];
      const TraceRecord& record = kept[i];
      ASSERT_EQ(to_string(outcome), to_string(plain[i])) << round << " " << i;
      ASSERT_EQ(record.action, outcome.action) << round << " " << i;
      ASSERT_EQ(record.reason, outcome.reason);
      ASSERT_EQ(record.length_in, frames[i].size());
      ASSERT_TRUE(std::equal(record.in.begin(), record.in.begin() + record.kept_in, frames[i].begin()));
      if (outcome.action != Action::kTx) continue;
      ASSERT_EQ(record.port_out, outcome.port);
      ASSERT_EQ(record.length_out, outcome.frame.size());
      ASSERT_TRUE(
          std::equal(record.out.begin(), record.out.begin() + record.kept_out, outcome.frame.begin()));
      if (record.before.protocol == 1) continue;
      const FrameFields sent = outcome.fields();
      ASSERT_EQ(ends_text(record.after), sent.source.to_string() + " > " + sent.destination.to_string());
      ASSERT_EQ(record.backend, sent.destination);
    }
  }
}

// A trace with conditions keeps just those of all packets that fulfil them, in their order.
TEST(Trace, KeepsOfRandomFramesThoseThatMatch) {
  std::vector<std::pair<TraceFilter, std::string>> wanted = {{of_client("198.51.100.2"), ""},
                                                             {of_client("198.51.100.3", 4003), ""},
                                                             {{}, "rtc"},
                                                             {of_client("198.51.100.2"), "rtmp"},
                                                             {of_client("198.51.100.7"), ""}};
  wanted.emplace_back().first.drops_only = true;
  wanted.emplace_back().first.reason = DropReason::kNoService;
  wanted.emplace_back().first.vip = endpoint("10.10.0.100:8000");
  for (const auto& [filter, name] : wanted) {
    TraceRig all, some;
    all.trace({}, "", 1024);
    some.trace(filter, name, 1024);
    std::mt19937 random(7);
    size_t matching = 0;
    for (unsigned round = 0; round < 60; ++round) {
      const std::vector<Bytes> frames = random_frames(random, 16);
      all.send_burst(frames);
      some.send_burst(frames);
      const auto kept = some.kept();
      size_t next = 0;
      for (const TraceRecord& record : all.kept()) {
        if (!matches(*some.snapshot().trace, record)) continue;
        ASSERT_LT(next, kept.size());
        ASSERT_EQ(ends_text(kept[next].before), ends_text(record.before));
        ASSERT_EQ(kept[next++].action, record.action);
      }
      ASSERT_EQ(next, kept.size());
      matching += next;
    }
    EXPECT_GT(matching, 5u) << name;
  }
}

}  // namespace
}  // namespace lb::test
