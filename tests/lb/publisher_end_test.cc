// SPDX-License-Identifier: MIT
// Whose word it is that a stream is published no more.
#include <gtest/gtest.h>

#include "tests/lb/peek_rig.h"

namespace lb::test {
namespace {

class PublisherEnds : public ::testing::Test {
 protected:
  void SetUp() override {
    for (unsigned n = 11; n <= 13; ++n)
      servers_.push_back(&net_.server(("10.20.0." + std::to_string(n) + ":1935").c_str(), n));
    client_ = publish("198.51.100.7:40000");
    server_ = *std::find_if(servers_.begin(), servers_.end(), [](TcpPeer* s) { return s->is_open(); });
    rig().wait_s(30);
    EXPECT_TRUE(is_published());
  }
  Rig& rig() { return net_.rig(); }
  // Until it is joined to its server.
  TcpPeer* publish(const char* own) {
    TcpPeer& peer = net_.client(own);
    peer.connect(endpoint("10.10.0.100:1935"));
    peer.say(text("POST /live/cam.flv HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"));
    const auto joined = [&] {
      return rig().counters().peeks.ends[static_cast<unsigned>(PeekEnd::kJoined)].get();
    };
    const uint64_t before = joined();
    EXPECT_TRUE(net_.run_until([&] { return joined() > before; }));
    return &peer;
  }
  void pass() {
    net_.run_until([] { return false; }, 2);
  }
  bool is_published() {
    const auto found = rig().segment().streams().find(rig().snapshot().pools[0].clients,
                                                      *StreamKey::make("", "live", "cam"), rig().now());
    return found && found->published;
  }

  PeekRig net_;
  std::vector<TcpPeer*> servers_;
  TcpPeer *client_ = nullptr, *server_ = nullptr;
};

TEST_F(PublisherEnds, ByItselfAndPublishesForTenSecondsMore) {
  client_->reset();
  pass();
  EXPECT_TRUE(is_published());
  rig().wait_ms(11'000);
  EXPECT_FALSE(is_published());
}

TEST_F(PublisherEnds, AndTheNextOneIsItsServersToEnd) {
  client_->reset();
  pass();
  server_->reset();
  pass();
  EXPECT_TRUE(is_published()) << "its client was first";
  publish("198.51.100.8:40000");
  rig().wait_s(30);
  EXPECT_TRUE(is_published());
  server_->reset();
  pass();
  EXPECT_FALSE(is_published());
}

TEST_F(PublisherEnds, ByItselfAndItsServerAgrees) {
  client_->hang_up();
  pass();
  server_->hang_up();
  pass();
  EXPECT_TRUE(is_published());
  rig().wait_ms(11'000);
  EXPECT_FALSE(is_published());
}

TEST_F(PublisherEnds, ByItsServersResetAndPublishesNoMore) {
  server_->reset();
  pass();
  EXPECT_FALSE(is_published());
  rig().wait_s(5);
  EXPECT_FALSE(is_published());
}

TEST_F(PublisherEnds, WhenItsServerClosesThoughItDoesNot) {
  server_->hang_up();
  pass();
  EXPECT_FALSE(is_published());
  rig().wait_s(5);
  EXPECT_FALSE(is_published());
}

}  // namespace
}  // namespace lb::test
