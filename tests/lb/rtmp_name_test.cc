// SPDX-License-Identifier: MIT
// The forms that SRS documents for its users, and those that its server takes besides.
#include "lb/rtmp_name.h"

#include <gtest/gtest.h>

#include <string>

#include "lb/stream_key.h"
#include "lb/vhost_list.h"

namespace lb {
namespace {

std::string joined(const RtmpName& name) {
  return std::string(name.host()) + "|" + std::string(name.app()) + "|" + std::string(name.stream());
}
std::string name_of(std::string_view tc_url, std::string_view stream, std::string_view app = "") {
  RtmpName name;
  return name.connect(app, tc_url) && name.open(stream) ? joined(name) : "refused";
}

TEST(RtmpName, IsTcUrlsHostAndAppAndTheStream) {
  EXPECT_EQ(name_of("rtmp://cdn.example/live", "cam"), "cdn.example|live|cam");
  EXPECT_EQ(name_of("rtmp://cdn.example:19350/live/", "cam"), "cdn.example:19350|live|cam");
  EXPECT_EQ(name_of("rtmp://[2001:db8::1]:1935/a/b", "c/d"), "[2001:db8::1]:1935|a/b|c/d");
  EXPECT_EQ(name_of("rtmp://h/live", "cam?secret=a/b&x=1"), "h|live|cam");
}

TEST(RtmpName, AVhostParameterBeatsTheHost) {
  EXPECT_EQ(name_of("rtmp://h/live?vhost=v.example", "cam"), "v.example|live|cam");
  EXPECT_EQ(name_of("rtmp://h/live?vhost=v.example/", "cam"), "v.example|live|cam");
  EXPECT_EQ(name_of("rtmp://h/live?domain=v.example&a=b", "cam"), "v.example|live|cam");
  EXPECT_EQ(name_of("rtmp://h/live", "cam?key=1&vhost=v.example"), "v.example|live|cam");
  EXPECT_EQ(name_of("rtmp://h/live?vhost=a.example", "cam?vhost=b.example"), "b.example|live|cam");
  EXPECT_EQ(name_of("rtmp://h/live...vhost...v.example", "cam"), "v.example|live|cam");
}

TEST(RtmpName, TheDefaultVhostsNameLeavesItToTheHost) {
  EXPECT_EQ(name_of("rtmp://h/live?vhost=__defaultVhost__", "cam"), "h|live|cam");
  EXPECT_EQ(name_of("rtmp://h/live?vhost=v.example", "cam?vhost=__defaultVhost__"), "v.example|live|cam");
}

TEST(RtmpName, AppAloneIsTakenWhereTcUrlIsMissing) {
  EXPECT_EQ(name_of("", "cam", "live"), "|live|cam");
  EXPECT_EQ(name_of("", "cam", "live?vhost=v.example"), "v.example|live|cam");
  EXPECT_EQ(name_of("rtmp://h/live", "cam", "other"), "h|live|cam");
}

TEST(RtmpName, AnUnnamedStreamIsTheLastPartOfTheApp) {
  EXPECT_EQ(name_of("rtmp://h/live/cam", ""), "h|live|cam");
  EXPECT_EQ(name_of("rtmp://h/live/cam", "?key=1&vhost=v.example"), "v.example|live|cam");
  EXPECT_EQ(name_of("rtmp://h/live", ""), "refused");
}

TEST(RtmpName, AnUnnamedAppHasSrssName) {
  EXPECT_EQ(name_of("rtmp://h", "cam"), "h|__defaultApp__|cam");
  EXPECT_EQ(name_of("rtmp://h/", "cam"), "h|__defaultApp__|cam");
}

TEST(RtmpName, WhatIsTooLongForAKeyIsRefused) {
  const std::string longest(255, 'x'), longer(256, 'x');
  EXPECT_EQ(name_of("rtmp://h/" + longest, longest), "h|" + longest + "|" + longest);
  EXPECT_EQ(name_of("rtmp://h/" + longer, "cam"), "refused");
  EXPECT_EQ(name_of("rtmp://" + longer + "/live", "cam"), "refused");
  EXPECT_EQ(name_of("rtmp://h/live", longer), "refused");
  EXPECT_EQ(name_of("rtmp://h/live", "cam?vhost=" + longer), "refused");
  EXPECT_EQ(name_of("rtmp://h/live?token=" + longer, "cam?token=" + longer), "h|live|cam");
}

TEST(RtmpName, GivesPublishersAndPlayersOneKey) {
  const auto key = [](std::string_view tc_url, std::string_view stream) {
    RtmpName name;
    EXPECT_TRUE(name.connect("", tc_url) && name.open(stream));
    const auto made = StreamKey::make(VhostList().find(name.host()), name.app(), name.stream());
    return made ? std::string(made->text()) : "none";
  };
  for (const char* url :
       {"rtmp://a.example/live", "rtmp://192.0.2.1:1935/live/", "rtmp://h/live/_definst_", "rtmp://h//live"})
    EXPECT_EQ(key(url, "cam?token=x"), "/live/cam") << url;
}

}  // namespace
}  // namespace lb
