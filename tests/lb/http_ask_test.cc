// SPDX-License-Identifier: MIT
#include "lb/http_ask.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/lb/ask_text.h"

namespace lb {
namespace {

const VhostList kVhosts = VhostList::make(std::vector<std::string>{"cam.example.com"}).value();

AskState read(const std::string& text, StreamAsk& ask) { return read_http_ask(text, kVhosts, ask); }
std::string ask(const std::string& text) { return test::ask_of(read, text); }
std::string ask_line(const std::string& line, const std::string& host = "192.0.2.1:8080") {
  return ask(line + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
}
std::string post_json(const std::string& path, const std::string& json) {
  return "POST " + path +
         " HTTP/1.1\r\nHost: cam.example.com\r\nContent-Length: " + std::to_string(json.size()) + "\r\n\r\n" +
         json;
}

// As Lavf 59.27.100 asks.
const std::string kFfmpeg =
    "GET /live/room/cam.flv?token=a%2Fb HTTP/1.1\r\nUser-Agent: Lavf/59.27.100\r\nAccept: */*\r\nRange: "
    "bytes=0-\r\n"
    "Connection: close\r\nHost: 192.0.2.1:8080\r\nIcy-MetaData: 1\r\n\r\n";

TEST(HttpAsk, PlaysAStreamByItsPath) {
  EXPECT_EQ(ask(kFfmpeg), "play /live/room/cam");
  EXPECT_EQ(ask_line("GET /live/cam.ts"), "play /live/cam");
  EXPECT_EQ(ask_line("GET /live/my%20cam%2Efl%76"), "play /live/mycam");
  EXPECT_EQ(ask_line("GET /live/cam.flv?" + std::string(16'000, 'x')), "play /live/cam");
  EXPECT_EQ(ask_line("POST /live/cam.flv"), "publish /live/cam");
}

TEST(HttpAsk, TheVhostIsTheQuerysOrTheHosts) {
  EXPECT_EQ(ask_line("GET /live/cam.flv", "Cam.example.com:8080"), "play cam.example.com/live/cam");
  EXPECT_EQ(ask_line("GET /live/cam.flv?vhost=cam.example.com"), "play cam.example.com/live/cam");
  EXPECT_EQ(ask_line("GET /live/cam.flv?domain=cam.example.com"), "play cam.example.com/live/cam");
  EXPECT_EQ(ask_line("GET /live/cam.flv?vhost=other.example", "cam.example.com"), "play /live/cam");
  EXPECT_EQ(ask_line("GET http://cam.example.com/live/cam.flv"), "play cam.example.com/live/cam");
  EXPECT_EQ(ask("GET /live/cam.flv HTTP/1.0\r\n\r\n"), "play /live/cam");
}

TEST(HttpAsk, HlsMayBeReadInTwoWays) {
  EXPECT_EQ(ask_line("GET /live/cam.m3u8?hls_ctx=486597a0"), "play /live/cam");
  EXPECT_EQ(ask_line("GET /live/cam-12.ts?hls_ctx=486597a0"), "play /live/cam or /live/cam-12");
  EXPECT_EQ(ask_line("GET /live/cam-12.ts"), "play /live/cam-12 or /live/cam");
  EXPECT_EQ(ask_line("GET /live/cam/index.m3u8"), "play /live/cam/index or /live/cam");
}

TEST(HttpAsk, WhereOnlyOneReadingIsAStreamItIsTheOne) {
  EXPECT_EQ(ask_line("GET //%20/12.ts?hls_ctx=1"), "other");
  EXPECT_EQ(ask_line("GET /live/%20/12.ts?hls_ctx=1"), "play /live/12");
  EXPECT_EQ(ask_line("GET /live/cam.1-12.ts"), "play /live/cam");
}

TEST(HttpAsk, ReadsWhipAsChromiumSendsIt) {
  std::ifstream file(std::string(WHIP_VECTORS) + "/request.http", std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(ask(text), "publish /live/w1");
  EXPECT_EQ(ask(text.substr(0, 500)), "publish /live/w1");
  EXPECT_EQ(ask(text.substr(0, 300)), "partial");
}

TEST(HttpAsk, TellsWhipFromWhep) {
  EXPECT_EQ(ask_line("POST /rtc/v1/whip?app=live&stream=cam"), "publish /live/cam");
  EXPECT_EQ(ask_line("POST /rtc/v1/whip/?app=live&stream=cam&action=play"), "play /live/cam");
  EXPECT_EQ(ask_line("POST /rtc/v1/whep/?app=live%2Froom&stream=cam"), "play /live/room/cam");
  EXPECT_EQ(ask_line("POST /rtc/v1/whip-play/?app=live&stream=cam", "cam.example.com"),
            "play cam.example.com/live/cam");
  EXPECT_EQ(ask_line("POST /rtc/v1/whip/"), "publish /live/livestream");
  EXPECT_EQ(ask_line("OPTIONS /rtc/v1/whip/?app=live&stream=cam"), "play /live/cam");
  EXPECT_EQ(ask_line("OPTIONS /rtc/v1/whip/"), "other");
}

TEST(HttpAsk, ASessionIsNamedAsSrsWritesIt) {
  const std::string url =
      "/rtc/v1/whip/?action=delete&token=5h4114472&app=live&stream=w1&session=ouud5p2h:a+P/";
  EXPECT_EQ(ask_line("DELETE " + url), "session ouud5p2h:a+P/ /live/w1");
  EXPECT_EQ(ask_line("PATCH " + url), "session ouud5p2h:a+P/ /live/w1");
  EXPECT_EQ(ask_line("POST " + url), "session ouud5p2h:a+P/ /live/w1");
  EXPECT_EQ(ask_line("DELETE /rtc/v1/whep?session=a:b"), "session a:b");
  EXPECT_EQ(ask_line("POST /rtc/v1/whip/?app=live&stream=w1&session=a:b"), "publish /live/w1");
}

TEST(HttpAsk, ReadsTheStreamUrlOfTheOlderApi) {
  const std::string json =
      R"({"api":"http://h/rtc/v1/play/","streamurl":"webrtc:\/\/h\/live\/cam","sdp":"v=0\r\n"})";
  EXPECT_EQ(ask(post_json("/rtc/v1/publish/", json)), "publish /live/cam");
  EXPECT_EQ(ask(post_json("/rtc/v1/play", json)), "play /live/cam");
  EXPECT_EQ(ask(post_json("/rtc/v1/play/", R"({"streamurl":"webrtc://cam.example.com:1985/live/cam"})")),
            "play cam.example.com/live/cam");
  EXPECT_EQ(ask(post_json("/rtc/v1/play/", R"({"streamurl":"webrtc://h/live/cam?vhost=cam.example.com"})")),
            "play cam.example.com/live/cam");
  EXPECT_EQ(ask("POST /rtc/v1/play/ HTTP/1.1\r\nTransfer-Encoding: "
                "chunked\r\n\r\n1f\r\n{\"streamurl\":\"webrtc://h/a/b\"}\r\n"),
            "play /a/b");
}

TEST(HttpAsk, ABodyWithoutAStreamUrlAsksForNothing) {
  EXPECT_EQ(ask(post_json("/rtc/v1/play/", R"({"sdp":"v=0"})")), "other");
  EXPECT_EQ(ask(post_json("/rtc/v1/play/", R"({"streamurl":"webrtc://h/live)")), "other");
  EXPECT_EQ(ask(post_json("/rtc/v1/play/", R"({"streamurl":"webrtc://h"})")), "other");
  EXPECT_EQ(ask(post_json("/rtc/v1/play/", "")), "other");
  EXPECT_EQ(ask("POST /rtc/v1/play/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), "other");
}

TEST(HttpAsk, WhatFollowsTheBodyIsNotRead) {
  const std::string two =
      post_json("/rtc/v1/play/", R"({"sdp":")") + R"(v=0","streamurl":"webrtc://h/live/cam"})";
  EXPECT_EQ(ask(two), "other");
}

TEST(HttpAsk, OtherRequestsAskForNoStream) {
  for (const char* line :
       {"GET /api/v1/versions", "OPTIONS *", "CONNECT h:443", "GET /", "GET /live/cam", "GET /live/a%00b.flv",
        "GET /live/a%zzb.flv", "GET /cam.flv", "POST /rtc/v1/nack/?app=live&stream=cam"})
    EXPECT_EQ(ask_line(line), "other") << line;
  EXPECT_EQ(ask_line("GET /live/" + std::string(600, 'x') + ".flv"), "other");
}

TEST(HttpAsk, AnythingElseIsNotIt) {
  for (const std::string& text : {std::string("\x16\x03\x01\x02"), std::string("\x03"),
                                  std::string("SSH-2.0-x\r\n\r\n"), std::string("HTTP/1.1 200 OK\r\n\r\n")})
    EXPECT_EQ(ask(text), "not it") << text;
}

TEST(HttpAsk, IsTheSameHoweverItIsCut) {
  test::expect_the_same_however_it_is_cut(read, kFfmpeg);
  test::expect_the_same_however_it_is_cut(
      read, post_json("/rtc/v1/play/",
                      R"({"a":[{"streamurl":"\\"}],"streamurl":"webrtc:\/\/h\/\u006cive\/cam","sdp":""})"));
  test::expect_the_same_however_it_is_cut(
      read, std::string("POST /rtc/v1/play/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "1f;x=y\r\n{\"streamurl\":\"webrtc://h/a/b\"}\r\n0\r\n\r\n"));
}

}  // namespace
}  // namespace lb
