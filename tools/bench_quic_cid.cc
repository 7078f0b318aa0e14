// SPDX-License-Identifier: MIT
#include "tools/bench_quic_cid.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "lb/quic_lb.h"

namespace bench {

lb::QuicLbConfig config_of(CidEncoding encoding) {
  lb::QuicLbConfig config;
  config.server_id_length = encoding == CidEncoding::kFourPass ? 10 : 8;
  config.nonce_length = 8;
  if (encoding != CidEncoding::kPlaintext) config.key.emplace().fill(0x5c);
  return config;
}

lb::QuicServerId server_id_of(CidEncoding encoding, unsigned server) {
  std::array<uint8_t, lb::kMaxServerIdLength> octets{};
  octets[0] = 0xb0;
  octets[1] = static_cast<uint8_t>(server);
  return lb::QuicServerId::of(std::span(octets).first(config_of(encoding).server_id_length));
}

size_t write_short_header(std::span<uint8_t> room, CidEncoding encoding, unsigned server, uint64_t number) {
  std::array<uint8_t, sizeof(number)> nonce;
  std::memcpy(nonce.data(), &number, sizeof(number));
  const lb::QuicCid cid =
      lb::encode(config_of(encoding), server_id_of(encoding, server).view(), nonce).value();
  room[0] = 0x40;  // RFC 9000 section 17.3.1
  std::copy(cid.view().begin(), cid.view().end(), room.begin() + 1);
  return 1U + cid.length;
}

}  // namespace bench
