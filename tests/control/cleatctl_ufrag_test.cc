// SPDX-License-Identifier: MIT
// `cleatctl ufrag` of the real cleatctl (its path in $CLEATCTL). There is no daemon.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "tests/control/run_cleatctl.h"

namespace control {
namespace {

using test::Output;

constexpr char kKey[] = "--key 8f95f09245765f80256934e50c66207f ";

Output run(const std::string& words) { return test::run_cleatctl("ufrag " + words); }

// Made by `openssl enc -aes-128-ecb -nopad` of 002a 000000000000 0102030405060708 and `base64`.
TEST(CleatctlUfrag, DecodesWhatOtherToolsMakeByTheRecipe) {
  const Output ran = run(std::string("decode ") + kKey + "OLZfi7ksfYQ4psreWukcrg");
  EXPECT_EQ(ran.code, 0) << ran.text;
  EXPECT_EQ(ran.text, "42\n");
}

TEST(CleatctlUfrag, EachUfragIsAnotherAndHoldsTheServersNumber) {
  for (const char* server : {"0", "42", "65535"}) {
    const Output made = run(std::string("encode ") + kKey + "--count 5 --server " + server);
    ASSERT_EQ(made.code, 0) << made.text;
    std::istringstream lines(made.text);
    std::set<std::string> seen;
    std::string words, wanted;
    for (std::string ufrag; std::getline(lines, ufrag);
         words += " " + ufrag, wanted += std::string(server) + "\n") {
      EXPECT_EQ(ufrag.size(), 22U) << ufrag;
      EXPECT_EQ(ufrag.find_first_of("+/"), std::string::npos) << ufrag;
      EXPECT_TRUE(seen.insert(ufrag).second) << ufrag;
    }
    EXPECT_EQ(seen.size(), 5U);
    EXPECT_EQ(run(std::string("decode ") + kKey + words).text, wanted);
  }
}

TEST(CleatctlUfrag, WhatWasNotMadeWithTheKeyIsForeign) {
  const std::string others =
      run("encode --key 00112233445566778899aabbccddeeff --server 1").text.substr(0, 22);
  const Output ran = run(std::string("decode ") + kKey +
                         "0r85635k '' AAAAAAAAAAAAAAAAAAAAAA 'not base64, certainly!' " + others);
  EXPECT_EQ(ran.code, 0) << ran.text;
  EXPECT_EQ(ran.text, "foreign\nforeign\nforeign\nforeign\nforeign\n");
}

TEST(CleatctlUfrag, KeygenPrintsAKeyThatTheOthersTakeFromAFile) {
  const std::string file = ::testing::TempDir() + "ufrag_" + std::to_string(::getpid()) + ".key";
  std::ofstream(file) << run("keygen").text;
  const std::string ufrag = run("encode --server 7 --key @" + file).text.substr(0, 22);
  const Output ran = run("decode --key @" + file + " " + ufrag);
  std::remove(file.c_str());
  EXPECT_EQ(ran.text, "7\n");
}

TEST(CleatctlUfrag, WrongInputIsExitTwoAndSaysWhatIsWanted) {
  const std::string key = kKey;
  const struct {
    std::string words, wanted;
  } cases[] = {
      {"encode " + key, "--server N is wanted"},
      {"encode --server 1", "--key KEY is wanted"},
      {"encode --server 65536 " + key, "--server \"65536\": a whole number from 0 to 65535 is wanted"},
      {"encode --server x " + key, "a whole number from 0 to 65535 is wanted"},
      {"encode --server 1 --count 0 " + key, "--count \"0\": a whole number from 1 to 1000000 is wanted"},
      {"encode --server 1 --key 00", "--key: 32 hexadecimal digits"},
      {"decode --key @/nowhere/key AAAA", "/nowhere/key"},
      {"decode AAAA", "--key KEY is wanted"},
      {"decode " + key, "usage: cleatctl ufrag decode"},
      {"decode --server 1 AAAA", "takes no --server"},
      {"keygen " + key, "takes no --key"}};
  for (const auto& [words, wanted] : cases) test::expect_usage("ufrag " + words, wanted);
}

}  // namespace
}  // namespace control
