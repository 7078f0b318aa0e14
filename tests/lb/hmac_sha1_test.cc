// SPDX-License-Identifier: MIT
#include "lb/hmac_sha1.h"

#include <gtest/gtest.h>
#include <openssl/crypto.h>

#include <cstdlib>
#include <random>

#include "tests/lb/stun_writer.h"

namespace lb {
namespace {

using test::Bytes;

uint64_t allocations = 0;
// libcrypto takes other allocators only before its first allocation: before main.
const int counting = CRYPTO_set_mem_functions(
    [](size_t size, const char*, int) { return ++allocations, std::malloc(size); },
    [](void* old, size_t size, const char*, int) { return ++allocations, std::realloc(old, size); },
    [](void* old, const char*, int) { std::free(old); });

Bytes of(const Sha1Digest& digest) { return {digest.begin(), digest.end()}; }

Bytes random_bytes(std::mt19937& random, size_t length) {
  Bytes bytes(length);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

TEST(HmacSha1, SignsTheExamplesOfRfc2202) {
  const struct {
    Bytes key, data;
    const char* digest;
  } cases[] = {
      // section 3, cases 1, 2, 3, 6
      {Bytes(20, 0x0b), test::bytes_of("Hi There"), "b617318655057264e28bc0b6fb378c8ef146be00"},
      {test::bytes_of("Jefe"), test::bytes_of("what do ya want for nothing?"),
       "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
      {Bytes(20, 0xaa), Bytes(50, 0xdd), "125d7342b9ac11cd91a39af48aa17b4f63f175d3"},
      {Bytes(80, 0xaa), test::bytes_of("Test Using Larger Than Block-Size Key - Hash Key First"),
       "aa4ae5e15272d00e95705637ce8a3b55ed402112"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(of(hmac_sha1(HmacSha1Key(c.key), c.data, {})), test::from_hex(c.digest));
}

TEST(HmacSha1, EqualsLibcryptosForEveryLengthOfKeyAndData) {
  std::mt19937 random(13);
  for (size_t key_length = 0; key_length<140; key_length += key_length> 70 ? 13 : 1) {
    const Bytes key = random_bytes(random, key_length);
    const HmacSha1Key prepared(key);
    for (size_t length = 0; length < 200; ++length) {
      const Bytes data = random_bytes(random, length);
      ASSERT_EQ(hmac_sha1(prepared, data, {}), test::plain_hmac_sha1(key, data))
          << key_length << " " << length;
    }
  }
}

TEST(HmacSha1, TwoPiecesSignAsOne) {
  std::mt19937 random(14);
  const Bytes key = random_bytes(random, 22), data = random_bytes(random, 150);
  const HmacSha1Key prepared(key);
  for (size_t cut = 0; cut <= data.size(); ++cut)
    ASSERT_EQ(hmac_sha1(prepared, {data.data(), cut}, {data.data() + cut, data.size() - cut}),
              test::plain_hmac_sha1(key, data))
        << cut;
}

TEST(HmacSha1, APreparedKeySignsAgainAndAgain) {
  const HmacSha1Key key(test::bytes_of("Jefe"));
  const Bytes data = test::bytes_of("what do ya want for nothing?");

  const Sha1Digest once = hmac_sha1(key, data, {});

  for (unsigned round = 0; round < 10; ++round) EXPECT_EQ(hmac_sha1(key, data, {}), once);
}

TEST(HmacSha1, AllocatesNothing) {
  ASSERT_EQ(counting, 1) << "libcrypto allocated before main";
  test::plain_hmac_sha1({1}, {2});
  ASSERT_GT(allocations, 0U) << "libcrypto's own is counted";
  const Bytes key(90, 'k'), data(104, 'd');

  const uint64_t before = allocations;
  const Sha1Digest digest = hmac_sha1(HmacSha1Key(key), data, data);

  EXPECT_EQ(allocations, before);
  EXPECT_NE(digest, Sha1Digest{});
}

}  // namespace
}  // namespace lb
