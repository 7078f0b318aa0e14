// SPDX-License-Identifier: MIT
#include "lb/proxy_header.h"

#include <cstring>

#include "lb/wire.h"

namespace lb {
namespace {

struct CLEAT_WIRE Preamble {
  std::array<uint8_t, 12> signature;
  uint8_t version_command, family_protocol;
  be16 length;
};
static_assert(sizeof(Preamble) == 16);

constexpr std::array<uint8_t, 12> kSignature = {'\r', '\n', '\r', '\n', 0,   '\r',
                                                '\n', 'Q',  'U',  'I',  'T', '\n'};
constexpr uint8_t kVersion2Proxy = 0x21, kTcpOverIpv4 = 0x11, kTcpOverIpv6 = 0x21;

}  // namespace

void put_proxy_header(uint8_t* at, const Endpoint& client, const Endpoint& vip) noexcept {
  const Family family = client.address.family();
  const bool v4 = family == Family::kIpv4;
  const Preamble preamble{kSignature, kVersion2Proxy, v4 ? kTcpOverIpv4 : kTcpOverIpv6,
                          be16::of(static_cast<uint16_t>(proxy_header_bytes(family) - sizeof(Preamble)))};
  const auto put = [&at](const void* bytes, size_t length) {
    std::memcpy(at, bytes, length);
    at += length;
  };
  put(&preamble, sizeof(preamble));
  const size_t skip = v4 ? 12 : 0;
  for (const Endpoint* end : {&client, &vip}) put(end->address.bytes() + skip, 16 - skip);
  for (const Endpoint* end : {&client, &vip}) {
    const be16 port = be16::of(end->port);
    put(&port, sizeof(port));
  }
}

}  // namespace lb
