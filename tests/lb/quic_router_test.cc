// SPDX-License-Identifier: MIT
// Whose a connection id is: the router beside a map, for long and short headers, DTLS records and octets that are neither.
#include "lb/quic_router.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "lb/dtls_cid.h"
#include "lb/quic_header.h"
#include "tests/lb/quic_lb_rig.h"

namespace lb {
namespace {

using test::Octets;

class QuicRouterBesideAMap : public testing::Test {
 protected:
  QuicRouterBesideAMap() {
    for (uint8_t config_id = 0; config_id < 4; ++config_id) {
      QuicLbConfig& config = configs_.emplace_back();
      config.config_id = config_id;
      config.server_id_length = static_cast<uint8_t>(1 + 2 * config_id);
      config.nonce_length = static_cast<uint8_t>(4 + config_id);
      config.encodes_length = config_id == 1;
      if (config_id >= 2) config.key.emplace().fill(config_id);
      for (unsigned n = 0; n < 100; ++n) {
        Octets id(config.server_id_length, 0x77);
        id[n % id.size()] = static_cast<uint8_t>(random_());
        const auto server = QuicServerId::of(id);
        const auto backend = static_cast<BackendId>(random_() % 1000);
        if (servers_.emplace(std::pair{config_id, server}, backend).second)
          given_.push_back({config_id, server, backend});
      }
    }
    router_ = QuicRouter::make(configs_, given_).value();
  }

  // Of a server that is known, or of any.
  Octets cid() {
    const QuicLbConfig& config = configs_[random_() % configs_.size()];
    Octets server(config.server_id_length, static_cast<uint8_t>(random_()));
    const QuicRouter::Server& known = given_[random_() % given_.size()];
    if (known.config_id == config.config_id) server.assign(known.id.view().begin(), known.id.view().end());
    Octets nonce(config.nonce_length);
    for (uint8_t& octet : nonce) octet = static_cast<uint8_t>(random_());
    const auto made = encode(config, server, nonce).value();
    return {made.view().begin(), made.view().end()};
  }

  static Octets packet(uint8_t first, size_t octets_before, const Octets& cid) {
    Octets bytes(1 + octets_before + cid.size() + 40, 0);
    bytes[0] = first;
    if (octets_before == 5) bytes[5] = static_cast<uint8_t>(cid.size());  // long: version, length
    std::copy(cid.begin(), cid.end(), bytes.begin() + 1 + static_cast<long>(octets_before));
    return bytes;
  }

  std::string by_map(const std::optional<QuicLbId>& id) const {
    if (!id) return "malformed";
    if (!id->routable()) return std::string(unroutable_name(id->reason));
    const auto found = servers_.find({id->config_id, id->server_id});
    return found == servers_.end() ? "unknown_server" : std::to_string(found->second);
  }
  std::string by_router(const SealedId& id) const {
    if (id.decoder == nullptr) return std::string(unroutable_name(id.reason));
    const BackendId server = router_.server(id.config_id, id.decoder->decode(id.body));
    return server == kNoBackendId ? "unknown_server" : std::to_string(server);
  }

  std::mt19937 random_{4};
  std::vector<QuicLbConfig> configs_;
  std::map<std::pair<uint8_t, QuicServerId>, BackendId> servers_;
  std::vector<QuicRouter::Server> given_;
  QuicRouter router_;
};

TEST_F(QuicRouterBesideAMap, QuicPacketsGoWhereTheMapSays) {
  const QuicLbConfigs plain = test::live(configs_, false);
  std::map<bool, unsigned> seen;
  for (int round = 0; round < 20'000; ++round) {
    Octets datagram = random_() % 2 == 0 ? packet(0x40, 0, cid()) : packet(0xc0, 5, cid());
    if (random_() % 3 == 0) datagram[random_() % 8] = static_cast<uint8_t>(random_());
    datagram.resize(random_() % 4 == 0 ? random_() % 16 : datagram.size());
    const test::ExactOctets exact(datagram);
    std::optional<QuicLbId> id;
    if (const auto header = parse_quic(exact.view())) id = plain.decode(header->dcid, header->dcid_end());

    ASSERT_EQ(by_router(router_.find_quic(exact.view())), by_map(id));
    ++seen[id && id->routable()];
  }
  EXPECT_GT(std::min(seen[false], seen[true]), 2'000U);
}

TEST_F(QuicRouterBesideAMap, DtlsRecordsGoWhereTheMapSays) {
  const QuicLbConfigs plain = test::live(configs_, false);
  unsigned routable = 0;
  for (int round = 0; round < 5'000; ++round) {
    const Octets id = cid();
    const test::ExactOctets record(packet(0x30, 0, id));  // RFC 9147 section 4: C, no length
    const QuicLbId wanted = plain.decode(id, CidEnd::kExact);

    ASSERT_EQ(by_router(router_.find_dtls(record.view())), by_map(wanted));
    routable += wanted.routable() ? 1 : 0;
  }
  EXPECT_GT(routable, 2'000U);
  EXPECT_EQ(by_router(router_.find_dtls({})), "malformed");
}

TEST(QuicRouter, WithoutConfigurationsNothingIsRoutable) {
  const Octets datagram{0x40, 0x00, 1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ(QuicRouter().find_quic(datagram).decoder, nullptr);
  EXPECT_EQ(QuicRouter().find_quic(datagram).reason, Unroutable::kNoConfig);
  EXPECT_EQ(QuicRouter().server(0, QuicServerId::of(std::array<uint8_t, 1>{0})), kNoBackendId);
}

}  // namespace
}  // namespace lb
