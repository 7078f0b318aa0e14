// SPDX-License-Identifier: MIT
// Rung 3: offers and answers as Chromium and SRS sent them (tests/vectors/whip), read as they cross.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "lb/whip_text.h"
#include "tests/lb/ice_rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

constexpr const char *kBrowser = "198.51.100.7:50000", *kHttp = "10.10.0.100:1985";
constexpr const char* kSession = "0r85635k:Eo91";  // of the recorded exchange
constexpr const char* kRecordedServerPassword = "8198l5508ic003f8qyv702e50p0x2310";

std::string recorded(const char* name) {
  std::ifstream file(std::string(WHIP_VECTORS) + "/" + name, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty()) << name;
  return text.str();
}

// A balancer with SRS's API, whose WHIP is read for the service "rtc".
class WhipReader : public testing::Test {
 protected:
  explicit WhipReader(unsigned workers = 1)
      : rig_(
            [](SnapshotSpec& spec) {
              ServiceSpec api = service(spec, "rtmp");
              api.name = "api";
              api.port_first = api.port_last = 1985;
              api.reads_whip = true;
              spec.services.push_back(api);
            },
            workers) {}

  // One connection, on which both ends then talk.
  void connect() {
    request_sequence_ = answer_sequence_ = 5000;
    opened_ = rig_.send(tcp(kBrowser, kHttp).syn().sequence(4999), kOutside, request_worker_);
    from_server(FrameBuilder(tcp_of_server()).syn_ack().sequence(4999));
  }
  void request(std::string_view text, size_t segment = 1400) {
    for (size_t at = 0; at < text.size(); at += segment) {
      const auto part = text.substr(at, segment);
      rig_.send(tcp(kBrowser, kHttp).sequence(request_sequence_).payload(part), kOutside, request_worker_);
      request_sequence_ += static_cast<uint32_t>(part.size());
    }
  }
  void answer(std::string_view text, size_t segment = 1400) {
    for (size_t at = 0; at < text.size(); at += segment) {
      const auto part = text.substr(at, segment);
      from_server(tcp_of_server().sequence(answer_sequence_).payload(part));
      answer_sequence_ += static_cast<uint32_t>(part.size());
    }
  }
  FrameBuilder tcp_of_server() const {
    const FrameFields seen = opened_.fields();
    return tcp(seen.destination.to_string(), seen.source.to_string())
        .from(seen.destination_mac)
        .to(kInsideMac);
  }
  void from_server(const FrameBuilder& frame) { rig_.send(frame, kInside, answer_worker_); }

  uint8_t server() const { return opened_.fields().destination.address.bytes()[15]; }
  // The session's media comes from elsewhere, and reaches the server of the HTTP exchange by what was read.
  void expect_learned(const char* name = kSession, const char* password = kRecordedServerPassword) {
    const Outcome media = rig_.from("203.0.113.9:6000", check({.name = name, .password = password}));
    ASSERT_EQ(to_string(media), "tx");
    EXPECT_EQ(media.fields().destination.address.bytes()[15], server());
    EXPECT_EQ(rig_.opened(Rung::kWhip), 1U);
  }
  bool has_key(KeyOf whose, const char* name = kSession) {
    const auto found = rig_.session(name);
    return found && found->control.key(whose) == KeyState::kThere;
  }

  IceRig rig_;
  unsigned request_worker_ = 0, answer_worker_ = 0;
  Outcome opened_;
  uint32_t request_sequence_ = 0, answer_sequence_ = 0;
};

class WhipReaderOnTwoWorkers : public WhipReader {
 protected:
  WhipReaderOnTwoWorkers() : WhipReader(2) { answer_worker_ = 1; }
};

TEST_F(WhipReader, ARecordedExchangeNamesTheSessionAndBothPasswords) {
  connect();
  request(recorded("request.http"));
  answer(recorded("response.http"));

  EXPECT_TRUE(has_key(KeyOf::kServer));
  EXPECT_TRUE(has_key(KeyOf::kClient));
  expect_learned();
}

TEST_F(WhipReaderOnTwoWorkers, OfferAndAnswerMayComeToTwoWorkers) {
  connect();
  request(recorded("request.http"));
  answer(recorded("response.http"));

  EXPECT_TRUE(has_key(KeyOf::kServer));
  EXPECT_TRUE(has_key(KeyOf::kClient));
}

TEST_F(WhipReader, AnyCutOfTheAnswerIsRead) {
  for (const size_t segment : {1, 2, 7, 64, 285, 437, 438, 1000}) {
    SCOPED_TRACE(segment);
    WhipReader::rig_.wait_s(70);
    connect();
    request(recorded("request.http"), 300);
    answer(recorded("response.http"), segment);
    EXPECT_TRUE(has_key(KeyOf::kServer));
    EXPECT_TRUE(has_key(KeyOf::kClient));
    from_server(FrameBuilder(tcp_of_server()).rst());
    rig_.wait_s(70);
    EXPECT_FALSE(rig_.session(kSession)) << "nobody came for it";
  }
}

TEST_F(WhipReader, SegmentsOutOfOrderAndTwiceAreRead) {
  connect();
  request(recorded("request.http"));
  const std::string text = recorded("response.http");
  for (const size_t at : {800U, 0U, 400U, 0U, 1200U, 1600U}) {
    const std::string part = text.substr(at, 400);
    from_server(tcp_of_server().sequence(5000 + static_cast<uint32_t>(at)).payload(part));
  }
  EXPECT_TRUE(has_key(KeyOf::kServer));
}

TEST_F(WhipReader, SeveralAnswersOnOneConnectionAreRead) {
  connect();
  for (int n = 0; n < 20; ++n) {
    const std::string client = "CL" + std::to_string(10 + n), ufrag = "server" + std::to_string(10 + n);
    const std::string offer =
        "v=0\r\na=ice-ufrag:" + client + "\r\na=ice-pwd:" + std::string(24, 'c') + "\r\n";
    const std::string sdp = "v=0\r\na=ice-ufrag:" + ufrag + "\r\na=ice-pwd:" + std::string(32, 's') + "\r\n";
    request("POST /rtc/v1/whip/ HTTP/1.1\r\nContent-Length: " + std::to_string(offer.size()) + "\r\n\r\n" +
            offer);
    answer("HTTP/1.1 201 Created\r\nLocation: /x?session=" + ufrag + "%3A" + client +
           "\r\nContent-Length: " + std::to_string(sdp.size()) + "\r\n\r\n" + sdp);
    EXPECT_TRUE(has_key(KeyOf::kServer, (ufrag + ":" + client).c_str())) << n;
    EXPECT_TRUE(has_key(KeyOf::kClient, (ufrag + ":" + client).c_str())) << n;
  }
}

TEST_F(WhipReader, TheOlderJsonApiIsRead) {
  connect();
  std::string text = recorded("publish-response.http");  // kept with bare line feeds
  for (size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) text.replace(at, 1, "\r\n");
  answer(text);

  EXPECT_TRUE(has_key(KeyOf::kServer, "r43i789o:Eo91"));
}

TEST_F(WhipReader, AServerThatNamesNoSessionIsUnderstoodByOfferAndAnswer) {
  connect();
  request(recorded("request.http"));
  std::string text = recorded("response.http");
  text.replace(text.find("&session="), 9, "&nothing=");
  answer(text);

  EXPECT_TRUE(has_key(KeyOf::kServer)) << "the name is the answer's ufrag and the offer's";
}

TEST_F(WhipReader, ALostBeginningIsFoundAgainAtTheNextMessage) {
  connect();
  request_sequence_ += 10'000'000;
  answer_sequence_ += 20'000'000;
  request(recorded("request.http"));
  EXPECT_FALSE(rig_.session(kSession));
  answer(recorded("response.http"));
  EXPECT_FALSE(rig_.session(kSession)) << "far from what was seen: not this connection's";
}

TEST_F(WhipReader, ALiveNameIsNeverGivenToAnotherServer) {
  connect();
  request(recorded("request.http"));
  answer(recorded("response.http"));
  const uint8_t owner = server();
  expect_learned();

  for (int n = 0; n < 20; ++n) {
    opened_ = rig_.send(tcp("192.0.2.66:" + std::to_string(1000 + n), kHttp).syn().sequence(4999));
    answer_sequence_ = 5000;
    answer(recorded("response.http"));
  }
  EXPECT_GT(rig_.ice().conflicts.get(), 0U);
  const Outcome media = rig_.from(
      "203.0.113.9:6000", check({.name = kSession, .password = kRecordedServerPassword, .number = 2}));
  EXPECT_EQ(media.fields().destination.address.bytes()[15], owner);
}

TEST_F(WhipReader, AClientThatWritesAnswersItselfTeachesNothing) {
  connect();
  request(recorded("response.http"));

  EXPECT_FALSE(rig_.session(kSession));
  EXPECT_EQ(rig_.ice().learned.get(), 0U);
}

// SRS repeats the stream's name in its Location, and lets its client choose ufrag and password.
TEST_F(WhipReader, AStreamsNameCannotSpeakOfAnotherSession) {
  connect();
  request(recorded("request.http"));
  std::string text = recorded("response.http");
  text.replace(text.find("stream=w1"), 9, "stream=w1&session=victim00:VICT");
  answer(text);

  EXPECT_TRUE(has_key(KeyOf::kServer)) << "its own";
  EXPECT_FALSE(rig_.session("victim00:VICT"));
}

TEST_F(WhipReader, AnAnswerThatNamesAnotherUfragThanItsSdpIsNotBelieved) {
  connect();
  request(recorded("request.http"));
  std::string text = recorded("response.http");
  text.replace(text.find("session=0r85635k"), 16, "session=victim00");
  answer(text);

  EXPECT_FALSE(rig_.session("victim00:Eo91"));
  EXPECT_EQ(rig_.ice().not_learned.get(), 1U);
}

TEST_F(WhipReader, ASessionThatHasItsClientGetsNoPasswords) {
  connect();
  const uint8_t owner = server();
  rig_.learn(owner, nullptr, kSession);
  rig_.from("203.0.113.9:6000", check({.name = kSession}));
  request(recorded("request.http"));
  answer(recorded("response.http"));

  EXPECT_FALSE(has_key(KeyOf::kServer));
  EXPECT_FALSE(has_key(KeyOf::kClient));
  EXPECT_EQ(rig_.ice().conflicts.get(), 1U);
}

TEST_F(WhipReader, RandomBytesAreNeitherReadNorDisturbed) {
  connect();
  for (const char* text : {"\x16\x03\x01 TLS", "HTTP/1.1 201", "POST "}) answer(text);
  EXPECT_EQ(rig_.ice().learned.get(), 0U);
}

TEST(WhipText, CredentialsAreThoseOfTheFirstMediaSection) {
  const auto found =
      ice_credentials("a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=ice-ufrag:other\r\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->ufrag.view(), "abcd");
  EXPECT_EQ(found->password.view(), "0123456789012345678901");
}

TEST(WhipText, JsonsEscapedSlashIsASlash) {
  const auto found = ice_credentials(R"("sdp":"a=ice-ufrag:a\/b+\r\na=ice-pwd:\/123456789012345678901\r\n")");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->ufrag.view(), "a/b+");
  EXPECT_EQ(found->password.view(), "/123456789012345678901");
}

TEST(WhipText, WhatIsCutOffOrTooShortIsNotRead) {
  const std::string good = "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n";
  for (size_t n = 0; n < good.size() - 2; ++n) EXPECT_FALSE(ice_credentials(good.substr(0, n))) << n;
  EXPECT_FALSE(ice_credentials("a=ice-ufrag:abc\r\na=ice-pwd:0123456789012345678901\r\n"));
  EXPECT_FALSE(ice_credentials("a=ice-ufrag:abcd\r\na=ice-pwd:012345678901234567890\r\n"));
  EXPECT_FALSE(
      ice_credentials("a=ice-ufrag:" + std::string(73, 'u') + "\r\na=ice-pwd:0123456789012345678901\r\n"));
}

TEST(WhipText, SessionIsReadFromLocation) {
  const auto name = [](std::string_view location) {
    const auto found = named_session(location, "");
    return found ? std::string(found->view()) : "none";
  };
  EXPECT_EQ(name("/a?session=abcd:EFGH&x=1"), "abcd:EFGH");
  EXPECT_EQ(name("/a?x=1&session=ab%2bd%3AE%2FGH"), "ab+d:E/GH");
  EXPECT_EQ(name("/a?session=evil:evil&x=1&session=abcd:EFGH"), "abcd:EFGH");
  EXPECT_EQ(name("/a?session=ab+d:a+P3#f"), "ab+d:a+P3") << "SRS does not encode";
  for (const char* bad : {"", "/a", "/a?session=", "/a?session=abc:d", "/a?session=abcdEFGH",
                          "/a?session=ab%zz:cc", "/a?mysession=abcd:EFGH"})
    EXPECT_EQ(name(bad), "none") << bad;
}

}  // namespace
}  // namespace lb
