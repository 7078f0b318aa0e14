// SPDX-License-Identifier: MIT
#include "lb/vhost_list.h"

#include <gtest/gtest.h>

namespace lb {
namespace {

VhostList list_of(std::vector<std::string> names) { return VhostList::make(names).value(); }

TEST(VhostList, FindsAHostHoweverItIsWritten) {
  const VhostList list = list_of({"cam.example.com", "Live.example.com", "a.example", "cam.example.com"});
  for (const char* host : {"cam.example.com", "CAM.Example.Com", "cam.example.com:8080", "cam.example.com.",
                           "cam.example.com.:80"})
    EXPECT_EQ(list.find(host), "cam.example.com") << host;
  EXPECT_EQ(list.find("live.example.com"), "live.example.com");
  EXPECT_EQ(list.find("a.example"), "a.example");
}

TEST(VhostList, EveryOtherHostIsTheDefaultVhost) {
  const VhostList list = list_of({"cam.example.com", "__defaultVhost__"});
  for (const char* host :
       {"", ".", ":80", "example.com", "cam.example.co", "cam.example.com0", "xcam.example.com",
        "192.0.2.1:1935", "[2001:db8::1]:80", "2001:db8::1", "__defaultVhost__", "cam.example.com.."})
    EXPECT_EQ(list.find(host), "") << host;
  EXPECT_EQ(VhostList().find("cam.example.com"), "");
}

TEST(VhostList, RefusesWhatIsNoHostName) {
  for (const std::string& name : {std::string(), std::string(254, 'a'), std::string("a/b"),
                                  std::string("a b"), std::string("a:80"), std::string("[::1]")}) {
    const auto list = VhostList::make({&name, 1});
    ASSERT_FALSE(list.ok()) << name;
    EXPECT_NE(list.error().find("'" + name + "'"), std::string::npos);
  }
}

}  // namespace
}  // namespace lb
