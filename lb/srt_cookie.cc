// SPDX-License-Identifier: MIT
#include "lb/srt_cookie.h"

#include <array>
#include <cstring>

#include "lb/checksum.h"
#include "lb/srt_wire.h"

namespace lb {
namespace {

constexpr unsigned kTimeAt = 30;
constexpr uint32_t kMacBits = (1U << kTimeAt) - 1;

uint32_t cookie_of(const HmacSha1Key& key, const Endpoint& client, const Endpoint& vip, uint32_t socket,
                   uint64_t period) {
  struct {
    std::array<char, 8> purpose = {'s', 'r', 't'};  // the key signs challenges and SYN cookies, too
    IpAddress client, vip;
    uint16_t client_port, vip_port;
    uint32_t socket;
    uint64_t period;
  } text{.client = client.address,
         .vip = vip.address,
         .client_port = client.port,
         .vip_port = vip.port,
         .socket = socket,
         .period = period};
  static_assert(sizeof(text) == 56);
  const Sha1Digest digest = hmac_sha1(key, {reinterpret_cast<const uint8_t*>(&text), sizeof(text)}, {});
  uint32_t mac;
  std::memcpy(&mac, digest.data(), sizeof(mac));
  return static_cast<uint32_t>(period & 3) << kTimeAt | (mac & kMacBits);
}

}  // namespace

uint32_t srt_cookie(const HmacSha1Key& key, const Endpoint& client, const Endpoint& vip, uint32_t socket,
                    Now now) noexcept {
  return cookie_of(key, client, vip, socket, now.ms / kSrtCookiePeriodMs);
}

bool is_srt_cookie(const HmacSha1Key& key, const Endpoint& client, const Endpoint& vip, uint32_t socket,
                   uint32_t cookie, Now now) noexcept {
  uint64_t period = now.ms / kSrtCookiePeriodMs;
  if (cookie >> kTimeAt != (period & 3)) --period;
  return cookie == cookie_of(key, client, vip, socket, period);
}

void replace_srt_cookie(const Packet& packet, uint32_t cookie) noexcept {
  auto* udp = reinterpret_cast<UdpHeader*>(packet.l4);
  auto* handshake = reinterpret_cast<SrtHandshakePacket*>(packet.l4 + sizeof(UdpHeader));
  ChecksumDelta delta;
  delta.change(handshake->cookie, be32::of(cookie));
  handshake->cookie = be32::of(cookie);
  udp->checksum = delta.apply_udp(udp->checksum);
}

}  // namespace lb
