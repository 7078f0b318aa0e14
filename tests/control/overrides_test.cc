// SPDX-License-Identifier: MIT
#include "control/overrides.h"

#include <sys/stat.h>

#include "control/safe_file.h"
#include "tests/control/rig.h"

namespace control {
namespace {

using test::TempFolder;

BackendOverride drained() {
  return {.pool = "live",
          .endpoint = *lb::Endpoint::parse("10.20.0.11"),
          .drain = true,
          .drain_deadline = 1'800'000'000,
          .drain_since = 1'799'999'000};
}
BackendOverride added() {
  return {.pool = "vod", .endpoint = *lb::Endpoint::parse("[2001:db8::1]:80"), .added = true, .weight = 0};
}

class OverridesTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string file() const { return folder / "cleat.yaml.overrides"; }
  std::string problem_of(const std::string& text) const {
    test::write_file(file(), text);
    const auto loaded = load_overrides(file());
    return loaded.ok() ? "" : loaded.error();
  }
  TempFolder folder;
};

TEST_F(OverridesTest, LieBesideTheConfiguration) {
  EXPECT_EQ(overrides_file("/etc/cleat/cleat.yaml"), "/etc/cleat/cleat.yaml.overrides");
}

TEST_F(OverridesTest, AreLoadedAsTheyWereSaved) {
  const Overrides saved{{drained(), added()}};
  ASSERT_TRUE(save_overrides(file(), saved).ok());

  const auto loaded = load_overrides(file());
  ASSERT_TRUE(loaded.ok()) << loaded.error();
  EXPECT_EQ(loaded.value(), saved);
  EXPECT_FALSE(std::filesystem::exists(file() + ".tmp"));
}

TEST_F(OverridesTest, AreNoneWithoutAFile) {
  const auto loaded = load_overrides(file());
  ASSERT_TRUE(loaded.ok());
  EXPECT_TRUE(loaded.value().backends.empty());
}

TEST_F(OverridesTest, ATornTemporaryFileIsIgnoredAndReplaced) {
  const Overrides saved{{drained()}};
  ASSERT_TRUE(save_overrides(file(), saved).ok());
  test::write_file(file() + ".tmp", "{\"version\": 1, \"backe");

  EXPECT_EQ(load_overrides(file()).value(), saved);
  ASSERT_TRUE(save_overrides(file(), {{added()}}).ok());
  EXPECT_EQ(load_overrides(file()).value(), Overrides{{added()}});
  EXPECT_FALSE(std::filesystem::exists(file() + ".tmp"));
}

TEST_F(OverridesTest, ASaveThatFailsLeavesTheFormer) {
  const Overrides saved{{drained()}};
  ASSERT_TRUE(save_overrides(file(), saved).ok());
  std::filesystem::create_directory(file() + ".tmp");

  const lb::Status status = save_overrides(file(), {});

  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error(), file() + ".tmp: Is a directory");
  EXPECT_EQ(load_overrides(file()).value(), saved);
}

TEST_F(OverridesTest, AFileThatCannotBeReadIsNamed) {
  std::filesystem::create_directory(file());
  EXPECT_EQ(load_overrides(file()).error(), "overrides: " + file() + ": Is a directory");
}

TEST_F(OverridesTest, AnythingElseInTheFileIsRefusedByName) {
  const std::string entry = R"({"pool":"live","backend":"10.20.0.11")";
  for (const std::string& text :
       {std::string(), std::string("nonsense"), std::string("[]"), std::string(R"({"version":1})"),
        std::string(R"({"version":2,"backends":[]})"),
        R"({"version":1,"backends":[)" + entry + R"(,"weight":-1}]})",
        R"({"version":1,"backends":[)" + entry + R"(,"weight":10001}]})",
        R"({"version":1,"backends":[)" + entry + R"(,"wieght":1}]})",
        R"({"version":1,"backends":[)" + entry + R"(,"drain_deadline":1}]})",
        R"({"version":1,"backends":[)" + entry + "}," + entry + "}]}",
        std::string(R"({"version":1,"backends":[{"pool":"live","backend":"nobody"}]})"),
        std::string(R"({"version":1,"backends":[{"pool":7,"backend":"10.0.0.1"}]})")}) {
    const std::string problem = problem_of(text);
    EXPECT_TRUE(problem.starts_with("overrides: " + file() + ": ")) << text << " " << problem;
    EXPECT_NE(problem.find("remove it to forget"), std::string::npos) << problem;
    EXPECT_EQ(problem.find('\n'), std::string::npos) << problem;
  }
}

TEST(SafeFile, EveryPrefixOfAWriteLeavesTheFormerText) {
  TempFolder folder;
  const std::string file = folder / "f";
  ASSERT_TRUE(replace_file(file, "former").ok());
  // What a crash may leave at any moment before the rename.
  for (size_t n = 0; n <= 5; ++n) {
    test::write_file(file + ".tmp", std::string("later").substr(0, n));
    EXPECT_EQ(read_file(file, 100).value(), "former");
  }
  ASSERT_TRUE(replace_file(file, "later").ok());
  EXPECT_EQ(read_file(file, 100).value(), "later");
}

TEST(SafeFile, KeepsModeAndFollowsALink) {
  TempFolder folder;
  const std::string real = folder / "real", link = folder / "link";
  test::write_file(real, "former");
  ASSERT_EQ(::chmod(real.c_str(), 0640), 0);
  std::filesystem::create_symlink(real, link);

  ASSERT_TRUE(replace_file(link, "later").ok());

  struct stat info {};
  ASSERT_EQ(::stat(real.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640u);
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(test::read_file(real), "later");
}

TEST(SafeFile, ReadsNoMoreThanAskedFor) {
  TempFolder folder;
  test::write_file(folder / "f", "12345");
  EXPECT_EQ(read_file(folder / "f", 5).value(), "12345");
  EXPECT_NE(read_file(folder / "f", 4).error().find("longer than 4 bytes"), std::string::npos);
}

}  // namespace
}  // namespace control
