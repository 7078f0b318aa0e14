// SPDX-License-Identifier: MIT
#include "lb/address.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstdio>

namespace lb {
namespace {

// A decimal number without sign or surroundings; nullopt unless it is all of `text` and at most `max`.
std::optional<unsigned> parse_number(std::string_view text, unsigned max) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > max) return std::nullopt;
  return value;
}

uint64_t mask_word(int bits) {
  if (bits <= 0) return 0;
  if (bits >= 64) return ~uint64_t{0};
  return __builtin_bswap64(~uint64_t{0} << (64 - bits));
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
  const std::string copy(text);
  be32 v4_address;
  if (::inet_pton(AF_INET, copy.c_str(), &v4_address) == 1) return v4(v4_address);
  uint8_t bytes[16];
  if (::inet_pton(AF_INET6, copy.c_str(), bytes) != 1) return std::nullopt;
  const IpAddress address = v6(bytes);
  return address.is_v4() ? std::nullopt : std::optional(address);
}

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (is_v4()) {
    const be32 v4_address = as_v4();
    ::inet_ntop(AF_INET, &v4_address, text, sizeof(text));
  } else {
    ::inet_ntop(AF_INET6, bytes(), text, sizeof(text));
  }
  return text;
}

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
  if (text.size() != 17) return std::nullopt;
  MacAddress mac;
  for (unsigned i = 0; i < 6; ++i) {
    if (i > 0 && text[3 * i - 1] != ':') return std::nullopt;
    const char* digits = text.data() + 3 * i;
    const auto [end, error] = std::from_chars(digits, digits + 2, mac.bytes[i], 16);
    if (error != std::errc() || end != digits + 2) return std::nullopt;
  }
  return mac;
}

std::string MacAddress::to_string() const {
  char text[18];
  std::snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2], bytes[3],
                bytes[4], bytes[5]);
  return text;
}

std::optional<Prefix> Prefix::parse(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  const auto length = parse_number(text.substr(slash + 1), address->is_v4() ? 32 : 128);
  if (!length) return std::nullopt;
  return Prefix{*address, static_cast<uint8_t>(*length)};
}

std::string Prefix::to_string() const { return address.to_string() + "/" + std::to_string(length); }

IpAddress Prefix::mask() const {
  const int bits = address.is_v4() ? 96 + length : length;
  return IpAddress::of_words(mask_word(bits), mask_word(bits - 64));
}

IpAddress Prefix::network() const {
  const IpAddress m = mask();
  return IpAddress::of_words(address.high() & m.high(), address.low() & m.low());
}

bool Prefix::contains(const IpAddress& other) const {
  const IpAddress m = mask();
  return other.family() == address.family() && ((other.high() ^ address.high()) & m.high()) == 0 &&
         ((other.low() ^ address.low()) & m.low()) == 0;
}

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
  const auto with_port = [](std::optional<IpAddress> address,
                            std::string_view digits) -> std::optional<Endpoint> {
    const auto port = parse_number(digits, 65535);
    if (!address || !port || *port == 0) return std::nullopt;
    return Endpoint{*address, static_cast<uint16_t>(*port)};
  };
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    const auto address = IpAddress::parse(text.substr(1, close - 1));
    if (!address || address->is_v4()) return std::nullopt;
    if (close + 1 == text.size()) return Endpoint{*address, 0};
    if (text[close + 1] != ':') return std::nullopt;
    return with_port(address, text.substr(close + 2));
  }
  if (const auto address = IpAddress::parse(text)) return Endpoint{*address, 0};
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto address = IpAddress::parse(text.substr(0, colon));
  if (!address || !address->is_v4()) return std::nullopt;
  return with_port(address, text.substr(colon + 1));
}

std::string Endpoint::to_string() const {
  if (port == 0) return address.to_string();
  const std::string host = address.is_v4() ? address.to_string() : "[" + address.to_string() + "]";
  return host + ":" + std::to_string(port);
}

}  // namespace lb
