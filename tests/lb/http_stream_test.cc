// SPDX-License-Identifier: MIT
// HTTP on the way: heads, lengths, and what is handed over.
#include "lb/http_stream.h"

#include <gtest/gtest.h>

namespace lb {
namespace {

std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
HeadState state_of(std::string_view text) {
  HttpHead head;
  return parse_http_head(text, head);
}
std::string body_of(const std::optional<HttpMessage>& message) {
  return message ? std::string(message->body) : "none";
}

constexpr std::string_view kPost = "POST /rtc/v1/whip/ HTTP/1.1\r\ncontent-length:  5 \r\n\r\nhello";
constexpr std::string_view kGet = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kCreated =
    "HTTP/1.1 201 Created\r\nLOCATION: /a?b=c\r\nContent-Length: 2\r\n\r\nok";

TEST(HttpHead, ReadsARequest) {
  HttpHead head;
  ASSERT_EQ(parse_http_head(kPost, head), HeadState::kWhole);
  EXPECT_TRUE(head.request);
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.content_length, 5U);
  EXPECT_EQ(kPost.substr(head.bytes), "hello");
}

TEST(HttpHead, SaysWhatIsAskedOfWhomAndWhetherItIsTheLast) {
  const auto read = [](std::string_view text) {
    HttpHead head;
    EXPECT_EQ(parse_http_head(text, head), HeadState::kWhole) << text;
    return std::string(head.target) + "|" + std::string(head.host) + (head.close ? "|close" : "");
  };
  EXPECT_EQ(read("GET /a?b HTTP/1.1\r\nHost: h:80\r\nhost: i\r\n\r\n"), "/a?b|h:80");
  EXPECT_EQ(read("GET /a HTTP/1.1\r\nConnection: upgrade, Close\r\n\r\n"), "/a||close");
  EXPECT_EQ(read("GET /a HTTP/1.0\r\n\r\n"), "/a||close");
  EXPECT_EQ(read("GET /a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"), "/a|");
  EXPECT_EQ(read("GET HTTP/1.1\r\n\r\n"), "|");
  EXPECT_EQ(read("HTTP/1.0 200 OK\r\n\r\n"), "||close");
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nConnection: Closed\r\n\r\n"), "|");
}

TEST(HttpHead, ReadsAResponse) {
  HttpHead head;
  ASSERT_EQ(parse_http_head(kCreated, head), HeadState::kWhole);
  EXPECT_FALSE(head.request);
  EXPECT_EQ(head.status, 201U);
  EXPECT_EQ(head.location, "/a?b=c");
}

TEST(HttpHead, WaitsForTheBlankLine) {
  for (size_t n = 1; n < kCreated.size() - 2; ++n)
    EXPECT_EQ(state_of(kCreated.substr(0, n)), HeadState::kPartial) << n;
}

TEST(HttpHead, RefusesWhatIsNoHttp) {
  for (const char* text :
       {"\x16\x03\x01", "ab", "GET\r\n\r\n", "GET / HTP\r\n\r\n", "HTTP/1.1 abc x\r\n\r\n",
        "HTTP/1.1 99 \r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1234567890123456\r\n\r\n", "POST / HTTP/1.1\r\nno colon\r\n\r\n"})
    EXPECT_EQ(state_of(text), HeadState::kNotHttp) << text;
}

TEST(HttpStream, HandsOverAPostHoweverItIsCut) {
  for (size_t cut = 1; cut < kPost.size(); ++cut) {
    HttpStream stream;
    stream.begin(77);
    stream.add(77, bytes_of(kPost.substr(0, cut)));
    EXPECT_FALSE(stream.next()) << cut;
    stream.add(77 + static_cast<uint32_t>(cut), bytes_of(kPost.substr(cut)));
    EXPECT_EQ(body_of(stream.next()), "hello") << cut;
    EXPECT_FALSE(stream.next());
  }
}

TEST(HttpStream, PassesOverWhatCarriesNoSdp) {
  HttpStream stream;
  stream.begin(0);
  const std::string all =
      std::string(kGet) + std::string(kGet) + std::string(kPost) + std::string(kGet) + std::string(kPost);
  stream.add(0, bytes_of(all));
  EXPECT_EQ(body_of(stream.next()), "hello");
  EXPECT_EQ(body_of(stream.next()), "hello");
  EXPECT_FALSE(stream.next());
  EXPECT_FALSE(stream.is_lost());
}

TEST(HttpStream, PassesOverALongBodyWithoutKeepingIt) {
  HttpStream stream;
  stream.begin(0);
  const std::string head = "HTTP/1.1 404 Not Found\r\nContent-Length: 1000000\r\n\r\n";
  stream.add(0, bytes_of(head));
  EXPECT_FALSE(stream.next());
  const auto end = static_cast<uint32_t>(head.size() + 1000000);
  stream.add(5000, bytes_of("HTTP/1.1 201 in the body\r\n\r\n"));
  stream.add(end, bytes_of(kCreated));
  EXPECT_EQ(body_of(stream.next()), "ok");
}

TEST(HttpStream, HandsOverAsMuchOfALongPostAsTheBufferHolds) {
  HttpStream stream;
  stream.begin(0);
  const std::string head = "POST / HTTP/1.1\r\nContent-Length: 9000\r\n\r\n",
                    all = head + std::string(9000, 'x');
  stream.add(0, bytes_of(all));
  EXPECT_EQ(body_of(stream.next()).size(), StreamBuffer::kCapacity - head.size());
  EXPECT_FALSE(stream.next());
  stream.add(static_cast<uint32_t>(all.size()), bytes_of(kPost));
  EXPECT_EQ(body_of(stream.next()), "hello");
}

TEST(HttpStream, ReadsChunksAndGoesOnBehindThem) {
  HttpStream stream;
  stream.begin(0);
  const std::string all =
      "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" +
      std::string(kCreated);
  stream.add(0, bytes_of(all.substr(0, 60)));
  EXPECT_FALSE(stream.next());
  stream.add(60, bytes_of(all.substr(60)));
  EXPECT_EQ(body_of(stream.next()), "5\r\nhello\r\n0\r\n\r\n");
  EXPECT_EQ(body_of(stream.next()), "ok");
}

TEST(HttpStream, AMessageWithoutLengthEndsWithTheConnection) {
  HttpStream stream;
  stream.begin(0);
  stream.add(0, bytes_of("HTTP/1.1 201 Created\r\n\r\nv=0"));
  EXPECT_FALSE(stream.next());
  stream.end();
  EXPECT_EQ(body_of(stream.next()), "v=0");
  EXPECT_TRUE(stream.is_lost());
}

TEST(HttpStream, GivesUpOnAHeadThatFillsTheBuffer) {
  HttpStream stream;
  stream.begin(0);
  stream.add(0, bytes_of("GET /" + std::string(9000, 'a')));
  EXPECT_FALSE(stream.next());
  EXPECT_TRUE(stream.is_lost());
  stream.begin(10000);
  stream.add(10000, bytes_of(kPost));
  EXPECT_EQ(body_of(stream.next()), "hello");
}

TEST(HttpStream, AnEmptyChunkedAnswerDoesNotHoldUpTheNextOne) {
  HttpStream stream;
  stream.begin(0);
  const std::string empty = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  stream.add(0, bytes_of(empty));
  EXPECT_TRUE(stream.next());
  stream.add(static_cast<uint32_t>(empty.size()),
             bytes_of("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok"));
  const auto message = stream.next();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->body, "ok");
}

}  // namespace
}  // namespace lb
