// SPDX-License-Identifier: MIT
#include "control/load.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

namespace control {
namespace {

using Json = nlohmann::ordered_json;

// So that JSON has no digits that say nothing.
double rounded(double value, double parts) { return std::round(value * parts) / parts; }

Json bursts_json(const LoadSums& sums) {
  constexpr auto kFrames = lb::LoadCounters::kFrames;
  Json rows = Json::array();
  for (size_t i = 0; i < sums.bursts.size(); ++i)
    rows.push_back({{"up_to_frames", i < kFrames.size() ? Json(kFrames[i]) : Json(nullptr)},
                    {"bursts", sums.bursts[i]}});
  return rows;
}

}  // namespace

LoadSums load_sums(const lb::WorkerCounters& counters) {
  const lb::LoadCounters& load = counters.load;
  const auto get = [](const lb::Counter& counter) { return counter.get(); };
  LoadSums sums;
  sums.busy_cycles = load.busy_cycles.get();
  sums.polling_cycles = load.polling_cycles.get();
  sums.resting_cycles = load.resting_cycles.get();
  std::transform(load.bursts.begin(), load.bursts.end(), sums.bursts.begin(), get);
  std::transform(load.stage_cycles.begin(), load.stage_cycles.end(), sums.stage_cycles.begin(), get);
  sums.timed_packets = load.timed_packets.get();
  for (const lb::PortCounters& port : counters.ports) sums.packets += port.rx_packets.get();
  return sums;
}

LoadSums growth(const LoadSums& then, const LoadSums& now) {
  LoadSums grown;
  grown.busy_cycles = now.busy_cycles - then.busy_cycles;
  grown.polling_cycles = now.polling_cycles - then.polling_cycles;
  grown.resting_cycles = now.resting_cycles - then.resting_cycles;
  for (size_t i = 0; i < grown.bursts.size(); ++i) grown.bursts[i] = now.bursts[i] - then.bursts[i];
  for (size_t i = 0; i < grown.stage_cycles.size(); ++i)
    grown.stage_cycles[i] = now.stage_cycles[i] - then.stage_cycles[i];
  grown.timed_packets = now.timed_packets - then.timed_packets;
  grown.packets = now.packets - then.packets;
  return grown;
}

Json load_sums_json(const LoadSums& sums) {
  Json stages = Json::object();
  for (size_t i = 0; i < sums.stage_cycles.size(); ++i) stages[lb::kStageNames[i]] = sums.stage_cycles[i];
  return {{"busy_cycles", sums.busy_cycles},       {"polling_cycles", sums.polling_cycles},
          {"resting_cycles", sums.resting_cycles}, {"bursts", bursts_json(sums)},
          {"timed_packets", sums.timed_packets},   {"stage_cycles", stages}};
}

Json load_json(const LoadSums& growth, uint64_t tsc_hz) {
  const auto all = static_cast<double>(growth.all_cycles());
  if (all == 0) return nullptr;
  const auto share = [all](uint64_t cycles) { return rounded(static_cast<double>(cycles) / all, 1e4); };
  const auto average = [](uint64_t sum, uint64_t count) {
    return count == 0 ? Json(nullptr)
                      : Json(rounded(static_cast<double>(sum) / static_cast<double>(count), 10));
  };
  Json stages = Json::object();
  for (size_t i = 0; i < growth.stage_cycles.size(); ++i)
    stages[lb::kStageNames[i]] = average(growth.stage_cycles[i], growth.timed_packets);
  const uint64_t bursts = std::accumulate(growth.bursts.begin(), growth.bursts.end(), uint64_t{0});
  return {{"seconds", rounded(all / static_cast<double>(tsc_hz), 10)},
          {"busy", share(growth.busy_cycles)},
          {"polling", share(growth.polling_cycles)},
          {"resting", share(growth.resting_cycles)},
          {"packets", growth.packets},
          {"cycles_per_packet", average(growth.busy_cycles, growth.packets)},
          {"frames_per_burst", average(growth.packets, bursts)},
          {"bursts", bursts_json(growth)},
          {"timed_packets", growth.timed_packets},
          {"stage_cycles_per_packet", stages}};
}

void LoadWindow::look(const Engine& engine) {
  std::vector<LoadSums> workers;
  for (const lb::WorkerCounters* worker : engine.workers) workers.push_back(load_sums(*worker));
  former_.push_back(std::move(workers));
  if (former_.size() > kSeconds) former_.pop_front();
}

LoadSums LoadWindow::of(const Engine& engine, size_t worker) const {
  const LoadSums then = former_.size() < kSeconds ? LoadSums{} : former_.front()[worker];
  return growth(then, load_sums(*engine.workers[worker]));
}

}  // namespace control
