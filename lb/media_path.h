// SPDX-License-Identifier: MIT
// Which stream an HTTP path is of: a live stream (HTTP-FLV, -TS, -AAC, -MP3), a playlist of HLS (RFC 8216) or DASH, or a piece of
// one. The files' names do not always tell: `/live/cam-12.ts` is a stream or the twelfth piece of one.
#pragma once

#include <optional>
#include <string_view>

namespace lb {

struct MediaName {
  std::string_view app, stream;  // as StreamKey::make() takes them, which may still refuse them
};

struct MediaPath {
  MediaName name;
  std::optional<MediaName> other;  // the less likely reading
};

// The readings, the likelier one first:
//   .flv .mp3 .aac   the name in its folder
//   .ts              the name in its folder; or the piece's stream
//   .m3u8 .mpd       the name in its folder; or the folder, if it has a name of its own (`/live/cam/index.m3u8`)
//   .m4s .mp4        the piece's stream only: by its number, or by its folder
// A piece's stream is the name without its number (`cam-12`), or the folder, if it has a name of its own (`/live/cam/12.ts`,
// as nginx-rtmp nests them and DASH always does).
//
// path       decoded, without its query; any bytes
// hls_piece  SRS marks the pieces it lists with `hls_ctx=` in their query: of a .ts the piece's stream is then likelier
// returns    parts of path; nullopt: no media
std::optional<MediaPath> read_media_path(std::string_view path, bool hls_piece) noexcept;

}  // namespace lb
