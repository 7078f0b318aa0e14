// SPDX-License-Identifier: MIT
// What the machine and the state file lack for a configuration.
#include "dataplane/machine_findings.h"

#include <gtest/gtest.h>
#include <linux/capability.h>

#include <limits>

#include "dataplane/state_findings.h"
#include "tests/dataplane/findings_rig.h"

namespace dataplane {
namespace {

using test::command_of;
using test::has;
using test::one_of;
using test::setting_of;

constexpr unsigned kMemoryMb = 100;

class MachineFindings : public testing::Test {
 protected:
  MachineFindings() {
    options.workers = 2;
    options.ports.resize(1);
    options.ports[0].device = "veth:eth1";
    facts.cpus = {0, 1, 2, 3};
    facts.isolated = {1, 2};
    facts.capabilities = ~uint64_t{0};
    facts.memlock_bytes = std::numeric_limits<uint64_t>::max();
    facts.tun = true;
    facts.program = "/usr/sbin/cleatd";
  }
  std::vector<Finding> all() { return machine_findings(options, kMemoryMb, facts); }
  void lack(std::initializer_list<unsigned> capabilities) {
    for (const unsigned c : capabilities) facts.capabilities &= ~(uint64_t{1} << c);
  }

  Options options;
  MachineFacts facts;
};

TEST_F(MachineFindings, AreNoneWhereAllIsWell) { EXPECT_TRUE(all().empty()) << one_line(all().front()); }

TEST_F(MachineFindings, WithoutSysAdminThereIsOnlyAfPacket) {
  lack({CAP_SYS_ADMIN});
  EXPECT_EQ(one_of(all(), "cap_sys_admin").severity, Severity::kWarning);
  EXPECT_EQ(command_of(all(), "lacks"), "setcap cap_sys_admin+ep /usr/sbin/cleatd");
  options.ports[0].device = "packet:eth1";
  EXPECT_TRUE(all().empty());
}

TEST_F(MachineFindings, WhatNothingGoesWithoutIsAnError) {
  lack({CAP_NET_ADMIN, CAP_NET_RAW, CAP_BPF, CAP_SYS_ADMIN});
  EXPECT_EQ(one_of(all(), "cap_net_raw").severity, Severity::kError);
  EXPECT_EQ(command_of(all(), "lacks"),
            "setcap cap_net_admin,cap_net_raw,cap_bpf,cap_sys_admin+ep /usr/sbin/cleatd");
  options.punt = false;
  options.ports[0].device = "net_pcap0,rx_pcap=in.pcap";
  EXPECT_TRUE(all().empty()) << "captures need no rights";
}

TEST_F(MachineFindings, LockedMemoryIsAskedForWhatBuffersTake) {
  lack({CAP_IPC_LOCK});
  EXPECT_TRUE(all().empty());
  facts.memlock_bytes = (uint64_t{kMemoryMb} << 20) - 1;
  EXPECT_EQ(command_of(all(), "locked memory"), "ulimit -l unlimited");
  facts.capabilities = ~uint64_t{0};
  EXPECT_TRUE(all().empty()) << "who may lock has no limit";
}

TEST_F(MachineFindings, CpusAreEnoughSharedOrTooFew) {
  facts.isolated.clear();
  EXPECT_EQ(one_of(all(), "isolated").severity, Severity::kNote);
  facts.cpus = {0, 1, 2};
  EXPECT_EQ(one_of(all(), "no cpu of their own").severity, Severity::kNote);
  facts.cpus = {0};
  EXPECT_EQ(setting_of(all(), "2 workers share 1 cpu"), "dataplane.workers: 1");
}

TEST_F(MachineFindings, HugePagesAreForPciDevices) {
  facts.huge_pages = {{2048, 10, 4}, {1048576, 0, 0}};
  EXPECT_EQ(one_of(all(), "do not use them").severity, Severity::kNote);
  options.ports[0].device = "pci:0000:3b:00.0";
  EXPECT_EQ(one_of(all(), "want 100 MiB").severity, Severity::kError);
  EXPECT_EQ(command_of(all(), "want 100 MiB"), "sysctl -w vm.nr_hugepages=56") << "6 are others'";
  EXPECT_TRUE(has(all(), "no hugetlbfs"));
  facts.huge_pages[0] = {2048, 60, 50};
  facts.huge_mount = "/dev/hugepages";
  EXPECT_TRUE(all().empty());
  facts.huge_pages[0].free = 49;
  EXPECT_EQ(all().size(), 1U);
  options.eal_arguments = {"--no-huge"};
  EXPECT_TRUE(all().empty());
}

TEST_F(MachineFindings, PuntTapsWantTun) {
  facts.tun = false;
  EXPECT_EQ(command_of(all(), "/dev/net/tun"), "modprobe tun");
  options.punt = false;
  EXPECT_TRUE(all().empty());
}

StateFacts state() {
  StateFacts facts;
  facts.path = "/dev/shm/cleat/default";
  facts.bytes_wanted = 600U << 20;
  facts.bytes_free = uint64_t{1} << 40;
  facts.mount = {"/dev/shm", "tmpfs", "rw,size=24684096k,huge=advise"};
  return facts;
}

TEST(StateFindings, AreNoneOfAFileThatIsTakenOver) {
  StateFacts facts = state();
  EXPECT_TRUE(state_findings(facts).empty());
  facts.exists = true;
  EXPECT_TRUE(state_findings(facts).empty());
}

TEST(StateFindings, OneThatIsInUseMayBeTheCleatdInForce) {
  StateFacts facts = state();
  facts.exists = facts.locked = true;
  EXPECT_EQ(one_of(state_findings(facts), "in use by another cleatd").severity, Severity::kWarning);
}

TEST(StateFindings, OneThatIsPutAsideLosesItsFlows) {
  StateFacts facts = state();
  facts.exists = true;
  facts.refusal = "version 2, this is 3";
  EXPECT_EQ(command_of(state_findings(facts), "version 2"),
            "mv /dev/shm/cleat/default /dev/shm/cleat/default.rejected");
  facts.ours = false;
  EXPECT_EQ(one_of(state_findings(facts), "another user").severity, Severity::kError);
}

TEST(StateFindings, SmallPagesAndLittleRoomAreSaid) {
  StateFacts facts = state();
  facts.mount.options = "rw,size=24684096k";
  EXPECT_NE(command_of(state_findings(facts), "small pages").find("huge=advise"), std::string::npos);
  facts.mount = {"/mnt/huge", "hugetlbfs", "rw"};
  EXPECT_TRUE(state_findings(facts).empty());
  facts.bytes_free = facts.bytes_wanted - 1;
  EXPECT_TRUE(has(state_findings(facts), "may grow to 600 MiB, and 599 MiB are free"));
}

TEST(MountOf, IsTheLongestThatHoldsThePath) {
  const std::string text =
      "21 1 254:0 / / rw - ext4 /dev/vda rw\n"
      "30 21 0:20 / /dev/shm rw,nosuid shared:3 - tmpfs tmpfs rw,size=1k\n"
      "31 30 0:21 / /dev/shm/cleat rw - tmpfs cleat rw,huge=advise\n"
      "broken\n";
  EXPECT_EQ(mount_of("/dev/shm/cleat/default", text).options, "rw,huge=advise");
  EXPECT_EQ(mount_of("/dev/shm/cleat2/default", text).point, "/dev/shm");
  EXPECT_EQ(mount_of("/dev/shm/x", text).type, "tmpfs");
  EXPECT_EQ(mount_of("/var/x", text).type, "ext4");
  EXPECT_EQ(mount_of("/var/x", "").type, "");
}

}  // namespace
}  // namespace dataplane
