// SPDX-License-Identifier: MIT
#include "lb/peek.h"

#include <gtest/gtest.h>

#include "tests/lb/peek_rig.h"
#include "tests/lb/slow_path.h"

namespace lb::test {
namespace {

Bytes request(std::string_view stream) {
  return text("GET /live/" + std::string(stream) + ".flv HTTP/1.1\r\nHost: media.example\r\n\r\n");
}

Bytes media(size_t bytes) {
  std::mt19937 random(7);
  Bytes out(bytes);
  for (uint8_t& byte : out) byte = static_cast<uint8_t>(random());
  return out;
}

class PeekTest : public ::testing::Test {
 protected:
  void with_servers(const Rig::Edit& edit = {}, unsigned workers = 1, uint32_t seed = 1,
                    const TcpPeerOptions& options = {.isn = 700'000}) {
    net_ = std::make_unique<PeekRig>(edit, workers, seed);
    for (unsigned n = 11; n <= 13; ++n)
      servers_.push_back(&net_->server(("10.20.0." + std::to_string(n) + ":1935").c_str(), n, options));
  }
  TcpPeer* chosen() {
    TcpPeer* found = nullptr;
    for (TcpPeer* server : servers_)
      if (server->is_open()) found = server;
    return found;
  }
  [[nodiscard]] const PeekCounters& counters() const { return net_->rig().counters().peeks; }
  [[nodiscard]] uint64_t ends(PeekEnd why) const {
    uint64_t sum = 0;
    for (unsigned i = 0; i < net_->rig().worker().count; ++i)
      sum += net_->rig().counters(i).peeks.ends[static_cast<unsigned>(why)].get();
    return sum;
  }

  std::unique_ptr<PeekRig> net_;
  std::vector<TcpPeer*> servers_;
};

TEST_F(PeekTest, BytesOfBothSidesArriveAsTheyWereSent) {
  with_servers();
  TcpPeer& client = net_->client("198.51.100.7:40000");
  client.connect(endpoint("10.10.0.100:1935"));
  client.say(request("cam"));
  ASSERT_TRUE(net_->run_until([&] { return chosen() != nullptr && chosen()->heard() == request("cam"); }));
  chosen()->say(media(200'000));
  EXPECT_TRUE(net_->run_until([&] { return client.heard() == media(200'000); }));
  client.say(media(5000));
  EXPECT_TRUE(net_->run_until([&] { return chosen()->heard() == request("cam") + media(5000); }));
  EXPECT_EQ(ends(PeekEnd::kJoined), 1U);
  EXPECT_EQ(net_->rig().worker().peeks.used(), 0U);
}

TEST_F(PeekTest, WhatItAnswersBeforeItKnowsTheStreamIsRepeatedUntilItIsHeard) {
  constexpr size_t kHandshake = 1536;
  for (uint32_t seed = 1; seed <= 20 && !HasFailure(); ++seed) {
    servers_.clear();
    with_servers({}, 1, seed);
    net_->faults({.lost = 30});
    TcpPeer& client = net_->client("198.51.100.7:40000");
    client.connect(endpoint("10.10.0.100:1935"));
    Bytes opening(1 + kHandshake);  // RTMP's C0 and C1, without digests
    opening[0] = 3;
    client.say(opening);
    EXPECT_TRUE(net_->run_until([&] { return client.heard().size() == 1 + 2 * kHandshake; }, 180)) << seed;
  }
}

struct Weather {
  const char* name;
  Faults faults;
  TcpPeerOptions client, server;
  unsigned workers = 1;
};
std::ostream& operator<<(std::ostream& stream, const Weather& weather) { return stream << weather.name; }

const TcpPeerOptions kPlainServer{.isn = 4'000'000'000};

class PeekInWeather : public PeekTest, public ::testing::WithParamInterface<Weather> {
 protected:
  // A request, media both ways, both hang up. The balancer's frames.
  std::vector<Bytes> converse(uint32_t seed, decltype(Rig::run) run) {
    const Weather& weather = GetParam();
    servers_.clear();
    with_servers({}, weather.workers, seed, weather.server);
    net_->rig().run = run;
    net_->faults(weather.faults);
    TcpPeer& client = net_->client("198.51.100.7:40000", weather.client);
    client.connect(endpoint("10.10.0.100:1935"));
    const Bytes asked = request(std::string(300, 'c') + std::to_string(seed));
    client.say(asked);
    EXPECT_TRUE(net_->run_until([&] { return chosen() != nullptr && !chosen()->heard().empty(); })) << seed;
    if (chosen() == nullptr) return {};
    chosen()->say(media(60'000));
    client.say(media(9000));
    EXPECT_TRUE(net_->run_until([&] { return client.heard().size() >= 60'000; })) << seed;
    client.hang_up();
    chosen()->hang_up();
    EXPECT_TRUE(net_->run_until([&] { return chosen()->ended() && client.ended(); })) << seed;
    EXPECT_TRUE(client.heard() == media(60'000)) << seed;
    EXPECT_TRUE(chosen()->heard() == asked + media(9000)) << seed;
    EXPECT_FALSE(client.was_reset() || chosen()->was_reset()) << seed;
    EXPECT_TRUE(net_->run_until([&] { return net_->rig().worker().peeks.used() == 0; })) << seed;
    EXPECT_EQ(ends(PeekEnd::kJoined), 1U) << seed;
    return net_->transcript();
  }
};

TEST_P(PeekInWeather, LosesNoByteOfEitherSide) {
  for (uint32_t seed = 1; seed <= 6 && !HasFailure(); ++seed) converse(seed, process);
}

TEST_P(PeekInWeather, FastWayIsThePlainWay) {
  for (uint32_t seed = 100; seed <= 101; ++seed) {
    const std::vector<Bytes> fast = converse(seed, process), plain = converse(seed, process_slowly);
    ASSERT_EQ(fast.size(), plain.size());
    for (size_t i = 0; i < fast.size(); ++i) ASSERT_EQ(difference(fast[i], plain[i]), "") << i;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, PeekInWeather,
    ::testing::Values(Weather{"Fair", {}, {}, kPlainServer}, Weather{"Lossy", {.lost = 10}, {}, kPlainServer},
                      Weather{"Stormy", {.lost = 15, .doubled = 10, .late = 30}, {}, kPlainServer},
                      Weather{"Late", {.late = 50}, {}, kPlainServer},
                      Weather{"TwoWorkers", {.lost = 5, .late = 20}, {}, kPlainServer, 2},
                      Weather{"SmallSegments", {.lost = 5, .late = 10}, {.most = 7}, kPlainServer},
                      Weather{"SmallMss", {.lost = 5}, {.mss = 536}, {.mss = 536}},
                      Weather{"NumbersThatWrap", {.lost = 5}, {.isn = 0xffffff00}, {.isn = 0xfffff000}},
                      Weather{"NoScaleAtServer", {.lost = 5}, {.scale = 9}, {.scale = std::nullopt}},
                      Weather{"NoScaleAtClient", {.lost = 5}, {.scale = std::nullopt}, {.scale = 14}},
                      Weather{"OtherScales", {.lost = 5}, {.scale = 2}, {.scale = 0}},
                      Weather{"SmallWindows", {.lost = 5}, {.window = 3000}, {.window = 500}}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace lb::test
