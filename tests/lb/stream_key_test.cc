// SPDX-License-Identifier: MIT
#include "lb/stream_key.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

namespace lb {
namespace {

std::string key_of(std::string_view vhost, std::string_view app, std::string_view stream) {
  const auto key = StreamKey::make(vhost, app, stream);
  return key ? std::string(key->text()) : "none";
}

TEST(StreamKey, IsTheStreamUrlOfSrs) {
  EXPECT_EQ(key_of("", "live", "livestream"), "/live/livestream");
  EXPECT_EQ(key_of("ossrs.io", "live", "livestream"), "ossrs.io/live/livestream");
  EXPECT_EQ(key_of("ossrs.io", "live", "livestream.flv"), "ossrs.io/live/livestream");
}

TEST(StreamKey, WhereTheAppEndsChangesNothing) {
  EXPECT_EQ(key_of("", "live", "room/cam"), key_of("", "live/room", "cam"));
  EXPECT_EQ(key_of("", "/live//room/", "/cam/"), "/live/room/cam");
}

TEST(StreamKey, LeavesOutWhatSrsLeavesOut) {
  EXPECT_EQ(key_of("", "live/_definst_", "cam"), "/live/cam");
  EXPECT_EQ(key_of("", "live", "my cam\r\n"), "/live/mycam");
  EXPECT_EQ(key_of("", "live", "cam.1.flv"), "/live/cam.1");
  EXPECT_EQ(key_of("", "v1.2", "cam"), "/v1.2/cam");
  EXPECT_EQ(key_of("", "live", ".cam"), "/live/.cam");
}

TEST(StreamKey, RefusesWhatNamesNoStream) {
  for (const std::string_view bad : {"", "/", " ", "_definst_", "a\x1b", "a\x7f"}) {
    EXPECT_EQ(key_of("", bad, "cam"), "none") << bad;
    EXPECT_EQ(key_of("", "live", bad), "none") << bad;
  }
  for (const std::string_view bad : {"a/b", "a b", "a\n"})
    EXPECT_EQ(key_of(bad, "live", "cam"), "none") << bad;
  EXPECT_EQ(key_of("", "live", std::string_view("a\0b", 3)), "none");
}

TEST(StreamKey, HoldsUpTo255Bytes) {
  const std::string longest(255 - 6, 'x');
  EXPECT_EQ(key_of("", "live", longest), "/live/" + longest);
  EXPECT_EQ(key_of("", "live", longest + "x"), "none");
}

TEST(StreamKey, OfAWholeVhostIsNoStreams) {
  EXPECT_EQ(StreamKey::whole_vhost("ossrs.io")->text(), "ossrs.io/");
  EXPECT_EQ(StreamKey::whole_vhost("")->text(), "/");
  EXPECT_FALSE(StreamKey::whole_vhost(std::string(255, 'x')));
}

TEST(StreamKey, HashesItsTextUnderASeed) {
  const auto a = StreamKey::make("", "live", "a"), again = StreamKey::make("", "/live", "a.flv"),
             b = StreamKey::make("", "live", "b");
  EXPECT_EQ(*a, *again);
  EXPECT_EQ(a->hash(1), again->hash(1));
  EXPECT_NE(a->hash(1), a->hash(2));
  EXPECT_NE(a->hash(1), b->hash(1));
}

// Any bytes: a key is made of parts that a plain splitter finds in the joined path.
TEST(StreamKey, AgreesWithAPlainSplitterOnRandomNames) {
  std::mt19937 random(6);
  const std::string_view alphabet = "ab./ _\t\x01";
  for (int round = 0; round < 20'000; ++round) {
    std::string names[2];
    for (std::string& name : names)
      for (size_t n = random() % 9; n > 0; --n) name += alphabet[random() % (round % 8 == 0 ? 8 : 7)];
    std::string wanted;
    bool good = true;
    for (std::string name : names) {
      good &= name.find('\x01') == std::string::npos;
      std::erase_if(name, [](char c) { return c == ' ' || c == '\t'; });
      const size_t before = wanted.size();
      std::string part;
      for (const char c : name + "/")
        if (c != '/')
          part += c;
        else if (!part.empty())
          wanted += "/" + std::exchange(part, "");
      good &= wanted.size() > before;
    }
    const size_t dot = wanted.rfind('.'), slash = wanted.rfind('/');
    if (good && dot != std::string::npos && dot > slash + 1) wanted.resize(dot);
    ASSERT_EQ(key_of("", names[0], names[1]), good ? wanted : "none") << names[0] << "|" << names[1];
  }
}

}  // namespace
}  // namespace lb
