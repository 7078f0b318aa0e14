// SPDX-License-Identifier: MIT
// Which addresses are Cleat's own: VIPs and LIPs. Read once per packet.
#pragma once

#include <cstdint>
#include <vector>

#include "lb/address.h"
#include "lb/limits.h"

namespace lb {

struct LocalAddress {
  static constexpr uint16_t kNone = 0xffff;
  IpAddress address;
  uint16_t vip = kNone;  // index of the VIP in the service table
  uint16_t lip = kNone;  // LipIndex
};

// Open addressing, at most half full; immutable after build().
class AddressTable {
 public:
  AddressTable() { build({}); }
  void build(const std::vector<LocalAddress>& addresses);

  // The entry of `address`, or null. Cost: one cache line as a rule.
  [[nodiscard]] const LocalAddress* find(const IpAddress& address) const noexcept {
    for (size_t i = place(address);; i = (i + 1) & mask_) {
      const LocalAddress& e = entries_[i];
      if (e.address.is_unset()) return nullptr;  // first: a packet may be sent to ::
      if (e.address == address) return &e;
    }
  }
  [[nodiscard]] const std::vector<LocalAddress>& all() const { return listed_; }

 private:
  [[nodiscard]] size_t place(const IpAddress& a) const noexcept {
    return ((a.high() ^ a.low()) * 0x9e3779b97f4a7c15ULL >> 32) & mask_;
  }
  std::vector<LocalAddress> entries_;
  std::vector<LocalAddress> listed_;
  size_t mask_ = 0;
};

}  // namespace lb
