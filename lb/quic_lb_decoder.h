// SPDX-License-Identifier: MIT
// One QUIC-LB configuration made ready for packets: key schedules expanded, halves of the cipher described by masks.
// (draft-ietf-quic-load-balancers, "Load Balancer Actions"; R5.1 - R5.9.)
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <optional>

#include "lb/hash.h"
#include "lb/quic_lb_config.h"

namespace lb {

// Immutable after construction; any thread may read it. As secret as the key is.
class QuicLbDecoder {
 public:
  // REQUIRES: config.check().ok(). Set-up only. `instructions` as for Aes128.
  explicit QuicLbDecoder(const QuicLbConfig& config, bool instructions = has_aes_instructions()) noexcept;

  // Server id in a connection id. Nothing proves that it is one: a random connection id gives a random server id (R5.10).
  // body     what follows the first octet, cid_length() - 1 octets, proved by the caller; no more are read
  // cost     no allocation, no branch on data; plaintext 2 ns, one block 4 ns, three passes 18 ns, four 25 ns with AES-NI, in a
  //          loop over ids that do not wait for one another: the CPU overlaps them by itself
  [[nodiscard]] QuicServerId decode(const uint8_t* body) const noexcept;

  // Whether ids are made of passes of AES, each of which waits for the one before it: then decode_lanes() pays.
  [[nodiscard]] bool takes_passes() const noexcept { return way_ == Way::kFeistel; }
  static constexpr unsigned kLanes = 4;
  // As decode(), kLanes ids at once: while the pass of one waits, those of the others go on.
  // bodies    may be the same
  // REQUIRES: takes_passes()
  // cost      for each id, three passes 14 ns, four 18 ns, where decode() takes 17 and 25 in a loop
  void decode_lanes(const std::array<const uint8_t*, kLanes>& bodies,
                    std::array<QuicServerId, kLanes>& ids) const noexcept;

  [[nodiscard]] unsigned cid_length() const noexcept { return cid_length_; }  // 6..20
  [[nodiscard]] bool encodes_length() const noexcept { return encodes_length_; }

 private:
  enum class Way : uint8_t { kPlaintext, kBlock, kFeistel, kPlainTwin };

  [[nodiscard]] uint128 open_block(const uint8_t* body) const noexcept;
  template <size_t kCount>
  void open_feistel(const std::array<const uint8_t*, kCount>& bodies,
                    std::array<uint128, kCount>& opened) const noexcept;
  [[nodiscard]] uint128 open_by_steps(const uint8_t* body) const noexcept;
  [[nodiscard]] QuicServerId server_id_in(uint128 octets) const noexcept {
    return std::bit_cast<QuicServerId>((octets & server_id_mask_) | uint128{server_id_length_} << 120);
  }

  Way way_;
  uint8_t cid_length_, length_, half_,
      server_id_length_;  // length_ = server id and nonce; half_ = (length_ + 1) / 2
  bool encodes_length_, four_passes_;
  uint128 server_id_mask_, left_mask_, right_mask_;  // octets as they lie in memory, the first one lowest
  std::optional<Aes128> aes_;
};

}  // namespace lb
