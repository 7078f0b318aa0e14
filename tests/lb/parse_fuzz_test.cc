// SPDX-License-Identifier: MIT
// Damaged frames against a parser that is as plain as can be: the same answer, and every postcondition of lb/parse.h.
#include <gtest/gtest.h>

#include <random>

#include "tests/lb/parsed.h"

namespace lb {
namespace {

using test::Bytes;
using test::FrameBuilder;
using test::Parsed;

struct Plain {
  std::optional<DropReason> reason;
  Kind kind = Kind::kNone;
  unsigned protocol = 0, src_port = 0, dst_port = 0, l4_length = 0;
  long l4_offset = -1;
  bool fragment = false;
  Bytes src, dst;
};

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
    if (test::naive_checksum(slice(14, header)) != 0) return drop(DropReason::kBadIpChecksum);
    plain_.src = slice(26, 4);
    plain_.dst = slice(30, 4);
    if (plain_.src[0] == 0 || plain_.src[0] == 127 || plain_.src[0] >= 224)
      return drop(DropReason::kBadSource);
    plain_.kind = Kind::kIp;
    plain_.protocol = frame_[23];
    plain_.fragment = (two(20) & 0x3fff) != 0;
    plain_.l4_length = static_cast<unsigned>(total - header);
    return plain_.fragment ? plain_ : upper_layer(14 + header);
  }

  Plain ipv6() {
    if (frame_.size() < 54) return drop(DropReason::kFrameTruncated);
    if (frame_[14] / 16 != 6) return drop(DropReason::kBadIpHeader);
    const size_t end = 54 + two(18);
    if (end > frame_.size()) return drop(DropReason::kFrameTruncated);
    size_t at = 54;
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
      plain_.fragment = p == 44;
      if (plain_.fragment) break;
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
    const bool icmp = plain_.protocol == 58 && !plain_.fragment;
    if (plain_.src[0] == 0xff || plain_.src == loopback || (plain_.src == zero && !icmp))
      return drop(DropReason::kBadSource);
    plain_.l4_length = static_cast<unsigned>(end - at);
    plain_.kind = Kind::kIp;
    if (!plain_.fragment && upper_layer(at).reason) return plain_;
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
      good = length >= 8 && two(at + 4) >= 8 && two(at + 4) <= length;
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

std::string why(std::optional<DropReason> reason) {
  return reason ? std::string(drop_reason_name(*reason)) : "accepted";
}

void expect_postconditions(const Parsed& p) {
  const Packet& packet = p.packet;
  if (p.reason || packet.kind == Kind::kNone) return;
  ASSERT_EQ(packet.l3, p.block.get() + 14);
  if (packet.kind == Kind::kArp) {
    ASSERT_GE(p.size, 14U + 28U);
    return;
  }
  if (packet.l4 == nullptr) return;
  ASSERT_LE(static_cast<size_t>(p.l4_offset()) + packet.l4_length, p.size);
  ASSERT_GE(packet.l4_length, packet.protocol == Protocol::kTcp ? 20 : 8);
}

void expect_same(const Bytes& frame, const Parsed& p, const Plain& plain) {
  ASSERT_EQ(why(p.reason), why(plain.reason));
  if (p.reason) return;
  ASSERT_EQ(p.packet.kind, plain.kind);
  if (plain.kind != Kind::kIp) return;
  ASSERT_EQ(p.l4_offset(), plain.l4_offset);
  ASSERT_EQ(static_cast<unsigned>(p.packet.protocol), plain.protocol);
  ASSERT_EQ(p.packet.fragment, plain.fragment);
  ASSERT_EQ(p.packet.src_port, plain.src_port);
  ASSERT_EQ(p.packet.dst_port, plain.dst_port);
  ASSERT_EQ(p.packet.l4_length, plain.l4_length);
  const size_t skip = p.packet.v4 ? 12 : 0;
  ASSERT_EQ(Bytes(p.packet.src.bytes() + skip, p.packet.src.bytes() + 16), plain.src);
  ASSERT_EQ(Bytes(p.packet.dst.bytes() + skip, p.packet.dst.bytes() + 16), plain.dst);
  ASSERT_EQ(p.packet.v4, frame[12] == 0x08);
}

std::vector<Bytes> seeds() {
  const auto v4 = [](FrameBuilder builder) { return builder.payload("some payload").bytes(); };
  const Bytes eight = {0, 0, 0, 0, 0, 0, 0, 0}, fragment = {0, 0, 0, 1, 0, 0, 0, 9};
  std::vector<Bytes> all = {
      v4(test::tcp("198.51.100.7:40000", "10.10.0.100:1935").tcp_offset(8)),
      v4(test::udp("198.51.100.7:40000", "10.10.0.100:8000").options(Bytes(8, 1))),
      v4(test::ping("198.51.100.7", "10.10.0.100").padding(9)),
      v4(test::udp("198.51.100.7:40000", "10.10.0.100:8000").to(test::kBroadcastMac)),
      v4(test::tcp("[2001:db8:c::7]:40000", "[2001:db8:10::100]:1935")),
      v4(test::udp("[2001:db8:c::7]:40000", "[2001:db8:10::100]:8000")
             .extension(0, eight)
             .extension(60, eight)),
      v4(test::tcp("[2001:db8:c::7]:40000", "[2001:db8:10::100]:1935")
             .extension(43, eight)
             .extension(51, eight)),
      v4(test::udp("[2001:db8:c::7]:40000", "[2001:db8:10::100]:8000").extension(44, fragment)),
      v4(test::ping("2001:db8:10::1", "ff02::1:ff00:100").to({{0x33, 0x33, 0xff, 0, 1, 0}}).icmp(135, 0)),
  };
  Bytes arp(14 + 28);
  const uint8_t head[] = {0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1};
  std::copy(std::begin(head), std::end(head), arp.begin() + 12);
  all.push_back(arp);
  return all;
}

// So that damage behind the IPv4 header checksum is reached, too.
void mend_ip_checksum(Bytes& frame) {
  if (frame.size() < 34 || frame[12] != 8 || frame[13] != 0) return;
  const size_t header = (frame[14] & 15U) * 4;
  if (header < 20 || frame.size() < 14 + header) return;
  frame[24] = frame[25] = 0;
  const uint16_t checksum =
      test::naive_checksum(Bytes(frame.begin() + 14, frame.begin() + 14 + static_cast<long>(header)));
  frame[24] = static_cast<uint8_t>(checksum >> 8);
  frame[25] = static_cast<uint8_t>(checksum);
}

TEST(ParseFuzz, DamagedFramesAreReadAsAPlainParserReadsThem) {
  std::mt19937 random(1);
  const std::vector<Bytes> originals = seeds();
  std::array<unsigned, 2> outcomes{};
  for (unsigned round = 0; round < 200'000; ++round) {
    Bytes frame = originals[random() % originals.size()];
    for (unsigned flips = random() % 4; flips > 0; --flips) {
      // most damage to where the lengths and types are
      const size_t at = random() % 4 == 0 ? random() % frame.size()
                                          : 12 + random() % std::min<size_t>(60, frame.size() - 12);
      frame[at] = static_cast<uint8_t>(random() % 3 == 0 ? random() : frame[at] ^ (1U << random() % 8));
    }
    if (random() % 3 == 0) frame.resize(random() % (frame.size() + 10));
    if (random() % 4 != 0) mend_ip_checksum(frame);

    const Parsed parsed(frame);
    expect_postconditions(parsed);
    expect_same(frame, parsed, PlainParser(frame).run());
    if (HasFatalFailure()) FAIL() << "in round " << round;
    ++outcomes[parsed.reason ? 1 : 0];
  }
  EXPECT_GT(outcomes[0], 40'000U);
  EXPECT_GT(outcomes[1], 40'000U);
}

}  // namespace
}  // namespace lb
