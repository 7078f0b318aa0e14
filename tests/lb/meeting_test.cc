// SPDX-License-Identifier: MIT
// Whoever asks for one stream, in whatever protocol, asks under one key: what `affinity: stream` is for.
#include <gtest/gtest.h>

#include "lb/http_ask.h"
#include "lb/srt_stream_id.h"
#include "tests/lb/ask_text.h"

namespace lb {
namespace {

const VhostList kVhosts = VhostList::make(std::vector<std::string>{"cam.example.com"}).value();

std::string by_rtmp(std::string_view host, std::string_view app, std::string_view stream) {
  return std::string(StreamKey::make(kVhosts.find(host), app, stream)->text());
}
std::string by_http(const std::string& line, const std::string& host, const std::string& body = "") {
  StreamAsk ask;
  const std::string request = line + " HTTP/1.1\r\nHost: " + host +
                              "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  EXPECT_EQ(read_http_ask(request, kVhosts, ask), AskState::kWhole);
  return std::string(ask.key.text());
}
std::string by_srt(std::string_view stream_id) {
  return std::string(read_srt_ask(stream_id, kVhosts).key.text());
}

TEST(Meeting, AllProtocolsNameAStreamAlike) {
  const std::string key = by_rtmp("192.0.2.1", "live/room", "cam");
  EXPECT_EQ(by_http("GET /live/room/cam.flv?token=1", "192.0.2.1:8080"), key);
  EXPECT_EQ(by_http("GET /live/room/cam.m3u8", "live.example.com"), key);
  EXPECT_EQ(by_http("POST /rtc/v1/whip/?app=live/room&stream=cam", "192.0.2.1:1985"), key);
  EXPECT_EQ(by_http("POST /rtc/v1/whep/?stream=cam&app=live%2Froom", "192.0.2.1"), key);
  EXPECT_EQ(by_http("POST /rtc/v1/play/", "h", R"({"streamurl":"webrtc:\/\/h\/live\/room\/cam"})"), key);
  EXPECT_EQ(by_srt("#!::r=live/room/cam,m=publish"), key);
  EXPECT_EQ(by_srt("live/room/cam"), key);
}

TEST(Meeting, AVhostOfItsOwnKeepsItsStreamsApart) {
  const std::string key = by_rtmp("cam.example.com", "live", "cam");
  EXPECT_EQ(by_http("GET /live/cam.ts", "CAM.example.com:8080"), key);
  EXPECT_EQ(by_http("POST /rtc/v1/whep/?app=live&stream=cam&vhost=cam.example.com", "192.0.2.1"), key);
  EXPECT_EQ(
      by_http("POST /rtc/v1/play/", "h", R"({"streamurl":"webrtc://h/live/cam?vhost=cam.example.com"})"),
      key);
  EXPECT_EQ(by_srt("#!::h=cam.example.com,r=live/cam"), key);
  EXPECT_NE(by_srt("#!::r=live/cam"), key);
}

TEST(Meeting, ANameWithADotIsOneSourceAsInSrs) {
  const std::string key = by_rtmp("h", "live", "cam.1");
  EXPECT_EQ(by_http("GET /live/cam.1.flv", "h"), key);
  EXPECT_EQ(by_http("GET /live/cam.1-12.ts?hls_ctx=1", "h"), key);
  EXPECT_EQ(by_http("POST /rtc/v1/whip/?app=live&stream=cam.1", "h"), key);
  EXPECT_EQ(by_srt("#!::r=live/cam.1"), key);
}

}  // namespace
}  // namespace lb
