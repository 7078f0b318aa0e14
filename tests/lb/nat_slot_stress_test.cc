// SPDX-License-Identifier: MIT
// One owner gives a slot to one client after the other while other workers read it: what they see is one client's
// address, port and backend, never halves of two.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "lb/nat_slot.h"
#include "tests/lb/sanitizers.h"

namespace lb {
namespace {

// Everything in a slot follows from the number of its use.
IpAddress client_of(uint64_t n) { return IpAddress::of_words(n * 0x9e3779b97f4a7c15ULL | 1, ~n); }
bool is_whole(const SlotView& view) {
  const uint64_t n = ~view.client.low();
  return view.client == client_of(n) && view.client_port == static_cast<uint16_t>(n) &&
         view.vip_port == static_cast<uint16_t>(n * 3) && view.control.backend() == n % 4096 &&
         view.control.listener() == n % 32768;
}

void give_to(NatSlot& slot, uint64_t n) {
  NatSlots::fill(slot, static_cast<BackendId>(n % 4096), static_cast<ListenerId>(n % 32768), client_of(n),
                 static_cast<uint16_t>(n), static_cast<uint16_t>(n * 3), static_cast<Tick>(n));
  NatSlots::open(slot, static_cast<Tick>(n));
}

TEST(NatSlotStress, AReaderNeverSeesHalvesOfTwoClients) {
  NatSlot slot{};
  std::atomic<bool> done{false};
  std::atomic<uint64_t> torn{0}, seen{0};
  std::vector<std::thread> readers;
  for (unsigned t = 0; t < 3; ++t) {
    readers.emplace_back([&] {
      while (!done.load(std::memory_order_relaxed)) {
        const auto view = NatSlots::read(slot);
        if (!view) continue;
        ++seen;
        if (!is_whole(*view)) ++torn;
        NatSlots::confirm(slot, view->control, static_cast<Tick>(seen));
      }
    });
  }

  for (uint64_t n = 1; n <= test::rounds(3'000'000) || seen == 0; ++n) {
    give_to(slot, n);
    while (
        !NatSlots::close(slot, SlotControl(slot.control.load()), Quarantine::kNone, static_cast<Tick>(n))) {
    }
  }
  done = true;
  for (std::thread& reader : readers) reader.join();

  EXPECT_EQ(torn, 0U);
  EXPECT_GT(seen, 0U);
}

TEST(NatSlotStress, AClosedSlotIsNeverRevivedByAConfirmOfItsFormerUse) {
  NatSlot slot{};
  std::atomic<bool> done{false};
  std::vector<std::thread> repliers;
  for (unsigned t = 0; t < 2; ++t) {
    repliers.emplace_back([&] {
      while (!done.load(std::memory_order_relaxed))
        if (const auto view = NatSlots::read(slot)) NatSlots::confirm(slot, view->control, 1);
    });
  }

  uint64_t revived = 0;
  for (uint64_t n = 1; n <= test::rounds(1'000'000); ++n) {
    give_to(slot, n);
    while (!NatSlots::close(slot, SlotControl(slot.control.load()), Quarantine::kNone, 1)) {
    }
    if (NatSlots::read(slot)) ++revived;
  }
  done = true;
  for (std::thread& replier : repliers) replier.join();

  EXPECT_EQ(revived, 0U);
}

}  // namespace
}  // namespace lb
