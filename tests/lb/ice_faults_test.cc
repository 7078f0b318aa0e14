// SPDX-License-Identifier: MIT
// Faults of what serves ICE that are known and not mended yet: each test is disabled until it holds, and then moves to where its
// subject is tested.
#include <gtest/gtest.h>

#include "lb/emit.h"
#include "lb/http_stream.h"
#include "lb/mend.h"
#include "lb/nat_slot.h"
#include "tests/lb/ice_rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// A reader that sleeps between its loads takes the halves of two addresses for one.
TEST(IceFaults, DISABLED_TwoTurnsOfASlotShowInItsControlWord) {
  NatSlot slot{};
  NatSlots::fill(slot, 1, 1, ip("192.0.2.1"), 1, 1, 1);
  NatSlots::open(slot, 1);
  const SlotControl before(slot.control.load());
  ASSERT_TRUE(NatSlots::turn(slot, before, ip("192.0.2.2"), 2));
  ASSERT_TRUE(NatSlots::turn(slot, SlotControl(slot.control.load()), ip("192.0.2.3"), 3));

  EXPECT_NE(slot.control.load(), before.raw());
}

TEST(IceFaults, DISABLED_AnSsrcThatAKilledWorkerNotedAndDidNotEnterIsFound) {
  IceRig rig;
  constexpr const char* kClient = "198.51.100.7:40000";
  rig.learn(12, kServerPassword);
  rig.reply_to(rig.from(kClient, check({.password = kServerPassword})), success(1));
  rig.segment().sessions().sessions.at(rig.session()->index).ssrcs[0].store(0x11223344);

  mend(rig.segment(), rig.now());

  for (uint16_t n = 1; n <= 4; ++n) {
    rig.wait_ms(250);
    rig.from(kClient, rtp(0x11223344, n));
  }
  EXPECT_EQ(to_string(rig.from("203.0.113.9:50000", rtp(0x11223344, 5))), "tx");
}

TEST(IceFaults, DISABLED_AnEmptyChunkedAnswerDoesNotHoldUpTheNextOne) {
  HttpStream stream;
  stream.begin(0);
  const std::string empty = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  stream.add(0, bytes_of(empty));
  EXPECT_TRUE(stream.next());
  stream.add(static_cast<uint32_t>(empty.size()),
             bytes_of("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok"));
  const auto message = stream.next();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->body, "ok");
}

TEST(IceFaults, DISABLED_TheFirstBytesAreTakenHoweverManyPiecesCameBeforeThem) {
  StreamBuffer buffer;
  buffer.restart(0);
  for (uint32_t n = 1; n <= StreamBuffer::kMaxHoles + 1; ++n) buffer.add(2 * n, bytes_of("x"));
  buffer.add(0, bytes_of("y"));

  EXPECT_EQ(buffer.ready().size(), 1U);
}

TEST(IceFaults, DISABLED_WhatWasNotSentIsNotCountedAsAsked) {
  IceRig rig([](SnapshotSpec& spec) { service(spec, "rtc").ice.ask = true; });
  std::vector<Bytes> checks;
  for (int n = 0; n < 64; ++n)
    checks.push_back(udp("198.51.100.7:" + std::to_string(1000 + n), kIceVip)
                         .payload(check({.name = "name" + std::to_string(n) + ":CLI1"})));
  rig.send_burst(checks);

  EXPECT_EQ(rig.ice().asked.get(), rig.own_frames().size());
}

}  // namespace
}  // namespace lb
