// SPDX-License-Identifier: MIT
#include "tools/cleatctl_key.h"

#include <openssl/rand.h>

#include <algorithm>
#include <iostream>

#include "control/hex.h"
#include "control/safe_file.h"

namespace cleatctl {
namespace {

constexpr uint64_t kMaxKeyFileBytes = 4096;

}  // namespace

int usage_error(const std::string& why) {
  std::cerr << "cleatctl: " << why << "\n";
  return kUsage;
}

lb::Result<std::vector<uint8_t>> hex_of(const std::string& name, std::string_view text) {
  auto octets = control::from_hex(text);
  if (!octets) return lb::Error{name + ": an even number of hexadecimal digits is wanted, nothing else"};
  return std::move(*octets);
}

lb::Result<std::string> secret_of(const std::string& name, const std::string& text) {
  if (!text.starts_with('@')) return text;
  const auto file = control::read_file(text.substr(1), kMaxKeyFileBytes);
  if (!file) return lb::Error{name + ": " + file.error()};
  return file.value().substr(0, file.value().find_last_not_of(" \t\r\n") + 1);
}

lb::Result<lb::AesKey> key_of(const std::string& text) {
  const auto digits = secret_of("--key", text);
  if (!digits) return lb::Error{digits.error()};
  const auto octets = hex_of("--key", digits.value());
  if (!octets) return lb::Error{octets.error()};
  lb::AesKey key{};
  if (octets.value().size() != key.size()) return lb::Error{"--key: 32 hexadecimal digits are wanted"};
  std::ranges::copy(octets.value(), key.begin());
  return key;
}

bool fill_random(std::span<uint8_t> octets) {
  if (RAND_bytes(octets.data(), static_cast<int>(octets.size())) == 1) return true;
  std::cerr << "cleatctl: the system gives no random octets\n";
  return false;
}

int keygen(const Options&, const std::vector<std::string>&) {
  lb::AesKey key;
  if (!fill_random(key)) return kRefused;
  std::cout << control::to_hex(key) << "\n";
  return kOk;
}

}  // namespace cleatctl
