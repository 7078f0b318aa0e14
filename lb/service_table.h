// SPDX-License-Identifier: MIT
// The service of a packet: VIP, protocol and port; port ranges; any port.
#pragma once

#include <cstdint>
#include <vector>

#include "lb/address.h"
#include "lb/limits.h"
#include "lb/snapshot_spec.h"

namespace lb {

// Immutable after build(). An exact port beats a range.
class ServiceTable {
 public:
  static constexpr uint16_t kNone = 0xffff;

  struct Row {
    uint16_t vip;  // index of the VIP, as in AddressTable
    Protocol protocol;
    uint16_t port_first, port_last;
    uint16_t service;  // index into Snapshot::services
  };

  ServiceTable() { build({}); }
  // REQUIRES: rows do not overlap, except an exact port inside a range.
  void build(const std::vector<Row>& rows);

  // Index of the service, or kNone. Cost: one cache line for an exact port; a binary search for ranges.
  [[nodiscard]] uint16_t find(uint16_t vip, Protocol protocol, uint16_t port) const noexcept;

 private:
  struct Exact {
    uint64_t key = 0;  // never 0 when used
    uint16_t service = kNone;
  };
  std::vector<Exact> exact_;
  std::vector<Row> ranges_;  // sorted by (vip, protocol, port_first)
  size_t mask_ = 0;
};

}  // namespace lb
