// SPDX-License-Identifier: MIT
#include "dataplane/pci_findings.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "dataplane/shell_word.h"

namespace dataplane {
namespace {

// Drivers of the kernel that stay where they are: DPDK's goes by way of them.
constexpr std::array kSharing = {std::string_view("mlx4_core"), std::string_view("mlx5_core")};
constexpr std::array kHandedOver = {std::string_view("vfio-pci"), std::string_view("uio_pci_generic"),
                                    std::string_view("igb_uio")};

bool is_one_of(const std::string& driver, const auto& names) {
  return std::ranges::find(names, driver) != names.end();
}

class Look {
 public:
  Look(const std::string& port, const PciFacts& facts) : port_(port), facts_(facts) {}

  void all(const std::vector<unsigned>& workers) {
    if (!facts_.exists)
      return add(Severity::kError, "there is no PCI device " + facts_.address,
                 "dpdk-devbind.py --status-dev net");
    if (!facts_.network)
      return add(Severity::kError, name() + " is no network device", "dpdk-devbind.py --status-dev net");
    if (is_one_of(facts_.driver, kSharing)) {
      add(Severity::kNote, name() + " stays with " + facts_.driver + ", as DPDK's driver for it wants");
    } else {
      iommu();
      binding();
    }
    interfaces();
    numa(workers);
  }

  std::vector<Finding> found;

 private:
  void add(Severity severity, std::string what, std::string command = "", std::string setting = "") {
    found.push_back({severity, "port " + port_, std::move(what), std::move(command), std::move(setting)});
  }
  [[nodiscard]] std::string name() const {
    return facts_.address + " [" + facts_.vendor + ":" + facts_.device + "]";
  }

  void iommu() {
    if (facts_.driver.starts_with("uio") || facts_.driver == "igb_uio") {
      add(Severity::kWarning,
          name() + " is bound to " + facts_.driver +
              ": without an IOMMU the device may write to all memory; vfio-pci is wanted",
          bind_command());
      return;
    }
    if (facts_.iommu_group >= 0) {
      if (facts_.group_mates.empty()) return;
      std::string mates;
      for (const std::string& mate : facts_.group_mates) mates += (mates.empty() ? "" : ", ") + mate;
      std::string addresses;
      for (const std::string& mate : facts_.group_mates) addresses += " " + mate.substr(0, mate.find(' '));
      add(Severity::kError,
          "vfio takes whole IOMMU groups, and the kernel uses other devices of group " +
              std::to_string(facts_.iommu_group) + ": " + mates,
          "dpdk-devbind.py -b vfio-pci" + addresses);
      return;
    }
    if (facts_.no_iommu)
      return add(Severity::kWarning, "vfio works without an IOMMU: " + name() +
                                         " may write to all memory; better put "
                                         "intel_iommu=on or amd_iommu=on on the kernel's command line");
    add(Severity::kError,
        name() +
            " is in no IOMMU group, which vfio wants: switch VT-d or AMD-Vi on in the firmware and put "
            "intel_iommu=on or amd_iommu=on on the kernel's command line; or, unsafe, do without",
        "modprobe vfio && echo Y > /sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
  }

  [[nodiscard]] std::string bind_command() const {
    std::string command = facts_.vfio_loaded ? "" : "modprobe vfio-pci && ";
    // dpdk-devbind.py leaves an interface alone that has a route.
    for (const InterfaceFacts& interface : facts_.interfaces)
      if (interface.up) command += "ip link set " + shell_word(interface.name) + " down && ";
    return command + "dpdk-devbind.py -b vfio-pci " + facts_.address;
  }

  void binding() {
    if (is_one_of(facts_.driver, kHandedOver)) return;
    add(Severity::kError,
        name() + (facts_.driver.empty() ? " has no driver" : " is the kernel's, by " + facts_.driver) +
            "; DPDK wants it at vfio-pci",
        bind_command());
  }

  void interfaces() {
    for (const InterfaceFacts& interface : facts_.interfaces) {
      std::string addresses;
      for (const lb::Prefix& prefix : interface.addresses)
        addresses += (addresses.empty() ? "" : ", ") + prefix.to_string();
      if (addresses.empty() && !interface.default_gateway) continue;
      add(Severity::kWarning,
          facts_.address + " is " + interface.name + ", which carries " +
              (addresses.empty() ? "no address" : addresses) +
              (interface.default_gateway ? " and the default route" : "") +
              ": whoever is logged in by it is cut off when it is bound to vfio-pci; the port wants these, "
              "or "
              "another way in",
          "",
          "address: [" + addresses + "]" +
              (interface.default_gateway ? ", gateway: " + interface.default_gateway->to_string() : ""));
    }
  }

  void numa(const std::vector<unsigned>& workers) {
    if (facts_.near_cpus.empty()) return;
    std::string far;
    for (const unsigned cpu : workers)
      if (std::ranges::find(facts_.near_cpus, cpu) == facts_.near_cpus.end())
        far += (far.empty() ? "" : ",") + std::to_string(cpu);
    if (far.empty()) return;
    std::string near;
    for (const unsigned cpu : facts_.near_cpus) near += (near.empty() ? "" : ",") + std::to_string(cpu);
    add(Severity::kWarning,
        facts_.address + " hangs at NUMA node " + std::to_string(facts_.numa_node) +
            ", and workers run on cpus of another: " + far,
        "taskset --cpu-list " + near + " cleatd");
  }

  const std::string& port_;
  const PciFacts& facts_;
};

}  // namespace

std::vector<Finding> pci_findings(const std::string& port, const PciFacts& facts,
                                  const std::vector<unsigned>& workers) {
  Look look(port, facts);
  look.all(workers);
  return std::move(look.found);
}

}  // namespace dataplane
