// SPDX-License-Identifier: MIT
#include "control/config_servers.h"

#include <algorithm>

#include "control/hex.h"
#include "control/hidden_keys.h"

namespace control {

std::optional<lb::AesKey> read_key(const YamlField& field, const std::string& keygen) {
  const std::string wanted = "32 hexadecimal digits, as " + keygen + " prints them,";
  const auto text = field.scalar(wanted);
  if (!text) return std::nullopt;
  if (*text == kHiddenKey) {
    field.refuse("config show prints this in the place of a key, and none of this pool is in force; " +
                 wanted + " are wanted");
    return std::nullopt;
  }
  const auto octets = from_hex(*text);
  lb::AesKey key{};
  if (!octets || octets->size() != key.size()) {
    field.refuse("no key; " + wanted + " are wanted");
    return std::nullopt;
  }
  std::copy(octets->begin(), octets->end(), key.begin());
  return key;
}

std::optional<lb::Endpoint> read_backend_of(const PoolConfig& pool, const YamlField& field) {
  const auto text = field.scalar("a backend of the pool");
  if (!text) return std::nullopt;
  const auto endpoint = lb::Endpoint::parse(*text);
  const auto is_it = [&](const BackendConfig& backend) { return backend.endpoint == endpoint; };
  if (endpoint && std::any_of(pool.backends.begin(), pool.backends.end(), is_it)) return endpoint;
  field.refuse(quoted(*text) + " is no backend of pool " + pool.name + "; one, written as there, is wanted");
  return std::nullopt;
}

}  // namespace control
