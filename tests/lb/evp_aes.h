// SPDX-License-Identifier: MIT
// AES-128-ECB of libcrypto's EVP, the plain twin of lb/aes128.
#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <memory>

#include "lb/aes128.h"

namespace lb::test {

class EvpAes {
 public:
  explicit EvpAes(const AesKey& key) {
    EXPECT_EQ(EVP_EncryptInit_ex(seal_.get(), EVP_aes_128_ecb(), nullptr, key.data(), nullptr), 1);
    EXPECT_EQ(EVP_DecryptInit_ex(open_.get(), EVP_aes_128_ecb(), nullptr, key.data(), nullptr), 1);
    EVP_CIPHER_CTX_set_padding(seal_.get(), 0);
    EVP_CIPHER_CTX_set_padding(open_.get(), 0);
  }

  AesBlock encrypt(const AesBlock& block) {
    AesBlock out{};
    int length = 0;
    EXPECT_EQ(EVP_EncryptUpdate(seal_.get(), out.data(), &length, block.data(), 16), 1);
    return out;
  }
  AesBlock decrypt(const AesBlock& block) {
    AesBlock out{};
    int length = 0;
    EXPECT_EQ(EVP_DecryptUpdate(open_.get(), out.data(), &length, block.data(), 16), 1);
    return out;
  }

 private:
  using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;
  Context seal_{EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free};
  Context open_{EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free};
};

}  // namespace lb::test
