// SPDX-License-Identifier: MIT
// Cut and damaged messages against a parser that is as plain as can be, in blocks of exactly their size.
#include <gtest/gtest.h>

#include <random>

#include "tests/lb/stun_vectors.h"
#include "tests/lb/stun_writer.h"

namespace lb {
namespace {

using test::Bytes;
using test::ParsedStun;
using test::StunWriter;

struct Plain {
  std::string fault;
  // type and value of each attribute that counts
  std::vector<std::pair<unsigned, Bytes>> attributes;
  [[nodiscard]] const Bytes* find(unsigned type) const {
    for (const auto& [each, value] : attributes)
      if (each == type) return &value;
    return nullptr;
  }
};

// The plain twin: copies attribute by attribute, and asks each time.
Plain plain_parse(const Bytes& b) {
  if (b.size() < 20 || b[0] > 3 || Bytes(b.begin() + 4, b.begin() + 8) != Bytes{0x21, 0x12, 0xa4, 0x42})
    return {"not_stun", {}};
  const auto two = [&](size_t at) { return b.at(at) * 256U + b.at(at + 1); };
  if (two(2) % 4 != 0) return {"odd_length", {}};
  if (two(2) + 20 != b.size()) return {"other_length", {}};
  Plain plain;
  unsigned count = 0;
  bool after_integrity = false, after_fingerprint = false;
  for (size_t at = 20; at < b.size();) {
    if (after_fingerprint) return {"fingerprint_place", {}};
    if (++count == 65) return {};
    const unsigned type = two(at), length = two(at + 2);
    size_t end = at + 4 + length;
    while (end % 4 != 0) ++end;
    if (end > b.size()) return {"attribute_too_long", {}};
    const Bytes value(b.begin() + static_cast<long>(at) + 4, b.begin() + static_cast<long>(at + 4 + length));
    if (type == 0x8028 && length != 4) return {"fingerprint_length", {}};
    if (type == 6 && two(0) == 1 && length > 513 && !after_integrity && plain.find(6) == nullptr)
      return {"username_too_long", {}};
    if (!after_integrity || type == 8 || type == 0x1c || type == 0x8028)
      plain.attributes.emplace_back(type, value);
    after_integrity = after_integrity || type == 8 || type == 0x1c;
    after_fingerprint = type == 0x8028;
    at = end;
  }
  return plain;
}

std::optional<uint64_t> number(const Bytes* value, size_t size) {
  if (value == nullptr || value->size() != size) return std::nullopt;
  uint64_t sum = 0;
  for (const uint8_t byte : *value) sum = sum * 256 + byte;
  return sum;
}

void expect_same(const Bytes& bytes) {
  const ParsedStun stun(bytes);
  const Plain plain = plain_parse(bytes);
  ASSERT_EQ(stun.fault(), plain.fault);
  if (!stun.parsed) return;
  const auto name = stun->username();
  ASSERT_EQ(name.has_value(), plain.find(6) != nullptr);
  if (name) {
    ASSERT_EQ(test::bytes_of(*name), *plain.find(6));
  }
  ASSERT_EQ(stun->priority(), number(plain.find(0x24), 4));
  ASSERT_EQ(stun->controlled(), number(plain.find(0x8029), 8));
  ASSERT_EQ(stun->controlling(), number(plain.find(0x802a), 8));
  ASSERT_EQ(stun->use_candidate(), number(plain.find(0x25), 0).has_value());
  ASSERT_EQ(stun->has_integrity(), plain.find(8) != nullptr);
  ASSERT_EQ(stun->has_fingerprint(), plain.find(0x8028) != nullptr);
  if (stun->has_fingerprint()) {
    const Bytes before(bytes.begin(), bytes.end() - 8);
    ASSERT_EQ(stun->fingerprint_ok(),
              number(plain.find(0x8028), 4) == (test::plain_crc32(before) ^ 0x5354554e));
  }
  // Values that the twin does not compute; AddressSanitizer looks on.
  const auto ufrags = stun->ufrags();
  if (ufrags) {
    ASSERT_EQ(ufrags->server.size() + 1 + ufrags->client.size(), name->size());
  }
  (void)stun->xor_mapped_address();
  (void)stun->error_code();
  (void)stun->integrity_ok(HmacSha1Key(bytes));
}

std::vector<Bytes> originals() {
  std::vector<Bytes> all;
  for (const auto& vector : test::kStunVectors)
    if (const Bytes bytes = test::from_hex(vector.hex); ParsedStun(bytes).parsed) all.push_back(bytes);
  for (const auto& vector : test::kRfc5769Vectors) all.push_back(test::from_hex(vector.hex));
  all.push_back(StunWriter(0x0001)
                    .username("srvA:cliB")
                    .attribute(0xc057, Bytes(4))
                    .attribute(0x802a, Bytes(8, 3))
                    .attribute(0x0025, "")
                    .attribute(0x0024, Bytes(4, 9))
                    .attribute(0x0009, {0, 0, 4, 1})
                    .attribute(0x001c, Bytes(32))
                    .integrity("key")
                    .fingerprint()
                    .bytes());
  StunWriter many(0x0001);
  for (unsigned i = 0; i < 62; ++i) many.attribute(0x8022, "");
  all.push_back(many.username("srvA:cliB").fingerprint().bytes());
  return all;
}

void set_length(Bytes& bytes) {
  if (bytes.size() < 20) return;
  bytes[2] = static_cast<uint8_t>((bytes.size() - 20) >> 8);
  bytes[3] = static_cast<uint8_t>(bytes.size() - 20);
}

TEST(StunDamage, NoPrefixOfAMessageIsAMessage) {
  for (const Bytes& whole : originals())
    for (size_t length = 0; length < whole.size(); ++length) {
      const Bytes prefix(whole.begin(), whole.begin() + static_cast<long>(length));
      ASSERT_NE(ParsedStun(prefix).fault(), "") << length;
    }
}

TEST(StunDamage, PrefixesWithAMendedLengthAreReadAsThePlainParserReadsThem) {
  for (const Bytes& whole : originals())
    for (size_t length = 0; length < whole.size(); ++length) {
      Bytes prefix(whole.begin(), whole.begin() + static_cast<long>(length));
      set_length(prefix);
      expect_same(prefix);
      if (HasFatalFailure()) FAIL() << "cut at " << length;
    }
}

TEST(StunDamage, DamagedMessagesAreReadAsThePlainParserReadsThem) {
  std::mt19937 random(15);
  const std::vector<Bytes> all = originals();
  std::array<unsigned, 2> outcomes{};
  for (unsigned round = 0; round < 100'000; ++round) {
    Bytes bytes = all[random() % all.size()];
    for (unsigned flips = random() % 4; flips > 0; --flips) {
      // most damage to types and lengths
      const size_t at = random() % 4 == 0 ? random() % bytes.size()
                                          : 20 + random() % (bytes.size() - 19) / 4 * 4 + random() % 4;
      if (at < bytes.size())
        bytes[at] = static_cast<uint8_t>(random() % 3 == 0 ? random() : bytes[at] ^ (1U << random() % 8));
    }
    if (random() % 3 == 0) bytes.resize(random() % (bytes.size() + 10));
    if (random() % 4 != 0) set_length(bytes);

    expect_same(bytes);
    if (HasFatalFailure()) FAIL() << "in round " << round;
    ++outcomes[ParsedStun(bytes).parsed ? 0 : 1];
  }
  EXPECT_GT(outcomes[0], 20'000U);
  EXPECT_GT(outcomes[1], 20'000U);
}

}  // namespace
}  // namespace lb
