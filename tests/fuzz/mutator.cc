// SPDX-License-Identifier: MIT
#include "tests/fuzz/mutator.h"

#include <algorithm>

namespace fuzz {
namespace {

constexpr uint8_t kSyntax[] = "{}[]:,-?&*!|>'\"%@`# \n\t~/=0x";  // of YAML, JSON and URLs
constexpr uint8_t kEdges[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
constexpr size_t kFirstBytes = 80;
constexpr size_t kMaxPiece = 48;

auto at(Bytes& input, size_t index) { return input.begin() + static_cast<long>(index); }
auto at(const Bytes& input, size_t index) { return input.begin() + static_cast<long>(index); }

}  // namespace

size_t Mutator::place(const Bytes& input) {
  return below(random_() % 2 == 0 ? input.size() : std::min(input.size(), kFirstBytes));
}

Mutator::Piece Mutator::piece(const Bytes& input) {
  Piece found{place(input), 0};
  if (random_() % 2 == 0) {
    const auto is_end = [](uint8_t byte) { return byte == '\n'; };
    const auto from = at(input, found.begin);
    const auto begin =
        std::find_if(std::make_reverse_iterator(from), std::make_reverse_iterator(input.begin()), is_end)
            .base();
    const auto end = std::find_if(from, input.end(), is_end);
    found = {static_cast<size_t>(begin - input.begin()),
             static_cast<size_t>(end - begin) + (end == input.end() ? 0 : 1)};
    if (found.length <= 4 * kMaxPiece) return found;
  }
  found.length = std::min(1 + below(kMaxPiece), input.size() - found.begin);
  return found;
}

void Mutator::change_byte(Bytes& input) {
  if (input.empty()) return;
  uint8_t& byte = *at(input, place(input));
  switch (below(5)) {
    case 0:
      byte = static_cast<uint8_t>(random_());
      break;
    case 1:
      byte = kEdges[below(sizeof kEdges)];
      break;
    case 2:
      byte = kSyntax[below(sizeof kSyntax - 1)];
      break;
    default:
      byte = static_cast<uint8_t>(byte ^ (1U << below(8)));
      break;
  }
}

void Mutator::change(Bytes& input) {
  const Piece mine = piece(input);
  const Bytes copy(at(input, mine.begin), at(input, mine.begin + mine.length));
  switch (below(12)) {
    case 0:
      input.erase(at(input, mine.begin), at(input, mine.begin + mine.length));
      break;
    case 1:
      input.insert(at(input, below(input.size() + 1)), copy.begin(), copy.end());
      break;
    case 2: {
      input.erase(at(input, mine.begin), at(input, mine.begin + mine.length));
      input.insert(at(input, below(input.size() + 1)), copy.begin(), copy.end());
      break;
    }
    case 3: {
      const Bytes& other = seeds_[below(seeds_.size())];
      const Piece theirs = piece(other);
      input.insert(at(input, place(input)), at(other, theirs.begin), at(other, theirs.begin + theirs.length));
      break;
    }
    case 4: {
      const Bytes& other = seeds_[below(seeds_.size())];
      input.resize(place(input));
      input.insert(input.end(), at(other, place(other)), other.end());
      break;
    }
    case 5:
      input.resize(below(input.size() + 1));
      break;
    case 6:
      input.insert(at(input, place(input)), kSyntax[below(sizeof kSyntax - 1)]);
      break;
    default:
      change_byte(input);
      break;
  }
}

Bytes Mutator::next() {
  Bytes input = seeds_[below(seeds_.size())];
  for (size_t times = 1 + below(6); times > 0; --times) change(input);
  input.resize(std::min(input.size(), kMaxInputBytes));
  return input;
}

}  // namespace fuzz
