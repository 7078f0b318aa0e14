// SPDX-License-Identifier: MIT
#include "lb/server_ufrag.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <random>
#include <set>
#include <string>

namespace lb {
namespace {

constexpr AesKey kKey{0x8f, 0x95, 0xf0, 0x92, 0x45, 0x76, 0x5f, 0x80,
                      0x25, 0x69, 0x34, 0xe5, 0x0c, 0x66, 0x20, 0x7f};
constexpr AesKey kOther{1};

std::string text(const ServerUfrag& ufrag) { return {ufrag.begin(), ufrag.end()}; }
std::string made(uint16_t server, uint8_t nonce = 0) {
  return text(encode_ufrag(Aes128(kKey), server, {nonce, 1, 2, 3, 4, 5, 6, 7}));
}

// The same by libcrypto: AES-128-ECB, then base64 without its padding.
std::string by_libcrypto(uint16_t server, const UfragNonce& nonce) {
  AesBlock plain{static_cast<uint8_t>(server >> 8), static_cast<uint8_t>(server)};
  std::copy(nonce.begin(), nonce.end(), plain.begin() + 8);
  uint8_t secret[32];
  int length = 0;
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  EVP_EncryptInit_ex(context, EVP_aes_128_ecb(), nullptr, kKey.data(), nullptr);
  EVP_CIPHER_CTX_set_padding(context, 0);
  EVP_EncryptUpdate(context, secret, &length, plain.data(), 16);
  EVP_CIPHER_CTX_free(context);
  char base64[25];
  EVP_EncodeBlock(reinterpret_cast<uint8_t*>(base64), secret, 16);
  return {base64, kServerUfragLength};
}

TEST(ServerUfrag, EveryServerIdComesBack) {
  const Aes128 key(kKey);
  for (unsigned server = 0; server < 65536; ++server)
    ASSERT_EQ(decode_ufrag(key, made(static_cast<uint16_t>(server))), server);
}

TEST(ServerUfrag, IsWhatLibcryptoMakes) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 10000; ++i) {
    const auto server = static_cast<uint16_t>(random());
    UfragNonce nonce;
    for (uint8_t& octet : nonce) octet = static_cast<uint8_t>(random());
    ASSERT_EQ(text(encode_ufrag(Aes128(kKey), server, nonce)), by_libcrypto(server, nonce));
  }
}

TEST(ServerUfrag, HasIceCharactersOnlyAndAnotherFaceForEachNonce) {
  std::set<std::string> seen;
  for (unsigned nonce = 0; nonce < 256; ++nonce) {
    const std::string ufrag = made(17, static_cast<uint8_t>(nonce));
    EXPECT_TRUE(seen.insert(ufrag.substr(0, 6)).second) << "sessions of one server must not look alike";
    for (const char c : ufrag)
      EXPECT_TRUE(std::isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '/');
  }
}

TEST(ServerUfrag, OfAnotherKeyOrLengthOrAlphabetIsForeign) {
  const Aes128 key(kKey);
  const std::string ufrag = made(17);
  EXPECT_EQ(decode_ufrag(Aes128(kOther), ufrag), std::nullopt);
  for (size_t length = 0; length < 40; ++length) {
    const std::string cut = (ufrag + std::string(20, 'A')).substr(0, length);
    if (length == kServerUfragLength) continue;
    EXPECT_EQ(decode_ufrag(key, cut), std::nullopt) << length;
  }
  for (unsigned c = 0; c < 256; ++c) {
    std::string damaged = ufrag;
    damaged[5] = static_cast<char>(c);
    if (damaged == ufrag) continue;
    EXPECT_EQ(decode_ufrag(key, damaged), std::nullopt) << c;
  }
}

TEST(ServerUfrag, BitsThatCarryNothingMustBeZero) {
  std::string ufrag = made(17);
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const size_t last = alphabet.find(ufrag.back());
  for (size_t spare = 1; spare < 16; ++spare) {
    ufrag.back() = alphabet[last | spare];
    EXPECT_EQ(decode_ufrag(Aes128(kKey), ufrag), std::nullopt) << spare;
  }
}

}  // namespace
}  // namespace lb
