// SPDX-License-Identifier: MIT
// The codec of QUIC-LB against a twin that knows nothing of it, on random ids of every length; and every prefix of an id.
#include <gtest/gtest.h>

#include <random>

#include "lb/quic_lb_cipher.h"
#include "tests/lb/quic_lb_rig.h"

namespace lb {
namespace {

using test::ExactOctets;
using test::from_hex;
using test::live;
using test::Octets;
using test::to_hex;

class Draw {
 public:
  explicit Draw(unsigned seed) : random_(seed) {}

  unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }
  Octets octets(size_t count) {
    Octets drawn(count);
    for (uint8_t& octet : drawn) octet = static_cast<uint8_t>(random_());
    return drawn;
  }
  AesKey key() {
    AesKey key;
    for (uint8_t& octet : key) octet = static_cast<uint8_t>(random_());
    return key;
  }
  // Any of the 120 pairs of lengths, as often with a key as not needed.
  QuicLbConfig config() {
    QuicLbConfig config;
    config.config_id = static_cast<uint8_t>(below(7));
    do {
      config.server_id_length = static_cast<uint8_t>(1 + below(15));
      config.nonce_length = static_cast<uint8_t>(4 + below(15));
    } while (!config.check().ok());
    config.encodes_length = below(2) == 0;
    if (below(8) != 0) config.key = key();
    return config;
  }

 private:
  std::mt19937_64 random_;
};

TEST(QuicLbRandom, EncodesAsThePlainTwinAndDecodesWhatWasEncoded) {
  Draw draw(20);
  for (int round = 0; round < 10'000; ++round) {
    const QuicLbConfig config = draw.config();
    const Octets server_id = draw.octets(config.server_id_length), nonce = draw.octets(config.nonce_length);

    const auto cid = encode(config, server_id, nonce, static_cast<uint8_t>(draw.below(32)));

    ASSERT_TRUE(cid.ok());
    const std::string text = to_hex(server_id) + to_hex(nonce);
    ASSERT_EQ(to_hex(cid.value().view().subspan(1)),
              config.key ? test::plain_quic_lb_encrypt(*config.key, text) : text);
    const ExactOctets exact(cid.value().view());
    ASSERT_EQ(test::routed(live({config}), exact.view()), to_hex(server_id));
    ASSERT_EQ(test::routed(live({config}, false), exact.view(), CidEnd::kOpen), to_hex(server_id));
  }
}

TEST(QuicLbRandom, BothWaysDecodeAnyOctetsAlike) {
  if (!has_aes_instructions()) GTEST_SKIP() << "this CPU has one way only";
  Draw draw(21);
  for (int round = 0; round < 10'000; ++round) {
    const QuicLbConfig config = draw.config();
    const QuicLbDecoder fast(config, true), plain(config, false);
    const ExactOctets body(draw.octets(config.cid_length() - 1));

    ASSERT_EQ(fast.decode(body.view().data()), plain.decode(body.view().data()))
        << to_hex(body.view()) << " " << +config.server_id_length << " " << +config.nonce_length;
  }
}

TEST(QuicLbRandom, IdsDecodedAtOnceAreWhatEachIsAlone) {
  Draw draw(23);
  unsigned at_once = 0;
  for (int round = 0; round < 5'000; ++round) {
    const QuicLbDecoder decoder(draw.config());
    if (!decoder.takes_passes()) continue;
    std::vector<ExactOctets> octets;
    std::array<const uint8_t*, QuicLbDecoder::kLanes> bodies;
    octets.reserve(bodies.size());
    for (const uint8_t*& body : bodies)
      body = octets.emplace_back(draw.octets(decoder.cid_length() - 1)).view().data();
    std::array<QuicServerId, QuicLbDecoder::kLanes> ids;

    decoder.decode_lanes(bodies, ids);

    for (unsigned i = 0; i < ids.size(); ++i) ASSERT_EQ(ids[i], decoder.decode(bodies[i]));
    ++at_once;
  }
  EXPECT_EQ(at_once > 0, has_aes_instructions());
}

TEST(QuicLbRandom, EveryPrefixIsTooShortUntilItIsLongEnough) {
  Draw draw(22);
  for (unsigned server_id = 1; server_id <= 15; ++server_id)
    for (unsigned nonce = 4; server_id + nonce <= 19; ++nonce) {
      QuicLbConfig config = test::config_of(draw.below(7), server_id, nonce);
      config.key = draw.key();
      const QuicLbConfigs configs = live({config});
      Octets cid = draw.octets(30);
      cid[0] = static_cast<uint8_t>(config.config_id << 5 | (cid[0] & 31));
      for (size_t length = 0; length <= cid.size(); ++length) {
        const ExactOctets prefix{std::span(cid).first(length)};
        const auto wanted = length == 0                      ? Unroutable::kEmpty
                            : length < 1 + server_id + nonce ? Unroutable::kTooShort
                                                             : Unroutable::kNo;
        for (const CidEnd end : {CidEnd::kExact, CidEnd::kOpen})
          ASSERT_EQ(configs.decode(prefix.view(), end).reason, wanted) << length;
      }
    }
}

}  // namespace
}  // namespace lb
