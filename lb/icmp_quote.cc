// SPDX-License-Identifier: MIT
#include "lb/icmp_quote.h"

#include "lb/extension_headers.h"
#include "lb/snapshot_spec.h"
#include "lb/wire.h"

namespace lb {
namespace {

Piece piece_at(int offset, bool more) {
  if (offset != 0) return Piece::kLater;
  return more ? Piece::kFirst : Piece::kWhole;
}

bool read_ipv4(std::span<const uint8_t> quoted, IcmpQuote& quote) {
  if (quoted.size() < sizeof(Ipv4Header)) return false;
  const auto* ip = reinterpret_cast<const Ipv4Header*>(quoted.data());
  quote.ip_length = (ip->version_ihl & 0x0fU) * 4;
  if (ip->version_ihl >> 4 != 4 || quote.ip_length < sizeof(Ipv4Header) || quote.ip_length > quoted.size())
    return false;
  quote.source = IpAddress::v4(ip->source);
  quote.destination = IpAddress::v4(ip->destination);
  quote.protocol = ip->protocol;
  constexpr uint16_t kMoreFragments = 0x2000, kOffset = 0x1fff;
  quote.piece = piece_at(ip->fragment.host() & kOffset, (ip->fragment.host() & kMoreFragments) != 0);
  return true;
}

bool read_ipv6(std::span<const uint8_t> quoted, IcmpQuote& quote) {
  constexpr size_t kFragmentHeaderBytes = 8;
  if (quoted.size() < sizeof(Ipv6Header) || quoted[0] >> 4 != 6) return false;
  const auto* ip = reinterpret_cast<const Ipv6Header*>(quoted.data());
  ExtensionWalk walk{ip->next_header, sizeof(Ipv6Header)};
  if (walk_extensions(quoted.data(), quoted.size(), walk)) return false;
  if (walk.fragment) {
    const uint8_t* header = quoted.data() + walk.offset;
    quote.piece = piece_at(header[2] << 8 | (header[3] & 0xf8), (header[3] & 1) != 0);
    walk.offset += kFragmentHeaderBytes;
  }
  quote.ip_length = walk.offset;
  quote.source = IpAddress::v6(ip->source.data());
  quote.destination = IpAddress::v6(ip->destination.data());
  quote.protocol = walk.protocol;
  return true;
}

}  // namespace

std::optional<IcmpQuote> read_icmp_quote(std::span<const uint8_t> quoted, bool v4) noexcept {
  constexpr size_t kLeastQuoted = 8;
  IcmpQuote quote;
  quote.ip = quoted.data();
  if (!(v4 ? read_ipv4(quoted, quote) : read_ipv6(quoted, quote))) return std::nullopt;
  if (quote.ip_length > kMostQuotedHeader) return std::nullopt;
  quote.l4 = quoted.data() + quote.ip_length;
  quote.l4_length = quoted.size() - quote.ip_length;
  const auto protocol = static_cast<Protocol>(quote.protocol);
  if (quote.piece == Piece::kLater || (protocol != Protocol::kTcp && protocol != Protocol::kUdp))
    return quote;
  if (quote.l4_length < kLeastQuoted) return std::nullopt;
  const auto* ports = reinterpret_cast<const UdpHeader*>(quote.l4);
  quote.source_port = ports->source.host();
  quote.destination_port = ports->destination.host();
  return quote;
}

size_t IcmpQuote::claimed_contents() const {
  const size_t packet =
      source.is_v4() ? reinterpret_cast<const Ipv4Header*>(ip)->total_length.host()
                     : sizeof(Ipv6Header) + reinterpret_cast<const Ipv6Header*>(ip)->payload_length.host();
  return packet < ip_length ? 0 : packet - ip_length;
}

}  // namespace lb
