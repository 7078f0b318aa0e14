// SPDX-License-Identifier: MIT
// An SRT client that changes its address is known by its server's socket, once it is silent where it was, and nobody else is.
#include "lb/srt_roam.h"

#include <gtest/gtest.h>

#include "lb/mend.h"
#include "lb/srt_sockets.h"
#include "tests/lb/srt_rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

constexpr const char *kHome = "198.51.100.7:40000", *kAway = "198.51.100.99:1234",
                     *kHome6 = "[2001:db8:c::7]:40000";
constexpr const char* kPublish = "#!::r=live/cam,m=publish";
constexpr uint32_t kSocket = 0x20880001, kServerSocket = 0x11220001;
const Bytes kData = srt_packet(7, kServerSocket), kKeepAlive = srt_packet(0x8001, kServerSocket),
            kShutdown = srt_packet(0x8005, kServerSocket);

class SrtRoam : public testing::Test {
 protected:
  SrtRoam() : made_(rig_.connect(kHome, kSocket, kPublish, kServerSocket)) {}

  bool goes_to_server(const Outcome& out) const {
    return out.action == Action::kTx && out.fields().destination == made_.server &&
           out.fields().source == made_.lip;
  }

  SrtRig rig_{[](SnapshotSpec& spec) {
                service(spec, "rtc6").pool = "srs";
                for (ServiceSpec& each : spec.services) each.idle_timeout_s = 30;
              },
              2};
  SrtConnection made_;
};

TEST_F(SrtRoam, AClientThatFellSilentIsFoundAtItsNewAddressAndTheServerDoesNotNotice) {
  EXPECT_TRUE(goes_to_server(rig_.from(kHome, kData)));
  rig_.wait_ms(1500);
  EXPECT_TRUE(goes_to_server(rig_.from(kAway, kData, 1)));
  EXPECT_EQ(rig_.replies_go_to(made_), endpoint(kAway));
  EXPECT_TRUE(goes_to_server(rig_.from(kAway, kData)));
  EXPECT_EQ(rig_.counters(1).srt.moved.get(), 1U);
  EXPECT_EQ(rig_.entries(), 2U) << "its address and its socket";
}

TEST_F(SrtRoam, AClientThatSpeaksIsNotMoved) {
  for (unsigned i = 0; i < 40; ++i) {
    EXPECT_TRUE(goes_to_server(rig_.from(kHome, kKeepAlive)));
    for (unsigned late = 0; late < 5; ++late) {
      rig_.wait_ms(210);
      EXPECT_EQ(to_string(rig_.from(kAway, kData)), "drop srt_not_silent");
    }
    EXPECT_EQ(rig_.replies_go_to(made_), endpoint(kHome));
  }
}

TEST_F(SrtRoam, WhereItWasNothingIsTakenOnceItMoved) {
  rig_.wait_ms(1500);
  rig_.from(kAway, kData);
  EXPECT_EQ(to_string(rig_.from(kHome, kData)), "drop srt_not_silent");
  rig_.wait_ms(1500);
  EXPECT_TRUE(goes_to_server(rig_.from(kHome, kData))) << "it came back";
  EXPECT_EQ(rig_.replies_go_to(made_), endpoint(kHome));
}

TEST_F(SrtRoam, FromOneFamilyToTheOther) {
  rig_.wait_ms(1500);
  EXPECT_TRUE(goes_to_server(rig_.from(kHome6, kData)));
  EXPECT_EQ(rig_.replies_go_to(made_), endpoint(kHome6));
  EXPECT_EQ(rig_.open_flows("rtc"), 0);
  EXPECT_EQ(rig_.open_flows("rtc6"), 1);
  rig_.wait_ms(1500);
  EXPECT_TRUE(goes_to_server(rig_.from(kHome, kData)));
  EXPECT_EQ(rig_.replies_go_to(made_), endpoint(kHome));
}

TEST_F(SrtRoam, AnUnknownSocketIsNobodys) {
  rig_.wait_ms(1500);
  EXPECT_EQ(to_string(rig_.from(kAway, srt_packet(7, kServerSocket + 1))), "drop srt_unknown");
  EXPECT_EQ(to_string(rig_.from(kAway, Bytes(15))), "drop bad_srt");
  EXPECT_EQ(rig_.replies_go_to(made_), endpoint(kHome));
}

TEST_F(SrtRoam, WrongGuessesAreLookedUpSoManyTimesASecond) {
  rig_.wait_ms(1500);
  const uint64_t limit = Worker::kSrtGuesses;
  for (uint64_t i = 0; i < limit + 10; ++i)
    rig_.from(kAway, srt_packet(7, static_cast<uint32_t>(kServerSocket + 1 + i)));
  EXPECT_EQ(rig_.drops(DropReason::kSrtUnknown), limit);
  EXPECT_EQ(rig_.drops(DropReason::kSrtGuesses), 10U);
  EXPECT_EQ(to_string(rig_.from(kAway, kData)), "drop srt_guesses");
  rig_.jump_ms(1000);
  EXPECT_TRUE(goes_to_server(rig_.from(kAway, kData)));
}

TEST_F(SrtRoam, AConnectionDoesNotMoveWhileTheNextOneFromItsAddressBegins) {
  const SrtConnection next = rig_.ask(kHome, 5, kPublish, rig_.cookie(kHome, 5));
  EXPECT_EQ(next.lip, made_.lip);
  rig_.wait_ms(1500);
  EXPECT_EQ(to_string(rig_.from(kAway, kData)), "drop srt_unknown");
  EXPECT_EQ(rig_.replies_go_to(made_), endpoint(kHome));
}

TEST_F(SrtRoam, OfTwoConnectionsWithOneSocketTheFirstMoves) {
  SrtConnection other;
  for (unsigned n = 0; other.server.address.is_unset() || other.server == made_.server; ++n)
    other = rig_.connect("198.51.100.8:" + std::to_string(1000 + n), 10 + n,
                         "#!::r=live/other" + std::to_string(n), kServerSocket);
  EXPECT_GT(rig_.counters().srt.unmovable.get(), 0U);
  rig_.wait_ms(1500);
  EXPECT_TRUE(goes_to_server(rig_.from(kAway, kData)));
  EXPECT_EQ(rig_.replies_go_to(made_), endpoint(kAway));
}

TEST_F(SrtRoam, AfterItsEndNothingOfAConnectionIsLeft) {
  rig_.wait_s(60);
  EXPECT_EQ(rig_.entries(), 0U);
  EXPECT_EQ(rig_.open_flows("rtc"), 0);
  EXPECT_EQ(to_string(rig_.from(kAway, kData)), "drop srt_unknown");
}

TEST_F(SrtRoam, AShutdownEndsItSoon) {
  EXPECT_TRUE(goes_to_server(rig_.from(kHome, srt_packet(0x8005, kServerSocket + 1)))) << "another's";
  rig_.wait_s(10);
  EXPECT_EQ(rig_.open_flows("rtc"), 1);
  EXPECT_TRUE(goes_to_server(rig_.from(kHome, kShutdown)));
  rig_.wait_s(10);
  EXPECT_EQ(rig_.open_flows("rtc"), 0);
  EXPECT_EQ(rig_.entries(), 0U);
}

TEST_F(SrtRoam, AnEntryOutlivesManySweepsOfItsConnection) {
  for (unsigned i = 0; i < 100; ++i) {
    rig_.wait_s(10);
    EXPECT_TRUE(goes_to_server(rig_.from(kHome, kData)));
  }
  rig_.wait_ms(1500);
  EXPECT_TRUE(goes_to_server(rig_.from(kAway, kData)));
}

TEST_F(SrtRoam, AClientMayMoveWhileCleatIsNotThere) {
  const MendReport report = mend(rig_.segment(), rig_.now());
  EXPECT_EQ(report.entries_removed, 0U);
  EXPECT_EQ(report.slots, 1U);
  rig_.jump_ms(1500);
  EXPECT_TRUE(goes_to_server(rig_.from(kAway, kData)));
}

TEST_F(SrtRoam, AHandshakeGoesOnAfterARestart) {
  const uint32_t given = rig_.cookie(kAway, 5);
  const SrtConnection asked = rig_.ask(kAway, 5, kPublish, given);
  mend(rig_.segment(), rig_.now());
  EXPECT_EQ(to_string(rig_.answer_ask(asked, 5)), "tx");
  EXPECT_EQ(rig_.from(kAway, srt_conclusion(5, given, kPublish)).fields().source, asked.lip);
}

// The process was killed between the turn of the slot and the entry of the new address.
TEST_F(SrtRoam, AMoveThatWasLeftHalfDoneIsMended) {
  NatSlot& slot = rig_.segment().slots().at(
      NatSlots::index(rig_.segment().lips().find({made_.lip.address, 0, 0, IdentityKind::kLip}).value(),
                      Protocol::kUdp, made_.lip.port));
  const auto view = NatSlots::read(slot);
  ASSERT_TRUE(NatSlots::turn(slot, view->control, endpoint(kAway).address, 1234, view->listener));
  const MendReport report = mend(rig_.segment(), rig_.now());
  EXPECT_EQ(report.entries_restored, 1U);
  EXPECT_EQ(report.entries_removed, 1U);
  EXPECT_TRUE(goes_to_server(rig_.from(kAway, kData)));
}

TEST_F(SrtRoam, AnEntryOfASocketThatIsNotItsSlotsIsRemoved) {
  const ListenerId clients = rig_.snapshot().pools[0].clients;
  const auto mine = find_srt_socket(rig_.worker(), clients, kServerSocket);
  ASSERT_TRUE(mine);
  NarrowTable& table = rig_.segment().flows().narrow;
  const auto key = narrow_socket_key(kServerSocket + 1, clients);
  ASSERT_TRUE(
      table.insert(key, table.hash(key), mine->entry.slot(), mine->entry.backend(), rig_.now().tick()).found);
  EXPECT_FALSE(find_srt_socket(rig_.worker(), clients, kServerSocket + 1));
  EXPECT_EQ(mend(rig_.segment(), rig_.now()).entries_removed, 1U);
  EXPECT_TRUE(find_srt_socket(rig_.worker(), clients, kServerSocket));
}

}  // namespace
}  // namespace lb
