// SPDX-License-Identifier: MIT
#include "control/payload.h"

#include <algorithm>

#include "control/hex.h"

namespace control {
namespace {

constexpr std::string_view kHex = "hex:";

}  // namespace

std::optional<std::string> parse_payload(std::string_view text) {
  if (!text.starts_with(kHex)) return std::string(text);
  const auto octets = from_hex(text.substr(kHex.size()));
  if (!octets) return std::nullopt;
  return std::string(octets->begin(), octets->end());
}

std::string payload_text(std::string_view bytes) {
  const bool readable = std::all_of(bytes.begin(), bytes.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (readable && !bytes.starts_with(kHex)) return std::string(bytes);
  return std::string(kHex) + to_hex({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}

}  // namespace control
