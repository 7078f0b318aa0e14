// SPDX-License-Identifier: MIT
// Which stream an SRT StreamID names, as SRS reads it: the keys of Haivision's "SRT Access Control (Stream ID) Guidelines", and a
// bare path.
#pragma once

#include <string_view>

#include "lb/stream_ask.h"
#include "lb/vhost_list.h"

namespace lb {

//   #!::r=live/cam,m=publish                kPublish; `m=request`, or no m: kPlay
//   #!::h=cam.example.com,r=live/cam,k=v    of that vhost; other keys say nothing
//   #!::h=live/cam, #!::h=host/live/cam     the older form, where there is no r
//   live/cam?k=v                            kPlay, of the default vhost: SRS takes neither vhost nor mode from such an id
//   cam                                     in the app `live`, as in each form above
//   (empty)                                 kPublish of `live/livestream`
//
// stream_id  any bytes
// returns    kOther if there is no name, or another mode: SRS refuses those
// cost       no allocation; one pass
StreamAsk read_srt_ask(std::string_view stream_id, const VhostList& vhosts) noexcept;

}  // namespace lb
