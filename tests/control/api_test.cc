// SPDX-License-Identifier: MIT
#include "control/api.h"

#include <sys/stat.h>

#include <set>

#include "tests/control/rig.h"

namespace control {
namespace {

using namespace std::chrono_literals;
using test::ApiClient;
using test::Json;
using test::Reply;
using test::Rig;
using test::run_until;

const std::string kFirst = "/v1/pools/live/backends/10.20.0.11";

class ApiTest : public ::testing::Test {
 protected:
  ApiTest() { EXPECT_TRUE(rig.start().ok()); }

  // The error of a refused request, after checking its status.
  std::string refused(unsigned status, const std::string& method, const std::string& path,
                      const std::string& body = "") {
    const Reply reply = rig.ask(method, path, body);
    EXPECT_EQ(reply.status, status) << method << " " << path << " " << reply.body;
    return reply.status == status ? reply.json().at("error").get<std::string>() : "";
  }
  unsigned status_of(const std::string& method, const std::string& path, const std::string& body = "") {
    return rig.ask(method, path, body).status;
  }

  Rig rig;
};

TEST_F(ApiTest, StatusShowsVersionGenerationAndFile) {
  const Json status = rig.get("/v1/status");
  EXPECT_EQ(status.at("version"), "1.2.3");
  EXPECT_EQ(status.at("generation"), 1);
  EXPECT_EQ(status.at("config_file"), rig.file());
  EXPECT_EQ(status.at("workers"), 2);
  EXPECT_TRUE(status.at("last_reload").is_null());
}

TEST_F(ApiTest, ServicesAreShownAsTheFileSaysThem) {
  const Json service = rig.get("/v1/services").at("services").at(0);
  EXPECT_EQ(service.at("service"), "rtmp");
  EXPECT_EQ(service.at("vip"), "10.10.0.100");
  EXPECT_EQ(service.at("protocol"), "tcp");
  EXPECT_EQ(service.at("port"), "1935");
  EXPECT_EQ(service.at("pool"), "live");
  EXPECT_EQ(service.at("forward"), "nat");
  EXPECT_EQ(service.at("backends"), 2);
  EXPECT_EQ(service.at("backends_taking"), 2);
}

TEST_F(ApiTest, WeightIsInForceWhenTheAnswerComes) {
  const Reply reply = rig.ask("PATCH", kFirst, R"({"weight":30})");
  ASSERT_EQ(reply.status, 200u) << reply.body;
  EXPECT_EQ(reply.json().at("generation"), 2);
  EXPECT_EQ(reply.json().at("backend").at("effective_weight"), 30);
  EXPECT_EQ(rig.weight("10.20.0.11"), 30u);
  EXPECT_EQ(rig.backend(0).at("config_weight"), 100);
  EXPECT_EQ(rig.backend(0).at("override_weight"), 30);
}

TEST_F(ApiTest, ResetGoesBackToTheFile) {
  for (const std::string& path :
       {kFirst + "/reset", std::string("/v1/pools/live/reset"), std::string("/v1/reset")}) {
    ASSERT_EQ(status_of("PATCH", kFirst, R"({"weight":30})"), 200u);
    ASSERT_EQ(rig.weight("10.20.0.11"), 30u);
    ASSERT_EQ(status_of("POST", path), 200u) << path;
    EXPECT_EQ(rig.weight("10.20.0.11"), 100u) << path;
    EXPECT_TRUE(rig.backend(0).at("override_weight").is_null()) << path;
  }
}

TEST_F(ApiTest, ResetOfOneBackendLeavesTheOthersChanged) {
  ASSERT_EQ(status_of("PATCH", kFirst, R"({"weight":30})"), 200u);
  ASSERT_EQ(status_of("PATCH", "/v1/pools/live/backends/10.20.0.12", R"({"weight":40})"), 200u);
  ASSERT_EQ(status_of("POST", kFirst + "/reset"), 200u);
  EXPECT_EQ(rig.weight("10.20.0.11"), 100u);
  EXPECT_EQ(rig.weight("10.20.0.12"), 40u);
}

TEST_F(ApiTest, DrainTakesNoNewSessionsAndShowsItsDeadlineAndFlows) {
  const auto id = rig.segment.backends().find(
      {*lb::IpAddress::parse("10.20.0.11"), lb::name_hash("live"), 0, lb::IdentityKind::kBackend, {}, 0});
  ASSERT_TRUE(id);
  rig.counters[0].backends[*id].flows_opened.add(7);
  rig.counters[1].backends[*id].flows_closed.add(2);

  ASSERT_EQ(status_of("POST", kFirst + "/drain", R"({"deadline_s":600})"), 200u);
  EXPECT_EQ(rig.weight("10.20.0.11"), 0u);
  const Json drained = rig.backend(0);
  EXPECT_EQ(drained.at("state"), "draining");
  EXPECT_EQ(drained.at("weight"), 100);
  EXPECT_EQ(drained.at("drain").at("flows_open"), 5);
  EXPECT_GT(drained.at("drain").at("remaining_s"), 590);
  EXPECT_LE(drained.at("drain").at("remaining_s"), 600);
  EXPECT_FALSE(drained.at("drain").at("deadline_passed"));

  ASSERT_EQ(status_of("POST", kFirst + "/undrain"), 200u);
  EXPECT_EQ(rig.weight("10.20.0.11"), 100u);
  EXPECT_TRUE(rig.backend(0).at("drain").is_null());
}

TEST_F(ApiTest, DrainWithoutBodyHasNoDeadline) {
  ASSERT_EQ(status_of("POST", kFirst + "/drain"), 200u);
  EXPECT_TRUE(rig.backend(0).at("drain").at("remaining_s").is_null());
  EXPECT_EQ(rig.weight("10.20.0.11"), 0u);
}

TEST_F(ApiTest, AddTwiceAndRemoveOfNothingSucceed) {
  const std::string add = R"({"address":"10.20.0.13:19350","weight":50})";
  ASSERT_EQ(status_of("POST", "/v1/pools/live/backends", add), 200u);
  EXPECT_EQ(rig.weight("10.20.0.13"), 50u);
  const unsigned publishes = rig.publishes;
  EXPECT_EQ(status_of("POST", "/v1/pools/live/backends", add), 200u);
  EXPECT_EQ(rig.publishes, publishes);
  EXPECT_EQ(rig.backend(2).at("backend"), "10.20.0.13:19350");
  EXPECT_EQ(rig.backend(2).at("added"), true);

  const std::string path = "/v1/pools/live/backends/10.20.0.13%3A19350";
  EXPECT_EQ(status_of("DELETE", path), 200u);
  EXPECT_EQ(rig.weight("10.20.0.13"), UINT32_MAX);
  EXPECT_EQ(status_of("DELETE", path), 200u);
  EXPECT_EQ(status_of("POST", kFirst + "/undrain"), 200u);
}

TEST_F(ApiTest, AddingABackendOfTheFileWithoutWeightLeavesItsWeight) {
  ASSERT_EQ(status_of("PATCH", kFirst, R"({"weight":30})"), 200u);
  ASSERT_EQ(status_of("POST", "/v1/pools/live/backends", R"({"address":"10.20.0.11"})"), 200u);
  EXPECT_EQ(rig.weight("10.20.0.11"), 30u);
}

TEST_F(ApiTest, ABackendOfTheFileIsNotRemoved) {
  EXPECT_NE(refused(422, "DELETE", kFirst).find("drain it"), std::string::npos);
  EXPECT_EQ(rig.weight("10.20.0.11"), 100u);
}

TEST_F(ApiTest, ErrorsSayWhatToDo) {
  EXPECT_NE(refused(404, "GET", "/v1/pools/vod").find("live"), std::string::npos);
  EXPECT_NE(refused(404, "PATCH", "/v1/pools/vod/backends/10.20.0.11", R"({"weight":1})").find("live"),
            std::string::npos);
  EXPECT_NE(refused(404, "PATCH", "/v1/pools/live/backends/10.20.0.99", R"({"weight":1})").find("add it"),
            std::string::npos);
  EXPECT_NE(refused(404, "GET", "/v2/status").find("docs/api.md"), std::string::npos);
  EXPECT_NE(refused(400, "PATCH", kFirst, "{weight:1}").find("JSON"), std::string::npos);
  EXPECT_NE(refused(400, "PATCH", kFirst, "[1]").find("object"), std::string::npos);
  EXPECT_NE(refused(400, "GET", "/v1/pools/%zz").find("percent"), std::string::npos);
  EXPECT_NE(refused(422, "PATCH", kFirst, R"({"wieght":1})").find("weight"), std::string::npos);
  EXPECT_NE(refused(422, "PATCH", kFirst, "{}").find("weight"), std::string::npos);
  EXPECT_NE(refused(422, "PATCH", "/v1/pools/live/backends/nonsense", R"({"weight":1})").find("nonsense"),
            std::string::npos);
  EXPECT_NE(refused(422, "POST", "/v1/pools/live/backends", R"({"weight":1})").find("address"),
            std::string::npos);
  for (const char* weight : {"-1", "10001", "1.5", "\"1\"", "true"})
    EXPECT_NE(refused(422, "PATCH", kFirst, std::string(R"({"weight":)") + weight + "}").find("0 to 10000"),
              std::string::npos)
        << weight;
  EXPECT_EQ(rig.publishes, 1u);
}

TEST_F(ApiTest, AnErrorThatQuotesALineBreakIsOneLine) {
  const std::string why = refused(422, "POST", "/v1/pools/live/backends", R"({"address":"10.20\n.0.1"})");
  EXPECT_NE(why.find("\"10.20?.0.1\" is no backend"), std::string::npos) << why;
  EXPECT_NE(refused(404, "GET", "/v1/pools/a%0Ab").find("a?b"), std::string::npos);
}

TEST_F(ApiTest, AnotherMethodIs405WithTheRightOnes) {
  const Reply reply = rig.ask("PUT", kFirst, R"({"weight":1})");
  EXPECT_EQ(reply.status, 405u);
  EXPECT_NE(reply.head.find("Allow: PATCH, DELETE\r\n"), std::string::npos) << reply.head;
  EXPECT_EQ(status_of("POST", "/v1/status"), 405u);
}

TEST_F(ApiTest, ABodyThatIsTooLongIs413) {
  EXPECT_EQ(status_of("PATCH", kFirst, std::string(kMaxApiBodyBytes + 1, ' ')), 413u);
  EXPECT_EQ(status_of("PATCH", kFirst, std::string(kMaxApiBodyBytes, ' ')), 400u);
}

TEST_F(ApiTest, WhatIsNotHttpIsAnswered400AndClosed) {
  ApiClient client(rig.io, rig.socket());
  client.send("nonsense\r\n\r\n");
  EXPECT_EQ(client.receive().status, 400u);
  EXPECT_TRUE(run_until(rig.io, [&] { return client.closed; }));
}

TEST_F(ApiTest, OneConnectionServesManyRequests) {
  ApiClient client(rig.io, rig.socket());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.ask("GET", "/v1/status").status, 200u);
  EXPECT_FALSE(client.closed);
  EXPECT_EQ(client.ask("GET", "/v1/status", "", "Connection: close\r\n").status, 200u);
  EXPECT_TRUE(run_until(rig.io, [&] { return client.closed; }));
}

TEST_F(ApiTest, TheSixtyFifthConnectionWaitsForAFreePlace) {
  std::vector<std::unique_ptr<ApiClient>> clients;
  for (unsigned i = 0; i < kMaxApiConnections; ++i) {
    clients.push_back(std::make_unique<ApiClient>(rig.io, rig.socket()));
    ASSERT_EQ(clients.back()->ask("GET", "/v1/status").status, 200u) << i;
  }
  ApiClient late(rig.io, rig.socket());
  late.send("GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_FALSE(run_until(
      rig.io, [&] { return late.answered(); }, 200ms));
  clients.pop_back();
  EXPECT_EQ(late.receive().status, 200u);
}

TEST_F(ApiTest, AChangeThatCannotBeSavedIsRefusedAndNotApplied) {
  rig.make_unwritable();
  const std::string why = refused(500, "PATCH", kFirst, R"({"weight":30})");
  EXPECT_NE(why.find("not applied"), std::string::npos) << why;
  EXPECT_EQ(rig.weight("10.20.0.11"), 100u);
  EXPECT_EQ(rig.backend(0).at("weight"), 100);
}

TEST_F(ApiTest, AChangeThatCannotBePublishedIsUndoneAlsoOnDisk) {
  rig.publish_fails = "no room";
  EXPECT_EQ(refused(422, "PATCH", kFirst, R"({"weight":30})"), "not applied: no room");
  rig.publish_fails.clear();
  EXPECT_EQ(rig.backend(0).at("weight"), 100);
  ASSERT_TRUE(rig.restart().ok());
  EXPECT_EQ(rig.weight("10.20.0.11"), 100u);
}

TEST_F(ApiTest, ABackendThatCannotBeForwardedToIsRefused) {
  const std::string why = refused(422, "POST", "/v1/pools/live/backends", R"({"address":"2001:db8::1"})");
  EXPECT_NE(why.find("2001:db8::1"), std::string::npos) << why;
  EXPECT_EQ(rig.get("/v1/pools/live").at("backends").size(), 2u);
}

TEST_F(ApiTest, NeighboursShowAddressAndMac) {
  rig.neighbours.put_static(1, *lb::IpAddress::parse("10.20.0.11"),
                            *lb::MacAddress::parse("52:54:00:12:34:56"));
  const Json rows = rig.get("/v1/neighbours").at("neighbours");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows.at(0).at("port"), "inside");
  EXPECT_EQ(rows.at(0).at("address"), "10.20.0.11");
  EXPECT_EQ(rows.at(0).at("mac"), "52:54:00:12:34:56");
}

TEST_F(ApiTest, ConfigShowsTheOverridesBesideTheFile) {
  ASSERT_EQ(status_of("PATCH", kFirst, R"({"weight":30})"), 200u);
  const Json config = rig.get("/v1/config");
  EXPECT_EQ(config.at("config").at("pools").at("live").at("backends").at(0).at("weight"), 100);
  EXPECT_EQ(config.at("config").at("dataplane").at("workers"), 2);
  ASSERT_EQ(config.at("overrides").size(), 1u);
  EXPECT_EQ(config.at("overrides").at(0).at("backend"), "10.20.0.11");
  EXPECT_EQ(config.at("overrides").at(0).at("weight"), 30);
}

TEST_F(ApiTest, FlowsAreFilteredByEachField) {
  rig.open_flow(0, 40000, "192.0.2.7", 5555);
  rig.open_flow(1, 40001, "192.0.2.8", 6666);
  const auto count = [this](const std::string& query) {
    return rig.get("/v1/flows" + query).at("flows").size();
  };

  EXPECT_EQ(count(""), 2u);
  EXPECT_EQ(count("?lport=40000"), 1u);
  EXPECT_EQ(count("?lport=40002"), 0u);
  EXPECT_EQ(count("?client=192.0.2.8"), 1u);
  EXPECT_EQ(count("?lip=10.20.0.101"), 1u);
  EXPECT_EQ(count("?lip=10.20.0.101&lport=40000"), 0u);
  EXPECT_EQ(count("?backend=10.20.0.11"), 2u);
  EXPECT_EQ(count("?backend=10.20.0.12"), 0u);
  EXPECT_EQ(count("?service=rtmp"), 2u);
  EXPECT_EQ(count("?service=rtm%70"), 2u);
  EXPECT_EQ(count("?service=other"), 0u);
}

TEST_F(ApiTest, FlowsComeInPartsThatMeet) {
  for (uint16_t i = 0; i < 5; ++i) rig.open_flow(i % 2, static_cast<uint16_t>(40000 + i), "192.0.2.7", i);
  std::set<std::string> clients;
  unsigned requests = 0;
  Json next = 0;
  while (!next.is_null() && ++requests < 10) {
    const Json part = rig.get("/v1/flows?limit=2&after=" + next.dump());
    EXPECT_LE(part.at("flows").size(), 2u);
    for (const Json& flow : part.at("flows")) EXPECT_TRUE(clients.insert(flow.at("client")).second) << flow;
    next = part.at("next");
  }
  EXPECT_EQ(clients.size(), 5u);
}

TEST_F(ApiTest, AFlowQueryThatCannotBeSaysWhy) {
  EXPECT_NE(refused(422, "GET", "/v1/flows?limit=0").find("limit: a whole number from 1 to 1000"),
            std::string::npos);
  EXPECT_NE(refused(422, "GET", "/v1/flows?lport=x").find("1 to 65535"), std::string::npos);
  EXPECT_NE(refused(422, "GET", "/v1/flows?client=x").find("client: an address"), std::string::npos);
  EXPECT_NE(refused(422, "GET", "/v1/flows?cleint=x").find("did you mean client?"), std::string::npos);
  EXPECT_NE(refused(400, "GET", "/v1/flows?limit").find("name=value"), std::string::npos);
  EXPECT_NE(refused(400, "GET", "/v1/flows?limit=1&limit=2").find("once"), std::string::npos);
}

TEST_F(ApiTest, SocketIsForOwnerAndGroupAndGoesAtStop) {
  struct stat file {};
  ASSERT_EQ(::stat(rig.socket().c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0660u);
  rig.controller->stop();
  EXPECT_NE(::stat(rig.socket().c_str(), &file), 0);
}

TEST_F(ApiTest, AListeningSocketIsNotTakenOver) {
  ApiServer second(rig.io, rig.socket(), [](const ApiRequest&) { return ApiResponse{}; });
  const lb::Status started = second.start();
  ASSERT_FALSE(started.ok());
  EXPECT_NE(started.error().find("another process listens"), std::string::npos) << started.error();
  second.stop();
  EXPECT_EQ(rig.get("/v1/status").at("generation"), 1);
}

TEST(ApiServer, ASilentOrDripFedConnectionIsClosedInTime) {
  test::TempFolder folder;
  boost::asio::io_context io;
  ApiServer server(
      io, folder / "s",
      [](const ApiRequest&) {
        return ApiResponse{200, "{}", ""};
      },
      200ms);
  ASSERT_TRUE(server.start().ok());
  ApiClient silent(io, folder / "s"), slow(io, folder / "s"), idle(io, folder / "s");
  EXPECT_EQ(idle.ask("GET", "/").status, 200u);
  for (const char* piece : {"GET ", "/ HTT", "P/1.1\r", "\nHost:"}) {
    slow.send(piece);
    run_until(
        io, [] { return false; }, 80ms);
  }
  EXPECT_TRUE(run_until(
      io, [&] { return silent.closed && slow.closed && idle.closed; }, 2s));
  EXPECT_EQ(server.connections(), 0u);
}

TEST(ApiSocket, StaleSocketIsReplacedButNoOtherFile) {
  test::TempFolder folder;
  boost::asio::io_context io;
  {
    boost::asio::local::stream_protocol::acceptor left(
        io, boost::asio::local::stream_protocol::endpoint(folder / "s"));
  }
  test::write_file(folder / "f", "precious");
  const auto respond = [](const ApiRequest&) { return ApiResponse{200, "{}", ""}; };
  ApiServer on_stale(io, folder / "s", respond), on_file(io, folder / "f", respond);
  EXPECT_TRUE(on_stale.start().ok());
  EXPECT_FALSE(on_file.start().ok());
  on_file.stop();
  EXPECT_EQ(test::read_file(folder / "f"), "precious");
  EXPECT_FALSE(ApiServer(io, std::string(108, 'x'), respond).start().ok());
}

}  // namespace
}  // namespace control
