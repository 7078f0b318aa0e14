// SPDX-License-Identifier: MIT
// Seeded random damage to inputs that are right: flipped bits, pieces and lines dropped, doubled, swapped and taken from
// other seeds, ends cut off.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace fuzz {

using Bytes = std::vector<uint8_t>;

inline constexpr size_t kMaxInputBytes = 16384;

class Mutator {
 public:
  // seeds   at least one, only read; outlive the Mutator
  // number  the same number makes the same inputs, on every machine
  Mutator(const std::vector<Bytes>& seeds, uint64_t number) : seeds_(seeds), random_(number) {}

  // One of the seeds, changed in one to six places; up to kMaxInputBytes.
  Bytes next();

 private:
  struct Piece {
    size_t begin = 0, length = 0;
  };
  size_t below(size_t end) { return end == 0 ? 0 : random_() % end; }
  // Half of all damage goes to the first bytes, where types and lengths are.
  size_t place(const Bytes& input);
  // Some bytes, or a line.
  Piece piece(const Bytes& input);
  void change(Bytes& input);
  void change_byte(Bytes& input);

  const std::vector<Bytes>& seeds_;
  std::mt19937_64 random_;
};

}  // namespace fuzz
