// SPDX-License-Identifier: MIT
#include "lb/amf0.h"

#include <gtest/gtest.h>

#include "tests/lb/rtmp_writer.h"

namespace lb {
namespace {

using test::amf;
using test::amf_key;
using test::amf_null;
using test::amf_object;
using test::from_hex;
using test::joined;
using test::Octets;

// One of each kind that is in use, nested and not (sections 2.2 to 2.18).
const Octets kValues[] = {
    amf(1.5),
    from_hex("01 01"),
    amf("text"),
    amf_object({amf_key("a"), amf(1.0), amf_key("b"), amf_object({amf_key(""), amf("")})}),
    amf_null(),
    from_hex("06"),
    from_hex("07 0001"),
    joined({from_hex("08 00000001"), amf_key("k"), amf("v"), from_hex("000009")}),
    joined({from_hex("0a 00000002"), amf(1.0), amf("x")}),
    from_hex("0b 4270000000000000 0000"),
    from_hex("0c 00000003 616263"),
    from_hex("0d"),
    from_hex("0f 00000002 3c3e"),
    joined({from_hex("10"), amf_key("class"), amf_key("k"), amf_null(), from_hex("000009")}),
};

TEST(Amf0, ReadsNumbersAndStrings) {
  const Octets octets = joined({amf("connect"), amf(-2.25), from_hex("0c 00000002 6869")});
  Amf0Reader reader(octets);
  EXPECT_EQ(reader.string(), "connect");
  EXPECT_EQ(reader.number(), -2.25);
  EXPECT_EQ(reader.string(), "hi");
  EXPECT_TRUE(reader.is_at_end());
  EXPECT_FALSE(reader.failed());
}

TEST(Amf0, WalksAnObject) {
  const Octets octets = joined({amf_object({amf_key("a"), amf("x"), amf_key("b"), amf(2.0)}), amf("behind")});
  Amf0Reader reader(octets);
  ASSERT_TRUE(reader.object());
  EXPECT_EQ(reader.key(), "a");
  EXPECT_EQ(reader.string(), "x");
  EXPECT_EQ(reader.key(), "b");
  EXPECT_EQ(reader.number(), 2.0);
  EXPECT_EQ(reader.key(), std::nullopt);
  EXPECT_FALSE(reader.failed());
  EXPECT_EQ(reader.string(), "behind");
}

TEST(Amf0, PassesOverEveryKindOfValue) {
  for (const Octets& value : kValues) {
    const Octets octets = joined({value, amf("behind")});
    Amf0Reader reader(octets);
    EXPECT_TRUE(reader.skip()) << test::to_hex(value);
    EXPECT_EQ(reader.string(), "behind") << test::to_hex(value);
  }
}

TEST(Amf0, FailsWhereverAValueIsCutOff) {
  for (const Octets& value : kValues)
    for (size_t size = 0; size < value.size(); ++size) {
      const test::ExactOctets cut({value.data(), size});
      Amf0Reader reader(cut.view());
      EXPECT_FALSE(reader.skip()) << test::to_hex(value) << " " << size;
      EXPECT_TRUE(reader.failed());
      EXPECT_FALSE(reader.number());
    }
}

TEST(Amf0, FailsAtWhatIsReservedOrAmf3) {
  for (const char* hex : {"04", "09", "0e", "11", "12", "ff"}) {
    const Octets octets = from_hex(hex);
    Amf0Reader reader(octets);
    EXPECT_FALSE(reader.skip()) << hex;
  }
}

TEST(Amf0, FailsAtAValueOfAnotherKind) {
  const Octets octets = joined({amf(1.0), amf("x")});
  Amf0Reader as_string(octets), as_object(octets);
  EXPECT_FALSE(as_string.string());
  EXPECT_FALSE(as_object.object());
  EXPECT_TRUE(as_string.failed() && as_object.failed());
}

TEST(Amf0, FollowsArraysToADepthAndNoFurther) {
  for (const unsigned depth : {Amf0Reader::kMaxDepth - 1, Amf0Reader::kMaxDepth}) {
    Octets octets;
    for (unsigned i = 0; i < depth; ++i) octets = joined({octets, from_hex("0a 00000001")});
    octets.push_back(5);
    Amf0Reader reader(octets);
    EXPECT_EQ(reader.skip(), depth < Amf0Reader::kMaxDepth);
  }
}

}  // namespace
}  // namespace lb
