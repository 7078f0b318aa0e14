// SPDX-License-Identifier: MIT
// One GET of a real server, for its body.
#include "control/http_get.h"

#include <gtest/gtest.h>

#include "tests/control/origin_server.h"

namespace control::test {
namespace {

class HttpGetTest : public ::testing::Test {
 protected:
  // Reason, or the body behind "body ".
  std::string said(const std::string& reply, size_t most_bytes = 1000, uint32_t timeout_ms = 5000) {
    server.reply = reply;
    std::optional<std::string> said;
    const auto keep = start_http_get(io, {server.endpoint(), "/x?y=1", timeout_ms, most_bytes},
                                     [&said](const CheckResult& result, const std::string& body) {
                                       said = result.reason.empty() ? "body " + body : result.reason;
                                     });
    EXPECT_FALSE(said) << "called back from within the call";
    EXPECT_TRUE(run_until(io, [&] { return said.has_value(); }));
    return said.value_or("nothing");
  }

  asio::io_context io;
  OriginServer server{io};
};

TEST_F(HttpGetTest, ABodyComesWhole) {
  EXPECT_EQ(said(http_reply(200, std::string(1000, 'x'))), "body " + std::string(1000, 'x'));
  EXPECT_EQ(said(http_reply(200, "")), "body ");
  EXPECT_EQ(said("HTTP/1.1 200 OK\r\n\r\nuntil the end"), "body until the end");
  EXPECT_EQ(said("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nin\r\n6\r\n parts\r\n0\r\n\r\n"),
            "body in parts");
  EXPECT_TRUE(server.requests[0].starts_with("GET /x?y=1 HTTP/1.1\r\nHost: 127.0.0.1:"))
      << server.requests[0];
}

TEST_F(HttpGetTest, ALongerOneIsNotReadToItsEnd) {
  const std::string long_one(1001, 'x');
  EXPECT_EQ(said(http_reply(200, long_one)), "body too long");
  EXPECT_EQ(said("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nx"), "body too long");
  EXPECT_EQ(said("HTTP/1.1 200 OK\r\n\r\n" + long_one), "body too long");
  EXPECT_EQ(said("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + long_one + "\r\n0\r\n\r\n"),
            "body too long");
}

TEST_F(HttpGetTest, WhatIsNoAnswerSaysWhy) {
  EXPECT_EQ(said(http_reply(302, "")), "status 302");
  EXPECT_EQ(said("nonsense\r\n\r\n"), "not http");
  EXPECT_EQ(said("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"), "closed early");
  server.hangs = true;
  EXPECT_EQ(said("", 1000, 50), "timeout");
  server.refuse();
  EXPECT_EQ(said(""), "refused");
}

}  // namespace
}  // namespace control::test
