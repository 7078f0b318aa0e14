// SPDX-License-Identifier: MIT
// What is wrong with a kernel interface as a port: a start is refused by errors only, a check says all.
#include "dataplane/interface_findings.h"

#include <gtest/gtest.h>

#include "dataplane/frame_room.h"
#include "tests/dataplane/findings_rig.h"

namespace dataplane {
namespace {

using test::command_of;
using test::has;
using test::one_of;
using test::setting_of;

lb::Prefix prefix(const char* text) { return *lb::Prefix::parse(text); }

class InterfaceFindings : public testing::Test {
 protected:
  InterfaceFindings() {
    port.name = "inside";
    port.device = "veth:eth2";
    port.addresses = {prefix("10.20.0.2/24"), prefix("fd20::2/64")};
    facts.name = "eth2";
    facts.exists = facts.up = facts.carrier = true;
    facts.kind = "veth";
    facts.mtu = 1500;
    facts.queues = 1;
    facts.possible_queues = 4;
    facts.peer = PeerFacts{"switch2", "", {}, 1, 1500};
  }
  std::vector<Finding> all(unsigned workers = 1) { return interface_findings(port, workers, facts); }

  PortOptions port;
  InterfaceFacts facts;
};

TEST_F(InterfaceFindings, AreNoneWhereAllIsWell) { EXPECT_TRUE(all().empty()) << one_line(all().front()); }

TEST_F(InterfaceFindings, AnInterfaceThatIsMissingIsTheOnlyError) {
  facts.exists = false;
  facts.up = false;
  ASSERT_EQ(all().size(), 1U);
  EXPECT_EQ(all().front().severity, Severity::kError);
  EXPECT_NE(all().front().what.find("no interface eth2"), std::string::npos);
  EXPECT_EQ(all().front().subject, "port inside");
}

TEST_F(InterfaceFindings, ErrorsAreWhatRefusesAStart) {
  facts.addresses = {prefix("10.20.0.2/24")};
  facts.up = false;
  facts.offloads = {"tx", "tso"};
  const auto refused = refusals(port, 5, facts);
  ASSERT_EQ(refused.size(), 2U);
  for (const Finding& finding : refused) EXPECT_EQ(finding.severity, Severity::kError);
  unsigned errors = 0;
  for (const Finding& finding : all(5)) errors += finding.severity == Severity::kError;
  EXPECT_EQ(errors, 2U);
}

TEST_F(InterfaceFindings, AnAddressOfThePortOnTheInterfaceIsDeletedByTheCommand) {
  facts.addresses = {prefix("fd20::2/64")};
  EXPECT_EQ(command_of(all(), "punt tap"), "ip address del fd20::2/64 dev eth2");
}

TEST_F(InterfaceFindings, AnAddressThatNobodyWouldAnswerForIsAWarning) {
  facts.addresses = {prefix("192.0.2.7/24")};
  const Finding finding = one_of(all(), "nobody would answer");
  EXPECT_EQ(finding.severity, Severity::kWarning);
  EXPECT_EQ(finding.setting, "address: [192.0.2.7/24]");
  EXPECT_EQ(finding.what.find("default route"), std::string::npos);
  facts.default_gateway = lb::IpAddress::parse("192.0.2.1");
  EXPECT_TRUE(has(all(), "the default route leaves by it"));
}

TEST_F(InterfaceFindings, AnInterfaceThatIsDownIsTakenUp) {
  facts.up = facts.carrier = false;
  EXPECT_EQ(command_of(all(), "is down"), "ip link set eth2 up");
  facts.up = true;
  EXPECT_TRUE(has(all(), "has no link"));
}

TEST_F(InterfaceFindings, QueuesAreAsManyAsWorkers) {
  facts.queues = 2;
  EXPECT_EQ(command_of(all(), "2 active receive queues for 1 worker"), "ethtool -L eth2 rx 1");
  facts.combined = true;
  EXPECT_EQ(command_of(all(), "active receive queues"), "ethtool -L eth2 combined 1");
  facts.queues = 3;
  EXPECT_TRUE(has(all(2), "3 active receive queues for 2 workers"));
  EXPECT_FALSE(has(all(3), "queues"));
  EXPECT_EQ(setting_of(all(5), "4 receive queues for 5 workers"), "dataplane.workers: 4");
}

TEST_F(InterfaceFindings, AfPacketTakesAnyNumberOfQueues) {
  port.device = "packet:eth2";
  facts.queues = 4;
  facts.peer->transmit_queues = 4;
  facts.possible_queues = 1;
  EXPECT_TRUE(all(2).empty());
}

TEST_F(InterfaceFindings, APeerThatSendsToMoreQueuesTakesNoXdp) {
  facts.peer->transmit_queues = 2;
  facts.peer->reach = "ip netns exec lab ";
  EXPECT_EQ(command_of(all(), "no XDP"), "ip netns exec lab ethtool -L switch2 tx 1");
  EXPECT_FALSE(has(all(2), "no XDP"));
}

TEST_F(InterfaceFindings, OffloadsOfThePeerAreWorseThanItsOwn) {
  facts.offloads = {"tx", "gro"};
  EXPECT_EQ(one_of(all(), "switches them off").severity, Severity::kNote);
  EXPECT_EQ(command_of(all(), "switches them off"), "ethtool -K eth2 tx off gro off");
  facts.peer->offloads = {"tx", "tso", "gso", "gro"};
  EXPECT_EQ(one_of(all(), "hands over").severity, Severity::kWarning);
  EXPECT_EQ(command_of(all(), "hands over"), "ethtool -K switch2 tx off tso off gso off");
  facts.peer->offloads = {"gro"};
  EXPECT_FALSE(has(all(), "hands over")) << "of what the peer receives";
}

TEST_F(InterfaceFindings, AnXdpProgramOfOthersIsAWarningOneOfOursANote) {
  facts.xdp_program = 17;
  facts.xdp_name = "firewall";
  EXPECT_EQ(one_of(all(), "program 17 (firewall)").severity, Severity::kWarning);
  EXPECT_EQ(command_of(all(), "program 17"), "ip link set dev eth2 xdp off");
  facts.xdp_name = "xsk_def_prog";
  EXPECT_EQ(one_of(all(), "program 17").severity, Severity::kNote);
}

TEST_F(InterfaceFindings, MtuIsTheConfiguredOneAtBothEnds) {
  port.mtu = 2000;
  EXPECT_EQ(command_of(all(), "the configuration says 2000"), "ip link set eth2 mtu 2000");
  EXPECT_EQ(command_of(all(), "drops the 2000"), "ip link set switch2 mtu 2000");
  facts.mtu = facts.peer->mtu = 2000;
  EXPECT_TRUE(all().empty());
  facts.mtu = 65536;
  facts.peer->mtu = 65536;
  port.mtu = 0;
  EXPECT_EQ(command_of(all(), "at most 9600"), "ip link set eth2 mtu 9600");
}

TEST_F(InterfaceFindings, MoreThanAPageIsForAfPacket) {
  facts.mtu = facts.peer->mtu = af_xdp_most_mtu();
  EXPECT_TRUE(all().empty());
  facts.mtu = ++facts.peer->mtu;
  EXPECT_NE(setting_of(all(), "af_packet serves the port").find("packet:eth2"), std::string::npos);
  port.device = "packet:eth2";
  EXPECT_TRUE(all().empty());
}

TEST_F(InterfaceFindings, AnInterfaceOfARunningCleatdIsLeftAlone) {
  facts.locked = true;
  facts.xdp_program = 3;
  facts.offloads = {"tx"};
  ASSERT_EQ(all().size(), 1U);
  EXPECT_TRUE(has(all(), "in use by another cleatd"));
}

TEST_F(InterfaceFindings, NamesThatAShellWouldReadAreQuoted) {
  facts.peer->name = "x;reboot";
  facts.peer->offloads = {"tx"};
  EXPECT_EQ(command_of(all(), "hands over"), "ethtool -K 'x;reboot' tx off");
  facts.peer->name = "a'b";
  EXPECT_EQ(command_of(all(), "hands over"), "ethtool -K 'a'\\''b' tx off");
}

}  // namespace
}  // namespace dataplane
