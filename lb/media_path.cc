// SPDX-License-Identifier: MIT
#include "lb/media_path.h"

#include <algorithm>
#include <utility>

namespace lb {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct Split {
  std::string_view before, behind;
};

// At the last `c`; nullopt if there is none.
std::optional<Split> split_last(std::string_view text, char c) {
  const size_t at = text.rfind(c);
  if (at == std::string_view::npos) return std::nullopt;
  return Split{text.substr(0, at), text.substr(at + 1)};
}

std::string_view without_slashes(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  while (text.starts_with('/')) text.remove_prefix(1);
  return text;
}

std::optional<MediaName> without_number(const MediaName& exact) {
  const auto parts = split_last(exact.stream, '-');
  if (!parts || parts->before.empty() || parts->behind.empty() ||
      !std::all_of(parts->behind.begin(), parts->behind.end(), is_digit))
    return std::nullopt;
  return MediaName{exact.app, parts->before};
}

std::optional<MediaName> by_folder(const MediaName& exact) {
  const auto parts = split_last(without_slashes(exact.app), '/');
  if (!parts) return std::nullopt;
  return MediaName{parts->before, parts->behind};
}

bool is_one_of(std::string_view extension, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), extension) != list.end();
}

}  // namespace

std::optional<MediaPath> read_media_path(std::string_view path, bool hls_piece) noexcept {
  const auto file = split_last(path, '/');
  const auto name = file ? split_last(file->behind, '.') : std::nullopt;
  if (!name || name->before.empty()) return std::nullopt;
  const MediaName exact{file->before, name->before};
  const std::string_view extension = name->behind;
  if (is_one_of(extension, {"flv", "mp3", "aac"})) return MediaPath{exact, std::nullopt};
  const auto numbered = without_number(exact), folder = by_folder(exact);
  if (is_one_of(extension, {"m3u8", "mpd"})) return MediaPath{exact, folder};
  const auto piece = numbered ? numbered : folder;
  if (extension == "ts") return hls_piece && piece ? MediaPath{*piece, exact} : MediaPath{exact, piece};
  if (is_one_of(extension, {"m4s", "mp4"}) && piece)
    return MediaPath{*piece, numbered ? folder : std::nullopt};
  return std::nullopt;
}

}  // namespace lb
