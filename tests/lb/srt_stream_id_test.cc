// SPDX-License-Identifier: MIT
#include "lb/srt_stream_id.h"

#include "tests/lb/ask_text.h"

namespace lb {
namespace {

const VhostList kVhosts = VhostList::make(std::vector<std::string>{"cam.example.com"}).value();

std::string ask(std::string_view stream_id) {
  const auto read = [](std::string_view id, StreamAsk& found) {
    found = read_srt_ask(id, kVhosts);
    return AskState::kWhole;
  };
  return test::ask_of(read, stream_id);
}

TEST(SrtStreamId, NamesResourceModeAndHost) {
  EXPECT_EQ(ask("#!::r=live/cam,m=publish"), "publish /live/cam");
  EXPECT_EQ(ask("#!::m=PUBLISH,r=/live/room/cam/"), "publish /live/room/cam");
  EXPECT_EQ(ask("#!::r=live/cam,m=request"), "play /live/cam");
  EXPECT_EQ(ask("#!::r=live/cam,key1=value1,key2=value2"), "play /live/cam");
  EXPECT_EQ(ask("#!::h=cam.example.com,r=live/cam,m=publish"), "publish cam.example.com/live/cam");
  EXPECT_EQ(ask("#!::h=other.example,r=live/cam"), "play /live/cam");
  EXPECT_EQ(ask("#!::r=cam"), "play /live/cam");
}

TEST(SrtStreamId, TheOlderFormNamesTheStreamAsTheHost) {
  EXPECT_EQ(ask("#!::h=live/cam,m=publish"), "publish /live/cam");
  EXPECT_EQ(ask("#!::h=live/cam?secret=d6d2be37,m=publish"), "publish /live/cam");
  EXPECT_EQ(ask("#!::h=cam.example.com/live/cam,m=request"), "play cam.example.com/live/cam");
  EXPECT_EQ(ask("#!::h=a/b,r=live/cam"), "play /live/cam");
}

TEST(SrtStreamId, APathAloneIsPlayed) {
  EXPECT_EQ(ask("live/cam"), "play /live/cam");
  EXPECT_EQ(ask("/live/cam?m=publish&vhost=cam.example.com"), "play /live/cam");
  EXPECT_EQ(ask("cam"), "play /live/cam");
}

TEST(SrtStreamId, ThatIsEmptyPublishesTheDefaultOfSrs) { EXPECT_EQ(ask(""), "publish /live/livestream"); }

TEST(SrtStreamId, ThatSrsRefusesAsksForNothing) {
  for (const std::string_view id :
       {"#!::", "#!::m=publish", "#!::r=live/cam,m=bidirectional", "#!::r=", "#!::h=cam.example.com", "/",
        "?", "#!::r=live/a\x01", "#!::r=live/cam,m="})
    EXPECT_EQ(ask(id), "other") << id;
  EXPECT_EQ(ask("live/" + std::string(507, 'x')), "other");
}

}  // namespace
}  // namespace lb
