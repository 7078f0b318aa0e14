// SPDX-License-Identifier: MIT
#include "lb/quic_header.h"

#include <cstring>

#include "lb/bytes.h"

namespace lb {
namespace {

// Takes an octet of length and that many octets off `rest`; nullopt if they are not all there.
std::optional<std::span<const uint8_t>> take_cid(std::span<const uint8_t>& rest) noexcept {
  if (rest.empty() || rest.size() - 1 < rest[0]) return std::nullopt;
  const auto cid = rest.subspan(1, rest[0]);
  rest = rest.subspan(1U + cid.size());
  return cid;
}

}  // namespace

std::optional<QuicHeader> parse_quic(std::span<const uint8_t> datagram) noexcept {
  if (datagram.empty()) return std::nullopt;
  QuicHeader header;
  auto rest = datagram.subspan(1);
  if (!is_long_header(datagram[0])) {
    header.dcid = rest;
    return header;
  }
  if (rest.size() < sizeof(be32)) return std::nullopt;
  be32 version;
  std::memcpy(&version, rest.data(), sizeof(version));
  rest = rest.subspan(sizeof(version));
  const auto dcid = take_cid(rest);
  if (!dcid) return std::nullopt;
  const auto scid = take_cid(rest);
  if (!scid) return std::nullopt;
  header.long_form = true;
  header.version = version.host();
  header.dcid = *dcid;
  header.scid = *scid;
  return header;
}

}  // namespace lb
