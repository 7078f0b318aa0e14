// SPDX-License-Identifier: MIT
#include "lb/url.h"

#include <gtest/gtest.h>

#include <string>

namespace lb {
namespace {

std::string url_of(std::string_view text) {
  const Url url = split_url(text);
  return std::string(url.host) + "|" + std::string(url.path) + "|" + std::string(url.query);
}
std::string stream_of(std::string_view text) {
  const StreamUrl url = split_stream_url(text);
  return std::string(url.host) + "|" + std::string(url.vhost) + "|" + std::string(url.app) + "|" +
         std::string(url.stream);
}

TEST(Url, IsTakenApart) {
  EXPECT_EQ(url_of("/live/cam.flv?a=b#c"), "|/live/cam.flv|a=b");
  EXPECT_EQ(url_of("http://cam.example.com:8080/live/cam.flv?u=http://x/y"),
            "cam.example.com:8080|/live/cam.flv|u=http://x/y");
  EXPECT_EQ(url_of("http://[2001:db8::1]:80?a"), "[2001:db8::1]:80||a");
  EXPECT_EQ(url_of("/redirect?to=http://x/y"), "|/redirect|to=http://x/y");
  for (const char* text : {"", "*", "x:443", "://", "a://", "?", "#", "/"})
    EXPECT_LE(url_of(text).size(), 2 + strlen(text));
}

TEST(Url, NamesAStreamInTheWaysSrsReads) {
  EXPECT_EQ(stream_of("webrtc://h:1985/live/room/cam?k=v"), "h:1985||/live/room|cam");
  EXPECT_EQ(stream_of("rtmp://h/live/cam?k=v&vhost=v.example"), "h|v.example|/live|cam");
  EXPECT_EQ(stream_of("rtmp://h/live?vhost=v.example/cam"), "h|v.example|/live|cam");
  EXPECT_EQ(stream_of("rtmp://h/live?vhost=v.example/cam?k=v"), "h|v.example|/live|cam");
  EXPECT_EQ(stream_of("rtmp://h/live#vhost=v.example/cam"), "h|v.example|/live|cam");
  EXPECT_EQ(stream_of("live/cam"), "||live|cam");
  EXPECT_EQ(stream_of("cam"), "|||cam");
  EXPECT_EQ(stream_of(""), "|||");
}

TEST(Url, FindsTheFirstParameterOfAName) {
  EXPECT_EQ(query_value("a=1&app=live&app=x", "app"), "live");
  EXPECT_EQ(query_value("wrapp=1&app2=2&app", "app"), "");
  EXPECT_EQ(query_value("app=&app=2", "app"), "");
  EXPECT_EQ(query_value("&&app=live", "app"), "live");
  EXPECT_EQ(vhost_in_query("domain=d.example&vhost=v.example"), "v.example");
  EXPECT_EQ(vhost_in_query("domain=d.example"), "d.example");
}

TEST(Url, DecodesPercentsAndLeavesPlus) {
  const auto decoded = [](std::string_view text) {
    ShortText<8> out;
    return push_decoded(text, out) ? std::string(out.view()) : "none";
  };
  EXPECT_EQ(decoded("a%2Fb%2f"), "a/b/");
  EXPECT_EQ(decoded("a+b"), "a+b");
  EXPECT_EQ(decoded("%41%"), "A%");
  EXPECT_EQ(decoded("%4"), "%4");
  EXPECT_EQ(decoded("%4gx"), "none");
  EXPECT_EQ(decoded("123456789"), "none");
}

}  // namespace
}  // namespace lb
