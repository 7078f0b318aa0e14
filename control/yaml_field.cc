// SPDX-License-Identifier: MIT
#include "control/yaml_field.h"

#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "control/duration.h"
#include "control/nearest.h"
#include "control/one_line.h"
#include "control/utf8.h"

namespace control {
namespace {

std::string kind_of(const YAML::Node& node) {
  if (node.IsMap()) return "a map";
  if (node.IsSequence()) return "a list";
  return node.IsScalar() ? quoted(node.Scalar()) : "nothing";
}

// yaml-cpp tags what stands in quotes with "!".
bool is_quoted(const YAML::Node& node) { return node.Tag() == "!"; }

// Notes where a document begins, and nothing else.
class FirstMark final : public YAML::EventHandler {
 public:
  YAML::Mark mark;

  void OnDocumentStart(const YAML::Mark& at) override { mark = at; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
  }
  void OnMapEnd() override {}
};

// Where something stands that YAML::Load() passes over. Not by YAML::LoadAll(): yaml-cpp 0.7 never comes back
// from a text that begins with a comma.
std::optional<YAML::Mark> behind_first_document(const std::string& text) {
  std::istringstream in(text);
  YAML::Parser parser(in);
  FirstMark first, second;
  if (!parser.HandleNextDocument(first) || !parser.HandleNextDocument(second)) return std::nullopt;
  return second.mark;
}

YAML::Mark mark_of(const std::string& text, size_t at) {
  YAML::Mark mark;
  const size_t line = at == 0 ? std::string::npos : text.rfind('\n', at - 1);
  mark.line = static_cast<int>(std::count(text.begin(), text.begin() + static_cast<long>(at), '\n'));
  mark.column = static_cast<int>(at - (line == std::string::npos ? 0 : line + 1));
  return mark;
}

}  // namespace

std::string quoted(std::string_view value) {
  constexpr size_t kMost = 60;
  return "\"" + std::string(value.substr(0, kMost)) + (value.size() > kMost ? "..." : "") + "\"";
}

void YamlFile::refuse(const std::string& field, const std::string& why) {
  std::string around = field;
  while (!places_.contains(around) && !around.empty())
    around.erase(around.find_last_of(".[") == std::string::npos ? 0 : around.find_last_of(".["));
  const auto found = places_.find(around);
  refuse_at(found == places_.end() ? YAML::Mark() : found->second, field, why);
}

void YamlFile::refuse_at(const YAML::Mark& at, const std::string& field, const std::string& why) {
  if (!problem_.empty()) return;
  problem_ = name_ + ":" + std::to_string(std::max(at.line, 0) + 1) + ":" +
             std::to_string(std::max(at.column, 0) + 1) + ": " +
             one_line((field.empty() ? "" : field + ": ") + why);
}

YamlField YamlField::root(YamlFile& file, const std::string& text) {
  YamlField root(file, "", std::nullopt);
  if (const auto at = first_not_utf8(text)) {
    file.refuse_at(mark_of(text, *at), "", "not UTF-8; save the file as UTF-8 text");
    return root;
  }
  try {
    const YAML::Node document = YAML::Load(text);
    if (const auto more = behind_first_document(text))
      file.refuse_at(*more, "",
                     "a second YAML document, or text behind the first; one file holds one configuration");
    if (!document.IsNull()) root.node_ = document;
  } catch (const YAML::Exception& error) {
    file.refuse_at(error.mark, "", "not YAML: " + error.msg);
  }
  if (root.node_) file.note("", root.node_->Mark());
  return root;
}

std::string YamlField::key_name(const std::string& key) const {
  return name_.empty() ? key : name_ + "." + key;
}

YamlField YamlField::child(std::string name, const YAML::Node& node) const {
  file_->note(name, node.Mark());
  return {*file_, std::move(name), node};
}

void YamlField::refuse_type(const std::string& wanted) const {
  refuse(kind_of(*node_) + " is not right here; " + wanted + " is wanted");
}

bool YamlField::keys_once(const std::vector<std::string>* known) const {
  if (!given() || !file_->ok()) return false;
  if (!node_->IsMap()) {
    refuse_type("a map (key: value)");
    return false;
  }
  std::map<std::string, int> lines;
  for (const auto& entry : *node_) {
    const YAML::Mark at = entry.first.Mark();
    if (!entry.first.IsScalar()) {
      file_->refuse_at(at, name_, "a key must be one word");
      return false;
    }
    const std::string& key = entry.first.Scalar();
    if (known != nullptr && std::find(known->begin(), known->end(), key) == known->end())
      file_->refuse_at(at, key_name(key), "unknown key; " + suggestion(key, *known));
    if (const auto [first, fresh] = lines.emplace(key, at.line + 1); !fresh) {
      const std::string both =
          first->second == at.line + 1 ? "line " : "lines " + std::to_string(first->second) + " and ";
      file_->refuse_at(at, key_name(key),
                       "given twice, in " + both + std::to_string(at.line + 1) + "; keep one");
    }
    if (entry.second.IsNull())
      file_->refuse_at(at, key_name(key), "has no value; give it one or leave it out");
  }
  return file_->ok();
}

bool YamlField::is_map(const std::vector<std::string>& keys) const { return keys_once(&keys); }

YamlField YamlField::operator[](const std::string& key) const {
  if (node_ && file_->ok())
    for (const auto& entry : *node_)
      if (entry.first.Scalar() == key) return child(key_name(key), entry.second);
  return {*file_, key_name(key), std::nullopt};
}

YamlField YamlField::need(const std::string& key, const std::string& wanted) const {
  YamlField field = (*this)[key];
  if (!field.given()) field.refuse("missing; " + wanted + " is wanted");
  return field;
}

std::vector<std::pair<std::string, YamlField>> YamlField::entries() const {
  std::vector<std::pair<std::string, YamlField>> all;
  if (!keys_once(nullptr)) return all;
  for (const auto& entry : *node_)
    all.emplace_back(entry.first.Scalar(), child(key_name(entry.first.Scalar()), entry.second));
  return all;
}

std::vector<YamlField> YamlField::items(bool or_one) const {
  std::vector<YamlField> all;
  if (!given() || !file_->ok()) return all;
  if (or_one && node_->IsScalar()) return {*this};
  if (!node_->IsSequence()) {
    refuse_type("a list");
    return all;
  }
  for (const auto& item : *node_) {
    YamlField field = child(name_ + "[" + std::to_string(all.size()) + "]", item);
    if (item.IsNull()) field.refuse("an empty item; give it a value or remove it");
    all.push_back(std::move(field));
  }
  return all;
}

std::optional<std::string> YamlField::scalar(const std::string& wanted) const {
  if (!given() || !file_->ok()) return std::nullopt;
  if (!node_->IsScalar()) {
    refuse_type(wanted);
    return std::nullopt;
  }
  // A zero byte ends names in the system, and line ends do not survive being written down and read again.
  if (one_line(node_->Scalar()) != node_->Scalar()) {
    refuse("a control character is in it; " + wanted + " is wanted");
    return std::nullopt;
  }
  return node_->Scalar();
}

std::optional<uint64_t> YamlField::whole(uint64_t least, uint64_t most) const {
  const std::string range = std::to_string(least) + ".." + std::to_string(most);
  const auto text = scalar("a whole number in " + range);
  if (!text) return std::nullopt;
  if (is_quoted(*node_)) {
    refuse(quoted(*text) + " is text; a whole number in " + range + ", without quotes, is wanted");
    return std::nullopt;
  }
  const bool negative = text->starts_with('-');
  const char *first = text->data() + (negative ? 1 : 0), *last = text->data() + text->size();
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(first, last, value);
  if (end != last || first == last || error == std::errc::invalid_argument) {
    refuse(quoted(*text) + " is not a whole number; one in " + range + " is wanted");
    return std::nullopt;
  }
  if (error != std::errc() || value < least || value > most || (negative && value != 0)) {
    refuse(text->substr(0, 40) + " is not in " + range);
    return std::nullopt;
  }
  return value;
}

void YamlField::boolean(bool& into) const {
  const auto text = scalar("true or false");
  if (!text) return;
  if ((*text != "true" && *text != "false") || is_quoted(*node_))
    return refuse(quoted(*text) + " is neither true nor false");
  into = *text == "true";
}

std::optional<uint64_t> YamlField::duration_ms(const std::string& range) const {
  const auto text = scalar("a duration from " + range);
  if (!text) return std::nullopt;
  const auto value_ms = parse_duration_ms(*text);
  if (!value_ms)
    refuse(quoted(*text) + " is no duration; a whole number with its unit (500ms, 1s, 2m, 1h) from " + range +
           " is wanted");
  return value_ms;
}

void YamlField::milliseconds(uint32_t& into, uint32_t least_ms, uint32_t most_ms) const {
  const std::string range = duration_text(least_ms) + " to " + duration_text(most_ms);
  const auto value_ms = duration_ms(range);
  if (!value_ms) return;
  if (*value_ms < least_ms || *value_ms > most_ms)
    return refuse(duration_text(*value_ms) + " is not from " + range);
  into = static_cast<uint32_t>(*value_ms);
}

void YamlField::seconds(uint32_t& into, uint32_t least_s, uint32_t most_s) const {
  const std::string range =
      duration_text(uint64_t{least_s} * 1000) + " to " + duration_text(uint64_t{most_s} * 1000);
  const auto value_ms = duration_ms(range);
  if (!value_ms) return;
  if (*value_ms % 1000 != 0) return refuse(duration_text(*value_ms) + " is not a whole number of seconds");
  if (*value_ms / 1000 < least_s || *value_ms / 1000 > most_s)
    return refuse(duration_text(*value_ms) + " is not from " + range);
  into = static_cast<uint32_t>(*value_ms / 1000);
}

std::optional<size_t> YamlField::one_of(const std::vector<std::string>& words) const {
  const auto text = scalar("a word");
  if (!text) return std::nullopt;
  const auto found = std::find(words.begin(), words.end(), *text);
  if (found != words.end()) return static_cast<size_t>(found - words.begin());
  refuse(quoted(*text) + " is unknown; " + suggestion(*text, words));
  return std::nullopt;
}

}  // namespace control
