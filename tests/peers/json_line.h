// SPDX-License-Identifier: MIT
// One JSON object on a line of standard output: what a peer tells the test that started it.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace peers {

// JsonLine("answer").number("round", 3).text("server", "s1").print();
// Values are printed as they are: none of ours holds a quote or a backslash.
class JsonLine {
 public:
  explicit JsonLine(const char* event) : line_(std::string("{\"event\":\"") + event + '"') {}

  JsonLine& text(const char* key, const std::string& value) { return add(key, '"' + value + '"'); }
  JsonLine& number(const char* key, uint64_t value) { return add(key, std::to_string(value)); }
  JsonLine& truth(const char* key, bool value) { return add(key, value ? "true" : "false"); }

  void print() const { std::printf("%s}\n", line_.c_str()); }

 private:
  JsonLine& add(const char* key, const std::string& value) {
    line_ += std::string(",\"") + key + "\":" + value;
    return *this;
  }

  std::string line_;
};

}  // namespace peers
