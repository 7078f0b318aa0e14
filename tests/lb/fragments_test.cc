// SPDX-License-Identifier: MIT
// Datagrams in pieces: all go where the first one goes, in whatever order they come.
#include "lb/fragments.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "lb/translate.h"
#include "tests/lb/pieces.h"
#include "tests/lb/rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

struct Way {
  const char* name;
  FrameBuilder (*frame)(std::string_view, std::string_view);
  const char *client, *other, *vip, *service, *pool;
};
const Way kOneFamily[] = {
    {"V4", udp, "198.51.100.7:40000", "198.51.100.8:40000", "10.10.0.100:8000", "rtc", "srs"},
    {"V6", udp, "[2001:db8:c::7]:40000", "[2001:db8:c::8]:40000", "[2001:db8:10::100]:8000", "rtc6", "srs6"},
};
const Way kTwoFamilies[] = {
    {"V4ToV6", udp, "198.51.100.7:40000", "198.51.100.8:40000", "10.10.0.100:8000", "rtc", "srs6"},
    {"V6ToV4", udp, "[2001:db8:c::7]:40000", "[2001:db8:c::8]:40000", "[2001:db8:10::100]:8000", "rtc6",
     "srs"},
    {"TcpV4ToV6", tcp, "198.51.100.7:40000", "198.51.100.8:40000", "10.10.0.100:1935", "rtmp", "srs6"},
    {"TcpV6ToV4", tcp, "[2001:db8:c::7]:40000", "[2001:db8:c::8]:40000", "[2001:db8:10::100]:1935", "rtmp6",
     "srs"},
};

class Pieces : public testing::TestWithParam<Way> {
 protected:
  static Bytes text(size_t bytes) {
    Bytes made(bytes);
    for (size_t i = 0; i < bytes; ++i) made[i] = static_cast<uint8_t>(i * 7 + i / 256);
    return made;
  }
  static bool from_v4() { return GetParam().client[0] != '['; }
  static FrameBuilder datagram(const char* client = nullptr) {
    return GetParam()
        .frame(client != nullptr ? client : GetParam().client, GetParam().vip)
        .syn()
        .payload(text(2000));
  }
  // Of a server that got something.
  static FrameBuilder answer_to(const FrameFields& seen) {
    return GetParam()
        .frame(seen.destination.to_string(), seen.source.to_string())
        .syn_ack()
        .from(seen.destination_mac)
        .to(kInsideMac);
  }
  // What left, in the order of their places, put together.
  static FrameFields together(const std::vector<Outcome>& outcomes) {
    std::vector<Bytes> frames;
    for (const Outcome& out : outcomes) {
      EXPECT_EQ(to_string(out), "tx");
      frames.push_back(out.frame);
    }
    return fields_of(whole_of(frames));
  }
  std::vector<Outcome> send(const std::vector<Bytes>& pieces, PortIndex port = kOutside) {
    std::vector<Outcome> outcomes;
    for (const Bytes& piece : pieces) outcomes.push_back(rig_.send(piece, port));
    return outcomes;
  }
  void SetUp() override { rig_.headroom = kMostTranslatedGrowth; }
  Rig rig_{[](SnapshotSpec& spec) {
    service(spec, GetParam().service).pool = GetParam().pool;
    for (PoolSpec& each : spec.pools) each.backends.resize(1);
  }};
};
const auto kNameOf = [](const auto& way) { return way.param.name; };
INSTANTIATE_TEST_SUITE_P(OneFamily, Pieces, testing::ValuesIn(kOneFamily), kNameOf);
INSTANTIATE_TEST_SUITE_P(TwoFamilies, Pieces, testing::ValuesIn(kTwoFamilies), kNameOf);

TEST_P(Pieces, ArriveAtTheServerAsTheDatagram) {
  const FrameFields got = together(send(pieces_of(datagram(), 600)));
  EXPECT_EQ(got.payload, text(2000));
  EXPECT_TRUE(got.checksums_hold);
  EXPECT_EQ(got.ttl, 63);
  EXPECT_EQ(got.destination.port, endpoint(GetParam().vip).port);
  EXPECT_EQ(rig_.open_flows(GetParam().service), 1);
}

TEST_P(Pieces, OfAnAnswerArriveAtTheClient) {
  const FrameFields seen = together(send(pieces_of(datagram(), 600)));
  const FrameFields got = together(send(pieces_of(answer_to(seen).payload(text(1999)), 1200), kInside));
  EXPECT_EQ(got.payload, text(1999));
  EXPECT_TRUE(got.checksums_hold);
  EXPECT_EQ(got.source, endpoint(GetParam().vip));
  EXPECT_EQ(got.destination, endpoint(GetParam().client));
}

TEST_P(Pieces, InEveryOrderArrive) {
  const std::vector<Bytes> in_order = pieces_of(datagram(), 600);
  ASSERT_EQ(in_order.size(), 4U);
  std::vector<size_t> order = {0, 1, 2, 3};
  uint32_t id = 0;
  do {
    std::vector<Outcome> outcomes;
    std::vector<Outcome> waiting;
    for (const size_t i : order) {
      Bytes piece = in_order[i];
      set_identification(piece, 0x4000 + id);
      const Outcome out = rig_.send(piece);
      (out.action == Action::kHold ? waiting : outcomes).push_back(out);
    }
    EXPECT_EQ(waiting.size(), static_cast<size_t>(std::find(order.begin(), order.end(), 0U) - order.begin()));
    for (const Outcome& held : waiting) outcomes.push_back(rig_.resume(held));
    EXPECT_EQ(together(outcomes).payload, text(2000));
    ++id;
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_P(Pieces, WhoseFirstDoesNotComeAreDroppedByName) {
  const Outcome held = rig_.send(pieces_of(datagram(), 600)[1]);
  EXPECT_EQ(to_string(held), "hold for a first piece");
  rig_.jump_ms(400);
  EXPECT_EQ(to_string(rig_.resume(held)), "hold for a first piece");
  rig_.jump_ms(100);
  EXPECT_EQ(to_string(rig_.resume(held)), "drop fragment_lost");
}

TEST_P(Pieces, ThatOverlapAreDroppedByName) {
  const std::vector<Bytes> pieces = pieces_of(datagram(), 600), shifted = pieces_of(datagram(), 592);
  EXPECT_EQ(to_string(rig_.send(pieces[0])), "tx");
  EXPECT_EQ(to_string(rig_.send(pieces[0])), "drop fragment_overlap") << "twice";
  EXPECT_EQ(to_string(rig_.send(shifted[1])), "drop fragment_overlap") << "begins in the first";
  EXPECT_EQ(to_string(rig_.send(pieces[2])), "tx");
  EXPECT_EQ(to_string(rig_.send(shifted[2])), "drop fragment_overlap") << "ends in the third";
  EXPECT_EQ(to_string(rig_.send(pieces[2])), "drop fragment_overlap") << "twice";
  EXPECT_EQ(to_string(rig_.send(pieces[1])), "tx") << "what was missing";
  EXPECT_EQ(to_string(rig_.send(pieces[3])), "tx");
}

TEST_P(Pieces, ANumberMayBeUsedAgainOnceItsDatagramIsWhole) {
  send(pieces_of(datagram(), 600));
  EXPECT_EQ(together(send(pieces_of(datagram(), 600))).payload, text(2000));
}

TEST_P(Pieces, OfTwoClientsWithOneNumberDifferAtTheServer) {
  const Outcome one = rig_.send(pieces_of(datagram(), 600)[0]);
  const Outcome two = rig_.send(pieces_of(datagram(GetParam().other), 600)[0]);
  EXPECT_NE(identification_of(one.frame), identification_of(two.frame));
}

class PiecesOneWay : public Pieces {};
INSTANTIATE_TEST_SUITE_P(OneFamily, PiecesOneWay, testing::ValuesIn(kOneFamily), kNameOf);

TEST_P(PiecesOneWay, InDsrAndThroughATunnelStayAsTheyAre) {
  for (const Forward forward : {Forward::kDsr, Forward::kIpip}) {
    Rig rig([forward](SnapshotSpec& spec) {
      for (ServiceSpec& each : spec.services) each.forward = forward;
    });
    rig.headroom = 64;
    const size_t more = forward == Forward::kDsr ? 0 : from_v4() ? 20 : 40;
    std::vector<Bytes> inside;
    for (const Bytes& piece : pieces_of(datagram(), 600)) {
      const Outcome out = rig.send(piece);
      ASSERT_EQ(to_string(out), "tx");
      Bytes inner(out.frame.begin(), out.frame.begin() + 14);
      inner.insert(inner.end(), out.frame.begin() + 14 + static_cast<ptrdiff_t>(more), out.frame.end());
      EXPECT_EQ(identification_of(inner), identification_of(piece));
      inside.push_back(inner);
    }
    const FrameFields got = fields_of(whole_of(inside));
    EXPECT_EQ(got.payload, text(2000));
    EXPECT_EQ(got.destination, endpoint(GetParam().vip));
  }
}

TEST_P(Pieces, WithMoreGapsThanAreCountedAreDropped) {
  const std::vector<Bytes> pieces = pieces_of(datagram(), 80);
  unsigned sent = 0;
  for (size_t i = 0; i < pieces.size(); i += 2) sent += rig_.send(pieces[i]).action == Action::kTx ? 1 : 0;
  EXPECT_EQ(sent, Datagram::kMostSpans);
}

TEST(PiecesOfTcp, AFirstPieceMustHoldTheWholeHeader) {
  Rig rig;
  const Bytes syn = tcp("198.51.100.7:40000", "10.10.0.100:1935").syn().payload(Bytes(100));
  EXPECT_EQ(to_string(rig.send(pieces_of(syn, 16)[0])), "drop bad_l4_header");
  EXPECT_EQ(to_string(rig.send(pieces_of(syn, 24)[0])), "tx");
}

TEST(PiecesOfOthers, IcmpIsDroppedByName) {
  Rig rig;
  const Bytes echo = ping("198.51.100.7", "10.10.0.100").payload(Bytes(2000));
  for (const Bytes& piece : pieces_of(echo, 600)) EXPECT_EQ(to_string(rig.send(piece)), "drop fragment");
}

}  // namespace
}  // namespace lb
