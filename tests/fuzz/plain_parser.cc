// SPDX-License-Identifier: MIT
#include "tests/fuzz/plain_parser.h"

namespace fuzz {

using lb::DropReason;
using lb::Kind;

namespace {

// The plain twin: reads byte by byte, and asks each time.
class PlainParser {
 public:
  explicit PlainParser(const Bytes& frame) : frame_(frame) {}

  Plain run() {
    if (frame_.size() < 14) return drop(DropReason::kFrameTruncated);
    if ((frame_[6] & 1) == 1) return drop(DropReason::kBadSource);
    group_ = (frame_[0] & 1) == 1;
    const unsigned type = two(12);
    if (type == 0x0800) return ipv4();
    if (type == 0x86dd) return ipv6();
    if (type == 0x0806) return arp();
    return plain_;
  }

 private:
  [[nodiscard]] unsigned two(size_t at) const { return frame_.at(at) * 256U + frame_.at(at + 1); }
  [[nodiscard]] Bytes slice(size_t at, size_t length) const {
    return {frame_.begin() + static_cast<long>(at), frame_.begin() + static_cast<long>(at + length)};
  }
  Plain drop(DropReason reason) {
    plain_.reason = reason;
    return plain_;
  }

  Plain arp() {
    if (frame_.size() < 42) return drop(DropReason::kBadArp);
    if (two(14) != 1 || two(16) != 0x0800 || frame_[18] != 6 || frame_[19] != 4)
      return drop(DropReason::kBadArp);
    plain_.kind = Kind::kArp;
    return plain_;
  }

  Plain ipv4() {
    if (frame_.size() < 34) return drop(DropReason::kFrameTruncated);
    const size_t header = (frame_[14] % 16U) * 4, total = two(16);
    if (frame_[14] / 16 != 4 || header < 20 || total < header) return drop(DropReason::kBadIpHeader);
    if (14 + total > frame_.size()) return drop(DropReason::kFrameTruncated);
    if (group_) return plain_;
    if (lb::test::naive_checksum(slice(14, header)) != 0) return drop(DropReason::kBadIpChecksum);
    plain_.src = slice(26, 4);
    plain_.dst = slice(30, 4);
    if (plain_.src[0] == 0 || plain_.src[0] == 127 || plain_.src[0] >= 224)
      return drop(DropReason::kBadSource);
    plain_.kind = Kind::kIp;
    plain_.protocol = frame_[23];
    plain_.l4_length = static_cast<unsigned>(total - header);
    if (two(20) % 8192 != 0) {
      plain_.piece = lb::Piece::kLater;
      return plain_;
    }
    if (two(20) / 8192 % 2 == 1) plain_.piece = lb::Piece::kFirst;
    return upper_layer(14 + header);
  }

  Plain ipv6() {
    if (frame_.size() < 54) return drop(DropReason::kFrameTruncated);
    if (frame_[14] / 16 != 6) return drop(DropReason::kBadIpHeader);
    const size_t end = 54 + two(18);
    if (end > frame_.size()) return drop(DropReason::kFrameTruncated);
    size_t at = 54;
    bool fragment = false;
    plain_.protocol = frame_[20];
    for (unsigned count = 0;; ++count) {
      const unsigned p = plain_.protocol;
      if (p != 0 && p != 43 && p != 44 && p != 51 && p != 60) break;
      if (count == 8) return drop(DropReason::kExtensionHeaders);
      if (at + 8 > end) return drop(DropReason::kFrameTruncated);
      const size_t length = p == 51 ? frame_[at + 1] * 4U + 8 : p == 44 ? 0 : frame_[at + 1] * 8U + 8;
      if (at + length > end) return drop(DropReason::kFrameTruncated);
      if (p == 43 && frame_[at + 3] != 0) break;
      plain_.protocol = frame_[at];
      if (p == 44) {
        fragment = true;
        if (two(at + 2) / 8 != 0)
          plain_.piece = lb::Piece::kLater;
        else if (two(at + 2) % 2 == 1)
          plain_.piece = lb::Piece::kFirst;
        at += 8;
        break;
      }
      at += length;
    }
    plain_.src = slice(22, 16);
    plain_.dst = slice(38, 16);
    const Bytes zero(16), mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (Bytes(plain_.src.begin(), plain_.src.begin() + 12) == mapped ||
        Bytes(plain_.dst.begin(), plain_.dst.begin() + 12) == mapped)
      return drop(DropReason::kBadIpHeader);
    Bytes loopback = zero;
    loopback[15] = 1;
    const bool icmp = plain_.protocol == 58 && !fragment;
    if (plain_.src[0] == 0xff || plain_.src == loopback || (plain_.src == zero && !icmp))
      return drop(DropReason::kBadSource);
    plain_.l4_length = static_cast<unsigned>(end - at);
    plain_.kind = Kind::kIp;
    if (plain_.piece != lb::Piece::kLater && upper_layer(at).reason) return plain_;
    const bool discovery = icmp && (frame_[at] == 135 || frame_[at] == 136);
    if (group_ && !discovery) plain_.kind = Kind::kNone;
    return plain_;
  }

  Plain upper_layer(size_t at) {
    const unsigned length = plain_.l4_length;
    bool good = true;
    if (plain_.protocol == 6) {
      good = length >= 20 && frame_[at + 12] / 16 >= 5 && frame_[at + 12] / 16U * 4 <= length;
    } else if (plain_.protocol == 17) {
      good = length >= 8 && two(at + 4) >= 8 && (two(at + 4) <= length || plain_.piece == lb::Piece::kFirst);
    } else if (plain_.protocol == 1 || plain_.protocol == 58) {
      good = length >= 8;
    } else {
      return plain_;
    }
    if (!good) {
      plain_.kind = Kind::kNone;
      return drop(DropReason::kBadL4Header);
    }
    plain_.l4_offset = static_cast<long>(at);
    if (plain_.protocol == 6 || plain_.protocol == 17) {
      plain_.src_port = two(at);
      plain_.dst_port = two(at + 2);
    }
    return plain_;
  }

  const Bytes& frame_;
  bool group_ = false;
  Plain plain_;
};

}  // namespace

Plain parse_plainly(const Bytes& frame) { return PlainParser(frame).run(); }

}  // namespace fuzz
