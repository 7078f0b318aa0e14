// SPDX-License-Identifier: MIT
#include "control/icmp_echo.h"

#include <cstring>

#include "lb/checksum.h"

namespace control {
namespace {

constexpr size_t kHeaderBytes = 8, kMessageBytes = kHeaderBytes + sizeof(uint64_t);

void put(uint8_t* at, uint16_t value) {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}
uint16_t word(const uint8_t* at) { return static_cast<uint16_t>(at[0] << 8 | at[1]); }

}  // namespace

std::vector<uint8_t> echo_request(const Echo& echo, bool is_v4) {
  std::vector<uint8_t> message(kMessageBytes);
  message[0] = is_v4 ? 8 : 128;
  put(&message[4], echo.id);
  put(&message[6], echo.sequence);
  std::memcpy(&message[kHeaderBytes], &echo.token, sizeof echo.token);
  const lb::be16 sum = lb::checksum_of(lb::add_bytes(0, message.data(), message.size()));
  if (is_v4) std::memcpy(&message[2], &sum.raw, sizeof sum.raw);
  return message;
}

bool answers_echo(std::span<const uint8_t> bytes, const Echo& echo, bool is_v4, EchoSocket socket) {
  if (is_v4 && socket == EchoSocket::kRaw) {
    if (bytes.empty()) return false;
    const size_t header_bytes = size_t{bytes[0] & 0x0fU} * 4;
    if (bytes.size() < header_bytes) return false;
    bytes = bytes.subspan(header_bytes);
  }
  return bytes.size() >= kMessageBytes && bytes[0] == (is_v4 ? 0 : 129) && bytes[1] == 0 &&
         (socket == EchoSocket::kPing || word(&bytes[4]) == echo.id) && word(&bytes[6]) == echo.sequence &&
         std::memcmp(&bytes[kHeaderBytes], &echo.token, sizeof echo.token) == 0;
}

}  // namespace control
