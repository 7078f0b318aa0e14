// SPDX-License-Identifier: MIT
#include "lb/media_path.h"

#include <gtest/gtest.h>

#include <string>

namespace lb {
namespace {

std::string read(std::string_view path, bool hls_piece = false) {
  const auto media = read_media_path(path, hls_piece);
  if (!media) return "none";
  std::string text = std::string(media->name.app) + "|" + std::string(media->name.stream);
  if (media->other) text += " or " + std::string(media->other->app) + "|" + std::string(media->other->stream);
  return text;
}

TEST(MediaPath, OfALiveStreamIsItsNameInItsFolder) {
  EXPECT_EQ(read("/live/cam.flv"), "/live|cam");
  EXPECT_EQ(read("/live/room/cam.1.flv"), "/live/room|cam.1");
  EXPECT_EQ(read("/live/cam-12.aac"), "/live|cam-12");
  EXPECT_EQ(read("/live/cam.mp3"), "/live|cam");
  EXPECT_EQ(read("/live/cam.ts"), "/live|cam");
}

TEST(MediaPath, OfATsMayBeAPiece) {
  EXPECT_EQ(read("/live/cam-12.ts"), "/live|cam-12 or /live|cam");
  EXPECT_EQ(read("/live/cam-12.ts", true), "/live|cam or /live|cam-12");
  EXPECT_EQ(read("/live/cam/12.ts"), "/live/cam|12 or live|cam");
  EXPECT_EQ(read("/live/cam/12.ts", true), "live|cam or /live/cam|12");
  EXPECT_EQ(read("/live/room/cam-1-12.ts", true), "/live/room|cam-1 or /live/room|cam-1-12");
  EXPECT_EQ(read("/live/cam.ts", true), "/live|cam");
}

TEST(MediaPath, OfAPlaylistMayBeItsFolder) {
  EXPECT_EQ(read("/live/cam.m3u8"), "/live|cam");
  EXPECT_EQ(read("/live/cam.mpd"), "/live|cam");
  EXPECT_EQ(read("/live/cam/index.m3u8"), "/live/cam|index or live|cam");
}

TEST(MediaPath, OfAnMp4IsAlwaysAPiece) {
  EXPECT_EQ(read("/live/cam-12.m4s"), "/live|cam");
  EXPECT_EQ(read("/live/cam/video-12.m4s"), "/live/cam|video or live|cam");
  EXPECT_EQ(read("/live/cam/video-init.mp4"), "live|cam");
  EXPECT_EQ(read("/live/film.mp4"), "none");
}

TEST(MediaPath, IsNoneForEverythingElse) {
  for (const char* path : {"", "/", "*", "cam.flv", "/live/cam", "/live/.flv", "/live/cam.", "/live/cam.FLV",
                           "/live/cam.js", "/api/v1/versions", "/live.flv/cam"})
    EXPECT_EQ(read(path), "none") << path;
  EXPECT_EQ(read("/cam-12.ts"), "|cam-12 or |cam");
  EXPECT_EQ(read("//cam-.ts"), "/|cam-");
  EXPECT_EQ(read("/live/-12.m4s"), "none");
}

}  // namespace
}  // namespace lb
