// SPDX-License-Identifier: MIT
// One QUIC-LB configuration made ready for packets: key schedules expanded, halves of the cipher described by masks.
// (draft-ietf-quic-load-balancers, "Load Balancer Actions"; R5.1 - R5.9.)
#pragma once

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

  [[nodiscard]] unsigned cid_length() const noexcept { return cid_length_; }  // 6..20
  [[nodiscard]] bool encodes_length() const noexcept { return encodes_length_; }

 private:
  enum class Way : uint8_t { kPlaintext, kBlock, kFeistel, kPlainTwin };

  [[nodiscard]] uint128 open_block(const uint8_t* body) const noexcept;
  [[nodiscard]] uint128 open_feistel(const uint8_t* body) const noexcept;
  [[nodiscard]] uint128 open_by_steps(const uint8_t* body) const noexcept;

  Way way_;
  uint8_t cid_length_, length_, half_,
      server_id_length_;  // length_ = server id and nonce; half_ = (length_ + 1) / 2
  bool encodes_length_, four_passes_;
  uint128 server_id_mask_, left_mask_, right_mask_;  // octets as they lie in memory, the first one lowest
  std::optional<Aes128> aes_;
};

}  // namespace lb
