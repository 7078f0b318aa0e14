// SPDX-License-Identifier: MIT
// The API over TCP: the same answers, for whoever shows the token.
#include "control/api_tcp.h"

#include <sys/stat.h>
#include <unistd.h>

#include "control/api_server.h"
#include "tests/control/rig.h"

namespace control {
namespace {

using test::ApiClient;

constexpr char kToken[] = "0123456789abcdef";

class ApiTcpTest : public ::testing::Test {
 protected:
  ApiTcpTest() {
    test::write_file(token_file, std::string(kToken) + "\n");
    EXPECT_EQ(::chmod(token_file.c_str(), 0640), 0);
  }
  [[nodiscard]] std::string more() const {
    return "  tcp: { listen: \"127.0.0.1:" + std::to_string(port) + "\", token_file: \"" + token_file +
           "\" }\n";
  }
  test::Reply ask(const std::string& headers, const std::string& path = "/v1/status") {
    ApiClient client(rig.io, {boost::asio::ip::make_address("127.0.0.1"), port});
    EXPECT_TRUE(client.connected);
    return client.ask("GET", path, "", headers);
  }
  lb::Status start() {
    std::string text = test::Rig::yaml(rig.socket());
    const std::string api = "api: { listen: \"unix:" + rig.socket() + "\" }\n";
    text.replace(text.find(api), api.size(), "api:\n  listen: \"unix:" + rig.socket() + "\"\n" + more());
    rig.configure(text);
    return rig.start();
  }

  test::Rig rig;
  const std::string token_file = rig.folder / "token";
  const uint16_t port = static_cast<uint16_t>(20'000 + ::getpid() % 10'000);
};

TEST_F(ApiTcpTest, WhoShowsTheTokenGetsTheSameAnswers) {
  ASSERT_TRUE(start().ok());
  const std::string right = std::string("Authorization: Bearer ") + kToken + "\r\n";
  const test::Reply reply = ask(right);
  EXPECT_EQ(reply.status, 200u) << reply.body;
  EXPECT_EQ(reply.json().at("generation"), 1);
  EXPECT_EQ(ask(right, "/metrics").status, 200u);
  EXPECT_EQ(ask(std::string("authorization: bearer ") + kToken + "\r\n").status, 200u) << "RFC 9110 11.1";
  EXPECT_EQ(rig.get("/v1/status").at("generation"), 1) << "the unix socket wants none";
}

TEST_F(ApiTcpTest, AllOthersAreRefusedAndToldWhatIsWanted) {
  ASSERT_TRUE(start().ok());
  for (const char* headers :
       {"", "Authorization: Bearer 0123456789abcdeF\r\n", "Authorization: Bearer \r\n",
        "Authorization: 0123456789abcdef\r\n", "Authorization: Basic 0123456789abcdef\r\n",
        "Authorization: Bearer 0123456789abcdef0\r\n"}) {
    const test::Reply reply = ask(headers);
    EXPECT_EQ(reply.status, 401u) << headers;
    EXPECT_NE(reply.head.find("WWW-Authenticate: Bearer"), std::string::npos) << reply.head;
    EXPECT_EQ(reply.body.find(kToken), std::string::npos);
  }
}

TEST_F(ApiTcpTest, ATokenThatIsNoneStopsTheStart) {
  const auto refusal = [this] {
    const lb::Status started = start();
    EXPECT_FALSE(started.ok());
    return started.ok() ? "" : started.error();
  };
  ASSERT_EQ(::chmod(token_file.c_str(), 0644), 0);
  EXPECT_NE(refusal().find("every user may read"), std::string::npos);
  ASSERT_EQ(::chmod(token_file.c_str(), 0600), 0);
  for (const char* text : {"", "short", "0123456789 abcdef", "0123456789abcdef\n0123456789abcdef\n"}) {
    test::write_file(token_file, text);
    EXPECT_NE(refusal().find("visible characters is wanted"), std::string::npos) << text;
  }
  ASSERT_EQ(::unlink(token_file.c_str()), 0);
  EXPECT_NE(refusal().find("api.tcp.token_file: "), std::string::npos);
  EXPECT_NE(::access(rig.socket().c_str(), F_OK), 0) << "and leaves no socket";
}

TEST_F(ApiTcpTest, AnAddressInUseIsNamed) {
  boost::asio::ip::tcp::acceptor other(rig.io, {boost::asio::ip::make_address("127.0.0.1"), port}, false);
  const lb::Status started = start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error(), "api.tcp: 127.0.0.1:" + std::to_string(port) + ": Address already in use");
}

TEST_F(ApiTcpTest, AnAddressThatComesLaterMayBeListenedOn) {
  for (const char* address : {"192.0.2.77:9801", "[2001:db8::77]:9801"}) {
    const auto fd = listen_on_tcp(*lb::Endpoint::parse(address));
    ASSERT_TRUE(fd) << fd.error();
    ::close(fd.value());
  }
}

}  // namespace
}  // namespace control
