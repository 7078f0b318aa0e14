// SPDX-License-Identifier: MIT
#include "lb/hmac_sha256.h"

// OpenSSL 3 deprecates SHA256_CTX for its EVP interface, which allocates.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <algorithm>

namespace lb {
namespace {

using Block = std::array<uint8_t, SHA256_CBLOCK>;

Sha256Digest hash(Block key, uint8_t pad, std::span<const uint8_t> head, std::span<const uint8_t> rest) {
  for (uint8_t& byte : key) byte ^= pad;
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, key.data(), key.size());
  SHA256_Update(&context, head.data(), head.size());
  SHA256_Update(&context, rest.data(), rest.size());
  Sha256Digest digest;
  SHA256_Final(digest.data(), &context);
  return digest;
}

}  // namespace

Sha256Digest hmac_sha256(std::span<const uint8_t> key, std::span<const uint8_t> head,
                         std::span<const uint8_t> rest) noexcept {
  Block block{};
  if (key.size() > block.size())
    SHA256(key.data(), key.size(), block.data());
  else
    std::copy(key.begin(), key.end(), block.begin());
  return hash(block, 0x5c, hash(block, 0x36, head, rest), {});
}

}  // namespace lb
