// SPDX-License-Identifier: MIT
// Takes frames to pieces and puts them together again, naively (RFC 791 section 3.2, RFC 8200 section 4.5).
#pragma once

#include <algorithm>
#include <utility>

#include "tests/lb/frame_builder.h"

namespace lb::test {

inline bool is_v4(const Bytes& frame) { return frame[12] == 0x08 && frame[13] == 0; }
inline void put_two(Bytes& frame, size_t at, size_t value) {
  frame[at] = static_cast<uint8_t>(value >> 8);
  frame[at + 1] = static_cast<uint8_t>(value);
}
inline void mend_header(Bytes& frame) {
  if (!is_v4(frame)) return;
  put_two(frame, 24, 0);
  put_two(frame, 24, naive_checksum({frame.begin() + 14, frame.begin() + 34}));
}

// frame  without options, extension headers and padding; size  bytes behind the IP header of each piece, a multiple of eight
inline std::vector<Bytes> pieces_of(const Bytes& frame, size_t size) {
  const size_t header = is_v4(frame) ? 20 : 40;
  const Bytes l4(frame.begin() + 14 + static_cast<ptrdiff_t>(header), frame.end());
  std::vector<Bytes> pieces;
  for (size_t at = 0; at < l4.size(); at += size) {
    Bytes piece(frame.begin(), frame.begin() + 14 + static_cast<ptrdiff_t>(header));
    const size_t length = std::min(size, l4.size() - at);
    const bool more = at + length < l4.size();
    if (is_v4(frame)) {
      put_two(piece, 16, 20 + length);
      put_two(piece, 20, (more ? 0x2000U : 0U) | at / 8);
    } else {
      put_two(piece, 18, 8 + length);
      const uint8_t protocol = std::exchange(piece[20], uint8_t{44});
      const Bytes fragment = {protocol,
                              0,
                              static_cast<uint8_t>(at >> 8),
                              static_cast<uint8_t>((at & 0xf8) | (more ? 1 : 0)),
                              0x12,
                              0x34,
                              0x56,
                              0x78};
      piece.insert(piece.end(), fragment.begin(), fragment.end());
    }
    piece.insert(piece.end(), l4.begin() + static_cast<ptrdiff_t>(at),
                 l4.begin() + static_cast<ptrdiff_t>(at + length));
    mend_header(piece);
    pieces.push_back(piece);
  }
  return pieces;
}

inline size_t offset_of(const Bytes& piece) {
  return is_v4(piece) ? ((piece[20] & 0x1fU) << 8 | piece[21]) * 8U : (piece[56] << 8U | (piece[57] & 0xf8U));
}

// All pieces of one datagram, in any order.
inline Bytes whole_of(std::vector<Bytes> pieces) {
  std::sort(pieces.begin(), pieces.end(),
            [](const Bytes& a, const Bytes& b) { return offset_of(a) < offset_of(b); });
  const bool v4 = is_v4(pieces[0]);
  const ptrdiff_t header = v4 ? 34 : 54, l4 = v4 ? 34 : 62;
  Bytes whole(pieces[0].begin(), pieces[0].begin() + header);
  for (const Bytes& piece : pieces) whole.insert(whole.end(), piece.begin() + l4, piece.end());
  if (v4) {
    put_two(whole, 16, whole.size() - 14);
    put_two(whole, 20, 0);
  } else {
    put_two(whole, 18, whole.size() - 54);
    whole[20] = pieces[0][54];
  }
  mend_header(whole);
  return whole;
}

inline uint32_t identification_of(const Bytes& piece) {
  if (is_v4(piece)) return piece[18] << 8U | piece[19];
  return static_cast<uint32_t>(piece[58]) << 24 | piece[59] << 16U | piece[60] << 8U | piece[61];
}
inline void set_identification(Bytes& piece, uint32_t id) {
  if (!is_v4(piece)) put_two(piece, 58, id >> 16);
  put_two(piece, is_v4(piece) ? 18 : 60, id);
  mend_header(piece);
}

}  // namespace lb::test
