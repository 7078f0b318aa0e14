// SPDX-License-Identifier: MIT
// Which stream an HTTP request is for, as SRS's servers name them in their URLs: HTTP-FLV and its like, HLS, DASH, WHIP (RFC 9725),
// WHEP (draft-ietf-wish-whep), and SRS's older JSON API for WebRTC.
#pragma once

#include <string_view>

#include "lb/stream_ask.h"
#include "lb/vhost_list.h"

namespace lb {

//   GET /app/stream.flv                              kPlay; other extensions: lb/media_path.h
//   POST, PUT /app/stream.flv                        kPublish
//   POST /rtc/v1/whip/?app=live&stream=cam           kPublish, unless `action=play`. Defaults: `live`, `livestream`
//   POST /rtc/v1/whep/?..., /rtc/v1/whip-play/?...   kPlay
//   DELETE, PATCH /rtc/v1/whip/?...&session=name     kSession; so is a POST with `action=delete`
//   POST /rtc/v1/publish/, /rtc/v1/play/             kPublish, kPlay of the `streamurl` in its JSON, as soon as that is there
//   OPTIONS, GET, HEAD of what else names a stream   kPlay: the POST may follow on the same connection
// `vhost=` or `domain=` in the query beats the host, and the host of a full URL in the request line beats the Host header.
//
// text     what has come so far, from the first byte of a request on; any bytes; what stands behind the request is not read
// ask      valid when kWhole; `session` points into text
// returns  kNotIt: no HTTP/1 request. A request for no stream, or for one whose name cannot be a key, is whole: kOther
// cost     no allocation; one pass over the head, and one over a JSON body up to `streamurl`
//
// `session` is not decoded: SRS writes it into its Location as it is, and clients ask for it as it stands there. Of a chunked
// JSON body only the first chunk is read.
AskState read_http_ask(std::string_view text, const VhostList& vhosts, StreamAsk& ask) noexcept;

}  // namespace lb
