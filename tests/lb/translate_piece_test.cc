// SPDX-License-Identifier: MIT
// Pieces of datagrams between families: a fragment header for IPv4's fields, and the reverse (RFC 7915 sections 4.1, 5.1.1).
#include <gtest/gtest.h>

#include "tests/lb/pieces.h"
#include "tests/lb/translate_rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

Bytes text(size_t bytes) {
  Bytes made(bytes);
  for (size_t i = 0; i < bytes; ++i) made[i] = static_cast<uint8_t>(i * 11 + i / 256);
  return made;
}

// DSCP and ECN.
void set_tos(Bytes& piece, uint8_t tos) {
  if (is_v4(piece)) {
    piece[15] = tos;
    return mend_header(piece);
  }
  piece[14] = static_cast<uint8_t>(0x60 | tos >> 4);
  piece[15] = static_cast<uint8_t>(tos << 4 | (piece[15] & 0x0f));
}

class TranslatePiece : public TranslateTest {
 protected:
  // A datagram of the IPv4 or IPv6 side in pieces that have so many bytes behind the IP header.
  [[nodiscard]] std::vector<Bytes> of_v4_side(size_t size) const {
    return pieces_of((to_v4() ? from_server() : from_client()).payload(text(4000)), size);
  }
  [[nodiscard]] std::vector<Bytes> of_v6_side(size_t size) const {
    return pieces_of((to_v4() ? from_client() : from_server()).payload(text(4000)), size);
  }
  static PortIndex v4_side() { return to_v4() ? kInside : kOutside; }
  static PortIndex v6_side() { return to_v4() ? kOutside : kInside; }

  // Each piece of `sent` leaves as the one of `wanted`, with that number.
  void expect_each(std::vector<Bytes> sent, PortIndex port, std::vector<Bytes> wanted, uint32_t id) {
    ASSERT_EQ(sent.size(), wanted.size());
    for (size_t i = 0; i < sent.size(); ++i) {
      const auto tos = static_cast<uint8_t>(0xb8 | i % 4);
      set_tos(sent[i], tos);
      set_tos(wanted[i], tos);
      set_identification(wanted[i], id);
      const Outcome out = rig_.send(sent[i], port);
      EXPECT_EQ(to_string(out), "tx") << "piece " << i;
      EXPECT_EQ(difference(out.frame, wanted[i]), "") << "piece " << i;
    }
  }
};
class TranslatePieceOfUdp : public TranslatePiece {};
INSTANTIATE_TEST_SUITE_P(Tcp, TranslatePiece, testing::ValuesIn(kTcpWays), kNameOfWay);
INSTANTIATE_TEST_SUITE_P(Udp, TranslatePiece, testing::ValuesIn(kUdpWays), kNameOfWay);
INSTANTIATE_TEST_SUITE_P(Udp, TranslatePieceOfUdp, testing::ValuesIn(kUdpWays), kNameOfWay);

TEST_P(TranslatePiece, FirstMiddleAndLastReachTheServerInItsFamily) {
  for (const uint32_t id : {1U, 2U})
    expect_each(pieces_of(from_client().ttl(57).payload(text(2001)), 600), kOutside,
                pieces_of(to_server().ttl(56).payload(text(2001)), 600), id);
}

TEST_P(TranslatePiece, FirstMiddleAndLastReachTheClientInHisFamily) {
  expect_each(pieces_of(from_server().syn_ack().ttl(9).payload(text(1999)), 1200), kInside,
              pieces_of(to_client().syn_ack().ttl(8).payload(text(1999)), 1200), 1);
}

TEST_P(TranslatePiece, PaddingStaysBehind) {
  std::vector<Bytes> pieces = pieces_of(from_client().payload(text(100)), 64);
  pieces.back().resize(pieces.back().size() + 18, 0xaa);
  rig_.send(pieces[0]);
  Bytes wanted = pieces_of(to_server().ttl(63).payload(text(100)), 64).back();
  set_identification(wanted, 1);
  EXPECT_EQ(difference(rig_.send(pieces.back()).frame, wanted), "");
}

TEST_P(TranslatePiece, AllSaveTheLastBytesOfAnMtuFit) {
  // 1500 bytes of IPv6 hold 1452 of a datagram, of IPv4 1480; pieces end at multiples of eight.
  for (const Bytes& piece : of_v4_side(1448)) EXPECT_EQ(to_string(rig_.send(piece, v4_side())), "tx");
  for (const Bytes& piece : of_v6_side(1480)) EXPECT_EQ(to_string(rig_.send(piece, v6_side())), "tx");
}

TEST_P(TranslatePiece, OfAFirstOneThatGrowsTooLargeTheSenderHearsWhatFits) {
  EXPECT_EQ(to_string(rig_.send(of_v4_side(1456)[0], v4_side())), "drop too_big");
  const auto own = rig_.own_frames();
  ASSERT_EQ(own.size(), 1U);
  EXPECT_EQ(own[0].second[34], 3) << "destination unreachable";
  EXPECT_EQ(own[0].second[35], 4) << "fragmentation needed";
  EXPECT_EQ(own[0].second[40] << 8 | own[0].second[41], 1500 - 28);
}

TEST_P(TranslatePiece, OfAFirstOneThatDoesNotShrinkEnoughTheSenderHearsWhatFits) {
  EXPECT_EQ(to_string(rig_.send(of_v6_side(1488)[0], v6_side())), "drop too_big");
  const auto own = rig_.own_frames();
  ASSERT_EQ(own.size(), 1U);
  EXPECT_EQ(own[0].second[54], 2) << "packet too big";
  EXPECT_EQ(own[0].second[60] << 8 | own[0].second[61], 1500 + 28);
}

// RFC 1122 section 3.2.2: no error about a later piece.
TEST_P(TranslatePiece, ALaterOneThatGrowsTooLargeIsDroppedByName) {
  EXPECT_EQ(to_string(rig_.send(of_v4_side(800)[0], v4_side())), "tx");
  EXPECT_EQ(to_string(rig_.send(of_v4_side(1456)[1], v4_side())), "drop too_big");
  EXPECT_TRUE(rig_.own_frames().empty());
}

TEST_P(TranslatePiece, WithoutRoomBeforeTheFrameEachIsDroppedByName) {
  const std::vector<Bytes> pieces = pieces_of(from_client().payload(text(2000)), 600);
  rig_.headroom = kMostTranslatedGrowth - 1;
  EXPECT_EQ(to_string(rig_.send(pieces[0])), "drop no_headroom");
  rig_.headroom = kMostTranslatedGrowth;
  EXPECT_EQ(to_string(rig_.send(pieces[0])), "tx");
  rig_.headroom = kMostTranslatedGrowth - 1;
  EXPECT_EQ(to_string(rig_.send(pieces[1])), "drop no_headroom");
}

TEST_P(TranslatePiece, AWrongChecksumStaysWrong) {
  std::vector<Bytes> pieces = pieces_of(from_client().payload(text(2000)), 600);
  pieces.back().back() ^= 1;
  std::vector<Bytes> got;
  for (const Bytes& piece : pieces) got.push_back(rig_.send(piece).frame);
  EXPECT_FALSE(fields_of(whole_of(got)).checksums_hold);
}

// Section 4.5: the sum over the whole would take the whole.
TEST_P(TranslatePieceOfUdp, OfADatagramWithoutAChecksumNoneComesToIpv6) {
  const std::vector<Bytes> pieces =
      pieces_of((to_v4() ? from_server() : from_client()).l4_checksum(0).payload(text(2000)), 600);
  const Outcome early = rig_.send(pieces[2], v4_side());
  EXPECT_EQ(to_string(early), "hold for a first piece");
  EXPECT_EQ(to_string(rig_.send(pieces[0], v4_side())), "drop fragment");
  EXPECT_EQ(to_string(rig_.resume(early)), "drop fragment") << "which does not wait in vain";
  EXPECT_EQ(to_string(rig_.send(pieces[1], v4_side())), "drop fragment");
  EXPECT_EQ(to_string(rig_.send(pieces[3], v4_side())), "drop fragment");
  EXPECT_EQ(rig_.drops(DropReason::kFragment), 4U);
}

TEST_P(TranslatePieceOfUdp, InIpv4ADatagramWithoutAChecksumHasNone) {
  const std::vector<Bytes> pieces =
      pieces_of((to_v4() ? from_client() : from_server()).l4_checksum(0).payload(text(2000)), 600);
  const Outcome first = rig_.send(pieces[0], v6_side());
  ASSERT_EQ(first.action, Action::kTx) << first;
  EXPECT_EQ(first.fields().l4_checksum, 0);
}

// A router beyond Cleat speaks of a piece as it left.
TEST_P(TranslatePiece, AnErrorAboutOneSaysWhatFitsInTheClientsFamily) {
  const Outcome there = rig_.send(pieces_of(from_client().payload(text(2000)), 600)[0]);
  rig_.send(ping(endpoint(GetParam().server).address.to_string(), lip_.address.to_string())
                .icmp(to_v4() ? 3 : 2, to_v4() ? 4 : 0)
                .icmp_rest(1400)
                .to(kInsideMac)
                .payload(Bytes(there.frame.begin() + 14, there.frame.end())),
            kInside);
  const auto own = rig_.own_frames();
  ASSERT_EQ(own.size(), 1U);
  const Bytes& error = own[0].second;
  const size_t icmp = to_v4() ? 54 : 34;
  EXPECT_EQ(error[icmp + 6] << 8 | error[icmp + 7], to_v4() ? 1420 : 1372);
  Bytes quoted(error.begin(), error.begin() + 14);
  quoted.insert(quoted.end(), error.begin() + static_cast<ptrdiff_t>(icmp) + 8, error.end());
  Bytes sent = pieces_of(from_client().own().ttl(63).payload(text(2000)), 600)[0];
  set_identification(sent, 0);
  std::copy_n(quoted.begin(), 14, sent.begin());
  EXPECT_EQ(difference(quoted, sent), "") << "but for its number, which Cleat does not keep";
}

// A VIP of each family before servers of the other.
class TranslatePieceHeaders : public testing::Test {
 protected:
  void SetUp() override { rig_.headroom = kMostTranslatedGrowth; }
  // What comes of the pieces, each of that many bytes.
  void expect_whole(const std::vector<Bytes>& pieces, std::initializer_list<size_t> sizes) {
    std::vector<Bytes> frames;
    std::vector<size_t> got_sizes;
    for (const Bytes& piece : pieces) {
      frames.push_back(rig_.send(piece).frame);
      got_sizes.push_back(frames.back().size());
    }
    EXPECT_EQ(got_sizes, std::vector<size_t>(sizes));
    const FrameFields got = fields_of(whole_of(frames));
    EXPECT_EQ(got.payload, text(1000));
    EXPECT_TRUE(got.checksums_hold);
  }
  Rig rig_{[](SnapshotSpec& spec) {
    service(spec, "rtc").pool = "srs6";
    service(spec, "rtc6").pool = "srs";
  }};
};

TEST_F(TranslatePieceHeaders, OptionsStayBehind) {
  std::vector<Bytes> pieces =
      pieces_of(udp("198.51.100.7:40000", "10.10.0.100:8000").payload(text(1000)), 600);
  for (Bytes& piece : pieces) {
    piece.insert(piece.begin() + 34, {0x94, 4, 0, 0});  // router alert
    piece[14] = 0x46;
    put_two(piece, 16, piece.size() - 14);
    put_two(piece, 24, 0);
    put_two(piece, 24, naive_checksum({piece.begin() + 14, piece.begin() + 38}));
  }
  expect_whole(pieces, {14 + 48 + 600, 14 + 48 + 408});
}

TEST_F(TranslatePieceHeaders, ExtensionHeadersStayBehind) {
  std::vector<Bytes> pieces =
      pieces_of(udp("[2001:db8:c::7]:40000", "[2001:db8:10::100]:8000").payload(text(1000)), 600);
  for (Bytes& piece : pieces) {
    piece.insert(piece.begin() + 54, {44, 0, 1, 4, 0, 0, 0, 0});  // destination options: padding
    piece[20] = 60;
    put_two(piece, 18, piece.size() - 54);
  }
  expect_whole(pieces, {14 + 20 + 600, 14 + 20 + 408});
}

// RFC 6946: a whole packet with a fragment header.
TEST_F(TranslatePieceHeaders, AnAtomicFragmentIsAWholePacket) {
  const Outcome out = rig_.send(udp("[2001:db8:c::7]:40000", "[2001:db8:10::100]:8000")
                                    .extension(44, {0, 0, 0, 0, 1, 2, 3, 4})
                                    .payload("whole"));
  ASSERT_EQ(out.action, Action::kTx) << out;
  EXPECT_EQ(out.frame.size(), 14U + 20 + 8 + 5);
  EXPECT_EQ(out.frame[20] << 8 | out.frame[21], 0) << "neither more nor an offset";
  EXPECT_TRUE(out.fields().checksums_hold);
}

}  // namespace
}  // namespace lb
