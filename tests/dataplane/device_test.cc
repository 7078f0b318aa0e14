// SPDX-License-Identifier: MIT
#include "dataplane/device.h"

#include <gtest/gtest.h>

namespace dataplane {
namespace {

TEST(Device, NamesTheInterfaceOfKernelFormsOnly) {
  EXPECT_EQ(interface_of("veth:eth1"), "eth1");
  EXPECT_EQ(interface_of("nic:enp3s0"), "enp3s0");
  EXPECT_EQ(interface_of("packet:eth1"), "eth1");
  EXPECT_EQ(interface_of("pci:0000:3b:00.0"), "");
  EXPECT_EQ(interface_of("net_pcap0,rx_pcap=veth:in.pcap"), "");
}

TEST(Device, NamesThePciAddressWithItsDomain) {
  EXPECT_EQ(pci_address_of("pci:0000:3b:00.0"), "0000:3b:00.0");
  EXPECT_EQ(pci_address_of("veth:eth1"), "");
}

}  // namespace
}  // namespace dataplane
