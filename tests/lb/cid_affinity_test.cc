// SPDX-License-Identifier: MIT
// `quic` and `dtls`: a connection id that names a server goes there, whatever the tuple says.
#include <gtest/gtest.h>

#include "lb/quic_lb.h"
#include "tests/lb/rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

constexpr const char *kVip = "10.10.0.100:8000", *kHome = "198.51.100.7:40000", *kRoad = "203.0.113.9:50000";

QuicLbConfig in_clear() {
  QuicLbConfig config;
  config.config_id = 2;
  config.server_id_length = 2;
  config.nonce_length = 6;
  return config;
}
QuicServerId id_of(uint8_t host) { return QuicServerId::of(std::array<uint8_t, 2>{0xab, host}); }

// Server ids ab0b, ab0c, ab0d for backends 11, 12, 13.
void with_ids(SnapshotSpec& spec) {
  PoolSpec& srs = pool(spec, "srs");
  QuicLbSpec quic;
  quic.config = in_clear();
  for (const BackendSpec& backend : srs.backends)
    quic.servers.push_back({id_of(backend.address.bytes()[15]), {backend.address, backend.port}});
  srs.quic_lb = {quic};
}
void by_quic(SnapshotSpec& spec) {
  with_ids(spec);
  service(spec, "rtc").affinity = Affinity::kQuic;
}
void by_quic_dsr(SnapshotSpec& spec) {
  by_quic(spec);
  service(spec, "rtc").forward = Forward::kDsr;
}
void by_dtls(SnapshotSpec& spec) {
  with_ids(spec);
  service(spec, "rtc").affinity = Affinity::kDtls;
}

Bytes cid(uint8_t host, uint8_t nonce = 0) {
  const auto made = encode(in_clear(), id_of(host).view(), std::array<uint8_t, 6>{nonce, 1, 2, 3, 4, 5});
  const auto octets = made.value().view();
  return {octets.begin(), octets.end()};
}
Bytes short_header(const Bytes& dcid) {
  Bytes bytes(1 + dcid.size() + 30, 0x5a);
  bytes[0] = 0x41;
  std::copy(dcid.begin(), dcid.end(), bytes.begin() + 1);
  return bytes;
}
Bytes initial(const Bytes& dcid) {
  Bytes bytes(1200);
  bytes[0] = 0xc3;
  bytes[4] = 1;
  bytes[5] = static_cast<uint8_t>(dcid.size());
  std::copy(dcid.begin(), dcid.end(), bytes.begin() + 6);
  return bytes;
}
const Bytes kChosenByClient{0xe0, 1, 2, 3, 4, 5, 6, 7};

IpAddress backend_of(const Outcome& outcome) {
  EXPECT_EQ(to_string(outcome), "tx");
  return outcome.action == Action::kTx ? outcome.fields().destination.address : IpAddress{};
}
Outcome send(Rig& rig, const char* client, const Bytes& payload, unsigned worker = 0) {
  return rig.send(udp(client, kVip).payload(payload), kOutside, worker);
}
IpAddress host(uint8_t number) { return ip("10.20.0." + std::to_string(number)); }

TEST(CidAffinity, AClientThatMovesKeepsItsServer) {
  for (const auto& edit : {by_quic, by_quic_dsr}) {
    for (const uint8_t server : std::initializer_list<uint8_t>{11, 12, 13}) {
      Rig rig(edit);
      EXPECT_EQ(send(rig, kHome, short_header(cid(server))).fields().destination_mac, backend_mac(server));
      EXPECT_EQ(send(rig, kRoad, short_header(cid(server, 9))).fields().destination_mac, backend_mac(server));
    }
  }
}

// Of an error about a packet to the client only the tuple says whose it is: the ids in it are the client's own.
TEST(CidAffinity, AnIcmpErrorFindsTheServerOfAClientThatMoved) {
  for (const auto& edit : {by_quic, by_quic_dsr}) {
    Rig rig(edit);
    send(rig, kHome, short_header(cid(12)));
    send(rig, kRoad, short_header(cid(12, 9)));
    const Bytes answer = udp(kVip, kRoad).payload(Bytes(1200, 0x41));
    const Bytes quoted(answer.begin() + 14, answer.begin() + 14 + 128);

    const Outcome out = rig.send(ping("192.0.2.1", "10.10.0.100").icmp(3, 4).icmp_rest(1400).payload(quoted));

    const auto own = rig.own_frames();
    ASSERT_EQ(own.size(), out.action == Action::kConsumed ? 1U : 0U);
    const FrameFields told = own.empty() ? out.fields() : fields_of(own[0].second);
    EXPECT_EQ(told.destination_mac, backend_mac(12));
  }
}

TEST(CidAffinity, AMoveIsSeenOnAnotherWorker) {
  Rig rig(by_quic, 2);
  EXPECT_EQ(backend_of(send(rig, kHome, short_header(cid(12)), 0)), host(12));
  EXPECT_EQ(backend_of(send(rig, kRoad, short_header(cid(12, 1)), 1)), host(12));
  EXPECT_EQ(rig.counters(0).cid_routed[2].get() + rig.counters(1).cid_routed[2].get(), 2U);
}

TEST(CidAffinity, WhatNamesNoServerGoesByTupleAndStays) {
  Rig rig(by_quic);
  const IpAddress first = backend_of(send(rig, kHome, initial(kChosenByClient)));
  ASSERT_TRUE(rig.reload([](SnapshotSpec& spec) { pool(spec, "srs").backends[0].weight = 1; }));

  EXPECT_EQ(backend_of(send(rig, kHome, initial(kChosenByClient))), first);
  EXPECT_EQ(backend_of(send(rig, kHome, short_header(cid(99)))), first) << "no backend has this server id";
  EXPECT_EQ(rig.counters().cid_unroutable[static_cast<unsigned>(Unroutable::kReserved)].get(), 2U);
  EXPECT_EQ(rig.counters().cid_unroutable[static_cast<unsigned>(Unroutable::kUnknownServer)].get(), 1U);
}

TEST(CidAffinity, TheServersOwnIdChangesNothingOnTheTupleOfTheHandshake) {
  Rig rig(by_quic);
  const Outcome first = send(rig, kHome, initial(kChosenByClient));
  const auto server = backend_of(first).bytes()[15];

  const Outcome second = send(rig, kHome, short_header(cid(server)));

  EXPECT_EQ(second.fields().source, first.fields().source) << "the server must not see a migration";
  EXPECT_EQ(rig.counters().cid_moves.get(), 0U);
}

TEST(CidAffinity, AnIdOfAnotherServerWinsOverTheTuple) {
  Rig rig(by_quic);
  const auto server = backend_of(send(rig, kHome, initial(kChosenByClient))).bytes()[15];
  const auto other = static_cast<uint8_t>(server == 11 ? 12 : 11);

  const Outcome moved = send(rig, kHome, short_header(cid(other)));
  EXPECT_EQ(backend_of(moved), host(other));
  EXPECT_EQ(send(rig, kHome, short_header(cid(other, 1))).fields().source, moved.fields().source);
  EXPECT_EQ(rig.counters().cid_moves.get(), 1U);
}

TEST(CidAffinity, AForgedIdTakesNothingFromTheFlowOfATuple) {
  Rig rig(by_quic);
  const Outcome first = send(rig, kHome, initial(kChosenByClient));
  const auto server = backend_of(first).bytes()[15];
  for (const uint8_t other : std::initializer_list<uint8_t>{11, 12, 13}) {
    if (other == server) continue;
    rig.wait_s(2);
    send(rig, kHome, short_header(cid(other)));
    EXPECT_EQ(send(rig, kHome, short_header(cid(server))).fields().source, first.fields().source);
    EXPECT_EQ(send(rig, kHome, initial(kChosenByClient)).fields().source, first.fields().source);
  }
}

TEST(CidAffinity, IdsOfManyServersFromOneTupleTakeOneSlotASecond) {
  Rig rig(by_quic);
  const auto server = backend_of(send(rig, kHome, initial(kChosenByClient))).bytes()[15];
  const unsigned before = rig.slots_in_state(SlotState::kEmbryonic);
  for (unsigned n = 0; n < 300; ++n) {
    const auto other = static_cast<uint8_t>(11 + n % 3);
    if (other != server) send(rig, kHome, short_header(cid(other)));
  }
  EXPECT_EQ(rig.slots_in_state(SlotState::kEmbryonic), before + 1);
  EXPECT_GT(rig.drops(DropReason::kConnectionIdFlood), 0U);
}

TEST(CidAffinity, ADrainedServersConnectionsMoveWithTheirClients) {
  Rig rig(by_quic);
  ASSERT_TRUE(rig.reload([](SnapshotSpec& spec) { pool(spec, "srs").backends[1].weight = 0; }));

  EXPECT_EQ(backend_of(send(rig, kRoad, short_header(cid(12)))), host(12));
  for (unsigned n = 0; n < 20; ++n) {
    const std::string client = "198.51.100.9:" + std::to_string(3000 + n);
    EXPECT_NE(backend_of(send(rig, client.c_str(), initial(kChosenByClient))), host(12));
  }
}

TEST(CidAffinity, AServerThatLeftTheConfigIsNamedByNobody) {
  Rig rig(by_quic);
  ASSERT_TRUE(rig.reload([](SnapshotSpec& spec) { pool(spec, "srs").backends.resize(1); }));
  EXPECT_EQ(backend_of(send(rig, kRoad, short_header(cid(12)))), host(11));
}

TEST(CidAffinity, RepliesOfBothFlowsOfATupleFindTheClient) {
  Rig rig(by_quic);
  const Outcome first = send(rig, kHome, initial(kChosenByClient));
  const auto server = backend_of(first).bytes()[15];
  const auto other = static_cast<uint8_t>(server == 11 ? 12 : 11);
  const Outcome second = send(rig, kHome, short_header(cid(other)));

  for (const auto& [out, from] : {std::pair{first, server}, {second, other}}) {
    const std::string source = host(from).to_string() + ":8000";
    const auto reply = udp(source, out.fields().source.to_string()).to(kInsideMac);
    EXPECT_EQ(rig.send(reply, kInside).fields().destination.to_string(), kHome);
  }
}

TEST(CidAffinity, ADtlsRecordWithAnIdIsRoutedAndOneWithoutGoesByTuple) {
  Rig rig(by_dtls);
  const Bytes id = cid(13);
  Bytes record(11 + id.size() + 2 + 20);
  record[0] = 25;  // tls12_cid
  record[1] = 0xfe, record[2] = 0xfd;
  std::copy(id.begin(), id.end(), record.begin() + 11);
  record[11 + id.size() + 1] = 20;
  EXPECT_EQ(backend_of(send(rig, kHome, record)), host(13));
  EXPECT_EQ(backend_of(send(rig, kRoad, record)), host(13));

  const Bytes hello{22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1};
  send(rig, "192.0.2.1:5000", hello);
  EXPECT_EQ(rig.counters().cid_unroutable[static_cast<unsigned>(Unroutable::kMalformed)].get(), 1U);
}

}  // namespace
}  // namespace lb
