// SPDX-License-Identifier: MIT
#include "control/stream_stats.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lb/peek_end.h"

namespace control {

using Json = nlohmann::ordered_json;

void StreamCensus::look(const Engine& engine) {
  const lb::Streams& streams = engine.segment->streams();
  const lb::Now now = engine.now();
  const uint32_t end = std::min(at_ + kRecordsPerLook, streams.count());
  for (; at_ < end; ++at_) found_ += streams.read(at_, now) ? 1 : 0;
  if (at_ < streams.count()) return;
  in_use_ = found_;
  at_ = found_ = 0;
}

Json peeks_json(const Engine& engine) {
  const auto sum = [&engine](auto read) {
    uint64_t all = 0;
    for (const lb::WorkerCounters* worker : engine.workers) all += read(worker->peeks).get();
    return all;
  };
  using Peeks = lb::PeekCounters;
  Json ends = Json::object();
  for (size_t i = 0; i < lb::kPeekEndNames.size(); ++i)
    ends[lb::kPeekEndNames[i]] = sum([i](const Peeks& p) -> const lb::Counter& { return p.ends[i]; });
  return {{"in_use", engine.peeks != nullptr ? engine.peeks->used() : 0},
          {"room", engine.peeks != nullptr ? engine.peeks->count() : 0},
          {"syns", sum([](const Peeks& p) -> const lb::Counter& { return p.syns; })},
          {"began", sum([](const Peeks& p) -> const lb::Counter& { return p.began; })},
          {"joined", sum([](const Peeks& p) -> const lb::Counter& { return p.joined; })},
          {"repeated", sum([](const Peeks& p) -> const lb::Counter& { return p.repeated; })},
          {"later_requests", sum([](const Peeks& p) -> const lb::Counter& { return p.later_requests; })},
          {"led_elsewhere", sum([](const Peeks& p) -> const lb::Counter& { return p.led_elsewhere; })},
          {"bytes", sum([](const Peeks& p) -> const lb::Counter& { return p.bytes; })},
          {"ends", ends}};
}

Json srt_json(const Engine& engine) {
  using Srt = lb::SrtCounters;
  Json counts = Json::object();
  for (const auto& [name, counter] : {std::pair{"inductions", &Srt::inductions},
                                      {"asked", &Srt::asked},
                                      {"opened", &Srt::opened},
                                      {"refused", &Srt::refused},
                                      {"moved", &Srt::moved},
                                      {"unmovable", &Srt::unmovable}}) {
    uint64_t all = 0;
    for (const lb::WorkerCounters* worker : engine.workers) all += (worker->srt.*counter).get();
    counts[name] = all;
  }
  return counts;
}

Json stream_counts_json(const Engine& engine, const StreamCensus& census, const StreamPollView& polls) {
  return {{"in_use", census.in_use()},
          {"room", engine.segment->streams().count()},
          {"polls", {{"passed", polls.passed}, {"failed", polls.failed}}},
          {"learned", polls.counts.learned},
          {"moved", polls.counts.moved},
          {"conflicts", polls.counts.conflicts},
          {"not_learned", polls.counts.no_room}};
}

}  // namespace control
