// SPDX-License-Identifier: MIT
#include "dataplane/eal.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <sched.h>
#include <unistd.h>

#include <filesystem>

namespace dataplane {
namespace {

std::vector<unsigned> allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<unsigned> cpus;
  if (::sched_getaffinity(0, sizeof(set), &set) == 0)
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu)
      if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  if (cpus.empty()) cpus.push_back(0);
  return cpus;
}

std::string lcore_map(unsigned workers) {
  const std::vector<unsigned> cpus = allowed_cpus();
  std::string all;
  for (const unsigned cpu : cpus) all += (all.empty() ? "" : ",") + std::to_string(cpu);
  const bool own_cpu_each = cpus.size() > workers + 1;
  std::string map = "0@(" + all + ")";
  for (unsigned worker = 1; worker <= workers; ++worker)
    map += "," + std::to_string(worker) + "@(" + (own_cpu_each ? std::to_string(cpus[worker]) : all) + ")";
  return map;
}

}  // namespace

lb::Status start_eal(const EalOptions& options) {
  std::vector<std::string> words = {"cleatd",
                                    "--no-huge",
                                    "-m",
                                    std::to_string(options.memory_mb),
                                    "--file-prefix",
                                    "cleat-" + std::to_string(::getpid()),
                                    "--no-telemetry",
                                    "--log-level=error",
                                    "--lcores",
                                    lcore_map(options.workers)};
  if (!options.pci) words.emplace_back("--no-pci");
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  if (rte_eal_init(static_cast<int>(argv.size()), argv.data()) < 0) {
    std::string line;
    for (const std::string& word : words) line += " " + word;
    return lb::Error{"DPDK does not start: " + std::string(rte_strerror(rte_errno)) + " (arguments:" + line +
                     ")"};
  }
  return lb::Nothing{};
}

void stop_eal() {
  const std::filesystem::path folder = rte_eal_get_runtime_dir();
  rte_eal_cleanup();
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

}  // namespace dataplane
