// SPDX-License-Identifier: MIT
#include "tests/fuzz/verdicts.h"

#include "lb/translate.h"
#include "tests/fuzz/plain_parser.h"
#include "tests/fuzz/target.h"

namespace fuzz {

using namespace lb;

namespace {

bool is_v4(const Bytes& frame) { return frame[12] == 0x08; }
unsigned hops_left(const Bytes& frame) { return frame[is_v4(frame) ? 22 : 21]; }
bool has_extensions(const Bytes& frame, const Plain& plain) {
  return !is_v4(frame) && frame[20] != plain.protocol;
}

// What lies behind the headers, of later pieces behind IP's.
Bytes payload_of(const Bytes& frame, const Plain& plain) {
  const size_t end = is_v4(frame) ? 14U + (frame[16] << 8 | frame[17]) : 54U + (frame[18] << 8 | frame[19]);
  const size_t l4 = end - plain.l4_length;
  size_t header = 0;
  if (plain.piece != Piece::kLater) header = plain.protocol == 17 ? 8 : (frame[l4 + 12] >> 4) * 4U;
  return {frame.begin() + static_cast<ptrdiff_t>(l4 + header), frame.begin() + static_cast<ptrdiff_t>(end)};
}

}  // namespace

void require_whole(const test::Rig& rig, const test::Outcome& out, const Bytes& in) {
  require(out.port < rig.spec().ports.size(), "it goes out of a port that is there");
  const size_t growth = is_v4(in) == is_v4(out.frame) ? 0 : kMostTranslatedGrowth;
  require(out.frame.size() <= in.size() + growth, "a frame grows only between families");
  const Plain before = parse_plainly(in), after = parse_plainly(out.frame);
  require(!after.reason && after.kind == Kind::kIp, "what goes out is an IP packet");
  if (before.protocol != 6 && before.protocol != 17) return;
  require(after.protocol == before.protocol && after.l4_length == before.l4_length, "l4 stays what it is");
  require(hops_left(out.frame) + 1 == hops_left(in), "one hop is taken");
  require(after.piece == before.piece, "a piece stays the piece that it is");
  require(payload_of(out.frame, after) == payload_of(in, before), "the payload is untouched");
  if (before.piece == Piece::kLater || has_extensions(in, before) || has_extensions(out.frame, after)) return;
  require(out.fields().checksums_hold == test::fields_of(in).checksums_hold,
          "a right checksum stays right, a wrong one wrong");
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
