// SPDX-License-Identifier: MIT
#include "lb/client_hello.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/lb/ask_text.h"
#include "tests/lb/hex.h"

namespace lb {
namespace {

using test::Octets;

Octets recorded(const std::string& name) {
  std::ifstream file(std::string(TLS_VECTORS) + "/" + name + ".bin", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// "name protocol protocol", "partial" or "not it".
std::string read(const Octets& octets) {
  const test::ExactOctets exact(octets);
  ClientHello hello;
  const AskState state = parse_client_hello(exact.view(), hello);
  if (state != AskState::kWhole) return state == AskState::kPartial ? "partial" : "not it";
  std::string text(hello.server_name.view());
  for (size_t i = 0; i < hello.protocol_count; ++i) text += " " + std::string(hello.protocols[i].view());
  return text;
}

void put_length(Octets& octets, size_t length, unsigned bytes) {
  while (bytes-- > 0) octets.push_back(static_cast<uint8_t>(length >> 8 * bytes));
}
Octets with_length(const Octets& content, unsigned bytes) {
  Octets octets;
  put_length(octets, content.size(), bytes);
  octets.insert(octets.end(), content.begin(), content.end());
  return octets;
}
Octets operator+(Octets a, const Octets& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
Octets text(std::string_view text) { return {text.begin(), text.end()}; }

Octets extension(uint8_t type, const Octets& content) { return Octets{0, type} + with_length(content, 2); }
Octets server_name(std::string_view name) {
  return extension(0, with_length(Octets{0} + with_length(text(name), 2), 2));
}
Octets hello_body(const Octets& extensions) {
  return Octets{3, 3} + Octets(32, 0x55) + with_length(Octets(32, 0x66), 1) + with_length({0x13, 1}, 2) +
         with_length({0}, 1) + extensions;
}
Octets hello(const Octets& body) { return Octets{1} + with_length(body, 3); }

// size  of each record but the last
Octets in_records(const Octets& handshake, size_t size) {
  Octets octets;
  for (size_t at = 0; at < handshake.size(); at += size)
    octets = octets + Octets{22, 3, 1} +
             with_length(Octets(handshake.begin() + static_cast<long>(at),
                                handshake.begin() + static_cast<long>(std::min(at + size, handshake.size()))),
                         2);
  return octets;
}
Octets one_record(const Octets& handshake) { return in_records(handshake, handshake.size()); }

TEST(ClientHello, OfRealClientsIsRead) {
  EXPECT_EQ(read(recorded("chromium")), "cam.example.com h2 http/1.1");
  EXPECT_EQ(read(recorded("curl")), "cam.example.com h2 http/1.1");
  EXPECT_EQ(read(recorded("openssl_six_records")), "live.example.com h2 http/1.1");
  EXPECT_EQ(read(recorded("openssl_tls12")), "live.example.com");
  EXPECT_EQ(read(recorded("ffmpeg_gnutls")), "");
}

TEST(ClientHello, SaysWhetherItSpeaksAProtocol) {
  ClientHello hello;
  ASSERT_EQ(parse_client_hello(recorded("curl"), hello), AskState::kWhole);
  EXPECT_TRUE(hello.speaks("h2"));
  EXPECT_TRUE(hello.speaks("http/1.1"));
  EXPECT_FALSE(hello.speaks("h3"));
}

TEST(ClientHello, IsReadAcrossRecordsOfEverySize) {
  const Octets handshake = hello(hello_body(with_length(server_name("a.example"), 2)));
  for (size_t size = 1; size <= handshake.size(); ++size) {
    const Octets octets = in_records(handshake, size);
    EXPECT_EQ(read(octets), "a.example") << size;
    EXPECT_EQ(read(octets + Octets{23, 3, 3, 0, 1, 0}), "a.example") << size;
    for (size_t n = 0; n < octets.size(); ++n)
      ASSERT_EQ(read(Octets(octets.begin(), octets.begin() + static_cast<long>(n))), "partial")
          << size << " " << n;
  }
}

TEST(ClientHello, MayHaveNoExtensionsOrStrangeOnes) {
  EXPECT_EQ(read(one_record(hello(hello_body({})))), "");
  EXPECT_EQ(read(one_record(hello(hello_body(with_length({}, 2))))), "");
  EXPECT_EQ(
      read(one_record(hello(hello_body(with_length(extension(0x2a, {}) + server_name("a.example"), 2))))),
      "a.example");
  const Octets names = with_length(
      Octets{7} + with_length(text("what"), 2) + Octets{0} + with_length(text("b.example"), 2), 2);
  EXPECT_EQ(read(one_record(hello(hello_body(with_length(extension(0, names), 2))))), "b.example");
}

TEST(ClientHello, OfTwoHostNamesGivesTheFirst) {
  const Octets a = Octets{0} + with_length(text("a.example"), 2),
               b = Octets{0} + with_length(text("b.example"), 2);
  EXPECT_EQ(read(one_record(hello(hello_body(with_length(extension(0, with_length(a + b, 2)), 2))))),
            "a.example");
}

TEST(ClientHello, GivesTheFirstFourProtocols) {
  Octets list;
  for (const std::string& name : {std::string("a"), std::string(33, 'x'), std::string(32, 'y'),
                                  std::string("b"), std::string("c"), std::string("d")})
    list = list + with_length(text(name), 1);
  EXPECT_EQ(read(one_record(hello(hello_body(with_length(extension(16, with_length(list, 2)), 2))))),
            " a " + std::string(32, 'y') + " b c");
}

TEST(ClientHello, WhoseLengthsContradictIsNone) {
  const Octets name = server_name("a.example");
  EXPECT_EQ(read(one_record(hello(hello_body(with_length(name, 2) + Octets{0})))), "not it");
  EXPECT_EQ(read(one_record(hello(hello_body(Octets{0, 200} + name)))), "not it");
  EXPECT_EQ(read(one_record(hello(hello_body(with_length(Octets{0}, 2))))), "not it");
  EXPECT_EQ(read(one_record(hello(hello_body(with_length(extension(0, {0, 9, 0, 0, 9, 'a'}), 2))))),
            "not it");
  EXPECT_EQ(read(one_record(hello(hello_body(with_length(extension(0, {0, 1, 0}), 2))))), "not it");
  EXPECT_EQ(read(one_record(hello(hello_body(with_length(extension(16, {0, 2, 2, 'h'}), 2))))), "not it");
  EXPECT_EQ(read(one_record(hello(hello_body(with_length(server_name(std::string(256, 'a')), 2))))),
            "not it");
  EXPECT_EQ(read(one_record(hello(Octets(33, 3)))), "not it");
  EXPECT_EQ(read(one_record(hello(Octets(34, 3) + Octets{32}))), "not it");
}

TEST(ClientHello, WhatIsNoTlsIsToldAtOnce) {
  for (const Octets& octets :
       {text("GET / HTTP/1.1"), Octets{3}, Octets{22, 2}, Octets{22, 3, 1, 0, 0}, Octets{22, 3, 1, 0x40, 1},
        Octets{22, 3, 1, 0, 4, 2}, Octets{0x80, 0x2e, 1, 3, 1}})
    EXPECT_EQ(read(octets), "not it") << test::to_hex(octets);
  EXPECT_EQ(read({22, 3, 1, 0, 1, 1, 23}), "not it");
  EXPECT_EQ(read({}), "partial");
}

TEST(TlsAsk, IsForTheWholeVhost) {
  const VhostList vhosts = VhostList::make(std::vector<std::string>{"cam.example.com"}).value();
  const auto ask = [&vhosts](const Octets& octets, StreamAsk& found) {
    return read_tls_ask(octets, vhosts, found);
  };
  EXPECT_EQ(test::ask_of(ask, recorded("chromium")), "vhost cam.example.com/");
  EXPECT_EQ(test::ask_of(ask, recorded("openssl_tls12")), "vhost /");
  EXPECT_EQ(test::ask_of(ask, recorded("ffmpeg_gnutls")), "vhost /");
  EXPECT_EQ(test::ask_of(ask, text("GET /")), "not it");
  test::expect_the_same_however_it_is_cut(ask, recorded("chromium"));
  test::expect_the_same_however_it_is_cut(ask, recorded("openssl_six_records"));
}

}  // namespace
}  // namespace lb
