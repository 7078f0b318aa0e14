// SPDX-License-Identifier: MIT
// The table of VIPs and LIPs.
#include "lb/address_table.h"

#include <gtest/gtest.h>

namespace lb {
namespace {

// A frame to :: was taken for one to LIP 65535, and its slot read far beyond the segment.
TEST(AddressTable, TheUnsetAddressIsNobodys) {
  AddressTable table;
  table.build({{*IpAddress::parse("2001:db8::100"), 0, LocalAddress::kNone}});

  EXPECT_EQ(table.find(IpAddress{}), nullptr);
  EXPECT_EQ(AddressTable().find(IpAddress{}), nullptr);
  EXPECT_NE(table.find(*IpAddress::parse("2001:db8::100")), nullptr);
}

}  // namespace
}  // namespace lb
