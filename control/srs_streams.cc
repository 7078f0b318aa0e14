// SPDX-License-Identifier: MIT
#include "control/srs_streams.h"

#include <nlohmann/json.hpp>

namespace control {
namespace {

using Json = nlohmann::json;

bool is_published(const Json& stream) {
  const auto publish = stream.find("publish");
  if (publish == stream.end() || !publish->is_object()) return false;
  const auto active = publish->find("active");
  return active != publish->end() && active->is_boolean() && active->get<bool>();
}

}  // namespace

lb::Result<std::vector<std::string>> published_streams(std::string_view body) {
  // Deeper things are none of ours, and would take memory by the gigabyte.
  constexpr int kDepth = 8;
  const auto shallow = [](int depth, Json::parse_event_t, const Json&) { return depth < kDepth; };
  const Json answer = Json::parse(body, shallow, false);
  if (answer.is_discarded()) return lb::Error{"not json"};
  if (!answer.is_object() || !answer.contains("streams") || !answer["streams"].is_array())
    return lb::Error{"no list of streams"};
  std::vector<std::string> urls;
  for (const Json& stream : answer["streams"]) {
    if (!stream.is_object() || !is_published(stream)) continue;
    const auto url = stream.find("url");
    if (url != stream.end() && url->is_string()) urls.push_back(url->get<std::string>());
  }
  return urls;
}

}  // namespace control
