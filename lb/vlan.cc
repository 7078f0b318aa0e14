// SPDX-License-Identifier: MIT
#include "lb/vlan.h"

#include <cstring>

#include "lb/wire.h"

namespace lb {
namespace {

constexpr unsigned kMacs = 12;
constexpr unsigned kVlans = 4096;
constexpr uint16_t kVlanMask = 0x0fff;

}  // namespace

void DevicePorts::add(PortIndex port, uint16_t vlan) {
  if (first_ == kNone) first_ = port;
  if (vlan == 0) {
    untagged_ = port;
    return;
  }
  by_vlan_.resize(kVlans, kNone);
  by_vlan_[vlan] = port;
}

bool DevicePorts::receive(Frame& frame) const noexcept {
  frame.port = untagged_;
  if (frame.length >= sizeof(EthernetHeader) + kVlanTagBytes) {
    const auto* tag = reinterpret_cast<const VlanTag*>(frame.data + kMacs);
    if (tag->type == be16::of(kEtherVlan)) {
      const uint16_t vlan = tag->control.host() & kVlanMask;
      const PortIndex port = vlan == 0 ? untagged_ : by_vlan_[vlan];
      if (port != kNone) {
        frame.port = port;
        std::memmove(frame.data + kVlanTagBytes, frame.data, kMacs);
        frame.data += kVlanTagBytes;
        frame.length = static_cast<uint16_t>(frame.length - kVlanTagBytes);
        frame.headroom = static_cast<uint16_t>(frame.headroom + kVlanTagBytes);
      }
    }
  }
  if (frame.port != kNone) return true;
  frame.port = first_;
  return false;
}

void push_vlan(uint8_t* frame, uint16_t vlan) noexcept {
  uint8_t* const begin = frame - kVlanTagBytes;
  std::memmove(begin, frame, kMacs);
  const VlanTag tag{be16::of(kEtherVlan), be16::of(vlan)};
  std::memcpy(begin + kMacs, &tag, sizeof(tag));
}

}  // namespace lb
