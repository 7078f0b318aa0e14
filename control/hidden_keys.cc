// SPDX-License-Identifier: MIT
#include "control/hidden_keys.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "control/hex.h"

namespace control {
namespace {

struct Hidden {
  size_t at;  // in the text
  std::string key;
};

void find(const std::string& text, const YAML::Node& section, const std::string& pool,
          std::optional<uint64_t> config_id, const KeyLookup& key_of, std::vector<Hidden>& found) {
  if (!section.IsMap()) return;
  const YAML::Node key = section["key"];
  if (!key || !key.IsScalar() || key.Scalar() != kHiddenKey) return;
  // A quoted scalar begins with its quote.
  const auto mark = static_cast<size_t>(std::max(key.Mark().pos, 0));
  const size_t at = text.find(kHiddenKey, mark);
  const auto octets = key_of(pool, config_id);
  if (octets && (at == mark || at == mark + 1)) found.push_back({at, to_hex(*octets)});
}

std::vector<Hidden> find_all(const std::string& text, const KeyLookup& key_of) {
  std::vector<Hidden> found;
  const YAML::Node pools = YAML::Load(text)["pools"];
  if (!pools || !pools.IsMap()) return found;
  for (const auto& entry : pools) {
    const auto pool = entry.first.as<std::string>("");
    if (!entry.second.IsMap()) continue;
    if (const YAML::Node ufrag = entry.second["ice_ufrag"])
      find(text, ufrag, pool, std::nullopt, key_of, found);
    const YAML::Node configs = entry.second["quic_lb"];
    if (!configs || !configs.IsSequence()) continue;
    for (const YAML::Node& config : configs)
      if (config.IsMap() && config["config_id"])
        find(text, config, pool, config["config_id"].as<uint64_t>(UINT64_MAX), key_of, found);
  }
  return found;
}

}  // namespace

std::string fill_hidden_keys(const std::string& text, const KeyLookup& key_of) {
  if (text.find(kHiddenKey) == std::string::npos) return text;
  std::vector<Hidden> found;
  try {
    found = find_all(text, key_of);
  } catch (const YAML::Exception&) {
    return text;
  }
  // From the end, so that places before stay where they are. Quoted: digits alone would be a number.
  std::sort(found.begin(), found.end(), [](const Hidden& a, const Hidden& b) { return a.at > b.at; });
  std::string filled = text;
  for (const Hidden& hidden : found) {
    const bool quoted = hidden.at > 0 && (filled[hidden.at - 1] == '"' || filled[hidden.at - 1] == '\'');
    const std::string quote = quoted ? "" : "\"";
    filled.replace(hidden.at, sizeof(kHiddenKey) - 1, quote + hidden.key + quote);
  }
  return filled;
}

KeyLookup keys_of(const Config& config) {
  return [&config](const std::string& name, std::optional<uint64_t> config_id) -> std::optional<lb::AesKey> {
    for (const PoolConfig& pool : config.pools) {
      if (pool.name != name) continue;
      if (!config_id) return pool.ice_ufrag ? std::optional(pool.ice_ufrag->key) : std::nullopt;
      for (const lb::QuicLbSpec& spec : pool.quic_lb)
        if (spec.config.config_id == *config_id) return spec.config.key;
    }
    return std::nullopt;
  };
}

KeyLookup any_key() {
  return [](const std::string&, std::optional<uint64_t>) { return std::optional(lb::AesKey{}); };
}

}  // namespace control
