// SPDX-License-Identifier: MIT
#include "control/streams.h"

#include <nlohmann/json.hpp>
#include <set>

#include "control/nearest.h"
#include "control/query_field.h"
#include "control/segment_names.h"
#include "control/sessions.h"
#include "lb/streams.h"

namespace control {
namespace {

using Json = nlohmann::ordered_json;

class Listing {
 public:
  Listing(const Engine& engine, const lb::SnapshotSpec& spec, const StreamFilter& filter)
      : streams_(engine.segment->streams()),
        names_(engine, spec),
        filter_(filter),
        now_(engine.now()),
        pools_(pools_of(engine, spec, filter.service)) {}

  Json run() {
    const auto next = walk();
    return {{"streams", std::move(rows_)}, {"next", next ? Json(*next) : Json(nullptr)}};
  }

 private:
  // By the id under which a pool's streams are kept.
  static std::set<lb::ListenerId> pools_of(const Engine& engine, const lb::SnapshotSpec& spec,
                                           const std::string& service) {
    const lb::Snapshot& snapshot = *engine.snapshot();
    std::set<lb::ListenerId> pools;
    for (size_t i = 0; i < spec.services.size(); ++i) {
      const lb::Service& compiled = snapshot.services[i];
      if (spec.services[i].name != service || !lb::goes_by_stream(compiled.affinity)) continue;
      for (const uint16_t pool : snapshot.stream_rules[compiled.stream_rules].pools())
        pools.insert(snapshot.pools[pool].clients);
    }
    return pools;
  }

  // Every record, from filter_.after on.
  std::optional<uint64_t> walk() {
    uint32_t looked_at = 0;
    for (uint64_t i = filter_.after; i < streams_.count(); ++i) {
      if (++looked_at > kRecordsPerRequest || rows_.size() >= filter_.limit) return i;
      if (const auto stream = streams_.read(static_cast<lb::StreamIndex>(i), now_)) show(*stream);
    }
    return std::nullopt;
  }

  void show(const lb::StreamView& stream) {
    const lb::Identity& backend = names_.backend(stream.control.backend());
    if (!stream.key.text().starts_with(filter_.prefix)) return;
    if (filter_.backend && !is_backend(*filter_.backend, backend)) return;
    if (!filter_.service.empty() && !pools_.contains(stream.control.pool())) return;
    rows_.push_back({{"stream", stream.key.text()},
                     {"pool", text_or_null(names_.pool_of_clients(stream.control.pool()))},
                     {"backend", lb::Endpoint{backend.address, backend.port}.to_string()},
                     {"published", stream.published},
                     {"seen_s", uint32_t{lb::ticks_since(now_.tick(), stream.seen)} * lb::kTickMs / 1000}});
  }

  const lb::Streams& streams_;
  const SegmentNames names_;
  const StreamFilter& filter_;
  const lb::Now now_;
  const std::set<lb::ListenerId> pools_;
  Json rows_ = Json::array();
};

// "" or why `text` is no `name`.
std::string set(StreamFilter& filter, const std::string& name, const std::string& text) {
  if (name == "service" || name == "prefix") {
    (name == "service" ? filter.service : filter.prefix) = text;
    return "";
  }
  if (name == "backend") return read_endpoint(text, filter.backend);
  if (name == "limit") return read_number(text, 1, kMaxStreamsShown, filter.limit);
  if (name == "after") return read_number(text, 0, UINT32_MAX, filter.after);
  return "unknown; " + suggestion(name, {"service", "prefix", "backend", "limit", "after"});
}

}  // namespace

lb::Result<StreamFilter> StreamFilter::of(const std::map<std::string, std::string>& fields) {
  return read_fields(fields, set);
}

Json streams_json(const Engine& engine, const lb::SnapshotSpec& spec, const StreamFilter& filter) {
  return Listing(engine, spec, filter).run();
}

}  // namespace control
