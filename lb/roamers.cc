// SPDX-License-Identifier: MIT
#include "lb/roamers.h"

#include <algorithm>

#include "lb/hash.h"

namespace lb {
namespace {

constexpr unsigned kWays = 4;

}  // namespace

Roamers::Roamers() : roamers_(new Roamer[kPlaces]) {}

Roamer* Roamers::set_of(const Packet& packet) noexcept {
  const uint64_t hash = hash_address(packet.src, packet.src_port, 0);
  return &roamers_[kWays * reduce(hash, kPlaces / kWays)];
}

Roamer* Roamers::find(const Packet& packet, Now now) noexcept {
  Roamer* const set = set_of(packet);
  Roamer* const found = std::find_if(set, set + kWays, [&](const Roamer& r) {
    return r.seen_ms != 0 && r.address == packet.src && r.port == packet.src_port &&
           r.listener == packet.listener && now.ms < r.seen_ms + kForgetMs;
  });
  return found != set + kWays ? found : nullptr;
}

Roamer& Roamers::at(const Packet& packet, Now now) noexcept {
  if (Roamer* known = find(packet, now)) {
    known->seen_ms = now.ms;
    return *known;
  }
  Roamer* const set = set_of(packet);
  Roamer& roamer = *std::min_element(set, set + kWays,
                                     [](const Roamer& a, const Roamer& b) { return a.seen_ms < b.seen_ms; });
  roamer = {};
  roamer.address = packet.src;
  roamer.port = packet.src_port;
  roamer.listener = packet.listener;
  roamer.seen_ms = now.ms;
  return roamer;
}

}  // namespace lb
