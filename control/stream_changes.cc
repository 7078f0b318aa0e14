// SPDX-License-Identifier: MIT
#include "control/stream_changes.h"

#include "control/log.h"

namespace control {
namespace {

using Kind = Refusal::Kind;

std::string backends_of(const lb::PoolSpec& pool) {
  std::string all;
  for (const lb::BackendSpec& backend : pool.backends)
    all += (all.empty() ? "" : ", ") + lb::Endpoint{backend.address, backend.port}.to_string();
  return all;
}

// True: the stream is that backend's now. A worker may move it, or begin with it, at the same moment.
bool put(const Engine& engine, const StreamPlace& place, lb::BackendId backend) {
  constexpr unsigned kTries = 8;
  lb::Streams& streams = engine.segment->streams();
  for (unsigned i = 0; i < kTries; ++i) {
    auto known = streams.find(place.pool->clients, place.key, engine.now());
    if (!known) known = streams.learn(place.pool->clients, place.key, backend, engine.now());
    if (!known) return false;
    if (known->control.backend() == backend || streams.move(*known, backend)) {
      streams.touch(known->place(), false, engine.now());
      return true;
    }
  }
  return false;
}

void log_change(const StreamPlace& place, const std::string& what) {
  log_event(LogLevel::kInfo, "operator change",
            {{"change", what}, {"pool", place.pool_spec->name}, {"stream", std::string(place.key.text())}});
}

}  // namespace

Refused move_stream(const Engine& engine, const StreamPlace& place, const lb::Endpoint& backend) {
  const lb::PoolSpec& pool = *place.pool_spec;
  const auto id = backend_id_in(engine, pool, backend);
  if (!id)
    return Refusal{Kind::kNotFound, "pool " + pool.name + " has no backend " + backend.to_string() +
                                        "; there are: " + backends_of(pool)};
  if (!engine.snapshot()->backends[*id].takes_new)
    return Refusal{Kind::kInvalid, "backend " + backend.to_string() +
                                       " takes no new sessions: cleatctl backend show says why"};
  if (!put(engine, place, *id))
    return Refusal{Kind::kInvalid, "no room for another stream: dataplane.streams is " +
                                       std::to_string(engine.segment->streams().count()) +
                                       ", cleatctl stats show"};
  log_change(place, "move to " + backend.to_string());
  return std::nullopt;
}

void forget_stream(const Engine& engine, const StreamPlace& place) {
  lb::Streams& streams = engine.segment->streams();
  const auto known = streams.find(place.pool->clients, place.key, engine.now());
  if (!known) return;
  streams.forget(*known);
  log_change(place, "forget");
}

}  // namespace control
