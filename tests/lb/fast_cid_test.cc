// SPDX-License-Identifier: MIT
// process() reads the connection ids of a burst together; that leads where reading each alone does.
#include <gtest/gtest.h>

#include <random>

#include "lb/quic_lb.h"
#include "tests/lb/medley_services.h"
#include "tests/lb/same_outcome.h"
#include "tests/lb/slow_path.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

constexpr uint16_t kFirstPort = 9100;  // and five more: quic and dtls in nat, dsr and gue

// Of the medley's encodings two ask for passes of AES: of three and of four.
std::vector<QuicLbConfig> configs() {
  std::vector<QuicLbConfig> made = medley_quic_configs();
  QuicLbConfig& four = made.emplace_back(made[1]);
  four.config_id = 3;
  four.server_id_length = 10;
  four.nonce_length = 8;
  return made;
}

void cid_services(SnapshotSpec& spec) {
  PoolSpec& srs = pool(spec, "srs");
  for (const QuicLbConfig& config : configs()) {
    QuicLbSpec& quic = srs.quic_lb.emplace_back();
    quic.config = config;
    for (const BackendSpec& backend : srs.backends)
      quic.servers.push_back(
          {QuicServerId::of(medley_server_id(config, backend.address.bytes()[15])), {backend.address, 0}});
  }
  uint16_t port = kFirstPort;
  for (const Affinity affinity : {Affinity::kQuic, Affinity::kDtls})
    for (const Forward forward : {Forward::kNat, Forward::kDsr, Forward::kGue}) {
      ServiceSpec each = service(spec, "rtc");
      each.name = "cid" + std::to_string(port);
      each.port_first = each.port_last = port++;
      each.affinity = affinity;
      each.forward = forward;
      spec.services.push_back(each);
    }
}

class Clients {
 public:
  Bytes frame() {
    const std::string from =
        "198.51.100." + std::to_string(1 + below(20)) + ":" + std::to_string(40000 + below(2));
    const auto port = static_cast<uint16_t>(kFirstPort + below(7));  // one of them has no service
    if (below(16) == 0) return tcp(from, "10.10.0.100:1935").syn();
    return udp(from, "10.10.0.100:" + std::to_string(port)).payload(payload(port));
  }
  uint32_t below(size_t n) { return static_cast<uint32_t>(random_() % n); }

 private:
  Bytes cid() {
    const std::vector<QuicLbConfig> all = configs();
    const QuicLbConfig& config = all[below(all.size())];
    Bytes nonce(config.nonce_length);
    for (uint8_t& octet : nonce) octet = static_cast<uint8_t>(random_());
    const auto made = encode(config, medley_server_id(config, static_cast<uint8_t>(11 + below(4))), nonce);
    return {made.value().view().begin(), made.value().view().end()};
  }
  // Short and long headers, DTLS records with an id, some damaged, some cut.
  Bytes payload(uint16_t port) {
    const Bytes id = cid();
    const bool is_long = below(4) == 0, dtls = port >= kFirstPort + 3;
    Bytes bytes(is_long ? 6 : 1, 0);
    bytes[0] = dtls ? 0x30 : is_long ? 0xc3 : 0x41;
    if (is_long) bytes[5] = static_cast<uint8_t>(id.size());
    bytes.insert(bytes.end(), id.begin(), id.end());
    bytes.resize(bytes.size() + 20 + below(100), 0);
    if (below(6) == 0) bytes[below(8)] = static_cast<uint8_t>(random_());
    if (below(10) == 0) bytes.resize(below(bytes.size()));
    return bytes;
  }

  std::mt19937 random_{2};
};

TEST(FastCid, IdsReadTogetherLeadWhereIdsReadAloneDo) {
  Rig fast(cid_services), plain(cid_services);
  fast.headroom = plain.headroom = 64;
  plain.run = process_slowly;
  Clients clients;
  for (unsigned round = 0; round < 1500; ++round) {
    std::vector<Bytes> frames(1 + clients.below(kMaxBurst));
    for (Bytes& frame : frames) frame = clients.frame();
    expect_same(fast.send_burst(frames), plain.send_burst(frames));
    if (testing::Test::HasFatalFailure()) FAIL() << "in round " << round;
    if (clients.below(3) != 0) continue;
    fast.wait_ms(400);
    plain.wait_ms(400);
  }

  expect_same_counters(fast.counters(), plain.counters());
  for (const QuicLbConfig& config : configs())
    EXPECT_GT(fast.counters().cid_routed[config.config_id].get(), 1000U);
  EXPECT_GT(fast.counters().cid_moves.get(), 100U);
  EXPECT_GT(fast.drops(DropReason::kConnectionIdFlood), 100U);
}

}  // namespace
}  // namespace lb
