// SPDX-License-Identifier: MIT
#include "lb/stream_key.h"

#include <algorithm>

#include "lb/hash.h"

namespace lb {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
constexpr bool is_blank(char c) { return kBlanks.find(c) != std::string_view::npos; }

}  // namespace

bool StreamKey::push(char c) noexcept {
  if (length_ == kMaxBytes || is_control(c)) return false;
  text_[length_++] = c;
  return true;
}

bool StreamKey::push_host(std::string_view vhost) noexcept {
  return std::all_of(vhost.begin(), vhost.end(),
                     [this](char c) { return c != '/' && !is_blank(c) && push(c); });
}

// Each part behind a slash of its own. False also if there is none.
bool StreamKey::push_parts(std::string_view path) noexcept {
  const uint8_t begin = length_;
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(part.size() + 1, path.size()));
    if (part == "_definst_") continue;
    const uint8_t before = length_;
    if (!push('/')) return false;
    for (const char c : part)
      if (!is_blank(c) && !push(c)) return false;
    if (length_ == before + 1) length_ = before;
  }
  return length_ > begin;
}

// A part that is nothing but an extension is a name.
void StreamKey::drop_extension() noexcept {
  const size_t dot = text().rfind('.');
  if (dot == std::string_view::npos || dot < text().rfind('/') || text()[dot - 1] == '/') return;
  length_ = static_cast<uint8_t>(dot);
}

std::optional<StreamKey> StreamKey::make(std::string_view vhost, std::string_view app,
                                         std::string_view stream) noexcept {
  StreamKey key;
  if (!key.push_host(vhost) || !key.push_parts(app) || !key.push_parts(stream)) return std::nullopt;
  key.drop_extension();
  return key;
}

std::optional<StreamKey> StreamKey::whole_vhost(std::string_view vhost) noexcept {
  StreamKey key;
  if (!key.push_host(vhost) || !key.push('/')) return std::nullopt;
  return key;
}

uint64_t StreamKey::hash(uint64_t seed) const noexcept { return hash_text(text(), seed); }

}  // namespace lb
