// SPDX-License-Identifier: MIT
// VLAN tags (IEEE 802.1Q-2018 section 9.6): ports that share a device, each in a VLAN of its own, and one perhaps in none. Frames have
// no tag within lb: it comes off before the pipeline and is put on after it.
#pragma once

#include <cstdint>
#include <vector>

#include "lb/frame.h"

namespace lb {

inline constexpr uint16_t kMaxVlan = 4094;
inline constexpr unsigned kVlanTagBytes = 4;

// Where a port's frames are on the wire.
struct PortTag {
  PortIndex device = 0;  // the first port on the same device
  uint16_t vlan = 0;     // 1..kMaxVlan; 0: frames without a tag
  friend bool operator==(const PortTag&, const PortTag&) = default;
};

// The ports of one device. Immutable once all are added.
class DevicePorts {
 public:
  void add(PortIndex port, uint16_t vlan);

  // False for one port without a VLAN: its frames need no look.
  [[nodiscard]] bool tagged() const { return !by_vlan_.empty(); }
  [[nodiscard]] PortIndex first() const { return first_; }

  // Sets the port of a frame, and takes its tag off. A tag of priority alone (VLAN 0) counts for none; a frame of a VLAN that no port
  // has stays as it is and goes to the port without VLAN, which leaves it to the kernel. False: there is no such port. REQUIRES: tagged().
  bool receive(Frame& frame) const noexcept;

 private:
  static constexpr PortIndex kNone = 0xff;
  PortIndex first_ = kNone, untagged_ = kNone;
  std::vector<PortIndex> by_vlan_;  // 4096 of them, or none
};

// Makes a frame begin four bytes earlier, with the tag of `vlan` behind its addresses.
// frame  at least 14 bytes, and four writable ones before them
void push_vlan(uint8_t* frame, uint16_t vlan) noexcept;

}  // namespace lb
