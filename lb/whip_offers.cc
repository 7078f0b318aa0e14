// SPDX-License-Identifier: MIT
#include "lb/whip_offers.h"

#include <bit>
#include <cstring>

#include "lb/hash.h"

namespace lb {
namespace {

constexpr size_t kKeyWords = sizeof(HmacSha1Key) / 8;
constexpr size_t kUfragWords = kMaxSessionName / 8;

}  // namespace

// Written under an odd `version`, read between two equal even ones (a sequence lock; Boehm, "Can Seqlocks Get Along With
// Programming Language Memory Models?", 2012).
struct WhipOffers::Place {
  std::atomic<uint32_t> version{0};
  std::atomic<uint32_t> slot{0};
  std::atomic<uint64_t> length{0};
  std::array<std::atomic<uint64_t>, kUfragWords> ufrag{};
  std::array<std::atomic<uint64_t>, kKeyWords> key{};
};

WhipOffers::WhipOffers() : places_(new Place[kPlaces]) {}
WhipOffers::~WhipOffers() = default;

void WhipOffers::put(SlotIndex slot, const Offer& offer) noexcept {
  Place& place = places_[reduce(hash_word(slot, 0), kPlaces)];
  uint32_t version = place.version.load(std::memory_order_relaxed);
  // Another worker writes: its offer is as good as this one.
  if ((version & 1) != 0 ||
      !place.version.compare_exchange_strong(version, version + 1, std::memory_order_acq_rel))
    return;
  std::array<uint64_t, kUfragWords> text{};
  std::memcpy(text.data(), offer.ufrag.bytes.data(), offer.ufrag.length);
  const auto key = std::bit_cast<std::array<uint64_t, kKeyWords>>(offer.key);
  place.slot.store(slot, std::memory_order_release);
  place.length.store(offer.ufrag.length, std::memory_order_release);
  for (size_t i = 0; i < kUfragWords; ++i) place.ufrag[i].store(text[i], std::memory_order_release);
  for (size_t i = 0; i < kKeyWords; ++i) place.key[i].store(key[i], std::memory_order_release);
  place.version.store(version + 2, std::memory_order_release);
}

std::optional<WhipOffers::Offer> WhipOffers::get(SlotIndex slot) const noexcept {
  const Place& place = places_[reduce(hash_word(slot, 0), kPlaces)];
  const uint32_t version = place.version.load(std::memory_order_acquire);
  const uint64_t length = place.length.load(std::memory_order_acquire);
  if ((version & 1) != 0 || length == 0 || length > kMaxSessionName ||
      place.slot.load(std::memory_order_acquire) != slot)
    return std::nullopt;
  Offer offer;
  std::array<uint64_t, kUfragWords> text;
  std::array<uint64_t, kKeyWords> key;
  for (size_t i = 0; i < kUfragWords; ++i) text[i] = place.ufrag[i].load(std::memory_order_acquire);
  for (size_t i = 0; i < kKeyWords; ++i) key[i] = place.key[i].load(std::memory_order_acquire);
  if (place.version.load(std::memory_order_acquire) != version) return std::nullopt;
  std::memcpy(offer.ufrag.bytes.data(), text.data(), kMaxSessionName);
  offer.ufrag.length = static_cast<uint16_t>(length);
  offer.key = std::bit_cast<HmacSha1Key>(key);
  return offer;
}

}  // namespace lb
