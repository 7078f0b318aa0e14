// SPDX-License-Identifier: MIT
// Texts that would cost a parser its stack, its memory or its end. Random damage is tests/fuzz/config_fuzz.cc's.
#include "tests/control/sample_config.h"

namespace control {
namespace {

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

TEST(ConfigRobustness, ASocketPathThatIsNotUtf8IsRefusedBeforeItIsWrittenDown) {
  for (const char* bad : {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"})
    EXPECT_EQ(test::problem_with("cleat/api", std::string("cleat/") + bad),
              "18:33: not UTF-8; save the file as UTF-8 text");
  EXPECT_EQ(test::problem_with("cleat/api", "cleat/caf\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), "");
}

TEST(ConfigRobustness, AControlCharacterIsNoPartOfAPath) {
  for (const std::string bad : {"\\0", "\\r", "\\n", "\\t", "\\x7f", "\r\r"})
    EXPECT_NE(test::problem_with("cleat/api", "cleat/" + bad + "api")
                  .find("api.listen: a control character is in it"),
              std::string::npos)
        << bad;
}

}  // namespace
}  // namespace control
