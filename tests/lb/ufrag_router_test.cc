// SPDX-License-Identifier: MIT
// From ufrags to backends.
#include "lb/ufrag_router.h"

#include <gtest/gtest.h>

#include "lb/server_ufrag.h"

namespace lb {
namespace {

const AesKey kKey{1, 2, 3}, kOtherKey{4, 5, 6};

std::string ufrag(const AesKey& key, uint16_t server, uint8_t nonce = 0) {
  const ServerUfrag made = encode_ufrag(Aes128(key), server, {nonce});
  return {made.data(), made.size()};
}

TEST(UfragRouter, FindsEachServerWhateverTheOrder) {
  const UfragRouter router(kKey, {{42, 7}, {0, 3}, {65535, 1}, {41, 2}});
  for (const auto& [server, backend] :
       {std::pair(0, 3), std::pair(41, 2), std::pair(42, 7), std::pair(65535, 1)})
    for (uint8_t nonce = 0; nonce < 5; ++nonce)
      EXPECT_EQ(router.route(ufrag(kKey, static_cast<uint16_t>(server), nonce)), backend);
}

TEST(UfragRouter, DoesNotGuess) {
  const UfragRouter router(kKey, {{1, 1}, {3, 3}});
  for (const uint16_t stranger : std::initializer_list<uint16_t>{0, 2, 4, 65535})
    EXPECT_EQ(router.route(ufrag(kKey, stranger)), kNoBackendId) << stranger;
  EXPECT_EQ(router.route(ufrag(kOtherKey, 1)), kNoBackendId);
  EXPECT_EQ(router.route(""), kNoBackendId);
  EXPECT_EQ(router.route("5h411447"), kNoBackendId) << "as SRS makes them";
  EXPECT_EQ(router.route(ufrag(kKey, 1).substr(1)), kNoBackendId);
}

TEST(UfragRouter, WithoutAKeyKnowsNobody) { EXPECT_EQ(UfragRouter().route(ufrag(kKey, 1)), kNoBackendId); }

}  // namespace
}  // namespace lb
