// SPDX-License-Identifier: MIT
// POST /v1/sessions: sessions told by whoever may use the API.
#include "control/told_session.h"

#include "tests/control/ice_rig.h"

namespace control {
namespace {

using test::IceRig;
using test::Json;

constexpr char kName[] = "srvufrag:CLI1";
constexpr char kPassword[] = "the+password/of22chars0";

class ToldSessionTest : public ::testing::Test {
 protected:
  static Json body(const std::string& username = kName) {
    return {{"pool", "live"}, {"username", username}, {"backend", "10.20.0.12"}};
  }
  test::Reply tell(const Json& what) { return rig.ask("POST", "/v1/sessions", what.dump()); }
  std::string refusal(const Json& what, unsigned status = 422) {
    const test::Reply reply = tell(what);
    EXPECT_EQ(reply.status, status) << what;
    return reply.json().at("error").get<std::string>();
  }
  size_t known() { return rig.get("/v1/sessions").at("sessions").size(); }
  std::optional<lb::SessionFound> found(const std::string& username = kName) {
    return rig.tables().find(rig.snapshot->pools.at(0).clients, username);
  }

  IceRig rig;
};

TEST_F(ToldSessionTest, WaitsForItsClientOnItsServer) {
  Json what = body();
  what["server_password"] = kPassword;

  const test::Reply reply = tell(what);

  EXPECT_EQ(reply.status, 200u) << reply.body;
  const Json session = reply.json().at("sessions").at(0);
  EXPECT_EQ(session.at("username"), kName);
  EXPECT_EQ(session.at("backend"), "10.20.0.12");
  EXPECT_EQ(session.at("rung"), "told");
  EXPECT_TRUE(session.at("client").is_null());
  EXPECT_EQ(session.at("passwords"), Json::parse(R"({"server":true,"client":false})"));
  EXPECT_EQ(reply.body.find(kPassword), std::string::npos);
}

// The very key that a check of the session is signed with.
TEST_F(ToldSessionTest, PasswordsAreTheKeysOfItsSides) {
  Json what = body();
  what["server_password"] = kPassword;
  what["client_password"] = "0123456789abcdefghijkl";
  ASSERT_EQ(tell(what).status, 200u);

  const auto session = found();
  ASSERT_TRUE(session);
  const auto key_of = [](std::string_view text) {
    return lb::HmacSha1Key({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  };
  const uint8_t text[] = {'x'};
  const auto signs_alike = [&](lb::KeyOf whose, std::string_view password) {
    const auto key = lb::Sessions::key(rig.record(*session), session->control, whose);
    return key && lb::hmac_sha1(*key, text, {}) == lb::hmac_sha1(key_of(password), text, {});
  };
  EXPECT_TRUE(signs_alike(lb::KeyOf::kServer, kPassword));
  EXPECT_TRUE(signs_alike(lb::KeyOf::kClient, "0123456789abcdefghijkl"));
}

TEST_F(ToldSessionTest, TwiceIsHarmlessAndAddsWhatWasMissing) {
  ASSERT_EQ(tell(body()).status, 200u);
  Json what = body();
  what["client_password"] = kPassword;
  ASSERT_EQ(tell(what).status, 200u);

  EXPECT_EQ(known(), 1u);
  EXPECT_EQ(found()->control.key(lb::KeyOf::kClient), lb::KeyState::kThere);
}

TEST_F(ToldSessionTest, AKnownOneStaysOnItsServer) {
  rig.open(kName, lb::Rung::kHash, "198.51.100.7:40000", 40001, 0);

  EXPECT_EQ(refusal(body()), "the session is on 10.20.0.11 already, and stays there");

  EXPECT_EQ(rig.get("/v1/sessions").at("sessions").at(0).at("rung"), "hash");
}

TEST_F(ToldSessionTest, ADrainingServerMayBeNamed) {
  ASSERT_EQ(rig.ask("POST", "/v1/pools/live/backends/10.20.0.12/drain").status, 200u);
  EXPECT_EQ(tell(body()).status, 200u);
}

TEST_F(ToldSessionTest, WhatCannotBeSaysWhyAndChangesNothing) {
  const auto with = [](const char* field, const Json& value) {
    Json what = body();
    what[field] = value;
    return what;
  };
  EXPECT_EQ(refusal(with("pool", "lvie"), 404), "no pool is called \"lvie\"; there are: live");
  EXPECT_EQ(refusal(with("backend", "10.20.0.99"), 404), "pool live has no backend 10.20.0.99");
  EXPECT_NE(refusal(with("backend", "x")).find("\"x\" is no backend"), std::string::npos);
  EXPECT_EQ(refusal(with("backend", 3)), "backend: a string is wanted");
  for (const std::string& name : {std::string(), std::string("abc:d"), std::string("abcdef"),
                                  "abcd:" + std::string(lb::kMaxSessionName, 'x')})
    EXPECT_EQ(refusal(with("username", name)).find("username: SERVER_UFRAG:CLIENT_UFRAG is wanted"), 0u)
        << name;
  for (const std::string& password :
       {std::string(21, 'x'), std::string(257, 'x'), std::string("0123456789abcdefghijk!")}) {
    const std::string why = refusal(with("server_password", password));
    EXPECT_EQ(why.find("server_password: an ice-pwd is wanted"), 0u) << why;
    EXPECT_EQ(why.find(password), std::string::npos);
  }
  EXPECT_NE(refusal(with("usrname", "x")).find("unknown field \"usrname\""), std::string::npos);
  EXPECT_EQ(known(), 0u);
}

TEST_F(ToldSessionTest, AnAddressThatLeftThePoolIsNoBackendAnyMore) {
  const std::string added = "/v1/pools/live/backends";
  ASSERT_EQ(rig.ask("POST", added, R"({"address":"10.20.0.13"})").status, 200u);
  ASSERT_EQ(rig.ask("DELETE", added + "/10.20.0.13").status, 200u);
  Json what = body();
  what["backend"] = "10.20.0.13";

  EXPECT_EQ(refusal(what, 404), "pool live has no backend 10.20.0.13");
}

// Workers take records one after the other.
TEST_F(ToldSessionTest, ThereIsRoomAsLongAsOneRecordIsFree) {
  const std::string name = "name0000:";
  for (uint32_t i = 0; i < rig.tables().sessions.count() - 20; ++i)
    rig.learn(name + std::to_string(i), lb::Rung::kWhip);

  for (int i = 0; i < 20; ++i) EXPECT_EQ(tell(body("told0000:" + std::to_string(i))).status, 200u) << i;
  EXPECT_EQ(tell(body()).status, 500u);
}

TEST_F(ToldSessionTest, AFullTableSaysSo) {
  std::string name = "name0000:";
  for (uint32_t i = 0; i < rig.tables().sessions.count(); ++i)
    rig.learn(name + std::to_string(i), lb::Rung::kWhip);

  EXPECT_EQ(refusal(body(), 500).find("no room for another session: dataplane.sessions is "), 0u);
}

TEST(ToldSession, APoolWithoutIceHasNoSessions) {
  test::Rig rig;
  ASSERT_TRUE(rig.start().ok());
  const test::Reply reply =
      rig.ask("POST", "/v1/sessions", R"({"pool":"live","username":"srvufrag:CLI1","backend":"10.20.0.12"})");
  EXPECT_EQ(reply.status, 422u);
  EXPECT_EQ(reply.json().at("error"), "pool live has no sessions: no service with affinity: ice leads to it");
}

}  // namespace
}  // namespace control
