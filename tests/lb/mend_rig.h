// SPDX-License-Identifier: MIT
// A segment with one of each identity, in which tests make by hand what a killed worker leaves.
#pragma once

#include <gtest/gtest.h>

#include "tests/lb/segment_memory.h"

namespace lb::test {

inline constexpr Now kNow{50'000'000};
inline constexpr uint16_t kVipPort = 1935;

class MendRig : public testing::Test {
 protected:
  // protocol  of the listeners and slots
  explicit MendRig(Protocol protocol) : protocol_(protocol) {
    listener_ = give(segment_.listeners(), IdentityKind::kListener, "198.51.100.1", kVipPort);
    range_ = give(segment_.listeners(), IdentityKind::kListener, "198.51.100.2", 0);
    clients_ = give(segment_.listeners(), IdentityKind::kPoolClients, "0.0.0.0", 0);
    backend_ = give(segment_.backends(), IdentityKind::kBackend, "10.0.0.11", 0);
    give(segment_.lips(), IdentityKind::kLip, "10.0.0.100", 0);
  }

  uint16_t give(IdentityTable& table, IdentityKind kind, const char* address, uint16_t port) const {
    Identity identity;
    identity.kind = kind;
    identity.address = IpAddress::parse(address).value();
    identity.port = port;
    if (kind == IdentityKind::kListener) identity.protocol = protocol_;
    return table.acquire(identity, 0, 0).value();
  }
  static IpAddress client(unsigned n) { return IpAddress::v4(be32::of(0xcb007100U + n)); }
  [[nodiscard]] SlotIndex slot_number(unsigned n) const {
    return NatSlots::index(0, protocol_, static_cast<uint16_t>(2000 + n));
  }
  NatSlot& slot(unsigned n) { return segment_.slots().at(slot_number(n)); }
  SlotControl control(unsigned n) { return SlotControl(slot(n).control.load()); }

  NarrowTable& narrow() { return segment_.flows().narrow; }
  NarrowTable::Found put(const NarrowTable::Key& key, SlotIndex slot, BackendId backend) {
    return narrow().insert(key, narrow().hash(key), slot, backend, kNow.tick()).found;
  }
  NarrowTable::Found enter(unsigned n, SlotIndex slot) {
    return put(narrow_key(client(n), 40000, listener_), slot, backend_);
  }
  NarrowTable::Found find(unsigned n) {
    const auto key = narrow_key(client(n), 40000, listener_);
    return narrow().find(key, narrow().hash(key));
  }

  const Protocol protocol_;
  SegmentMemory memory_{kSmallSegment};
  Segment segment_ = memory_.format(kNow);
  ListenerId listener_, range_, clients_;
  BackendId backend_;
};

}  // namespace lb::test
