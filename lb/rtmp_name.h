// SPDX-License-Identifier: MIT
// Which stream an RTMP client means: host and app are in connect, the stream in a later command, and a vhost may be named in
// the parameters of either. Read as SRS reads it, so that the key made of it is the one that SRS files the stream under.
#pragma once

#include <string_view>

#include "lb/short_text.h"

namespace lb {

class RtmpName {
 public:
  // app, tc_url  as connect has them; empty: not given. tcUrl wins, `rtmp://host[:port]/app[?vhost=other]` or with
  //              `app...vhost...other` for players that lose a query; app alone names no host
  // returns      false: host or app is longer than a stream's key may be
  bool connect(std::string_view app, std::string_view tc_url) noexcept;

  // name     as publish or play have it: `stream[?key=value][&vhost=other]`. Empty: the last part of app is the stream
  // returns  false: there is no name, or vhost or name are too long
  bool open(std::string_view name) noexcept;

  // For VhostList::find(): what a vhost= says, or else tcUrl's host, maybe with its port.
  [[nodiscard]] std::string_view host() const noexcept { return host_.view(); }
  [[nodiscard]] std::string_view app() const noexcept;
  [[nodiscard]] std::string_view stream() const noexcept { return stream_.view(); }

 private:
  using Text = ShortText<255>;

  static bool set(Text& text, std::string_view value) noexcept;
  bool prefer_vhost(std::string_view vhost) noexcept;

  Text host_, app_, stream_;
};

}  // namespace lb
