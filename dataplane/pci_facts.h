// SPDX-License-Identifier: MIT
// What the kernel says of a PCI device that a port names.
#pragma once

#include <string>
#include <vector>

#include "dataplane/interface_facts.h"

namespace dataplane {

struct PciFacts {
  std::string address;  // "0000:3b:00.0"
  bool exists = false;
  bool network = false;        // of the class of network controllers
  std::string vendor, device;  // "8086", "1572"
  std::string driver;          // of the kernel; empty: none
  int iommu_group = -1;
  std::vector<std::string>
      group_mates;        // devices of the group whose drivers keep vfio from it: "0000:3b:00.1 (i40e)"
  bool no_iommu = false;  // vfio may do without (enable_unsafe_noiommu_mode)
  bool vfio_loaded = false;
  int numa_node = -1;
  std::vector<unsigned> near_cpus;         // of its node; empty: all, or not known
  std::vector<InterfaceFacts> interfaces;  // that its kernel driver makes
};

// root  "" or, for tests, the folder that stands for "/"
PciFacts read_pci(const std::string& address, const std::string& root = "");

// "0-3,8" -> 0, 1, 2, 3, 8. What does not fit that shape is left out.
std::vector<unsigned> cpu_list(const std::string& text);

}  // namespace dataplane
