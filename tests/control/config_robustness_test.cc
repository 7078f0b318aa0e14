// SPDX-License-Identifier: MIT
// Seeded random damage to the sample: whatever comes, the parser answers with a configuration or with one line.
#include <random>
#include <regex>
#include <vector>

#include "tests/control/sample_config.h"

namespace control {
namespace {

constexpr unsigned kRounds = 20'000;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size() - 1);
    lines.push_back(text.substr(begin, end + 1 - begin));
    begin = end + 1;
  }
  return lines;
}

class Damage {
 public:
  explicit Damage(uint64_t seed) : random_(seed) {}

  std::string to(std::string text) {
    for (size_t times = 1 + below(4); times > 0; --times) once(text);
    return text;
  }

 private:
  size_t below(size_t end) { return end == 0 ? 0 : random_() % end; }

  void once(std::string& text) {
    static constexpr char kSyntax[] = "{}[]:,-?&*!|>'\"%@`# \n\t~0x";
    const size_t at = below(text.size());
    switch (below(7)) {
      case 0:
        text.insert(at, 1, static_cast<char>(below(256)));
        break;
      case 1:
        text.insert(at, 1, kSyntax[below(sizeof kSyntax - 1)]);
        break;
      case 2:
        text.erase(at, 1 + below(8));
        break;
      case 3:
        text.insert(at, text.substr(below(text.size()), below(40)));
        break;
      case 4:
        if (!text.empty()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        break;
      default:
        change_lines(text);
        break;
    }
  }

  // Drops, doubles or swaps lines.
  void change_lines(std::string& text) {
    std::vector<std::string> lines = lines_of(text);
    if (lines.empty()) return;
    const size_t a = below(lines.size()), b = below(lines.size());
    switch (below(3)) {
      case 0:
        lines.erase(lines.begin() + static_cast<long>(a));
        break;
      case 1:
        lines.insert(lines.begin() + static_cast<long>(b), std::string(lines[a]));
        break;
      default:
        std::swap(lines[a], lines[b]);
        break;
    }
    text.clear();
    for (const std::string& line : lines) text += line;
  }

  std::mt19937_64 random_;
};

TEST(ConfigRobustness, DamagedFilesAreReadOrRefusedInOneLine) {
  Damage damage(20260301);
  const std::regex line("[0-9]+:[0-9]+: [^\\n]+");
  unsigned right = 0;
  for (unsigned round = 0; round < kRounds; ++round) {
    const std::string text = damage.to(test::kSample);

    const auto config = parse_config(text, "c.yaml");

    if (config.ok() && ++right) continue;
    ASSERT_TRUE(config.error().starts_with("c.yaml:")) << text;
    ASSERT_TRUE(std::regex_match(config.error().substr(7), line)) << config.error() << "\n" << text;
  }
  EXPECT_GT(right, kRounds / 100);
  EXPECT_LT(right, kRounds / 2);
}

TEST(ConfigRobustness, AFileThatBeginsWithACommaDoesNotHang) {
  for (const char* text : {",a: 1\n", ",", ", ---\n, a\n", "}"})
    EXPECT_FALSE(parse_config(text, "c.yaml").ok()) << text;
}

TEST(ConfigRobustness, DeepNestingIsRefused) {
  for (const char* open : {"[", "{a: ", "- ", "? "}) {
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += open;
    EXPECT_FALSE(parse_config(text, "c.yaml").ok()) << open;
  }
}

TEST(ConfigRobustness, AliasesOfAliasesCostNothing) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string former = "*a" + std::to_string(i - 1), name = "a" + std::to_string(i);
    text += name + ": &" + name + " [" + former;
    for (int j = 0; j < 9; ++j) text += ", " + former;
    text += "]\n";
  }
  EXPECT_FALSE(parse_config(text, "c.yaml").ok());
}

}  // namespace
}  // namespace control
