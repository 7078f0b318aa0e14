// SPDX-License-Identifier: MIT
#include "tests/fuzz/frames.h"

#include <algorithm>

#include "tests/fuzz/plain_parser.h"

namespace fuzz {

bool mend_ip_checksum(Bytes& frame) {
  if (frame.size() < 34 || frame[12] != 8 || frame[13] != 0) return false;
  const size_t header = (frame[14] & 15U) * 4;
  if (header < 20 || frame.size() < 14 + header) return false;
  frame[24] = frame[25] = 0;
  const uint16_t checksum =
      lb::test::naive_checksum(Bytes(frame.begin() + 14, frame.begin() + 14 + static_cast<long>(header)));
  frame[24] = static_cast<uint8_t>(checksum >> 8);
  frame[25] = static_cast<uint8_t>(checksum);
  return true;
}

Bytes answer_to(const Bytes& frame, std::span<const uint8_t> flags) {
  Bytes answer = frame;
  const auto swap = [&answer](size_t first, size_t length) {
    const auto begin = answer.begin() + static_cast<long>(first), middle = begin + static_cast<long>(length);
    std::swap_ranges(begin, middle, middle);
  };
  const Plain plain = parse_plainly(frame);
  swap(0, 6);
  frame[12] == 0x08 ? swap(26, 4) : swap(22, 16);
  if (plain.l4_offset < 0) return answer;  // a later piece
  const auto l4 = static_cast<size_t>(plain.l4_offset);
  if (plain.protocol == 6 || plain.protocol == 17) swap(l4, 2);
  if (plain.protocol == 6 && !flags.empty()) answer[l4 + 13] = flags[0];
  return answer;
}

}  // namespace fuzz
