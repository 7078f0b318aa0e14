// SPDX-License-Identifier: MIT
// nat between families: one client and one server behind a VIP of his family, TCP and UDP, both ways.
#pragma once

#include <gtest/gtest.h>

#include "lb/translate.h"
#include "tests/lb/rig.h"

namespace lb::test {

struct TranslateWay {
  const char* name;
  FrameBuilder (*frame)(std::string_view, std::string_view);
  const char *client, *vip, *service, *pool, *lip, *server;
};
// The client's family, the server's.
inline const TranslateWay kTcpWays[] = {
    {"Tcp6to4", tcp, "[2001:db8:c::7]:40000", "[2001:db8:10::100]:1935", "rtmp6", "srs", "10.20.0.100",
     "10.20.0.11:1935"},
    {"Tcp4to6", tcp, "198.51.100.7:40000", "10.10.0.100:1935", "rtmp", "srs6", "2001:db8:20::100",
     "[2001:db8:20::11]:1935"},
};
inline const TranslateWay kUdpWays[] = {
    {"Udp6to4", udp, "[2001:db8:c::7]:40000", "[2001:db8:10::100]:8000", "rtc6", "srs", "10.20.0.100",
     "10.20.0.11:8000"},
    {"Udp4to6", udp, "198.51.100.7:40000", "10.10.0.100:8000", "rtc", "srs6", "2001:db8:20::100",
     "[2001:db8:20::11]:8000"},
};
inline const auto kNameOfWay = [](const auto& way) { return std::string(way.param.name); };

// What either side sends, and what the other must get but for TTL and numbers. One packet went to the server before.
class TranslateTest : public testing::TestWithParam<TranslateWay> {
 protected:
  static bool to_v4() { return std::string_view(GetParam().name).ends_with("to4"); }
  static FrameBuilder from_client() { return GetParam().frame(GetParam().client, GetParam().vip); }
  [[nodiscard]] FrameBuilder to_server() const {
    return GetParam().frame(lip_.to_string(), GetParam().server).own().from(kInsideMac).to(backend_mac(11));
  }
  [[nodiscard]] FrameBuilder from_server() const {
    return GetParam().frame(GetParam().server, lip_.to_string()).from(backend_mac(11)).to(kInsideMac);
  }
  static FrameBuilder to_client() {
    return GetParam().frame(GetParam().vip, GetParam().client).own().from(kOutsideMac).to(kGatewayMac);
  }
  void SetUp() override {
    rig_.headroom = kMostTranslatedGrowth;
    const Outcome first = rig_.send(from_client().syn());
    ASSERT_EQ(first.action, Action::kTx) << first;
    lip_ = first.fields().source;
    EXPECT_EQ(lip_.address, ip(GetParam().lip));
    rig_.own_frames();
  }
  Rig rig_{[](SnapshotSpec& spec) {
    service(spec, GetParam().service).pool = GetParam().pool;
    pool(spec, GetParam().pool).backends.resize(1);
  }};
  Endpoint lip_;
};

}  // namespace lb::test
