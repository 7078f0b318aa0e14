// SPDX-License-Identifier: MIT
#include "lb/address.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/lb/frame_builder.h"

namespace lb {
namespace {

using test::ip;

TEST(IpAddress, ReadsAndWritesBothFamilies) {
  for (const char* text :
       {"0.0.0.0", "10.0.0.1", "255.255.255.255", "::", "::1", "2001:db8::1", "fe80::1:2:3"})
    EXPECT_EQ(ip(text).to_string(), text);
  EXPECT_EQ(ip("2001:DB8:0:0::1").to_string(), "2001:db8::1");
}

TEST(IpAddress, RefusesEverythingElse) {
  for (const char* text : {"", "10.0.0", "10.0.0.256", "10.0.0.1 ", " 10.0.0.1", "1:2", "::ffff:10.0.0.1",
                           "fe80::1%eth0", "10.0.0.1/24", "2001:db8::1::2", "host", "0x0a.0.0.1"})
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  EXPECT_FALSE(IpAddress::parse(std::string(100, ':')));
}

TEST(IpAddress, FamiliesAreToldApart) {
  EXPECT_TRUE(ip("10.0.0.1").is_v4());
  EXPECT_FALSE(ip("::1").is_v4());
  EXPECT_EQ(ip("10.1.2.3").as_v4().host(), 0x0a010203U);
  EXPECT_TRUE(IpAddress{}.is_unset());
  EXPECT_TRUE(ip("::").is_unset());
  EXPECT_FALSE(ip("0.0.0.0").is_unset()) << "a v4 address, mapped";
}

TEST(IpAddress, OrderIsThatOfTheWireBytes) {
  EXPECT_LT(ip("9.255.255.255"), ip("10.0.0.0"));
  EXPECT_LT(ip("2001:db8::1"), ip("2001:db8::2"));
  EXPECT_LT(ip("10.0.0.1"), ip("2001:db8::"));
}

TEST(MacAddress, ReadsAndWrites) {
  EXPECT_EQ(MacAddress::parse("52:54:00:aB:34:56")->to_string(), "52:54:00:ab:34:56");
  for (const char* text : {"", "52:54:00:12:34", "52:54:00:12:34:5g", "52-54-00-12-34-56",
                           "52:54:00:12:34:567", "5:54:00:12:34:56:", "+2:54:00:12:34:56"})
    EXPECT_FALSE(MacAddress::parse(text)) << text;
}

TEST(Prefix, ReadsAndWritesWithItsHostBits) {
  EXPECT_EQ(Prefix::parse("10.10.0.2/24")->to_string(), "10.10.0.2/24");
  EXPECT_EQ(Prefix::parse("10.10.0.2/24")->network(), ip("10.10.0.0"));
  EXPECT_EQ(Prefix::parse("2001:db8::2/48")->network(), ip("2001:db8::"));
  for (const char* text :
       {"10.0.0.1", "10.0.0.1/33", "10.0.0.1/", "10.0.0.1/-1", "::1/129", "/8", "10.0.0.1/+8"})
    EXPECT_FALSE(Prefix::parse(text)) << text;
}

TEST(Prefix, AFamilyDoesNotContainTheOther) {
  EXPECT_TRUE(Prefix::parse("0.0.0.0/0")->contains(ip("255.1.2.3")));
  EXPECT_FALSE(Prefix::parse("0.0.0.0/0")->contains(ip("2001:db8::1")));
  EXPECT_TRUE(Prefix::parse("::/0")->contains(ip("2001:db8::1")));
  EXPECT_FALSE(Prefix::parse("::/0")->contains(ip("10.0.0.1")));
}

// Bit by bit, as a child would compare.
bool plain_contains(const Prefix& prefix, const IpAddress& address) {
  const unsigned skip = prefix.address.is_v4() ? 96 : 0;
  if (prefix.address.is_v4() != address.is_v4()) return false;
  for (unsigned bit = skip; bit < skip + prefix.length; ++bit)
    if (((prefix.address.bytes()[bit / 8] ^ address.bytes()[bit / 8]) >> (7 - bit % 8) & 1) != 0)
      return false;
  return true;
}

TEST(Prefix, ContainsWhatABitwiseComparisonSays) {
  std::mt19937_64 random(6);
  unsigned inside = 0;
  for (unsigned round = 0; round < 100'000; ++round) {
    const bool v4 = random() % 2 == 0;
    const auto length = static_cast<uint8_t>(random() % (v4 ? 33 : 129));
    IpAddress one =
        v4 ? IpAddress::v4({static_cast<uint32_t>(random())}) : IpAddress::of_words(random(), random());
    IpAddress other = one;
    const unsigned flip = (v4 ? 96U : 0U) + static_cast<unsigned>(random() % (v4 ? 32 : 128));
    uint8_t bytes[16];
    std::memcpy(bytes, one.bytes(), 16);
    if (random() % 4 != 0) bytes[flip / 8] = static_cast<uint8_t>(bytes[flip / 8] ^ (0x80U >> flip % 8));
    other = IpAddress::v6(bytes);
    const Prefix prefix{one, length};
    ASSERT_EQ(prefix.contains(other), plain_contains(prefix, other))
        << prefix.to_string() << " " << other.to_string();
    inside += prefix.contains(other) ? 1 : 0;
  }
  EXPECT_GT(inside, 30'000U);
  EXPECT_LT(inside, 90'000U);
}

TEST(Endpoint, ReadsAndWritesWithAndWithoutAPort) {
  for (const char* text : {"10.0.0.1:80", "10.0.0.1", "[2001:db8::1]:65535", "2001:db8::1"})
    EXPECT_EQ(Endpoint::parse(text)->to_string(), text);
  EXPECT_EQ(Endpoint::parse("[2001:db8::1]")->to_string(), "2001:db8::1");
  for (const char* text : {"", "10.0.0.1:", "10.0.0.1:0", "10.0.0.1:65536", "[10.0.0.1]:80",
                           "[2001:db8::1]80", "[2001:db8::1", ":80", "10.0.0.1:8 0", "10.0.0.1:-1"})
    EXPECT_FALSE(Endpoint::parse(text)) << text;
}

}  // namespace
}  // namespace lb
