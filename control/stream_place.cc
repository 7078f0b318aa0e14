// SPDX-License-Identifier: MIT
#include "control/stream_place.h"

#include <algorithm>

#include "control/config_text.h"
#include "lb/identity.h"
#include "lb/url.h"

namespace control {
namespace {

using Kind = Refusal::Kind;

Refusal no_service(const lb::SnapshotSpec& spec, const std::string& name) {
  std::string known;
  for (const lb::ServiceSpec& service : spec.services) {
    if (lb::goes_by_stream(service.affinity))
      known += (known.empty() ? "" : ", ") + service.name;
    else if (service.name == name)
      return {Kind::kInvalid, "service " + name + " has affinity " + std::string(name_of(service.affinity)) +
                                  ": it knows of no streams"};
  }
  return {Kind::kNotFound, "no service is called \"" + name + "\"; " +
                               (known.empty() ? "there is none of affinity stream or srt"
                                              : "of affinity stream and srt there are: " + known)};
}

std::optional<lb::StreamKey> key_of_url(std::string_view text, const lb::VhostList& vhosts) {
  const lb::StreamUrl url = lb::split_stream_url(text);
  lb::ShortText<lb::StreamKey::kMaxBytes> app, stream;
  if (!lb::push_decoded(url.app, app) || !lb::push_decoded(url.stream, stream)) return std::nullopt;
  return lb::StreamKey::make(vhosts.find(url.vhost.empty() ? url.host : url.vhost), app.view(),
                             stream.view());
}

}  // namespace

std::optional<lb::StreamKey> stream_key_of(std::string_view text, const lb::VhostList& vhosts) {
  if (text.find("://") != std::string_view::npos) return key_of_url(text, vhosts);
  const size_t first = text.find('/'), last = text.rfind('/');
  if (first == std::string_view::npos) return std::nullopt;
  const std::string_view vhost = vhosts.find(text.substr(0, first));
  if (first == last) return text.size() == first + 1 ? lb::StreamKey::whole_vhost(vhost) : std::nullopt;
  return lb::StreamKey::make(vhost, text.substr(first, last - first), text.substr(last + 1));
}

std::optional<lb::BackendId> backend_id_in(const Engine& engine, const lb::PoolSpec& pool,
                                           const lb::Endpoint& backend) {
  const bool there = std::any_of(pool.backends.begin(), pool.backends.end(), [&](const lb::BackendSpec& b) {
    return lb::Endpoint{b.address, b.port} == backend;
  });
  if (!there) return std::nullopt;  // an id outlives its backend
  lb::Identity identity;
  identity.kind = lb::IdentityKind::kBackend;
  identity.address = backend.address;
  identity.port = backend.port;
  identity.name_hash = lb::name_hash(pool.name);
  return engine.segment->backends().find(identity);
}

std::variant<StreamPlace, Refusal> StreamPlace::of(const Engine& engine, const lb::SnapshotSpec& spec,
                                                   const std::string& service, const std::string& stream) {
  const auto found = std::find_if(spec.services.begin(), spec.services.end(), [&](const lb::ServiceSpec& s) {
    return s.name == service && lb::goes_by_stream(s.affinity);
  });
  if (found == spec.services.end()) return no_service(spec, service);
  const lb::Snapshot& snapshot = *engine.snapshot();
  StreamPlace place;
  place.service = &snapshot.services[static_cast<size_t>(found - spec.services.begin())];
  const lb::StreamRules& rules = snapshot.stream_rules[place.service->stream_rules];
  const auto key = stream_key_of(stream, rules.vhosts());
  if (!key)
    return Refusal{Kind::kInvalid,
                   "stream: \"" + stream +
                       "\" names none; /APP/STREAM, VHOST/APP/STREAM or the URL that a client uses is "
                       "wanted"};
  place.key = *key;
  place.route = rules.route_of(key->text());
  const uint16_t pool = rules.pool_of(key->text());
  place.pool = &snapshot.pools[pool];
  place.pool_spec = &spec.pools[pool];
  return place;
}

}  // namespace control
