// SPDX-License-Identifier: MIT
// RTMP and TLS connections that Cleat accepts itself, on good networks and bad ones.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/lb/peek_rig.h"
#include "tests/lb/rtmp_rig.h"

namespace lb::test {
namespace {

constexpr size_t kHandshake = 1 + 2 * 1536;

Bytes media(size_t bytes, uint32_t seed) {
  std::mt19937 random(seed);
  Bytes out(bytes);
  for (uint8_t& byte : out) byte = static_cast<uint8_t>(random());
  return out;
}

class PeekProtocols : public ::testing::TestWithParam<Faults> {
 protected:
  void with_servers(uint32_t seed) {
    servers_.clear();
    net_ = std::make_unique<PeekRig>(Rig::Edit{}, 1 + seed % 2, seed);
    for (unsigned n = 11; n <= 13; ++n)
      servers_.push_back(&net_->server(("10.20.0." + std::to_string(n) + ":1935").c_str(), n));
  }
  TcpPeer& client(unsigned n, const Bytes& says) {
    TcpPeer& peer = net_->client(("198.51.100." + std::to_string(n) + ":40000").c_str());
    peer.connect(endpoint("10.10.0.100:1935"));
    peer.say(says);
    return peer;
  }
  TcpPeer* chosen() {
    for (TcpPeer* server : servers_)
      if (server->is_open()) return server;
    return nullptr;
  }

  std::unique_ptr<PeekRig> net_;
  std::vector<TcpPeer*> servers_;
};

TEST_P(PeekProtocols, PublishersMediaThatComesBeforeTheServerIsThereIsNotLost) {
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    with_servers(seed);
    net_->faults(GetParam());
    const Bytes commands = joined({connect_command(), create_stream(), publish()});
    const Bytes said = joined({plain_handshake(1), commands, media(40'000, seed)});
    TcpPeer& publisher = client(7, said);
    ASSERT_TRUE(net_->run_until([&] { return chosen() != nullptr; })) << seed;
    const Bytes back = media(30'000, seed + 100);
    chosen()->say(joined({plain_handshake(2), connect_result(), stream_result(), back}));
    ASSERT_TRUE(net_->run_until([&] { return chosen()->heard().size() == said.size(); })) << seed;
    const Bytes& heard = chosen()->heard();
    EXPECT_TRUE(std::equal(heard.begin() + kHandshake, heard.end(), said.begin() + kHandshake)) << seed;
    const auto ends_with_it = [&] {
      const Bytes& got = publisher.heard();
      return got.size() > back.size() && std::equal(back.rbegin(), back.rend(), got.rbegin());
    };
    EXPECT_TRUE(net_->run_until(ends_with_it)) << seed;
    EXPECT_FALSE(publisher.was_reset()) << seed;
    EXPECT_TRUE(net_->run_until([&] { return net_->rig().worker().peeks.used() == 0; })) << seed;
  }
}

TEST_P(PeekProtocols, ServerWithAnotherStreamIdEndsBothConnections) {
  with_servers(1);
  net_->faults(GetParam());
  TcpPeer& player = client(7, joined({plain_handshake(1), connect_command(), create_stream(), play()}));
  ASSERT_TRUE(net_->run_until([&] { return chosen() != nullptr; }));
  TcpPeer& server = *chosen();
  server.say(joined({plain_handshake(2), connect_result(), stream_result(2, 5)}));
  EXPECT_TRUE(net_->run_until([&] {
    const auto& ends = net_->rig().counters(0).peeks.ends;
    const auto& others = net_->rig().counters(net_->rig().worker().count - 1).peeks.ends;
    const auto why = static_cast<unsigned>(PeekEnd::kServerDiffers);
    return ends[why].get() + others[why].get() > 0;
  }));
  net_->faults({});
  EXPECT_LT(player.heard().size(), 2 * kHandshake);
}

TEST_P(PeekProtocols, TlsConnectionsOfOneNameMeet) {
  std::ifstream file(std::string(TLS_VECTORS) + "/curl.bin", std::ios::binary);
  const Bytes hello(std::istreambuf_iterator<char>(file), {});
  ASSERT_FALSE(hello.empty());
  with_servers(1);
  net_->faults(GetParam());
  for (unsigned n = 1; n <= 6; ++n) client(n, hello);
  ASSERT_TRUE(net_->run_until([&] { return net_->rig().open_flows("rtmp") == 6; }));
  net_->run_until([] { return false; }, 4);
  EXPECT_EQ(std::count_if(servers_.begin(), servers_.end(), [](TcpPeer* s) { return s->segments() > 0; }), 1);
}

INSTANTIATE_TEST_SUITE_P(
    All, PeekProtocols, ::testing::Values(Faults{}, Faults{.lost = 8}, Faults{.doubled = 10, .late = 30}),
    [](const auto& test) {
      return std::string(test.param.lost != 0 ? "Lossy" : test.param.late != 0 ? "Late" : "Fair");
    });

}  // namespace
}  // namespace lb::test
