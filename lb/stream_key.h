// SPDX-License-Identifier: MIT
// The name under which publishers and players of one stream meet, whatever their protocol calls it: SRS's own form of a
// stream URL, `vhost/app/stream`, or `/app/stream` in the default vhost.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace lb {

class StreamKey {
 public:
  static constexpr size_t kMaxBytes = 255;

  StreamKey() noexcept = default;  // of no stream: empty

  // vhost    VhostList::find()'s answer: empty is the default vhost
  // app      may have several parts, `live/room`
  // stream   without its query, and without what a protocol adds to its name (`.flv`); may have several parts, too: where app
  //          ends changes nothing
  // returns  nullopt if app or stream is empty, if a byte is 0..31 or 127 and no blank, or if it does not fit
  // cost     no allocation; one pass
  //
  // As SRS does, blanks (space, tab, CR, LF), needless slashes and the part `_definst_` are left out, and a last extension of
  // the stream's is: `cam.1` and `cam.2` are one source there, and go to one server here.
  static std::optional<StreamKey> make(std::string_view vhost, std::string_view app,
                                       std::string_view stream) noexcept;

  // All streams of a vhost, where nobody can see which one (TLS): `vhost/`, or `/`. Never equal to a stream's key.
  // vhost    as for make()
  static std::optional<StreamKey> whole_vhost(std::string_view vhost) noexcept;

  // text     of another key's text(), at most kMaxBytes
  static StreamKey of_text(std::string_view text) noexcept {
    StreamKey key;
    key.length_ = static_cast<uint8_t>(text.copy(key.text_.data(), kMaxBytes));
    return key;
  }
  [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), length_}; }
  // seed     the pick's, so that every balancer with the same configuration picks alike
  [[nodiscard]] uint64_t hash(uint64_t seed) const noexcept;

  friend bool operator==(const StreamKey& a, const StreamKey& b) noexcept { return a.text() == b.text(); }

 private:
  bool push(char c) noexcept;
  bool push_host(std::string_view vhost) noexcept;
  bool push_parts(std::string_view path) noexcept;
  void drop_extension() noexcept;

  std::array<char, kMaxBytes> text_;
  uint8_t length_ = 0;
};

}  // namespace lb
