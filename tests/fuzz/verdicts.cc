// SPDX-License-Identifier: MIT
#include "tests/fuzz/verdicts.h"

#include "tests/fuzz/plain_parser.h"
#include "tests/fuzz/target.h"

namespace fuzz {

using namespace lb;

void require_whole(const test::Rig& rig, const test::Outcome& out, const Bytes& in) {
  require(out.port < rig.spec().ports.size(), "it goes out of a port that is there");
  require(out.frame.size() <= in.size(), "a frame does not grow");
  const Plain before = parse_plainly(in), after = parse_plainly(out.frame);
  require(!after.reason && after.kind == Kind::kIp, "what goes out is an IP packet");
  if (before.protocol != 6 && before.protocol != 17) return;
  require(after.protocol == before.protocol && after.l4_length == before.l4_length, "l4 stays what it is");
  if (in[12] == 0x86 && in[20] != before.protocol) return;
  const test::FrameFields sent = test::fields_of(in), got = out.fields();
  require(got.ttl + 1 == sent.ttl, "one hop is taken");
  require(after.piece == before.piece, "a piece stays the piece that it is");
  if (before.piece == Piece::kLater) return;
  require(got.payload == sent.payload, "the payload is untouched");
  require(got.checksums_hold == sent.checksums_hold, "a right checksum stays right, a wrong one wrong");
}

void Balance::require_even(test::Rig& rig, const test::Outcome& last) const {
  const WorkerCounters& c = rig.counters();
  uint64_t rx = 0, punted = 0, dropped = 0;
  for (const PortCounters& each : c.ports) rx += each.rx_packets.get(), punted += each.punted.get();
  for (const Counter& each : c.drops) dropped += each.get();
  require(rx == seen, "every frame is counted in");
  require(rx == sent + dropped + punted + c.consumed.get() + held, "every frame is counted out");
  if (last.action == Action::kDrop) require(rig.drops(last.reason) > 0, "a drop is counted by its reason");
}

}  // namespace fuzz
