// SPDX-License-Identifier: MIT
#include "control/overrides.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/limits.h"
#include "control/safe_file.h"

namespace control {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr size_t kMaxBytes = 16U << 20;

Json to_json(const BackendOverride& o) {
  Json json{{"pool", o.pool}, {"backend", o.endpoint.to_string()}};
  if (o.added) json["added"] = true;
  if (o.weight) json["weight"] = *o.weight;
  if (o.drain) json["drain"] = true;
  if (o.drain_deadline) json["drain_deadline"] = *o.drain_deadline;
  if (o.drain_since) json["drain_since"] = *o.drain_since;
  return json;
}

// nullopt: not what to_json() writes.
std::optional<BackendOverride> of_json(const Json& json) {
  static constexpr std::string_view kKnown[] = {"pool",  "backend",        "added",      "weight",
                                                "drain", "drain_deadline", "drain_since"};
  BackendOverride o;
  for (const auto& [key, value] : json.items())
    if (std::find(std::begin(kKnown), std::end(kKnown), key) == std::end(kKnown)) return std::nullopt;
  o.pool = json.at("pool").get<std::string>();
  const auto endpoint = lb::Endpoint::parse(json.at("backend").get<std::string>());
  if (!endpoint) return std::nullopt;
  o.endpoint = *endpoint;
  o.added = json.value("added", false);
  if (const auto weight = json.find("weight"); weight != json.end()) {
    if (!weight->is_number_unsigned() || weight->get<uint64_t>() > kMaxWeight) return std::nullopt;
    o.weight = weight->get<uint32_t>();
  }
  o.drain = json.value("drain", false);
  for (const auto& [field, into] :
       {std::pair("drain_deadline", &o.drain_deadline), std::pair("drain_since", &o.drain_since)}) {
    const auto time = json.find(field);
    if (time == json.end()) continue;
    if (!time->is_number_integer() || !o.drain) return std::nullopt;
    *into = time->get<int64_t>();
  }
  return o;
}

}  // namespace

std::string overrides_file(const std::string& config_file) { return config_file + ".overrides"; }

lb::Result<Overrides> load_overrides(const std::string& file) {
  bool missing = false;
  const auto text = read_file(file, kMaxBytes, &missing);
  if (missing) return Overrides{};
  if (!text) return lb::Error{"overrides: " + text.error()};
  const auto wrong = [&file](const std::string& why) {
    return lb::Error{"overrides: " + file + ": " + why +
                     "; mend it, or remove it to forget the operator's changes"};
  };
  Overrides overrides;
  try {
    const Json json = Json::parse(text.value());
    if (json.at("version") != kVersion) return wrong("written by another version of Cleat");
    for (const Json& entry : json.at("backends")) {
      auto o = of_json(entry);
      const std::string which = "entry " + std::to_string(overrides.backends.size() + 1);
      if (!o) return wrong(which + " is not understood");
      for (const BackendOverride& other : overrides.backends)
        if (other.pool == o->pool && other.endpoint == o->endpoint) return wrong(which + " is given twice");
      overrides.backends.push_back(*std::move(o));
    }
  } catch (const Json::exception&) {
    return wrong("not what Cleat writes there");
  }
  return overrides;
}

lb::Status save_overrides(const std::string& file, const Overrides& overrides) {
  Json backends = Json::array();
  for (const BackendOverride& o : overrides.backends) backends.push_back(to_json(o));
  const Json json{{"version", kVersion}, {"backends", backends}};
  return replace_file(file, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace control
