// SPDX-License-Identifier: MIT
// GET /v1/sessions, and what GET /v1/flows says of the sessions behind its slots.
#include "control/sessions.h"

#include <set>
#include <thread>

#include "control/session_view.h"
#include "lb/session_bytes.h"
#include "tests/control/ice_rig.h"

namespace control {
namespace {

using test::IceRig;
using test::Json;

constexpr char kName[] = "srvufrag:CLI1";
constexpr char kWifi[] = "198.51.100.7:40000", kLte[] = "203.0.113.9:50000";

class SessionsTest : public ::testing::Test {
 protected:
  Json sessions(const std::string& query = "") { return rig.get("/v1/sessions" + query).at("sessions"); }
  // The only one.
  Json session() {
    const Json all = sessions();
    EXPECT_EQ(all.size(), 1u) << all;
    return all.empty() ? Json() : all.at(0);
  }

  IceRig rig;
};

TEST_F(SessionsTest, ASessionShowsItsServerItsLipAndItsClient) {
  rig.open(kName, lb::Rung::kUfrag, kWifi, 40001);
  rig.now.ms += 12'500;

  const Json one = session();
  EXPECT_EQ(one.at("username"), kName);
  EXPECT_EQ(one.at("pool"), "live");
  EXPECT_EQ(one.at("services"), Json::array({"rtc"}));
  EXPECT_EQ(one.at("backend"), "10.20.0.11:8000");
  EXPECT_EQ(one.at("rung"), "ufrag");
  EXPECT_EQ(one.at("lip"), "10.20.0.100:40001");
  EXPECT_EQ(one.at("client"), kWifi);
  EXPECT_EQ(one.at("age_s"), 12);
  EXPECT_EQ(one.at("check_age_ms"), 12'500);
}

TEST_F(SessionsTest, EachAddressSaysWhatItProvedAndWhenItWasHeard) {
  auto found = rig.open(kName, lb::Rung::kHash, kWifi, 40001);
  rig.now.ms += 1000;
  rig.attach(found, kLte, lb::TupleState::kProven, true);
  rig.now.ms += 500;

  const Json addresses = session().at("addresses");
  ASSERT_EQ(addresses.size(), 2u);
  EXPECT_EQ(addresses.at(0),
            Json::parse(R"({"client":"198.51.100.7:40000","vip":"10.10.0.100:8000","current":true,
    "proven":false,"nominated":false,"idle_ms":1500})"));
  EXPECT_EQ(addresses.at(1),
            Json::parse(R"({"client":"203.0.113.9:50000","vip":"10.10.0.100:8000","current":false,
    "proven":true,"nominated":true,"idle_ms":500})"));
}

TEST_F(SessionsTest, MovesAreCountedWithTheirGaps) {
  auto found = rig.open(kName, lb::Rung::kHash, kWifi, 40001);
  EXPECT_EQ(session().at("moves"), 0);
  EXPECT_TRUE(session().at("gap_ms").is_null());

  rig.attach(found, kLte, lb::TupleState::kProven);
  rig.move(found, 1, 750);
  rig.move(found, 0, 250);

  EXPECT_EQ(session().at("moves"), 2);
  EXPECT_EQ(session().at("gap_ms"), 250);
  EXPECT_EQ(session().at("longest_gap_ms"), 750);
}

TEST_F(SessionsTest, PasswordsAreKnownOrNotButNeverShown) {
  auto found = rig.open(kName, lb::Rung::kWhip, kWifi, 40001);
  EXPECT_EQ(session().at("passwords"), Json::parse(R"({"server":false,"client":false})"));

  rig.put_password(found, lb::KeyOf::kServer);

  EXPECT_EQ(session().at("passwords"), Json::parse(R"({"server":true,"client":false})"));
  EXPECT_EQ(session().dump().find("secret"), std::string::npos);
}

TEST_F(SessionsTest, BytesAreThoseOfTheRecordAndThoseThatItsSlotHolds) {
  const auto found = rig.open(kName, lb::Rung::kWhip, kWifi, 40001);
  lb::NatSlot& slot = rig.segment.slots().at(found.control.slot());
  lb::count_bytes(slot.splice_base_or_bytes_in, 1200);
  lb::move_bytes(slot, rig.record(found));
  lb::count_bytes(slot.splice_base_or_bytes_in, 34);
  lb::count_bytes(slot.splice_or_bytes_out, 5);

  EXPECT_EQ(session().at("bytes_in"), 1234);
  EXPECT_EQ(session().at("bytes_out"), 5);
}

TEST_F(SessionsTest, OneThatNobodyCameForHasNoLipAndMayComeByEveryIceServiceOfItsPool) {
  rig.learn(kName, lb::Rung::kWhip, 1);

  const Json one = session();
  EXPECT_EQ(one.at("backend"), "10.20.0.12");
  EXPECT_EQ(one.at("services"), Json::array({"rtc"}));
  EXPECT_TRUE(one.at("lip").is_null());
  EXPECT_TRUE(one.at("client").is_null());
  EXPECT_TRUE(one.at("addresses").empty());
  EXPECT_TRUE(one.at("bytes_in").is_null());
}

TEST_F(SessionsTest, AreFilteredByEachField) {
  rig.open(kName, lb::Rung::kHash, kWifi, 40001, 0);
  rig.open("other+/:CLI2", lb::Rung::kHash, kLte, 40002, 1);
  const auto count = [this](const std::string& query) { return sessions(query).size(); };

  EXPECT_EQ(count(""), 2u);
  EXPECT_EQ(count("?service=rtc"), 2u);
  EXPECT_EQ(count("?service=rtmp"), 0u);
  EXPECT_EQ(count("?backend=10.20.0.12"), 1u);
  EXPECT_EQ(count("?backend=10.20.0.99"), 0u);
  EXPECT_EQ(count("?username=other%2B%2F%3ACLI2"), 1u);
  EXPECT_EQ(count("?username=srvufrag"), 0u) << "the whole of it";
  EXPECT_EQ(count("?username=" + std::string(200, 'a')), 0u);
  EXPECT_EQ(count("?username=srvufrag%3ACLI1&backend=10.20.0.12"), 0u);
}

TEST_F(SessionsTest, ComeInPartsThatMeet) {
  for (uint16_t i = 0; i < 5; ++i) rig.learn("name:" + std::to_string(i), lb::Rung::kWhip);
  std::set<std::string> names;
  unsigned requests = 0;
  Json next = 0;
  while (!next.is_null() && ++requests < 10) {
    const Json part = rig.get("/v1/sessions?limit=2&after=" + next.dump());
    EXPECT_LE(part.at("sessions").size(), 2u);
    for (const Json& one : part.at("sessions")) EXPECT_TRUE(names.insert(one.at("username")).second) << one;
    next = part.at("next");
  }
  EXPECT_EQ(names.size(), 5u);
}

TEST_F(SessionsTest, AQueryThatCannotBeSaysWhy) {
  const auto why = [this](const std::string& query) {
    const test::Reply reply = rig.ask("GET", "/v1/sessions" + query);
    EXPECT_EQ(reply.status, 422u) << query;
    return reply.json().at("error").get<std::string>();
  };
  EXPECT_EQ(why("?limit=1001"), "limit: a whole number from 1 to 1000 is wanted");
  EXPECT_EQ(why("?backend=x"), "backend: ADDRESS or ADDRESS:PORT is wanted");
  EXPECT_EQ(why("?usrname=x"), "usrname: unknown; did you mean username?");
}

TEST_F(SessionsTest, AnEndedSessionIsNotShown) {
  const auto found = rig.open(kName, lb::Rung::kHash, kWifi, 40001);
  ASSERT_TRUE(rig.tables().forget(found.index, found.control));

  EXPECT_TRUE(sessions().empty());
  EXPECT_TRUE(sessions("?username=srvufrag%3ACLI1").empty());
}

TEST_F(SessionsTest, ANameThatIsNoTextBreaksNothing) {
  rig.learn(std::string("a\xff\x1b[2J\n:b", 9), lb::Rung::kHash);

  EXPECT_EQ(session().at("username"), "a\xef\xbf\xbd\x1b[2J\n:b");
  EXPECT_EQ(sessions("?username=a%FF%1B%5B2J%0A%3Ab").size(), 1u);
}

TEST_F(SessionsTest, AFlowNamesTheSessionBehindItsLipAndPort) {
  rig.open_flow(0, 40000, "192.0.2.7", 5555);
  const auto found = rig.open(kName, lb::Rung::kHash, kWifi, 40001);
  const auto behind = [this](const char* lport) {
    return rig.get(std::string("/v1/flows?lport=") + lport).at("flows").at(0);
  };

  EXPECT_EQ(behind("40001").at("session"), kName);
  EXPECT_EQ(behind("40001").at("client"), kWifi);
  EXPECT_TRUE(behind("40000").at("session").is_null());

  ASSERT_TRUE(rig.tables().forget(found.index, found.control));
  EXPECT_TRUE(behind("40001").at("session").is_null()) << "of a slot that is swept later";
}

// One thread ends a session and begins another in its record, over and over; name, server and client belong together.
TEST_F(SessionsTest, ASessionThatChangesWhileItIsReadIsShownWholeOrNotAtAll) {
  const std::jthread writer([this](const std::stop_token& stop) {
    lb::SessionTables& tables = rig.tables();
    for (unsigned round = 0; !stop.stop_requested(); ++round) {
      const unsigned kind = round % 2;
      lb::SessionIndex hand = 0;
      auto found =
          *tables.learn(hand, rig.snapshot->pools[0].clients, kind == 0 ? "even:0" : "odd:11111",
                        rig.backend_id(kind), kind == 0 ? lb::Rung::kHash : lb::Rung::kWhip, rig.now);
      rig.attach(found, kind == 0 ? "[2001:db8:0:1::]:1000" : "[2001:db8:0:2::ff]:2000",
                 lb::TupleState::kUnproven);
      tables.forget(found.index, found.control);
    }
  });

  unsigned seen[2] = {0, 0};
  const lb::Session& record = rig.tables().sessions.at(0);
  const auto enough = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while ((seen[0] < 50'000 || seen[1] < 50'000) && std::chrono::steady_clock::now() < enough) {
    const auto view = SessionView::of(record);
    if (!view) continue;
    const bool odd = view->username == "odd:11111";
    ++seen[odd ? 1 : 0];
    ASSERT_TRUE(odd || view->username == "even:0") << view->username;
    ASSERT_EQ(view->control.backend(), rig.backend_id(odd ? 1 : 0));
    ASSERT_EQ(view->control.rung(), odd ? lb::Rung::kWhip : lb::Rung::kHash);
    const SessionView::Address* current = view->current();
    if (current == nullptr) continue;
    ASSERT_EQ(current->tuple.control.port(), odd ? 2000 : 1000);
    ASSERT_EQ(current->tuple.address.to_string(), odd ? "2001:db8:0:2::ff" : "2001:db8:0:1::");
  }
  EXPECT_GT(seen[0], 0u);
  EXPECT_GT(seen[1], 0u);
}

}  // namespace
}  // namespace control
