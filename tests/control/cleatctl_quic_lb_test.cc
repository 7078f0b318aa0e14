// SPDX-License-Identifier: MIT
// `cleatctl quic-lb` of the real cleatctl (its path in $CLEATCTL). There is no daemon.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <set>
#include <string>

#include "tests/control/run_cleatctl.h"
#include "tests/lb/quic_lb_vectors.h"

namespace control {
namespace {

using test::Output;

Output run(const std::string& words) { return test::run_cleatctl("quic-lb " + words); }
std::string key_option(const std::string& key) { return key.empty() ? "" : " --key " + key; }

TEST(CleatctlQuicLb, DecodesTheDraftsVectors) {
  for (const auto& v : lb::test::kQuicLbVectors) {
    const Output ran =
        run("decode --sid-len " + std::to_string(v.server_id_length) + " --nonce-len " +
            std::to_string(v.nonce_length) + key_option(v.key) + " --config-id " +
            std::to_string(v.config_id) + (v.encodes_length ? " --self-described " : " ") + v.cid);
    EXPECT_EQ(ran.code, 0) << v.name;
    EXPECT_EQ(ran.text, std::string(v.server_id) + "\n") << v.name;
  }
}

TEST(CleatctlQuicLb, EncodesTheDraftsVectors) {
  for (const auto& v : lb::test::kQuicLbVectors) {
    if (!v.encodes_length || v.appended_octets != 0) continue;
    const Output ran = run(std::string("encode --sid ") + v.server_id + " --nonce " + v.nonce +
                           key_option(v.key) + " --config-id " + std::to_string(v.config_id));
    EXPECT_EQ(ran.code, 0) << v.name;
    EXPECT_EQ(ran.text, std::string(v.cid) + "\n") << v.name;
  }
}

TEST(CleatctlQuicLb, PrintsALineForEachIdAndWhyItIsUnroutable) {
  const Output ran =
      run("decode --sid-len 3 --nonce-len 4 --self-described 07c4605e4504cc4f "
          "e7c4605e4504cc4f 27c4605e4504cc4f 07c460 08c4605e4504cc4f ''");

  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.text,
            "c4605e\nunroutable reserved\nunroutable no_config\nunroutable too_short\n"
            "unroutable length_mismatch\nunroutable empty\n");
}

TEST(CleatctlQuicLb, ARandomNonceMakesEachIdAnotherForOneServer) {
  std::set<std::string> seen;
  for (int i = 0; i < 4; ++i) {
    std::string cid = run("encode --sid 0a01 --nonce-len 6 --key 8f95f09245765f80256934e50c66207f").text;
    ASSERT_EQ(cid.size(), 19U) << cid;
    cid.pop_back();
    EXPECT_EQ(run("decode --sid-len 2 --nonce-len 6 --key 8f95f09245765f80256934e50c66207f " + cid).text,
              "0a01\n");
    seen.insert(cid);
  }
  EXPECT_EQ(seen.size(), 4U);
}

TEST(CleatctlQuicLb, KeygenPrintsAKeyThatTheOthersTakeFromAFile) {
  const Output first = run("keygen"), second = run("keygen");
  ASSERT_EQ(first.code, 0) << first.text;
  EXPECT_EQ(first.text.size(), 33U);
  EXPECT_EQ(first.text.find_first_not_of("0123456789abcdef"), 32U);
  EXPECT_NE(first.text, second.text);

  const std::string file = ::testing::TempDir() + "quic_lb_" + std::to_string(::getpid()) + ".key";
  std::ofstream(file) << first.text;
  const std::string cid = run("encode --sid 0a01 --nonce 010203040506 --key @" + file).text;
  std::remove(file.c_str());
  EXPECT_EQ(cid, run("encode --sid 0a01 --nonce 010203040506 --key " + first.text.substr(0, 32)).text);
}

TEST(CleatctlQuicLb, WrongInputIsExitTwoAndSaysWhatIsWanted) {
  const struct {
    const char *words, *wanted;
  } cases[] = {
      {"encode --nonce 01020304", "--sid HEX is wanted"},
      {"encode --sid 01", "--nonce HEX, or --nonce-len N"},
      {"encode --sid 0g --nonce 01020304", "--sid: an even number of hexadecimal digits"},
      {"encode --sid 012 --nonce 01020304", "--sid: an even number of hexadecimal digits"},
      {"encode --sid '' --nonce 01020304", "server id length 0: from 1 to 15"},
      {"encode --sid 01 --nonce 010203", "nonce length 3: from 4 to 18"},
      {"encode --sid 01 --sid-len 2 --nonce 01020304", "server id of 1 octets: the configuration says 2"},
      {"encode --sid 01 --nonce 01020304 --config-id 7", "0 to 6 is wanted"},
      {"encode --sid 01 --nonce 01020304 --key 00", "--key: 32 hexadecimal digits"},
      {"encode --sid 01 --nonce 01020304 --key @/nowhere/key", "/nowhere/key"},
      {"decode --sid-len 3 07c4605e4504cc4f", "--sid-len N and --nonce-len M are wanted"},
      {"decode --sid-len 15 --nonce-len 5 07c4605e4504cc4f", "19 at most"},
      {"decode --sid-len many --nonce-len 5 07c4605e4504cc4f", "a whole number is wanted"},
      {"decode --sid-len -1 --nonce-len 5 07c4605e4504cc4f", "a whole number is wanted"},
      {"decode --sid-len 3 --nonce-len 4 nonsense", "connection id \"nonsense\""},
      {"decode --sid-len 3 --nonce-len 4", "usage: cleatctl quic-lb decode"},
      {"decode --sid 01 --nonce-len 4 07", "takes no --sid"},
      {"keygen --key 00", "takes no --key"}};
  for (const auto& [words, wanted] : cases) test::expect_usage("quic-lb " + std::string(words), wanted);
}

}  // namespace
}  // namespace control
