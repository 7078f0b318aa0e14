// SPDX-License-Identifier: MIT
// Offers of WHIP and WHEP that wait for their answers. Offer and answer of one connection may come to two workers, so they
// meet here: shared by all, a few places, the oldest goes first. What is lost costs a challenge's signature, not a session.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>

#include "lb/hmac_sha1.h"
#include "lb/limits.h"
#include "lb/whip_text.h"

namespace lb {

class WhipOffers {
 public:
  static constexpr unsigned kPlaces = 1024;

  struct Offer {
    Ufrag ufrag;      // the client's
    HmacSha1Key key;  // of the client's ice-pwd
  };

  WhipOffers();
  ~WhipOffers();

  // slot  of the connection. An earlier offer on it is replaced, and one that happens to have the same place. Any worker
  void put(SlotIndex slot, const Offer& offer) noexcept;
  // The latest offer on the connection; it stays. Any worker
  [[nodiscard]] std::optional<Offer> get(SlotIndex slot) const noexcept;

 private:
  struct Place;
  std::unique_ptr<Place[]> places_;
};

}  // namespace lb
