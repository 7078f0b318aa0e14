// SPDX-License-Identifier: MIT
#include "lb/http_ask.h"

#include <algorithm>

#include "lb/http_head.h"
#include "lb/json_member.h"
#include "lb/media_path.h"
#include "lb/url.h"

namespace lb {
namespace {

constexpr std::string_view kRtcApi = "/rtc/v1/";
using PathText = ShortText<512>;

struct Request {
  const HttpHead& head;
  Url url;
  std::string_view vhost;  // VhostList::find()'s
  std::string_view body;   // as much as there is

  [[nodiscard]] bool is(std::string_view method) const { return head.method == method; }
  // A role that begins something is a POST's only.
  [[nodiscard]] StreamRole publish() const {
    return is("POST") || is("PUT") ? StreamRole::kPublish : StreamRole::kPlay;
  }
};

std::optional<StreamKey> decoded_key(std::string_view vhost, std::string_view app, std::string_view stream) {
  PathText app_text, stream_text;
  if (!push_decoded(app, app_text) || !push_decoded(stream, stream_text)) return std::nullopt;
  return StreamKey::make(vhost, app_text.view(), stream_text.view());
}

void answer(StreamAsk& ask, StreamRole role, const std::optional<StreamKey>& key) {
  if (!key) return;
  ask.role = role;
  ask.key = *key;
}

void ask_for_media(const Request& request, StreamAsk& ask) {
  PathText path;
  if (!push_decoded(request.url.path, path)) return;
  const auto media = read_media_path(path.view(), !query_value(request.url.query, "hls_ctx").empty());
  if (!media) return;
  const auto key_of = [&request](const MediaName& name) {
    return StreamKey::make(request.vhost, name.app, name.stream);
  };
  const auto key = key_of(media->name), other = media->other ? key_of(*media->other) : std::nullopt;
  answer(ask, request.publish(), key ? key : other);
  if (key && other != key) ask.other = other;
}

void ask_for_offer(const Request& request, StreamRole role, StreamAsk& ask) {
  const std::string_view query = request.url.query, action = query_value(query, "action");
  std::string_view app = query_value(query, "app"), stream = query_value(query, "stream");
  const std::string_view session = query_value(query, "session");
  if (!session.empty() && (!request.is("POST") || action == "delete")) {
    ask.role = StreamRole::kSession;
    ask.session = session;
    ask.key = decoded_key(request.vhost, app, stream).value_or(StreamKey());
    return;
  }
  if (app.empty() && stream.empty() && !request.is("POST")) return;
  if (app.empty()) app = "live";
  if (stream.empty()) stream = "livestream";
  answer(ask, action == "play" ? StreamRole::kPlay : role, decoded_key(request.vhost, app, stream));
}

struct Body {
  std::string_view text;
  bool whole = false;
};

// Seven digits are more than any offer needs.
Body first_chunk(std::string_view body) {
  const size_t eol = body.find("\r\n");
  if (eol == std::string_view::npos) return {};
  size_t size = 0;
  for (const char c : body.substr(0, std::min<size_t>(eol, 7))) {
    if (hex_digit(c) < 0) break;
    size = size * 16 + static_cast<size_t>(hex_digit(c));
  }
  body.remove_prefix(eol + 2);
  return {body.substr(0, size), body.size() >= size};
}

Body body_of(const Request& request) {
  if (request.head.chunked) return first_chunk(request.body);
  const uint64_t length = request.head.content_length.value_or(0);
  return {request.body.substr(0, length), request.body.size() >= length};
}

AskState ask_by_json(const Request& request, const VhostList& vhosts, StreamRole role, StreamAsk& ask) {
  const Body body = body_of(request);
  JsonText text;
  const JsonFind found = find_json_string(body.text, "streamurl", text);
  if (found == JsonFind::kPartial && !body.whole) return AskState::kPartial;
  if (found != JsonFind::kFound) return AskState::kWhole;
  const StreamUrl url = split_stream_url(text.view());
  answer(ask, role, decoded_key(vhosts.find(url.vhost.empty() ? url.host : url.vhost), url.app, url.stream));
  return AskState::kWhole;
}

}  // namespace

AskState read_http_ask(std::string_view text, const VhostList& vhosts, StreamAsk& ask) noexcept {
  ask = {};
  HttpHead head;
  const HeadState state = parse_http_head(text, head);
  if (state == HeadState::kPartial) return AskState::kPartial;
  if (state == HeadState::kNotHttp || !head.request) return AskState::kNotIt;
  const Url url = split_url(head.target);
  std::string_view host = vhost_in_query(url.query);
  if (host.empty()) host = url.host.empty() ? head.host : url.host;
  const Request request{head, url, vhosts.find(host), text.substr(head.bytes)};

  if (!url.path.starts_with(kRtcApi)) {
    ask_for_media(request, ask);
    return AskState::kWhole;
  }
  std::string_view call = url.path.substr(kRtcApi.size());
  if (call.ends_with('/')) call.remove_suffix(1);
  if (call == "whip") ask_for_offer(request, request.publish(), ask);
  if (call == "whep" || call == "whip-play") ask_for_offer(request, StreamRole::kPlay, ask);
  if (request.is("POST") && call == "publish") return ask_by_json(request, vhosts, StreamRole::kPublish, ask);
  if (request.is("POST") && call == "play") return ask_by_json(request, vhosts, StreamRole::kPlay, ask);
  return AskState::kWhole;
}

}  // namespace lb
