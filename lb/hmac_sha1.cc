// SPDX-License-Identifier: MIT
#include "lb/hmac_sha1.h"

// OpenSSL 3 deprecates SHA_CTX for its EVP interface, which allocates twice for each HMAC whatever is kept.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>

namespace lb {
namespace {

constexpr size_t kBlock = SHA_CBLOCK;
using Block = std::array<uint8_t, kBlock>;
using State = std::array<uint32_t, 5>;

// SHA-1's state after the one block of `key` with each byte xored with `pad`.
State after_key(Block key, uint8_t pad) {
  for (uint8_t& byte : key) byte ^= pad;
  SHA_CTX context;
  SHA1_Init(&context);
  SHA1_Transform(&context, key.data());
  OPENSSL_cleanse(key.data(), key.size());
  return {context.h0, context.h1, context.h2, context.h3, context.h4};
}

SHA_CTX resume(const State& state) {
  SHA_CTX context{};
  context.h0 = state[0];
  context.h1 = state[1];
  context.h2 = state[2];
  context.h3 = state[3];
  context.h4 = state[4];
  context.Nl = kBlock * 8;  // bits hashed so far
  return context;
}

}  // namespace

HmacSha1Key::HmacSha1Key(std::span<const uint8_t> key) noexcept {
  Block block{};
  if (key.size() > kBlock) {
    SHA_CTX context;
    SHA1_Init(&context);
    SHA1_Update(&context, key.data(), key.size());
    SHA1_Final(block.data(), &context);
  } else {
    std::copy(key.begin(), key.end(), block.begin());
  }
  inner_ = after_key(block, 0x36);
  outer_ = after_key(block, 0x5c);
  OPENSSL_cleanse(block.data(), block.size());
}

Sha1Digest hmac_sha1(const HmacSha1Key& key, std::span<const uint8_t> head,
                     std::span<const uint8_t> rest) noexcept {
  Sha1Digest digest;
  SHA_CTX context = resume(key.inner_);
  SHA1_Update(&context, head.data(), head.size());
  SHA1_Update(&context, rest.data(), rest.size());
  SHA1_Final(digest.data(), &context);
  context = resume(key.outer_);
  SHA1_Update(&context, digest.data(), digest.size());
  SHA1_Final(digest.data(), &context);
  return digest;
}

}  // namespace lb
