// SPDX-License-Identifier: MIT
#include <cstdio>
#include <nlohmann/json.hpp>

#include "tools/cleatctl_json_table.h"
#include "tools/cleatctl_show.h"
#include "tools/cleatctl_table.h"

namespace cleatctl {
namespace {

using Json = nlohmann::ordered_json;

std::string percent(double part, double whole) {
  if (whole == 0) return "";
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.1f", 100 * part / whole);
  return digits;
}

// "2-4", "32", by the ends of the histogram
std::vector<std::string> titles_of(const Json& bursts) {
  std::vector<std::string> titles;
  uint64_t from = 1;
  for (const Json& row : bursts) {
    const Json& end = row.at("up_to_frames");
    const bool single = end.is_null() || end == from;
    titles.push_back(std::to_string(from) + (single ? "" : "-" + text(end)) + ">");
    if (!end.is_null()) from = end.get<uint64_t>() + 1;
  }
  return titles;
}

std::string time_table(const Json& workers) {
  std::vector<std::string> titles = {"worker>",    "over s>",     "busy %>",      "polling %>",
                                     "resting %>", "cycles/pkt>", "frames/burst>"};
  for (const std::string& title : titles_of(workers.front().at("load").at("bursts"))) titles.push_back(title);
  Table table(titles);
  for (const Json& worker : workers) {
    const Json& load = worker.at("load");
    std::vector<std::string> cells = {text(worker.at("worker")), text(load.at("seconds"))};
    for (const char* state : {"busy", "polling", "resting"})
      cells.push_back(percent(load.at(state).get<double>(), 1));
    for (const char* field : {"cycles_per_packet", "frames_per_burst"}) cells.push_back(text(load.at(field)));
    double all = 0;
    for (const Json& row : load.at("bursts")) all += row.at("bursts").get<double>();
    for (const Json& row : load.at("bursts")) cells.push_back(percent(row.at("bursts").get<double>(), all));
    table.add(std::move(cells));
  }
  return table.text();
}

std::string stage_table(const Json& workers) {
  std::vector<std::string> titles = {"worker>", "timed pkts>"};
  for (const auto& [stage, cycles] : workers.front().at("load").at("stage_cycles_per_packet").items())
    titles.push_back(stage + ">");
  Table table(titles);
  for (const Json& worker : workers) {
    const Json& load = worker.at("load");
    std::vector<std::string> cells = {text(worker.at("worker")), text(load.at("timed_packets"))};
    for (const Json& cycles : load.at("stage_cycles_per_packet")) cells.push_back(text(cycles));
    table.add(std::move(cells));
  }
  return table.text();
}

}  // namespace

std::string show_load(const Json& stats) {
  Json workers = Json::array();
  for (const Json& worker : stats.at("workers"))
    if (!worker.at("load").is_null()) workers.push_back(worker);
  if (workers.empty()) return "";
  return "load of late, and % of bursts by their frames:\n" + time_table(workers) +
         "\ncycles per packet by stage, of " + text(stats.at("tsc_hz")) + " a second:\n" +
         stage_table(workers);
}

}  // namespace cleatctl
