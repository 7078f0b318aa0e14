// SPDX-License-Identifier: MIT
// Whose USERNAME routes: rules S10 to S14 of tests/vectors/stun/STUN.md, by number.
#include "lb/stun.h"

#include <gtest/gtest.h>

#include "tests/lb/stun_writer.h"

namespace lb {
namespace {

using test::binding_request;
using test::Bytes;
using test::ParsedStun;
using test::server_of;
using test::StunWriter;

constexpr unsigned kRequest = 0x0001, kIntegrity = 0x0008, kIntegritySha256 = 0x001c;
constexpr std::string_view kKey = "VOkJxbRl1RmTxUk/WvJxBt";

TEST(StunUsername, S10OnlyBindingRequestsRoute) {
  for (unsigned type = 0; type < 0x400; ++type) {
    const ParsedStun stun(StunWriter(type).username("srvA:cliB").bytes());
    ASSERT_EQ(stun->ufrags().has_value(), type == kRequest) << type;
  }
}

TEST(StunUsername, S10TypesHoldMethodAndClass) {
  const auto of = [](unsigned type) { return ParsedStun(StunWriter(type).bytes()); };

  EXPECT_TRUE(of(0x0001)->is_binding(StunClass::kRequest));
  EXPECT_TRUE(of(0x0011)->is_binding(StunClass::kIndication));
  EXPECT_TRUE(of(0x0101)->is_binding(StunClass::kSuccess));
  EXPECT_TRUE(of(0x0111)->is_binding(StunClass::kError));
  EXPECT_EQ(of(0x0003)->method(), 3U) << "TURN's Allocate";
  EXPECT_EQ(of(0x0003)->message_class(), StunClass::kRequest);
  for (unsigned type = 0; type < 0x4000; ++type)
    ASSERT_EQ(stun_type(stun_method(static_cast<uint16_t>(type)), stun_class(static_cast<uint16_t>(type))),
              type);
}

TEST(StunUsername, S11TheFirstUsernameCounts) {
  EXPECT_EQ(server_of(StunWriter(kRequest).username("srvA:cliB").username("evil:cliB").bytes()), "srvA");
  EXPECT_EQ(server_of(StunWriter(kRequest).username("").username("evil:cliB").bytes()), "none");
}

TEST(StunUsername, S11AFirstOneOfAWrongSizeStillHidesTheSecond) {
  const ParsedStun stun(StunWriter(kRequest).attribute(0x0024, Bytes(3)).attribute(0x0024, Bytes(4)).bytes());

  EXPECT_FALSE(stun->priority());
}

TEST(StunUsername, S12WhatFollowsIntegrityIsNotSeen) {
  for (const unsigned type : {kIntegrity, kIntegritySha256}) {
    StunWriter writer(kRequest);
    writer.attribute(type, Bytes(type == kIntegrity ? 20 : 32)).username("srvA:cliB");
    writer.attribute(0x0024, Bytes(4)).attribute(0x0025, "").attribute(0x802a, Bytes(8));
    const ParsedStun stun(writer.fingerprint().bytes());

    EXPECT_FALSE(stun->username());
    EXPECT_FALSE(stun->priority());
    EXPECT_FALSE(stun->use_candidate());
    EXPECT_FALSE(stun->controlling());
    EXPECT_TRUE(stun->fingerprint_ok()) << "but for this one";
  }
}

TEST(StunUsername, S12OneIntegrityAttributeDoesNotHideTheOther) {
  const ParsedStun stun(StunWriter(kRequest)
                            .username("srvA:cliB")
                            .attribute(kIntegritySha256, Bytes(32))
                            .integrity(kKey)
                            .bytes());

  EXPECT_TRUE(stun->integrity_ok(HmacSha1Key(test::bytes_of(kKey))));
}

TEST(StunUsername, S13AUsernameInABindingRequestHasAtMost513Bytes) {
  const std::string longest = std::string(256, 'a') + ":" + std::string(256, 'b');

  EXPECT_EQ(server_of(binding_request(longest)), std::string(256, 'a'));
  EXPECT_EQ(server_of(binding_request(longest + "b")), "username_too_long");
  EXPECT_EQ(server_of(StunWriter(kRequest).username("srvA:cliB").username(longest + "b").bytes()), "srvA");
  const ParsedStun allocate(StunWriter(0x0003).username(longest + "b").bytes());
  EXPECT_EQ(allocate->username()->size(), 514U) << "TURN's names are not ICE's";
}

TEST(StunUsername, S14TheServersUfragIsWhatPrecedesTheFirstColon) {
  const auto ufrags = split_username("srvA:cli:B");

  EXPECT_EQ(ufrags->server, "srvA");
  EXPECT_EQ(ufrags->client, "cli:B") << "nobody routes by it, so it may be odd";
  EXPECT_EQ(split_username("srvA:")->client, "");
}

TEST(StunUsername, S14TheServersUfragHas4To256Characters) {
  for (const std::string& name :
       {std::string(), std::string(":cliB"), std::string("abc:cliB"), std::string("srvAcliB"),
        std::string(257, 'a') + ":cliB", std::string(512, 'a')})
    EXPECT_FALSE(split_username(name)) << name;
  EXPECT_EQ(split_username(std::string(256, 'a') + ":x")->server.size(), 256U);
}

TEST(StunUsername, S14TheServersUfragIsOfIceChars) {
  const std::string_view ice = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int c = 0; c < 256; ++c) {
    if (c == ':') continue;
    for (size_t place = 0; place < 4; ++place) {
      std::string name = "srvA:cliB";
      name[place] = static_cast<char>(c);
      ASSERT_EQ(split_username(name).has_value(), ice.find(static_cast<char>(c)) != std::string_view::npos)
          << c;
    }
  }
}

}  // namespace
}  // namespace lb
