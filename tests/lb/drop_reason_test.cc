// SPDX-License-Identifier: MIT
// Every reason for which lb drops a frame, caused: a reason without a case here fails the test.
#include "lb/drop_reason.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

#include "tests/lb/ice_rig.h"
#include "tests/lb/splice_rig.h"
#include "tests/lb/srt_rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

constexpr const char *kClient = "198.51.100.7:40000", *kRtmp = "10.10.0.100:1935", *kRtc = "10.10.0.100:8000";

// Given by the dataplane only: they need queues, mbufs or taps.
const std::set<DropReason> kDataplane = {DropReason::kTxFull,           DropReason::kKernelTxFull,
                                         DropReason::kPuntFull,         DropReason::kSegmented,
                                         DropReason::kNextHopQueueFull, DropReason::kFragmentQueueFull,
                                         DropReason::kUnknownVlan};

void one_backend(SnapshotSpec& spec) { pool(spec, "srs").backends.resize(1); }
std::string lip_of(const Outcome& out) { return out.fields().source.to_string(); }
FrameBuilder reply(const std::string& backend, const std::string& lip) {
  return udp(backend, lip).to(kInsideMac);
}

Outcome without_table_room() {
  Rig rig(one_backend, 1, {.flows_v4 = 1U << 10, .flows_wide = 1U << 10, .lips = 2});
  Outcome last;
  for (unsigned port = 1; port < 2000 && last.action != Action::kDrop; ++port)
    last = rig.send(udp("198.51.100.7:" + std::to_string(port), kRtc));
  return last;
}

Outcome without_ports() {
  Rig rig(one_backend, 32);
  Outcome last;
  for (unsigned port = 1; port < 3000 && last.action != Action::kDrop; ++port)
    last = rig.send(udp("198.51.100.7:" + std::to_string(port), kRtc));
  return last;
}

Outcome of_a_damaged_segment() {
  Rig rig([](SnapshotSpec& spec) { service(spec, "rtmp").affinity = Affinity::kStream; });
  return rig.send(tcp(kClient, kRtmp).syn().l4_checksum(0x1234));
}

Outcome while_another_worker_holds_it() {
  Rig rig([](SnapshotSpec& spec) { service(spec, "rtmp").affinity = Affinity::kStream; });
  rig.send(tcp(kClient, kRtmp).syn());
  const uint32_t number = segment_of(rig.own_frames().back().second).sequence + 1;
  FrameBuilder segment = tcp(kClient, kRtmp).sequence(1001).acknowledge(number).payload("GET /li");
  rig.send(segment);
  Peeks::Held held;
  for (uint32_t index = 0; index < rig.worker().peeks.count() && !held; ++index)
    held = rig.worker().peeks.at(index);
  return rig.send(segment);
}

// All of them wait for their servers, so none makes room.
Outcome without_a_peeks_place() {
  Rig rig([](SnapshotSpec& spec) { service(spec, "rtmp").affinity = Affinity::kStream; });
  Outcome last;
  for (unsigned port = 1; port < 3000 && last.action != Action::kDrop; ++port) {
    const std::string client = "198.51.100.7:" + std::to_string(port);
    rig.send(tcp(client, kRtmp).syn());
    const uint32_t number = segment_of(rig.own_frames().back().second).sequence + 1;
    last = rig.send(
        tcp(client, kRtmp).sequence(1001).acknowledge(number).payload("GET /live/cam.flv HTTP/1.1\r\n\r\n"));
    rig.own_frames();
  }
  return last;
}

Outcome without_a_neighbours_place() {
  Rig rig([](SnapshotSpec& spec) { spec.ports[1].addresses[0] = *Prefix::parse("10.20.0.2/16"); });
  for (unsigned n = 256; n < 65536; ++n) {
    const IpAddress address = IpAddress::v4(be32::of(0x0a140000 + n));
    if (rig.neighbours().put_static(kInside, address, backend_mac(1))) continue;
    rig.reload([&](SnapshotSpec& spec) { pool(spec, "srs").backends = {{address, 0, 1}}; });
    return rig.send(udp(kClient, kRtc));
  }
  return {};
}

Outcome with_a_silent_next_hop() {
  Rig rig([](SnapshotSpec& spec) { pool(spec, "srs").backends = {{ip("10.20.0.99"), 0, 1}}; });
  for (int i = 0; i < 3; ++i) rig.send(udp(kClient, kRtc)), rig.jump_ms(1000);
  return rig.send(udp(kClient, kRtc));
}

Outcome to_a_silent_server() {
  const std::string client = "198.51.100.7:40000", vip = "10.10.0.100:1935";
  Rig rig(one_backend);
  const Endpoint lip = rig.send(tcp(client, vip).syn()).fields().source;
  rig.send(tcp("10.20.0.11:1935", lip.to_string()).syn_ack().to(kInsideMac), kInside);
  rig.send(tcp(client, vip));
  rig.wait_s(3);
  rig.reload([&](SnapshotSpec& spec) {
    BackendSpec& backend = pool(spec, "srs").backends[0];
    backend.unanswered_ms = rig.now().ms;
    backend.silent = true;
  });
  rig.send(tcp(client, vip).payload("media"));
  rig.wait_ms(1000);
  return rig.send(tcp(client, vip).payload("media"));
}

// A damaged slot: its listener is of the other family.
Outcome with_families_mixed() {
  Rig rig(one_backend);
  const Endpoint lip = rig.send(udp(kClient, kRtc)).fields().source;
  NatSlot& slot = rig.segment().slots().at(
      NatSlots::index(rig.snapshot().addresses.find(lip.address)->lip, Protocol::kUdp, lip.port));
  NatSlots::fill(slot, rig.snapshot().pools[0].entries[0].id, rig.snapshot().services[1].listener,
                 ip("2001:db8:c::7"), 1, 8000, rig.now().tick());
  NatSlots::open(slot, rig.now().tick());
  return rig.send(reply("10.20.0.11:8000", lip.to_string()), kInside);
}

// Server ids 0b, 0c, 0d in clear.
Outcome with_ids_of_three_servers() {
  Rig rig([](SnapshotSpec& spec) {
    QuicLbSpec quic;
    quic.config.server_id_length = 1;
    quic.config.nonce_length = 4;
    for (const BackendSpec& backend : pool(spec, "srs").backends)
      quic.servers.push_back(
          {QuicServerId::of(std::array{backend.address.bytes()[15]}), {backend.address, backend.port}});
    pool(spec, "srs").quic_lb = {quic};
    service(spec, "rtc").affinity = Affinity::kQuic;
  });
  Outcome last;
  for (const uint8_t server : std::initializer_list<uint8_t>{11, 12, 13})
    last = rig.send(udp(kClient, kRtc).payload(Bytes{0x41, 0x05, server, 1, 2, 3, 4, 5, 6, 7}));
  return last;
}

Outcome with_ice(const std::function<Outcome(IceRig&)>& use) {
  SegmentGeometry few_sessions = kTinySegment;
  few_sessions.sessions = 1024;
  IceRig rig(one_backend, 1, few_sessions);
  return use(rig);
}
Outcome without_a_free_session(IceRig& rig) {
  Outcome last;
  for (unsigned n = 1; n < 3000 && last.action != Action::kDrop; ++n) {
    last =
        rig.from("198.51.100.7:" + std::to_string(n), check({.name = "u" + std::to_string(n + 1000) + ":c"}));
    if (last.action == Action::kTx) rig.reply_to(last, success(1));
  }
  return last;
}

Outcome with_srt(const std::function<Outcome(SrtRig&)>& use) {
  SrtRig rig;
  return use(rig);
}
Outcome while_its_client_speaks(SrtRig& rig) {
  rig.connect(kClient, 1, "live/cam", 7);
  return rig.from("198.51.100.8:1", srt_packet(0x8001, 7));
}
Outcome after_many_guesses(SrtRig& rig) {
  for (unsigned i = 0; i < Worker::kSrtGuesses; ++i) rig.from(kClient, srt_packet(0x8001, 7));
  return rig.from(kClient, srt_packet(0x8001, 7));
}
Outcome in_rendezvous(SrtRig& rig) {
  SrtHandshake wave = read_srt(srt_induction(1));
  wave.type = SrtHandshakeType::kWaveahand;
  return rig.from(kClient, srt_handshake(wave));
}

Outcome to_one_rig(const Rig::Edit& edit, const std::function<Outcome(Rig&)>& use) {
  Rig rig(edit);
  return use(rig);
}
std::function<Outcome()> sent(const Bytes& frame, const Rig::Edit& edit = {}) {
  return [=]() { return to_one_rig(edit, [&](Rig& rig) { return rig.send(frame); }); };
}

Bytes error_about(const Bytes& frame) {
  return ping("198.51.100.7", "10.10.0.100").icmp(3, 1).payload(Bytes(frame.begin() + 14, frame.end()));
}
Outcome with_a_flood_of_errors() {
  Rig rig;
  rig.send(udp(kClient, kRtc));
  Outcome last;
  for (int i = 0; i < 2000 && last.action != Action::kDrop; ++i)
    last = rig.send(error_about(udp("10.10.0.100:8000", kClient)));
  return last;
}

const std::map<DropReason, std::function<Outcome()>> kCases = {
    {DropReason::kFrameTruncated, sent([] {
       Bytes frame = tcp(kClient, kRtmp);
       frame.resize(30);
       return frame;
     }())},
    {DropReason::kBadIpHeader, sent(tcp(kClient, kRtmp).total_length(19))},
    {DropReason::kBadIpChecksum, sent(tcp(kClient, kRtmp).ip_checksum(1))},
    {DropReason::kBadL4Header, sent(tcp(kClient, kRtmp).tcp_offset(4))},
    {DropReason::kBadSource, sent(tcp("127.0.0.1:1", kRtmp))},
    {DropReason::kFragment, sent(ping("198.51.100.7", "10.10.0.100").fragment(0x2000))},
    {DropReason::kFragmentOverlap,
     []() {
       Rig rig;
       rig.send(udp(kClient, kRtc).fragment(0x2000));
       return rig.send(udp(kClient, kRtc).fragment(0x2000));
     }},
    {DropReason::kFragmentLost,
     []() {
       Rig rig;
       const Outcome held = rig.send(udp(kClient, kRtc).fragment(1));
       rig.jump_ms(1000);
       return rig.resume(held);
     }},
    {DropReason::kExtensionHeaders,
     []() {
       FrameBuilder frame = udp("[2001:db8:c::7]:1", "[2001:db8:10::100]:8000");
       for (int i = 0; i < 9; ++i) frame.extension(60, Bytes(8));
       return Rig().send(frame);
     }},
    {DropReason::kOtherStation, sent(tcp(kClient, kRtmp).to(backend_mac(77)))},
    {DropReason::kNoService, sent(tcp(kClient, "10.10.0.100:1"))},
    {DropReason::kIcmpNotForwarded, sent(ping("198.51.100.7", "10.10.0.100").icmp(13, 0))},
    {DropReason::kBadIcmp, sent(ping("198.51.100.7", "10.10.0.100").icmp(3, 1))},
    {DropReason::kIcmpNoFlow, sent(error_about(udp("10.10.0.100:8000", kClient)))},
    {DropReason::kIcmpLimited, with_a_flood_of_errors},
    {DropReason::kTooBig, sent(udp(kClient, kRtc).payload(Bytes(1473)))},
    {DropReason::kNoHeadroom,
     sent(udp(kClient, kRtc), [](SnapshotSpec& s) { service(s, "rtc").forward = Forward::kIpip; })},
    {DropReason::kTtlExpired, sent(tcp(kClient, kRtmp).ttl(1))},
    {DropReason::kNoBackend,
     sent(udp(kClient, kRtc), [](SnapshotSpec& s) { pool(s, "srs").backends.clear(); })},
    {DropReason::kNoFlow, sent(tcp(kClient, kRtmp))},
    {DropReason::kTableFull, without_table_room},
    {DropReason::kLipPortsExhausted, without_ports},
    {DropReason::kBadTcpChecksum, of_a_damaged_segment},
    {DropReason::kPeekBusy, while_another_worker_holds_it},
    {DropReason::kPeekTableFull, without_a_peeks_place},
    {DropReason::kReplyWithoutSlot,
     []() { return Rig().send(reply("10.20.0.11:8000", "10.20.0.100:5000"), kInside); }},
    {DropReason::kReplyFromStranger,
     []() {
       Rig rig(one_backend);
       return rig.send(reply("10.20.0.12:8000", lip_of(rig.send(udp(kClient, kRtc)))), kInside);
     }},
    {DropReason::kConnectionIdFlood, with_ids_of_three_servers},
    {DropReason::kNoSession, []() { return with_ice([](IceRig& rig) { return rig.from(kClient, rtp()); }); }},
    {DropReason::kBadStun,
     []() {
       return with_ice([](IceRig& rig) {
         Bytes message = check();
         message.pop_back();
         return rig.from(kClient, message);
       });
     }},
    {DropReason::kStunIntegrity,
     []() {
       return with_ice([](IceRig& rig) {
         rig.learn(11, kServerPassword);
         return rig.from(kClient, check({.password = "another"}));
       });
     }},
    {DropReason::kBadSrt,
     []() { return with_srt([](SrtRig& rig) { return rig.from(kClient, Bytes(15)); }); }},
    {DropReason::kSrtCookie,
     []() {
       return with_srt([](SrtRig& rig) { return rig.from(kClient, srt_conclusion(1, 99, "live/cam")); });
     }},
    {DropReason::kSrtRendezvous, []() { return with_srt(in_rendezvous); }},
    {DropReason::kSrtUnknown,
     []() { return with_srt([](SrtRig& rig) { return rig.from(kClient, srt_packet(0x8001, 7)); }); }},
    {DropReason::kSrtNotSilent, []() { return with_srt(while_its_client_speaks); }},
    {DropReason::kSrtGuesses, []() { return with_srt(after_many_guesses); }},
    {DropReason::kSessionTableFull, []() { return with_ice(without_a_free_session); }},
    {DropReason::kFamilyMismatch, with_families_mixed},
    {DropReason::kNoRoute, sent(udp(kClient, kRtc),
                                [](SnapshotSpec& s) {
                                  s.ports[0].gateway_v4.reset();
                                  pool(s, "srs").backends = {{ip("192.0.2.1"), 0, 1}};
                                })},
    {DropReason::kServerSilent, to_a_silent_server},
    {DropReason::kNextHopUnresolved, with_a_silent_next_hop},
    {DropReason::kNeighbourTableFull, without_a_neighbours_place},
    {DropReason::kBadArp, sent([] {
       Bytes frame = arp(1, kBroadcastMac, kGatewayMac, "10.10.0.1", {}, "10.10.0.100");
       frame[15] = 9;
       return frame;
     }())},
    {DropReason::kBadNeighbourDiscovery,
     sent(discovery(135, "2001:db8:10::1", "2001:db8:10::100", "2001:db8:10::100", 1, kGatewayMac).ttl(64))},
};

TEST(DropReason, EachOneThatLbGivesIsCausedByATest) {
  for (unsigned i = 0; i < kDropReasonCount; ++i) {
    const auto reason = static_cast<DropReason>(i);
    const auto found = kCases.find(reason);
    EXPECT_NE(found != kCases.end(), kDataplane.contains(reason)) << drop_reason_name(reason);
    if (found == kCases.end()) continue;
    EXPECT_EQ(to_string(found->second()), "drop " + std::string(drop_reason_name(reason)));
  }
}

TEST(DropReason, NamesAreDistinctAndExplained) {
  std::set<std::string_view> names;
  for (unsigned i = 0; i < kDropReasonCount; ++i) {
    const auto reason = static_cast<DropReason>(i);
    EXPECT_TRUE(names.insert(drop_reason_name(reason)).second) << drop_reason_name(reason);
    EXPECT_EQ(drop_reason_name(reason).find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"),
              std::string_view::npos);
    EXPECT_GT(drop_reason_text(reason).size(), 10U);
  }
}

}  // namespace
}  // namespace lb
