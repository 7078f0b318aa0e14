// SPDX-License-Identifier: MIT
// How large a packet may be on the way to each backend, as routers said (RFC 1191, RFC 8201). Shared by all workers.
#pragma once

#include <atomic>
#include <memory>

#include "lb/address.h"
#include "lb/limits.h"
#include "lb/time.h"

namespace lb {

// Ethernet's, while nobody says otherwise.
inline constexpr uint16_t kDefaultMtu = 1500;

class PathMtus {
 public:
  // No path has less: RFC 8200 section 5 for IPv6; for IPv4 what Linux takes for the least that a router would mean, so that
  // a forged message cannot ask for packets of 68 bytes.
  static constexpr uint16_t kLeastV4 = 552, kLeastV6 = 1280;
  static constexpr uint16_t kForgetTicks = ticks_of_s(600);  // RFC 1191 section 6.3

  // The MTU of the path to that backend: `mtu` of the port, or less. Any thread.
  [[nodiscard]] uint16_t of(BackendId backend, uint16_t mtu, Tick now) const noexcept {
    uint32_t word = words_[backend].load(std::memory_order_relaxed);
    const auto learned = static_cast<uint16_t>(word >> 16);
    if (learned == 0 || learned >= mtu) return mtu;
    if (ticks_since(now, static_cast<Tick>(word)) < kForgetTicks) return learned;
    // Ticks come round: in some hours it would be young again.
    words_[backend].compare_exchange_strong(word, 0, std::memory_order_relaxed);
    return mtu;
  }
  // mtu  as a router said; less than a path can have counts as the least
  void learn(BackendId backend, Family family, uint16_t mtu, Tick now) noexcept {
    const uint16_t least = family == Family::kIpv4 ? kLeastV4 : kLeastV6;
    words_[backend].store(uint32_t{mtu < least ? least : mtu} << 16 | now, std::memory_order_relaxed);
  }

 private:
  using Words = std::unique_ptr<std::atomic<uint32_t>[]>;
  Words words_ =
      std::make_unique<std::atomic<uint32_t>[]>(kMaxBackends);  // learned 16 (0: nothing) | tick 16
};

}  // namespace lb
