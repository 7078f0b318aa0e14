// SPDX-License-Identifier: MIT
// What the first bytes of a connection ask for: which stream, to publish or to play. Its readers: lb/http_ask.h,
// lb/client_hello.h and lb/srt_stream_id.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "lb/stream_key.h"

namespace lb {

enum class StreamRole : uint8_t {
  kOther,    // nothing of a stream: any server can answer
  kPublish,  // of `key`
  kPlay,     // of `key`, or of `other` where the name can be read in two ways
  kVhost,    // one of the two, of a stream nobody can see: `key` is of a whole vhost
  kSession,  // something of the session `session`; `key` is its stream's if that is named, too, and empty otherwise
};

struct StreamAsk {
  StreamRole role = StreamRole::kOther;
  StreamKey key;
  // The less likely reading: where `key` is of no live stream and this one is, this one is meant.
  std::optional<StreamKey> other;
  std::string_view session;  // the ICE USERNAME; lies in what was read
};

enum class AskState : uint8_t {
  kWhole,    // the ask says what is wanted
  kPartial,  // come again with more bytes
  kNotIt,    // not of this reader's protocol
};

}  // namespace lb
