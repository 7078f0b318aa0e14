// SPDX-License-Identifier: MIT
#include "lb/hmac_sha256.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <random>

#include "tests/lb/rtmp_writer.h"

namespace lb {
namespace {

using test::Octets;

Octets of(const Sha256Digest& digest) { return {digest.begin(), digest.end()}; }

Octets plain_hmac(const Octets& key, const Octets& data) {
  Octets digest(32);
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data.data(), data.size(), digest.data(),
       nullptr);
  return digest;
}

TEST(HmacSha256, SignsTheExamplesOfRfc4231) {
  const struct {
    Octets key, data;
    const char* digest;
  } cases[] = {
      // sections 4.2, 4.3, 4.7
      {Octets(20, 0x0b), test::octets_of("Hi There"),
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {test::octets_of("Jefe"), test::octets_of("what do ya want for nothing?"),
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {Octets(131, 0xaa), test::octets_of("Test Using Larger Than Block-Size Key - Hash Key First"),
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
  };
  for (const auto& c : cases) EXPECT_EQ(of(hmac_sha256(c.key, c.data, {})), test::from_hex(c.digest));
}

TEST(HmacSha256, EqualsLibcryptosHoweverTheDataIsCut) {
  std::mt19937 random(13);
  for (size_t length = 0; length < 150; ++length) {
    Octets key(length), data(random() % 300);
    for (Octets* octets : {&key, &data})
      for (uint8_t& octet : *octets) octet = static_cast<uint8_t>(random());
    const std::span<const uint8_t> whole(data);
    const size_t cut = random() % (data.size() + 1);
    ASSERT_EQ(of(hmac_sha256(key, whole.first(cut), whole.subspan(cut))), plain_hmac(key, data)) << length;
  }
}

}  // namespace
}  // namespace lb
