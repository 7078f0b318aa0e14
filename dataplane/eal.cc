// SPDX-License-Identifier: MIT
#include "dataplane/eal.h"

#include <bpf/libbpf.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>
#include <xdp/libxdp.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>

namespace dataplane {
namespace {

std::string lcore_map(unsigned workers) {
  const std::vector<unsigned> cpus = allowed_cpus();
  std::string all;
  for (const unsigned cpu : cpus) all += (all.empty() ? "" : ",") + std::to_string(cpu);
  const std::vector<unsigned> of_workers = worker_cpus(workers, cpus);
  const bool own_cpu_each = of_workers.size() < cpus.size();
  std::string map = "0@(" + all + ")";
  for (unsigned worker = 1; worker <= workers; ++worker)
    map += "," + std::to_string(worker) + "@(" +
           (own_cpu_each ? std::to_string(of_workers[worker - 1]) : all) + ")";
  return map;
}

constexpr std::string_view kPrefix = "cleat-";

// A killed cleatd leaves its run-time folder behind: the next one takes it away. Under systemd it lies elsewhere
// (RuntimeDirectory=).
void remove_stale_folders() {
  const char* given = std::getenv("RUNTIME_DIRECTORY");
  const std::filesystem::path where = given != nullptr ? given : "/var/run";
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(where / "dpdk", ignored)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with(kPrefix)) continue;
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), pid);
    if (error != std::errc() || end != name.data() + name.size() || pid <= 0) continue;
    if (::kill(pid, 0) != 0 && errno == ESRCH) std::filesystem::remove_all(entry.path(), ignored);
  }
}

// DPDK puts its run-time folder below a shared /tmp/dpdk when the user has no folder of his own, which the first user
// then owns. Gives each process its own instead. Empty for root, whose folder is /var/run/dpdk or systemd's.
std::filesystem::path own_runtime_folder;

lb::Status choose_runtime_folder() {
  if (::geteuid() == 0) {
    remove_stale_folders();
    return lb::Nothing{};
  }
  std::string name = std::filesystem::temp_directory_path() / "cleat-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) return lb::Error{"cannot make a folder for DPDK: " + name};
  own_runtime_folder = name;
  ::setenv("XDG_RUNTIME_DIR", name.c_str(), 1);
  return lb::Nothing{};
}

void remove_own_folder() {
  std::error_code ignored;
  if (!own_runtime_folder.empty()) std::filesystem::remove_all(own_runtime_folder, ignored);
}

}  // namespace

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

std::vector<unsigned> worker_cpus(unsigned workers, const std::vector<unsigned>& allowed) {
  if (allowed.size() <= workers + 1) return allowed;
  return {allowed.begin() + 1, allowed.begin() + 1 + workers};
}

lb::Status start_eal(const EalOptions& options) {
  if (auto status = choose_runtime_folder(); !status) return status;
  // They report each step that they go on without: a missing bpffs, sections of a newer libxdp.
  libxdp_set_print(nullptr);
  libbpf_set_print(nullptr);
  std::vector<std::string> words = {
      "cleatd",
      "--file-prefix",
      std::string(kPrefix) + std::to_string(::getpid()),
      "--no-telemetry",
      "--log-level=error",
      "--log-level=pmd.net.tap:critical",  // no multiq qdisc: only rte_flow needs it
      "--lcores",
      lcore_map(options.workers)};
  const bool no_huge = std::ranges::find(options.arguments, "--no-huge") != options.arguments.end();
  if (options.pci.empty())
    words.insert(words.end(), {"--no-pci", "--no-huge", "-m", std::to_string(options.memory_mb)});
  else if (no_huge)  // with an IOMMU that takes addresses as they are
    words.insert(words.end(), {"-m", std::to_string(options.memory_mb)});
  else
    words.emplace_back("--huge-unlink");
  for (const std::string& address : options.pci) words.insert(words.end(), {"--allow", address});
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  if (rte_eal_init(static_cast<int>(argv.size()), argv.data()) < 0) {
    std::string line;
    for (const std::string& word : words) line += " " + word;
    remove_own_folder();
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
  remove_own_folder();
}

}  // namespace dataplane
