// SPDX-License-Identifier: MIT
#include "dataplane/machine_facts.h"

#include <sys/resource.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "dataplane/eal.h"
#include "dataplane/pci_facts.h"

namespace dataplane {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

uint64_t effective_capabilities(const std::string& status) {
  constexpr std::string_view kField = "CapEff:";
  const size_t at = status.find(kField);
  return at == std::string::npos ? 0 : std::strtoull(status.c_str() + at + kField.size(), nullptr, 16);
}

// Sizes that are the kernel's own: /sys/kernel/mm/hugepages/hugepages-2048kB.
std::vector<HugePages> read_huge_pages(const fs::path& folder) {
  std::vector<HugePages> all;
  std::error_code none;
  constexpr std::string_view kPrefix = "hugepages-";
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with(kPrefix)) continue;
    const auto number = [&](const char* file) {
      return std::strtoull(text_of(entry.path() / file).c_str(), nullptr, 10);
    };
    all.push_back({std::strtoull(name.c_str() + kPrefix.size(), nullptr, 10), number("nr_hugepages"),
                   number("free_hugepages")});
  }
  return all;
}

std::string first_hugetlbfs(const std::string& mounts) {
  std::istringstream lines(mounts);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string source, point, type;
    if (words >> source >> point >> type && type == "hugetlbfs") return point;
  }
  return "";
}

}  // namespace

MachineFacts read_machine(const std::string& root) {
  MachineFacts facts;
  facts.cpus = allowed_cpus();
  facts.isolated = cpu_list(text_of(root + "/sys/devices/system/cpu/isolated"));
  facts.capabilities = effective_capabilities(text_of(root + "/proc/self/status"));
  rlimit limit{};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) == 0) facts.memlock_bytes = limit.rlim_cur;
  facts.tun = fs::exists(root + "/dev/net/tun");
  facts.huge_pages = read_huge_pages(root + "/sys/kernel/mm/hugepages");
  facts.huge_mount = first_hugetlbfs(text_of(root + "/proc/mounts"));
  std::error_code none;
  facts.program = fs::read_symlink("/proc/self/exe", none);
  return facts;
}

Mount mount_of(const std::string& path, const std::string& mountinfo) {
  Mount found;
  std::istringstream lines(mountinfo);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string word, point;
    // id, parent, device, root, mount point, ... "-", type, source, options of the file system
    for (int i = 0; i < 4; ++i) words >> word;
    words >> point;
    const bool holds = path == point || point == "/" || path.starts_with(point + "/");
    if (!holds || point.size() < found.point.size()) continue;
    while (words >> word && word != "-") {
    }
    Mount mount{point, "", ""};
    words >> mount.type >> word >> mount.options;
    found = mount;
  }
  return found;
}

}  // namespace dataplane
