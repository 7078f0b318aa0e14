// SPDX-License-Identifier: MIT
#include "lb/stream_rules.h"

#include <gtest/gtest.h>

#include <random>

#include "lb/stream_key.h"

namespace lb {
namespace {

const std::vector<std::string> kVhosts = {"customer.a", "Customer.B"};

StreamRules rules_of(const std::vector<StreamRules::Route>& routes, uint16_t pool = 9) {
  return StreamRules::make(kVhosts, routes, pool).value();
}
std::string refusal(const std::vector<StreamRules::Route>& routes) {
  const auto rules = StreamRules::make(kVhosts, routes, 0);
  return rules.ok() ? "" : rules.error();
}

TEST(StreamRules, TheLongestRouteDecides) {
  const StreamRules rules = rules_of({{"customer.a", "", 1}, {"customer.a", "live", 2}, {"", "live", 3}});
  EXPECT_EQ(rules.pool_of("customer.a/vod/cam"), 1);
  EXPECT_EQ(rules.pool_of("customer.a/live/cam"), 2);
  EXPECT_EQ(rules.pool_of("customer.a/live/room/cam"), 2) << "where the app ends changes nothing";
  EXPECT_EQ(rules.pool_of("/live/cam"), 3) << "without a vhost: the default one";
  EXPECT_EQ(rules.pool_of("customer.b/live/cam"), 9);
  EXPECT_EQ(rules.pool_of("/vod/cam"), 9);
  EXPECT_EQ(rules.route_of("customer.a/live/cam"), "customer.a/live/");
  EXPECT_EQ(rules.route_of("/vod/cam"), "");
}

TEST(StreamRules, AStreamThatIsCalledAsAnAppIsNotOfIt) {
  const StreamRules rules = rules_of({{"", "live", 1}, {"", "live/room", 2}});
  EXPECT_EQ(rules.pool_of("/live/room"), 1);
  EXPECT_EQ(rules.pool_of("/live/room/cam"), 2);
  EXPECT_EQ(rules.pool_of("/live/room2/cam"), 1);
  EXPECT_EQ(rules.pool_of("/liver/cam"), 9);
  EXPECT_EQ(rules.pool_of("/cam/live/x"), 9);
}

TEST(StreamRules, OfAWholeVhostOnlyItsOwnRouteIsKnown) {
  const StreamRules rules =
      rules_of({{"customer.a", "live", 1}, {"customer.b", "", 2}, {"__defaultVhost__", "", 3}});
  EXPECT_EQ(rules.pool_of(StreamKey::whole_vhost("customer.a")->text()), 9);
  EXPECT_EQ(rules.pool_of(StreamKey::whole_vhost("customer.b")->text()), 2);
  EXPECT_EQ(rules.pool_of(StreamKey::whole_vhost("")->text()), 3);
}

TEST(StreamRules, NamesAreReadAsThoseOfClients) {
  const StreamRules rules = rules_of({{"CUSTOMER.A.", "/live//_definst_/", 1}, {"customer.b", "v1.2", 2}});
  EXPECT_EQ(rules.pool_of(StreamKey::make(rules.vhosts().find("Customer.a:1935"), "live", "cam.flv")->text()),
            1);
  EXPECT_EQ(rules.pool_of("customer.b/v1.2/cam"), 2);
}

TEST(StreamRules, EachPoolIsNamedOnceTheServicesOwnFirst) {
  EXPECT_EQ(rules_of({{"", "b", 2}, {"", "a", 1}, {"", "c", 2}, {"", "d", 9}}).pools(),
            (std::vector<uint16_t>{9, 1, 2}));
  EXPECT_EQ(StreamRules().pools(), std::vector<uint16_t>{0});
  EXPECT_EQ(StreamRules().pool_of("/live/cam"), 0);
}

TEST(StreamRules, RefusesWhatCannotFit) {
  EXPECT_EQ(refusal({{"", "", 1}}), "a route names a vhost, an app or both");
  EXPECT_EQ(refusal({{"customer.c", "live", 1}}), "vhost 'customer.c' is not one of vhosts");
  EXPECT_EQ(refusal({{"", "/", 1}}), "app '/' is no name of an app");
  EXPECT_EQ(refusal({{"", "a\x01", 1}}), "app 'a\x01' is no name of an app");
  EXPECT_EQ(refusal({{"customer.a", "live", 1}, {"Customer.A", "/live/", 2}}),
            "two routes are of 'customer.a/live/'");
  const std::string bad[] = {"a b"};
  EXPECT_FALSE(StreamRules::make(bad, {}, 0).ok());
}

// By looking at each route.
uint16_t plain_pool_of(const std::vector<std::pair<std::string, uint16_t>>& prefixes,
                       const std::string& key) {
  size_t longest = 0;
  uint16_t pool = 9;
  for (const auto& [prefix, to] : prefixes)
    if (key.starts_with(prefix) && prefix.size() > longest) {
      longest = prefix.size();
      pool = to;
    }
  return pool;
}

TEST(StreamRules, AgreesWithALookAtEachRoute) {
  std::mt19937 random(5);
  const std::string vhosts[] = {"", "customer.a", "customer.b"},
                    apps[] = {"", "a", "a/a", "a/b", "b", "b/a/b"};
  for (unsigned round = 0; round < 2000; ++round) {
    std::vector<StreamRules::Route> routes;
    std::vector<std::pair<std::string, uint16_t>> prefixes;
    for (const std::string& vhost : vhosts)
      for (const std::string& app : apps)
        if (random() % 3 == 0 && !(vhost.empty() && app.empty())) {
          const auto pool = static_cast<uint16_t>(random() % 5);
          routes.push_back({vhost, app, pool});
          prefixes.emplace_back(vhost + "/" + app + (app.empty() ? "" : "/"), pool);
        }
    std::shuffle(routes.begin(), routes.end(), random);
    const StreamRules rules = rules_of(routes);
    for (unsigned i = 0; i < 20; ++i) {
      std::string key = vhosts[random() % 3];
      for (unsigned part = 0; part <= random() % 4; ++part) key += random() % 2 == 0 ? "/a" : "/b";
      ASSERT_EQ(rules.pool_of(key), plain_pool_of(prefixes, key)) << key;
    }
  }
}

}  // namespace
}  // namespace lb
