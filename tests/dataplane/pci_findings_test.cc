// SPDX-License-Identifier: MIT
// What keeps DPDK from a PCI device; and how a tree of /sys is read.
#include "dataplane/pci_findings.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/dataplane/findings_rig.h"

namespace dataplane {
namespace {

namespace fs = std::filesystem;
using test::command_of;
using test::has;
using test::one_of;

class PciFindings : public testing::Test {
 protected:
  PciFindings() {
    facts.address = "0000:3b:00.0";
    facts.exists = facts.network = facts.vfio_loaded = true;
    facts.vendor = "8086";
    facts.device = "1572";
    facts.driver = "vfio-pci";
    facts.iommu_group = 7;
  }
  std::vector<Finding> all(const std::vector<unsigned>& workers = {1, 2}) {
    return pci_findings("outside", facts, workers);
  }
  PciFacts facts;
};

TEST_F(PciFindings, AreNoneWhereAllIsWell) { EXPECT_TRUE(all().empty()) << one_line(all().front()); }

TEST_F(PciFindings, WhatIsNoNetworkDeviceIsAnError) {
  facts.exists = false;
  EXPECT_EQ(one_of(all(), "no PCI device 0000:3b:00.0").severity, Severity::kError);
  facts.exists = true;
  facts.network = false;
  EXPECT_EQ(one_of(all(), "no network device").severity, Severity::kError);
}

TEST_F(PciFindings, ADeviceOfTheKernelIsBoundByTheCommand) {
  facts.driver = "i40e";
  EXPECT_EQ(one_of(all(), "is the kernel's, by i40e").severity, Severity::kError);
  EXPECT_EQ(command_of(all(), "is the kernel's"), "dpdk-devbind.py -b vfio-pci 0000:3b:00.0");
  facts.driver = "";
  facts.vfio_loaded = false;
  EXPECT_EQ(command_of(all(), "has no driver"),
            "modprobe vfio-pci && dpdk-devbind.py -b vfio-pci 0000:3b:00.0");
}

TEST_F(PciFindings, MellanoxStaysWithTheKernel) {
  facts.driver = "mlx5_core";
  facts.iommu_group = -1;
  ASSERT_EQ(all().size(), 1U);
  EXPECT_EQ(one_of(all(), "stays with mlx5_core").severity, Severity::kNote);
}

TEST_F(PciFindings, WithoutAnIommuItIsAnErrorOrUnsafe) {
  facts.iommu_group = -1;
  EXPECT_EQ(one_of(all(), "no IOMMU group").severity, Severity::kError);
  facts.no_iommu = true;
  EXPECT_EQ(one_of(all(), "without an IOMMU").severity, Severity::kWarning);
  facts.driver = "uio_pci_generic";
  EXPECT_EQ(command_of(all(), "may write to all memory"), "dpdk-devbind.py -b vfio-pci 0000:3b:00.0");
}

TEST_F(PciFindings, TheGroupIsHandedOverWhole) {
  facts.group_mates = {"0000:3b:00.1 (i40e)", "0000:3b:00.2 (ahci)"};
  EXPECT_EQ(command_of(all(), "whole IOMMU groups"), "dpdk-devbind.py -b vfio-pci 0000:3b:00.1 0000:3b:00.2");
}

TEST_F(PciFindings, WhoWouldCutHimselfOffIsWarned) {
  facts.driver = "i40e";
  InterfaceFacts interface;
  interface.name = "ens1";
  interface.up = true;
  interface.addresses = {*lb::Prefix::parse("192.0.2.7/24")};
  interface.default_gateway = lb::IpAddress::parse("192.0.2.1");
  facts.interfaces = {interface};
  const Finding finding = one_of(all(), "cut off");
  EXPECT_EQ(finding.severity, Severity::kWarning);
  EXPECT_NE(finding.what.find("192.0.2.7/24 and the default route"), std::string::npos);
  EXPECT_EQ(finding.setting, "address: [192.0.2.7/24], gateway: 192.0.2.1");
  EXPECT_EQ(command_of(all(), "is the kernel's"),
            "ip link set ens1 down && dpdk-devbind.py -b vfio-pci 0000:3b:00.0");
}

TEST_F(PciFindings, WorkersFarFromTheDeviceAreAWarning) {
  facts.numa_node = 1;
  facts.near_cpus = {2, 3};
  EXPECT_FALSE(has(all({2, 3}), "NUMA"));
  EXPECT_EQ(command_of(all({1, 2}), "NUMA node 1"), "taskset --cpu-list 2,3 cleatd");
}

// A folder that stands for "/".
class PciFactsTest : public testing::Test {
 protected:
  PciFactsTest() {
    char name[] = "/tmp/cleat-pci-XXXXXX";
    root = ::mkdtemp(name);
  }
  ~PciFactsTest() override { fs::remove_all(root); }
  void put(const std::string& path, const std::string& text) const {
    fs::create_directories(fs::path(root + path).parent_path());
    std::ofstream(root + path) << text << "\n";
  }
  void link(const std::string& path, const std::string& to) const {
    fs::create_directories(fs::path(root + path).parent_path());
    fs::create_symlink(to, root + path);
  }
  std::string root;
};

TEST_F(PciFactsTest, ReadsWhatTheKernelSays) {
  const std::string device = "/sys/bus/pci/devices/0000:3b:00.0/",
                    mate = device + "iommu_group/devices/0000:3b:00.1/";
  put(device + "vendor", "0x8086");
  put(device + "device", "0x1572");
  put(device + "class", "0x020000");
  put(device + "numa_node", "1");
  put(device + "local_cpulist", "2-3,6");
  link(device + "driver", "../../../bus/pci/drivers/i40e");
  link("/groups/7", ".");
  fs::create_directories(root + "/groups7/devices");
  put("/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "Y");
  const PciFacts facts = read_pci("0000:3b:00.0", root);
  EXPECT_TRUE(facts.exists && facts.network && facts.no_iommu && !facts.vfio_loaded);
  EXPECT_EQ(facts.vendor + ":" + facts.device, "8086:1572");
  EXPECT_EQ(facts.driver, "i40e");
  EXPECT_EQ(facts.numa_node, 1);
  EXPECT_EQ(facts.near_cpus, (std::vector<unsigned>{2, 3, 6}));
  EXPECT_EQ(facts.iommu_group, -1);
}

TEST_F(PciFactsTest, TheGroupsOtherDevicesAreThoseThatKeepVfioOut) {
  const std::string device = "/sys/bus/pci/devices/0000:3b:00.0/";
  put(device + "vendor", "0x8086");
  const std::string group = root + "/sys/kernel/iommu_groups/7";
  fs::create_directories(group);
  fs::create_symlink(group, root + device + "iommu_group");
  const auto add = [&](const std::string& address, const char* class_, const char* driver) {
    put("/sys/kernel/iommu_groups/7/devices/" + address + "/class", class_);
    if (driver != nullptr)
      link("/sys/kernel/iommu_groups/7/devices/" + address + "/driver", std::string("../drivers/") + driver);
  };
  add("0000:3b:00.0", "0x020000", "i40e");
  add("0000:3b:00.1", "0x020000", "i40e");
  add("0000:3b:00.2", "0x020000", "vfio-pci");
  add("0000:3b:00.3", "0x020000", nullptr);
  add("0000:3a:00.0", "0x060400", "pcieport");
  const PciFacts facts = read_pci("0000:3b:00.0", root);
  EXPECT_EQ(facts.iommu_group, 7);
  EXPECT_EQ(facts.group_mates, std::vector<std::string>{"0000:3b:00.1 (i40e)"});
}

TEST_F(PciFactsTest, ADeviceThatIsNotThereIsSaid) { EXPECT_FALSE(read_pci("0000:00:00.0", root).exists); }

TEST(CpuList, ReadsRangesAndLeavesOutWhatIsNone) {
  EXPECT_EQ(cpu_list("0-2,8"), (std::vector<unsigned>{0, 1, 2, 8}));
  EXPECT_TRUE(cpu_list("").empty());
  EXPECT_EQ(cpu_list("x,3,-1,5-"), std::vector<unsigned>{3});
  EXPECT_TRUE(cpu_list("0-4000000000").empty());
}

}  // namespace
}  // namespace dataplane
