// SPDX-License-Identifier: MIT
#include "tests/lb/frame_builder.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace lb::test {
namespace {

void put8(Bytes& out, unsigned value) { out.push_back(static_cast<uint8_t>(value)); }
void put16(Bytes& out, unsigned value) {
  put8(out, value >> 8 & 0xff);
  put8(out, value & 0xff);
}
void put32(Bytes& out, uint32_t value) {
  put16(out, value >> 16);
  put16(out, value & 0xffff);
}
void put(Bytes& out, const Bytes& bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }
void put(Bytes& out, const MacAddress& mac) { out.insert(out.end(), mac.bytes.begin(), mac.bytes.end()); }
void put(Bytes& out, const IpAddress& address) {
  if (address.is_v4()) return put32(out, address.as_v4().host());
  out.insert(out.end(), address.bytes(), address.bytes() + 16);
}
void set16(Bytes& out, size_t at, unsigned value) {
  out[at] = static_cast<uint8_t>(value >> 8);
  out[at + 1] = static_cast<uint8_t>(value);
}
unsigned get16(const Bytes& bytes, size_t at) { return unsigned{bytes[at]} << 8 | bytes[at + 1]; }

Bytes pseudo_header(const IpAddress& source, const IpAddress& destination, uint8_t protocol, size_t length) {
  Bytes out;
  put(out, source);
  put(out, destination);
  put32(out, static_cast<uint32_t>(length));
  put32(out, protocol);
  return out;
}

bool is_icmp(uint8_t protocol) { return protocol == 1 || protocol == 58; }

}  // namespace

uint16_t naive_checksum(const Bytes& bytes) {
  unsigned long sum = 0;
  for (size_t i = 0; i < bytes.size(); i += 2) {
    sum += static_cast<unsigned long>(bytes[i]) << 8;
    if (i + 1 < bytes.size()) sum += bytes[i + 1];
  }
  while (sum > 0xffff) sum = (sum >> 16) + (sum & 0xffff);
  return static_cast<uint16_t>(0xffff - sum);
}

IpAddress ip(std::string_view text) {
  const auto address = IpAddress::parse(text);
  if (!address) std::fprintf(stderr, "bad address %s\n", std::string(text).c_str()), std::abort();
  return *address;
}

Endpoint endpoint(std::string_view text) {
  const auto parsed = Endpoint::parse(text);
  if (!parsed) std::fprintf(stderr, "bad endpoint %s\n", std::string(text).c_str()), std::abort();
  return *parsed;
}

FrameBuilder::FrameBuilder(Protocol protocol, const Endpoint& source, const Endpoint& destination)
    : source_(source), destination_(destination), protocol_(static_cast<uint8_t>(protocol)) {}

FrameBuilder& FrameBuilder::extension(uint8_t type, Bytes header) {
  extensions_.push_back({type, std::move(header)});
  return *this;
}

FrameBuilder& FrameBuilder::tcp_options(Bytes options) {
  options.resize((options.size() + 3) / 4 * 4, 0);
  tcp_offset_ = static_cast<uint8_t>(5 + options.size() / 4);
  return set(tcp_options_, std::move(options));
}

Bytes FrameBuilder::upper_layer() const {
  Bytes out;
  size_t checksum_at = 0;
  if (protocol_ == 6) {
    put16(out, source_.port);
    put16(out, destination_.port);
    put32(out, sequence_);
    put32(out, (flags_ & tcp_flag::kAck) != 0 ? acknowledgement_ : 0);
    put8(out, tcp_offset_ << 4U);
    put8(out, flags_);
    put16(out, window_);
    checksum_at = out.size();
    put16(out, 0);
    put16(out, urgent_);
    put(out, tcp_options_);
    out.resize(20 + (tcp_offset_ > 5 ? (tcp_offset_ - 5U) * 4 : 0), 1);  // options: no-operations
  } else if (protocol_ == 17) {
    put16(out, source_.port);
    put16(out, destination_.port);
    put16(out, udp_length_ >= 0 ? unsigned(udp_length_) : unsigned(8 + payload_.size()));
    checksum_at = out.size();
    put16(out, 0);
  } else if (is_icmp(protocol_)) {
    put8(out, icmp_type_);
    put8(out, icmp_code_);
    checksum_at = out.size();
    put16(out, 0);
    put32(out, icmp_rest_);
  }
  put(out, payload_);
  if (checksum_at == 0) return out;
  const size_t covered = protocol_ == 17 && udp_length_ >= 8 ? size_t(udp_length_) : out.size();
  Bytes summed;
  if (protocol_ != 1) summed = pseudo_header(source_.address, destination_.address, protocol_, covered);
  summed.insert(summed.end(), out.begin(), out.begin() + static_cast<long>(std::min(covered, out.size())));
  unsigned checksum = naive_checksum(summed);
  if (protocol_ == 17 && checksum == 0) checksum = 0xffff;
  set16(out, checksum_at, l4_checksum_ >= 0 ? unsigned(l4_checksum_) : checksum);
  return out;
}

Bytes FrameBuilder::bytes() const {
  const bool v4 = source_.address.is_v4();
  Bytes rest;
  for (size_t i = 0; i < extensions_.size(); ++i) {
    rest.push_back(i + 1 < extensions_.size() ? extensions_[i + 1].type : protocol_);
    rest.insert(rest.end(), extensions_[i].header.begin() + 1, extensions_[i].header.end());
  }
  put(rest, upper_layer());

  Bytes out;
  put(out, destination_mac_);
  put(out, source_mac_);
  put16(out, v4 ? 0x0800 : 0x86dd);
  if (v4) {
    const size_t header = 20 + options_.size();
    put8(out, unsigned(0x40 + header / 4));
    put8(out, 0);
    put16(out, total_length_ >= 0 ? unsigned(total_length_) : unsigned(header + rest.size()));
    put16(out, id_);
    put16(out, fragment_);
    put8(out, ttl_);
    put8(out, protocol_);
    put16(out, 0);
    put(out, source_.address);
    put(out, destination_.address);
    put(out, options_);
    const unsigned checksum = naive_checksum(Bytes(out.begin() + 14, out.end()));
    set16(out, 24, ip_checksum_ >= 0 ? unsigned(ip_checksum_) : checksum);
  } else {
    put32(out, own_ ? 0x60000000 : 0x60012345);
    put16(out, total_length_ >= 0 ? unsigned(total_length_) : unsigned(rest.size()));
    put8(out, extensions_.empty() ? protocol_ : extensions_[0].type);
    put8(out, ttl_);
    put(out, source_.address);
    put(out, destination_.address);
  }
  put(out, rest);
  out.resize(out.size() + padding_, 0xaa);
  return out;
}

FrameBuilder tcp(std::string_view source, std::string_view destination) {
  return {Protocol::kTcp, endpoint(source), endpoint(destination)};
}
FrameBuilder udp(std::string_view source, std::string_view destination) {
  return {Protocol::kUdp, endpoint(source), endpoint(destination)};
}
FrameBuilder ping(std::string_view source, std::string_view destination) {
  const bool v4 = ip(source).is_v4();
  FrameBuilder builder(v4 ? Protocol::kIcmp : Protocol::kIcmpv6, {ip(source), 0}, {ip(destination), 0});
  return builder.icmp(v4 ? 8 : 128, 0);
}

Bytes arp(uint16_t operation, const MacAddress& to, const MacAddress& sender_mac, std::string_view sender_ip,
          const MacAddress& target_mac, std::string_view target_ip) {
  Bytes out;
  put(out, to);
  put(out, sender_mac);
  for (const unsigned word : {0x0806U, 1U, 0x0800U, 0x0604U, unsigned{operation}}) put16(out, word);
  put(out, sender_mac);
  put(out, ip(sender_ip));
  put(out, target_mac);
  put(out, ip(target_ip));
  return out;
}

FrameBuilder discovery(uint8_t type, std::string_view source, std::string_view destination,
                       std::string_view target, uint8_t option, const MacAddress& mac, uint32_t flags) {
  Bytes payload;
  put(payload, ip(target));
  if (option != 0) {
    put8(payload, option);
    put8(payload, 1);
    put(payload, mac);
  }
  FrameBuilder builder(Protocol::kIcmpv6, {ip(source), 0}, {ip(destination), 0});
  return builder.icmp(type, 0).icmp_rest(flags).ttl(255).from(mac).payload(payload);
}

FrameFields fields_of(const Bytes& frame) {
  FrameFields f;
  std::copy_n(frame.begin(), 6, f.destination_mac.bytes.begin());
  std::copy_n(frame.begin() + 6, 6, f.source_mac.bytes.begin());
  const bool v4 = get16(frame, 12) == 0x0800;
  size_t l4 = 14 + (v4 ? (frame[14] & 15U) * 4 : 40);
  const size_t end = 14 + (v4 ? get16(frame, 16) : 40 + get16(frame, 18));
  f.ttl = frame[v4 ? 22 : 21];
  f.protocol = frame[v4 ? 23 : 20];
  f.source.address =
      v4 ? IpAddress::v4({*reinterpret_cast<const be32*>(&frame[26])}) : IpAddress::v6(&frame[22]);
  f.destination.address =
      v4 ? IpAddress::v4({*reinterpret_cast<const be32*>(&frame[30])}) : IpAddress::v6(&frame[38]);
  while (f.protocol == 0 || f.protocol == 43 || f.protocol == 60) {
    f.protocol = frame[l4];
    l4 += (frame[l4 + 1] + 1U) * 8;
  }
  const Bytes segment(frame.begin() + static_cast<long>(l4), frame.begin() + static_cast<long>(end));
  if (!is_icmp(f.protocol)) {
    f.source.port = static_cast<uint16_t>(get16(segment, 0));
    f.destination.port = static_cast<uint16_t>(get16(segment, 2));
  }
  const size_t header = f.protocol == 6 ? (segment[12] >> 4) * 4U : 8;
  f.payload.assign(segment.begin() + static_cast<long>(header), segment.end());
  f.l4_checksum = static_cast<uint16_t>(get16(segment, f.protocol == 6 ? 16 : f.protocol == 17 ? 6 : 2));

  // Of a datagram in pieces only the first bytes are here.
  const size_t covered =
      f.protocol == 17 ? std::min<size_t>(get16(segment, 4), segment.size()) : segment.size();
  Bytes summed;
  if (f.protocol != 1) summed = pseudo_header(f.source.address, f.destination.address, f.protocol, covered);
  summed.insert(summed.end(), segment.begin(), segment.begin() + static_cast<long>(covered));
  f.checksums_hold = naive_checksum(summed) == 0 || (f.protocol == 17 && f.l4_checksum == 0);
  if (v4) {
    const Bytes header_bytes(frame.begin() + 14, frame.begin() + 14 + (frame[14] & 15) * 4);
    f.checksums_hold = f.checksums_hold && naive_checksum(header_bytes) == 0;
  }
  return f;
}

std::string difference(const Bytes& got, const Bytes& wanted) {
  char text[160];
  for (size_t i = 0; i < std::min(got.size(), wanted.size()); ++i) {
    if (got[i] == wanted[i]) continue;
    std::snprintf(text, sizeof(text), "byte %zu is %02x, wanted %02x (of %zu bytes, wanted %zu)", i, got[i],
                  wanted[i], got.size(), wanted.size());
    return text;
  }
  if (got.size() == wanted.size()) return "";
  std::snprintf(text, sizeof(text), "%zu bytes, wanted %zu", got.size(), wanted.size());
  return text;
}

}  // namespace lb::test
