// SPDX-License-Identifier: MIT
#include "lb/json_member.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

namespace lb {
namespace {

std::string find(std::string_view text, std::string_view name = "streamurl") {
  JsonText value;
  const JsonFind found = find_json_string(text, name, value);
  return found == JsonFind::kFound     ? std::string(value.view())
         : found == JsonFind::kPartial ? "partial"
                                       : "absent";
}

TEST(JsonMember, IsFoundBehindOthers) {
  EXPECT_EQ(find(R"({"streamurl":"webrtc://h/live/cam"})"), "webrtc://h/live/cam");
  EXPECT_EQ(
      find(
          R"( { "a" : [1, {"streamurl":"no"}, "]"], "b":{"c":"}"}, "d":null,"e":-1.5e3, "streamurl" : "yes" )"),
      "yes");
  EXPECT_EQ(find(R"({"streamurl":""})"), "");
}

TEST(JsonMember, OfAnInnerObjectIsNotFound) {
  EXPECT_EQ(find(R"({"a":{"streamurl":"x"}})"), "absent");
  EXPECT_EQ(find(R"({"a":"\"streamurl\":\"x\""})"), "absent");
  EXPECT_EQ(find(R"([{"streamurl":"x"}])"), "absent");
}

TEST(JsonMember, IsDecoded) {
  EXPECT_EQ(find(R"({"streamurl":"webrtc:\/\/h\/live\/\"\\\b\f\n\r\t"})"), "webrtc://h/live/\"\\\b\f\n\r\t");
  EXPECT_EQ(find("{\"streamurl\":\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\"}"),
            "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(find(R"({"stream\u0075rl":"x"})"), "x");
}

TEST(JsonMember, BehindWhatIsNoJsonIsAbsent) {
  for (const char* text : {"x", "{x", "{\"a\" 1", "{\"a\":1]", "{\"streamurl\":1}", "{\"streamurl\":null}",
                           "{}", "{\"a\":1}", "{\"streamurl\":\"\\x\"}", "{\"streamurl\":\"\\u12x4\"}",
                           "{\"streamurl\":\"\\ud83dx\"}", "{\"streamurl\":\"\\ud83d\\u0041\"}",
                           "{\"streamurl\":\"\\ud83d\\ue000\"}", "{\"streamurl\":\"\\ude00\"}", "{\"a\":}]"})
    EXPECT_EQ(find(text), "absent") << text;
}

TEST(JsonMember, IsWaitedForFromEveryBeginning) {
  const std::string text = R"({"sdp":"v=0\r\n\u00e9","x":[{},"\"",{"y":[]}],"streamurl":"\ud83d\ude00\/a")";
  for (size_t n = 0; n < text.size(); ++n) EXPECT_EQ(find(text.substr(0, n)), "partial") << n;
  EXPECT_EQ(find(text), "\xf0\x9f\x98\x80/a");
}

TEST(JsonMember, OfMoreThan512BytesIsAbsentAndALongNeighbourIsNot) {
  const std::string longest(512, 'x');
  EXPECT_EQ(find("{\"streamurl\":\"" + longest + "\"}"), longest);
  EXPECT_EQ(find("{\"streamurl\":\"" + longest + "x\"}"), "absent");
  EXPECT_EQ(find("{\"" + longest + longest + "\":\"" + longest + longest + "\",\"streamurl\":\"x\"}"), "x");
}

TEST(JsonMember, IsFoundHoweverDeepANeighbourIs) {
  const std::string deep(100'000, '[');
  EXPECT_EQ(find("{\"a\":" + deep + std::string(100'000, ']') + ",\"streamurl\":\"x\"}"), "x");
  EXPECT_EQ(find("{\"a\":" + deep), "partial");
}

class Writer {
 public:
  // An object whose first member of that name, if it has one, is the string that comes back; "absent" otherwise.
  std::string write_object(std::string& wanted) {
    wanted = "absent";
    bool decided = false;
    json_ = "{";
    for (size_t n = random_() % 5 + 1; n > 0; --n) {
      const bool named = random_() % 3 == 0, string = random_() % 2 == 0;
      const std::string text = some_text();
      json_ += blank() + quoted(named ? "streamurl" : some_text() + "x") + blank() + ":" + blank();
      if (string)
        json_ += quoted(text);
      else
        write_value(3);
      json_ += blank() + (n > 1 ? "," : "}");
      if (named && !std::exchange(decided, true) && string) wanted = text;
    }
    return json_;
  }

 private:
  std::string blank() {
    return std::string(random_() % 3 == 0 ? random_() % 3 : 0, " \t\r\n"[random_() % 4]);
  }
  std::string some_text() {
    std::string text;
    for (size_t n = random_() % 6; n > 0; --n) text += "ab/\"\\{}[],:u\n"[random_() % 13];
    return text;
  }
  std::string quoted(const std::string& text) {
    std::string json = "\"";
    for (const char c : text) {
      char escape[8];
      snprintf(escape, sizeof escape, "\\u%04x", c);
      if (c == '\n' || random_() % 4 == 0)
        json += escape;
      else
        json += (c == '"' || c == '\\' || (c == '/' && random_() % 2 == 0) ? "\\" : "") + std::string(1, c);
    }
    return json + "\"";
  }
  void write_value(int depth) {
    const size_t kind = depth == 0 ? 3 : random_() % 4;
    if (kind == 3) {
      json_ += std::array{"null", "-1.5e3", "true", "0"}[random_() % 4];
      return;
    }
    json_ += kind == 0 ? "[" : "{";
    for (size_t n = random_() % 3; n > 0; --n) {
      if (kind != 0) json_ += quoted(random_() % 2 == 0 ? "streamurl" : some_text()) + ":";
      if (random_() % 2 == 0)
        json_ += quoted(some_text());
      else
        write_value(depth - 1);
      if (n > 1) json_ += ",";
    }
    json_ += kind == 0 ? "]" : "}";
  }

  std::mt19937 random_{8259};
  std::string json_;
};

TEST(JsonMember, AgreesWithItsWriterOnRandomObjects) {
  Writer writer;
  for (int round = 0; round < 20'000; ++round) {
    std::string wanted;
    const std::string json = writer.write_object(wanted);
    ASSERT_EQ(find(json), wanted) << json;
    const std::string cut = find(json.substr(0, static_cast<size_t>(round) % json.size()));
    ASSERT_TRUE(cut == wanted || cut == "partial") << json;
  }
}

}  // namespace
}  // namespace lb
