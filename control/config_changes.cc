// SPDX-License-Identifier: MIT
#include "control/config_changes.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/config_text.h"

namespace control {
namespace {

using Json = nlohmann::ordered_json;

// By what an element of a list is told apart.
std::string name_in_list(const Json& element) {
  for (const char* field : {"name", "address", "config_id"})
    if (element.is_object() && element.contains(field)) {
      const Json& value = element.at(field);
      return value.is_string() ? value.get<std::string>() : value.dump();
    }
  return element.is_string() ? element.get<std::string>() : element.dump();
}

// A list as a map, of which a plain element is a name alone.
Json by_name(const Json& json) {
  if (!json.is_array()) return json;
  Json map = Json::object();
  for (const Json& element : json)
    map[name_in_list(element)] = element.is_structured() ? element : Json(true);
  return map;
}

std::string plain(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

void compare(const std::string& path, const Json& listed_before, const Json& listed_after,
             std::vector<std::string>& changes) {
  const Json before = by_name(listed_before), after = by_name(listed_after);
  if (before == after) return;
  if (!before.is_object() || !after.is_object()) {
    changes.push_back(path + ": " + plain(after) + ", was " + plain(before));
    return;
  }
  const std::string prefix = path.empty() ? "" : path + ".";
  for (const auto& [name, value] : before.items())
    if (!after.contains(name))
      changes.push_back(prefix + name + ": gone");
    else
      compare(prefix + name, value, after.at(name), changes);
  for (const auto& [name, value] : after.items())
    if (!before.contains(name)) changes.push_back(prefix + name + ": new");
}

const PoolConfig* same_pool(const Config& config, const std::string& name) {
  for (const PoolConfig& pool : config.pools)
    if (pool.name == name) return &pool;
  return nullptr;
}

// Which the text of a configuration hides.
void compare_keys(const PoolConfig& before, const PoolConfig& after, std::vector<std::string>& changes) {
  for (const lb::QuicLbSpec& old : before.quic_lb)
    for (const lb::QuicLbSpec& now : after.quic_lb)
      if (old.config.config_id == now.config.config_id && old.config.key && now.config.key &&
          *old.config.key != *now.config.key)
        changes.push_back("pools." + before.name + ".quic_lb." + std::to_string(old.config.config_id) +
                          ".key: another");
  if (before.ice_ufrag && after.ice_ufrag && before.ice_ufrag->key != after.ice_ufrag->key)
    changes.push_back("pools." + before.name + ".ice_ufrag.key: another");
}

}  // namespace

std::vector<std::string> config_changes(const Config& before, const Config& after) {
  std::vector<std::string> changes;
  compare("", config_as_json(before), config_as_json(after), changes);
  for (const PoolConfig& pool : before.pools)
    if (const PoolConfig* now = same_pool(after, pool.name)) compare_keys(pool, *now, changes);
  return changes;
}

}  // namespace control
