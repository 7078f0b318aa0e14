// SPDX-License-Identifier: MIT
#include "tests/peers/quic_lb_id.h"

#include <nettle/aes.h>

#include <algorithm>
#include <charconv>
#include <functional>

namespace peers {
namespace {

// Of an odd number of bytes the middle one is shared: its first nibble belongs to the left half, its other to the right.
enum class Half { kLeft, kRight };

void drop_foreign_nibble(Bytes& half, Half is) {
  uint8_t& shared = is == Half::kRight ? half.front() : half.back();
  shared = static_cast<uint8_t>(shared & (is == Half::kRight ? 0x0f : 0xf0));
}

// to ^= AES(from, zeros, length, pass)
void feistel_pass(const aes128_ctx& aes, size_t length, uint8_t pass, const Bytes& from, Bytes& to,
                  Half to_is) {
  uint8_t in[AES_BLOCK_SIZE] = {}, out[AES_BLOCK_SIZE];
  std::copy(from.begin(), from.end(), in);
  in[14] = static_cast<uint8_t>(length);
  in[15] = pass;
  aes128_encrypt(&aes, sizeof in, out, in);
  std::transform(to.begin(), to.end(), out, to.begin(), std::bit_xor<uint8_t>());
  if (length % 2) drop_foreign_nibble(to, to_is);
}

void encrypt_four_pass(const aes128_ctx& aes, uint8_t* text, size_t length) {
  const size_t half = (length + 1) / 2;
  Bytes left(text, text + half), right(text + length - half, text + length);
  if (length % 2) {
    drop_foreign_nibble(left, Half::kLeft);
    drop_foreign_nibble(right, Half::kRight);
  }
  feistel_pass(aes, length, 1, left, right, Half::kRight);
  feistel_pass(aes, length, 2, right, left, Half::kLeft);
  feistel_pass(aes, length, 3, left, right, Half::kRight);
  feistel_pass(aes, length, 4, right, left, Half::kLeft);
  if (length % 2) right.front() = static_cast<uint8_t>(right.front() | left.back());
  std::copy(left.begin(), left.end(), text);
  std::copy(right.begin(), right.end(), text + length - half);
}

void encrypt(const Bytes& key, uint8_t* text, size_t length) {
  aes128_ctx aes;
  aes128_set_encrypt_key(&aes, key.data());
  if (length == AES_BLOCK_SIZE) {
    aes128_encrypt(&aes, length, text, text);
  } else {
    encrypt_four_pass(aes, text, length);
  }
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == at) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::optional<size_t> whole_number(const std::string& text) {
  size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool within_limits(const QuicLbConfig& c) {
  const size_t sum = c.server_id.size() + c.nonce_length;
  return c.config_id < 7 && !c.server_id.empty() && c.server_id.size() <= 15 && c.nonce_length >= 4 &&
         c.nonce_length <= 18 && sum <= 19 && c.tail_length <= 19 - sum && (!c.key || c.key->size() == 16);
}

}  // namespace

std::optional<Bytes> from_hex(const std::string& text) {
  Bytes bytes(text.size() / 2);
  if (text.size() % 2) return std::nullopt;
  for (size_t i = 0; i < bytes.size(); i++) {
    const char* two = text.data() + 2 * i;
    if (std::from_chars(two, two + 2, bytes[i], 16).ptr != two + 2) return std::nullopt;
  }
  return bytes;
}

std::string to_hex(const uint8_t* bytes, size_t size) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < size; i++) text += {kDigits[bytes[i] >> 4], kDigits[bytes[i] & 15]};
  return text;
}

std::optional<QuicLbConfig> QuicLbConfig::parse(const std::string& text) {
  QuicLbConfig config;
  if (text == "none") return config;
  const auto parts = split(text, ':');
  if (parts.size() != 4 && parts.size() != 5) return std::nullopt;
  const auto id = whole_number(parts[0]), nonce = whole_number(parts[3]);
  const auto tail = parts.size() == 5 ? whole_number(parts[4]) : 0;
  const auto server_id = from_hex(parts[2]);
  if (!id || *id > 6 || !nonce || !tail || !server_id) return std::nullopt;
  if (parts[1] != "-") {
    config.key = from_hex(parts[1]);
    if (!config.key) return std::nullopt;
  }
  config.config_id = static_cast<uint8_t>(*id);
  config.server_id = *server_id;
  config.nonce_length = *nonce;
  config.tail_length = *tail;
  return within_limits(config) ? std::optional(config) : std::nullopt;
}

Bytes make_quic_lb_id(const QuicLbConfig& config, const uint8_t* random) {
  Bytes id(config.id_length());
  id[0] = static_cast<uint8_t>(config.config_id << 5 | (id.size() - 1));
  const auto nonce = std::copy(config.server_id.begin(), config.server_id.end(), id.begin() + 1);
  std::copy_n(random, config.nonce_length + config.tail_length, nonce);
  if (config.key) encrypt(*config.key, &id[1], config.server_id.size() + config.nonce_length);
  return id;
}

}  // namespace peers
