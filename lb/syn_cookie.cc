// SPDX-License-Identifier: MIT
#include "lb/syn_cookie.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace lb {
namespace {

constexpr unsigned kTimeAt = 30, kMssAt = 27, kScaleAt = 23, kSackAt = 22;
constexpr uint32_t kMacBits = (1U << kSackAt) - 1;
constexpr std::array<uint16_t, 8> kMss = {536, 1160, 1220, 1300, 1360, 1400, 1440, 1460};

uint32_t said_by(const SynOptions& options, uint64_t period) {
  const auto larger = std::upper_bound(kMss.begin() + 1, kMss.end(), options.mss);
  const auto mss = static_cast<uint32_t>(larger - kMss.begin() - 1);
  return static_cast<uint32_t>(period & 3) << kTimeAt | mss << kMssAt |
         uint32_t{options.window_scale} << kScaleAt | uint32_t{options.sack} << kSackAt;
}

uint32_t mac_of(const HmacSha1Key& key, const Endpoint& client, const Endpoint& vip, uint32_t client_number,
                uint32_t said, uint64_t period) {
  struct {
    std::array<char, 8> purpose = {'s', 'y', 'n'};  // the key signs challenges, too
    IpAddress client, vip;
    uint16_t client_port, vip_port;
    uint32_t client_number, said, unused = 0;
    uint64_t period;
  } text{.client = client.address,
         .vip = vip.address,
         .client_port = client.port,
         .vip_port = vip.port,
         .client_number = client_number,
         .said = said,
         .period = period};
  static_assert(sizeof(text) == 64);
  const Sha1Digest digest = hmac_sha1(key, {reinterpret_cast<const uint8_t*>(&text), sizeof(text)}, {});
  uint32_t mac;
  std::memcpy(&mac, digest.data(), sizeof(mac));
  return mac & kMacBits;
}

}  // namespace

uint32_t syn_cookie(const HmacSha1Key& key, const Endpoint& client, const Endpoint& vip,
                    uint32_t client_number, const SynOptions& options, Now now) noexcept {
  const uint64_t period = now.ms / kCookiePeriodMs;
  const uint32_t said = said_by(options, period);
  return said | mac_of(key, client, vip, client_number, said, period);
}

std::optional<SynCookie> read_syn_cookie(const HmacSha1Key& key, const Endpoint& client, const Endpoint& vip,
                                         uint32_t client_number, uint32_t cookie, Now now) noexcept {
  const uint64_t current = now.ms / kCookiePeriodMs;
  const uint64_t age = (current - (cookie >> kTimeAt)) & 3;
  const uint32_t said = cookie & ~kMacBits;
  if ((cookie & kMacBits) != mac_of(key, client, vip, client_number, said, current - age))
    return std::nullopt;
  SynCookie found{.is_late = age > 1};
  SynOptions& options = found.options;
  options.mss = kMss[cookie >> kMssAt & 7];
  options.window_scale = cookie >> kScaleAt & 15;
  options.sack = (cookie >> kSackAt & 1) != 0;
  return found;
}

}  // namespace lb
