// SPDX-License-Identifier: MIT
#include "control/config.h"

#include "control/config_sections.h"
#include "control/safe_file.h"
#include "control/yaml_field.h"

namespace control {
lb::Result<Config> parse_config(std::string_view text, const std::string& file) {
  Config config;
  config.file = file;
  YamlFile yaml(file);
  const YamlField root = YamlField::root(yaml, std::string(text));
  if (!root.given())
    root.refuse("empty; at least dataplane: with its ports is wanted");
  else if (root.is_map({"dataplane", "nat", "pools", "services", "health", "api", "seed"})) {
    read_dataplane(root.need("dataplane", "a section with the ports"), config.dataplane);
    read_nat(root["nat"], config.lips, config.timeouts);
    read_pools(root["pools"], config.pools);
    read_services(root["services"], config.services);
    if (const YamlField health = root["health"]; health.given() && health.is_map({"at_once"}))
      health["at_once"].number(config.checks_at_once, 1, 4096);
    read_api(root["api"], config.api);
    root["seed"].number(config.pick_seed, 0, UINT64_MAX);
    if (yaml.ok()) check_config(config, root, yaml);
  }
  if (!yaml.ok()) return lb::Error{yaml.problem()};
  return config;
}

lb::Result<Config> load_config(const std::string& file) {
  const auto text = read_file(file, kMaxConfigBytes);
  if (!text) return lb::Error{text.error()};
  return parse_config(text.value(), file);
}

}  // namespace control
