// SPDX-License-Identifier: MIT
// Typed reading of one YAML file (YAML 1.2, by yaml-cpp) that knows where each field stands, so that every
// mistake becomes one line: file:line:column: field: what is wrong; what would be right.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace control {

// One file: the places of its fields and its first problem.
class YamlFile {
 public:
  explicit YamlFile(std::string name) : name_(std::move(name)) {}

  // "", or the first problem's line.
  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] bool ok() const { return problem_.empty(); }

  // Records a problem of `field` ("services[1].vip") at its place, or at that of the nearest field around it.
  // Only the first is kept. Control characters of `field` and `why` are shown as '?'.
  void refuse(const std::string& field, const std::string& why);
  void refuse_at(const YAML::Mark& at, const std::string& field, const std::string& why);

  void note(const std::string& field, const YAML::Mark& at) { places_.emplace(field, at); }

 private:
  std::string name_, problem_;
  std::map<std::string, YAML::Mark> places_;
};

// One value, by the name it has in messages. Reading functions leave `into` alone when the field is not
// given, so that it holds the default before; on a mistake they refuse and leave it alone, too.
class YamlField {
 public:
  // Reads the one document of `text`. A text that is not UTF-8 or no YAML, or more than one document, is refused.
  static YamlField root(YamlFile& file, const std::string& text);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool given() const { return node_.has_value(); }
  // Also of a field that is not given.
  void refuse(const std::string& why) const { file_->refuse(name_, why); }

  // True if this is a map and has none but these keys, none of them twice, none of them empty.
  [[nodiscard]] bool is_map(const std::vector<std::string>& keys) const;
  // REQUIRES: is_map() was true. A field that is not given if there is no such key.
  [[nodiscard]] YamlField operator[](const std::string& key) const;
  // Refuses if there is no such key. wanted  what it should hold: "an IPv4 or IPv6 address"
  [[nodiscard]] YamlField need(const std::string& key, const std::string& wanted) const;
  // A map with free keys, in the file's order.
  [[nodiscard]] std::vector<std::pair<std::string, YamlField>> entries() const;
  // A list. or_one  a single value stands for a list of it
  [[nodiscard]] std::vector<YamlField> items(bool or_one = false) const;
  [[nodiscard]] bool is_scalar() const { return node_ && node_->IsScalar(); }
  [[nodiscard]] bool is_list() const { return node_ && node_->IsSequence(); }

  // The text of a scalar, quoted or not; refuses lists, maps and control characters. wanted  for the message
  [[nodiscard]] std::optional<std::string> scalar(const std::string& wanted) const;
  // A whole decimal number without quotes.
  template <typename Number>
  void number(Number& into, uint64_t least, uint64_t most) const {
    if (const auto value = whole(least, most)) into = static_cast<Number>(*value);
  }
  void boolean(bool& into) const;
  // A number with its unit: 500ms, 1s, 2m, 1h.
  void milliseconds(uint32_t& into, uint32_t least_ms, uint32_t most_ms) const;
  void seconds(uint32_t& into, uint32_t least_s, uint32_t most_s) const;
  // One of a few words.
  template <typename Enum>
  void choice(Enum& into, const std::vector<std::pair<std::string, Enum>>& words) const {
    std::vector<std::string> names;
    for (const auto& word : words) names.push_back(word.first);
    if (const auto index = one_of(names)) into = words[*index].second;
  }

 private:
  YamlField(YamlFile& file, std::string name, std::optional<YAML::Node> node)
      : file_(&file), name_(std::move(name)), node_(std::move(node)) {}

  [[nodiscard]] YamlField child(std::string name, const YAML::Node& node) const;
  [[nodiscard]] std::string key_name(const std::string& key) const;
  [[nodiscard]] bool keys_once(const std::vector<std::string>* known) const;
  [[nodiscard]] std::optional<uint64_t> whole(uint64_t least, uint64_t most) const;
  [[nodiscard]] std::optional<uint64_t> duration_ms(const std::string& range) const;
  [[nodiscard]] std::optional<size_t> one_of(const std::vector<std::string>& words) const;
  void refuse_type(const std::string& wanted) const;

  YamlFile* file_;
  std::string name_;
  std::optional<YAML::Node> node_;
};

// A value as messages quote it: at most some 60 bytes.
std::string quoted(std::string_view value);

}  // namespace control
