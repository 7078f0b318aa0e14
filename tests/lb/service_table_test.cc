// SPDX-License-Identifier: MIT
#include "lb/service_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace lb {
namespace {

constexpr uint16_t kNone = ServiceTable::kNone;

ServiceTable table_of(const std::vector<ServiceTable::Row>& rows) {
  ServiceTable table;
  table.build(rows);
  return table;
}

TEST(ServiceTable, TellsVipProtocolAndPortApart) {
  const ServiceTable table = table_of({{0, Protocol::kTcp, 80, 80, 1}, {1, Protocol::kTcp, 80, 80, 2}});

  EXPECT_EQ(table.find(0, Protocol::kTcp, 80), 1);
  EXPECT_EQ(table.find(1, Protocol::kTcp, 80), 2);
  EXPECT_EQ(table.find(0, Protocol::kUdp, 80), kNone);
  EXPECT_EQ(table.find(0, Protocol::kTcp, 81), kNone);
  EXPECT_EQ(table.find(2, Protocol::kTcp, 80), kNone);
}

TEST(ServiceTable, ARangeHoldsItsBothEnds) {
  const ServiceTable table = table_of({{0, Protocol::kUdp, 10000, 20000, 7}});

  EXPECT_EQ(table.find(0, Protocol::kUdp, 10000), 7);
  EXPECT_EQ(table.find(0, Protocol::kUdp, 20000), 7);
  EXPECT_EQ(table.find(0, Protocol::kUdp, 9999), kNone);
  EXPECT_EQ(table.find(0, Protocol::kUdp, 20001), kNone);
  EXPECT_EQ(table.find(0, Protocol::kTcp, 15000), kNone);
  EXPECT_EQ(table.find(1, Protocol::kUdp, 15000), kNone);
}

TEST(ServiceTable, AnExactPortBeatsARange) {
  const ServiceTable table = table_of({{0, Protocol::kTcp, 1, 65535, 1}, {0, Protocol::kTcp, 443, 443, 2}});

  EXPECT_EQ(table.find(0, Protocol::kTcp, 442), 1);
  EXPECT_EQ(table.find(0, Protocol::kTcp, 443), 2);
  EXPECT_EQ(table.find(0, Protocol::kTcp, 65535), 1);
  EXPECT_EQ(table.find(0, Protocol::kTcp, 0), kNone);
}

TEST(ServiceTable, AnEmptyOneFindsNothing) { EXPECT_EQ(ServiceTable().find(0, Protocol::kTcp, 80), kNone); }

TEST(ServiceTable, FindsWhatALinearSearchFinds) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<ServiceTable::Row> rows;
    for (uint16_t vip = 0; vip < 4; ++vip) {
      for (const Protocol protocol : {Protocol::kTcp, Protocol::kUdp}) {
        for (uint16_t at = 1; at < 1000;) {
          const auto last = static_cast<uint16_t>(at + random() % 100);
          if (random() % 2 == 0)
            rows.push_back({vip, protocol, at, last, static_cast<uint16_t>(rows.size())});
          if (last > at && random() % 3 == 0)
            rows.push_back({vip, protocol, last, last, static_cast<uint16_t>(rows.size())});
          at = static_cast<uint16_t>(last + 1 + random() % 50);
        }
      }
    }
    // two exact rows of one port cannot be
    std::erase_if(rows, [&](const auto& row) {
      return std::any_of(rows.begin(), rows.end(), [&](const auto& other) {
        return &other < &row && other.vip == row.vip && other.protocol == row.protocol &&
               other.port_first == row.port_first && other.port_last == row.port_last;
      });
    });
    std::shuffle(rows.begin(), rows.end(), random);
    const ServiceTable table = table_of(rows);
    for (int look = 0; look < 500; ++look) {
      const auto vip = static_cast<uint16_t>(random() % 5), port = static_cast<uint16_t>(random() % 1200);
      const Protocol protocol = random() % 2 == 0 ? Protocol::kTcp : Protocol::kUdp;
      uint16_t wanted = kNone;
      for (const bool exact : {false, true})
        for (const auto& row : rows)
          if (row.vip == vip && row.protocol == protocol && row.port_first <= port && port <= row.port_last &&
              (row.port_first == row.port_last) == exact)
            wanted = row.service;
      ASSERT_EQ(table.find(vip, protocol, port), wanted) << "vip " << vip << " port " << port;
    }
  }
}

}  // namespace
}  // namespace lb
