// SPDX-License-Identifier: MIT
#include "dataplane/pci_facts.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace dataplane {
namespace {

namespace fs = std::filesystem;

std::string line_of(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

std::string hex_of(const fs::path& file) {
  const std::string line = line_of(file);
  return line.starts_with("0x") ? line.substr(2) : line;
}

int number_of(const std::string& text, int otherwise) {
  int value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// The last part of where a symbolic link points; empty: there is none.
std::string target_of(const fs::path& link) {
  std::error_code none;
  return fs::read_symlink(link, none).filename();
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none)) names.push_back(entry.path().filename());
  return names;
}

void read_group(PciFacts& facts, const fs::path& device) {
  const std::string group = target_of(device / "iommu_group");
  if (group.empty()) return;
  facts.iommu_group = number_of(group, -1);
  for (const std::string& mate : names_in(device / "iommu_group/devices")) {
    const std::string driver = target_of(device / "iommu_group/devices" / mate / "driver");
    // vfio does without the group's bridges (class 06).
    if (mate == facts.address || driver.empty() || driver.starts_with("vfio") || driver == "pci-stub" ||
        hex_of(device / "iommu_group/devices" / mate / "class").starts_with("06"))
      continue;
    facts.group_mates.push_back(mate + " (" + driver + ")");
  }
}

// A virtio device's interface hangs below its bus.
void read_interfaces(PciFacts& facts, const fs::path& device) {
  std::vector<fs::path> folders = {device / "net"};
  for (const std::string& name : names_in(device))
    if (name.starts_with("virtio")) folders.push_back(device / name / "net");
  for (const fs::path& folder : folders)
    for (const std::string& name : names_in(folder)) facts.interfaces.push_back(read_interface(name));
}

}  // namespace

std::vector<unsigned> cpu_list(const std::string& text) {
  std::vector<unsigned> cpus;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) {
    const size_t dash = part.find('-');
    const int first = number_of(part.substr(0, dash), -1);
    const int last = dash == std::string::npos ? first : number_of(part.substr(dash + 1), -1);
    constexpr int kMostCpus = 1 << 16;
    if (first < 0 || last >= kMostCpus) continue;
    for (int cpu = first; cpu <= last; ++cpu) cpus.push_back(static_cast<unsigned>(cpu));
  }
  return cpus;
}

PciFacts read_pci(const std::string& address, const std::string& root) {
  PciFacts facts;
  facts.address = address;
  const fs::path device = root + "/sys/bus/pci/devices/" + address;
  facts.exists = fs::exists(device / "vendor");
  if (!facts.exists) return facts;
  facts.vendor = hex_of(device / "vendor");
  facts.device = hex_of(device / "device");
  facts.network = hex_of(device / "class").starts_with("02");
  facts.driver = target_of(device / "driver");
  read_group(facts, device);
  const std::string unsafe = line_of(root + "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
  facts.no_iommu = unsafe == "Y" || unsafe == "1";
  facts.vfio_loaded = fs::exists(root + "/sys/bus/pci/drivers/vfio-pci");
  facts.numa_node = number_of(line_of(device / "numa_node"), -1);
  if (facts.numa_node >= 0) facts.near_cpus = cpu_list(line_of(device / "local_cpulist"));
  read_interfaces(facts, device);
  return facts;
}

}  // namespace dataplane
