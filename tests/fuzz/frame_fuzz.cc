// SPDX-License-Identifier: MIT
// Any frames, one after the other, through the whole packet path on both ports of tests/lb's rig. Each has one verdict,
// the counters and a trace of everything agree with it, and what goes out is whole.
//
//   input = record*
//   record = head (1 byte)  bit 0 port; bit 1 the IPv4 header checksum is mended; bit 2 an answer, not a frame;
//                           bits 4-7 n: before it 2^n ms pass and the worker keeps house, 0: no time
//            length (2 bytes, big-endian; the last one may claim more than there is)
//            frame, or the answer's TCP flags: it goes back to where the last frame that was sent came from
//
// The world goes on for kInputsPerWorld inputs, as making one takes longer than a hundred of them. A finding that its
// input alone does not show again needs the whole run again, with its seed.
#include <algorithm>
#include <memory>
#include <span>

#include "lb/trace_ring.h"
#include "lb/translate.h"
#include "tests/fuzz/frames.h"
#include "tests/fuzz/plain_parser.h"
#include "tests/fuzz/target.h"
#include "tests/fuzz/verdicts.h"
#include "tests/lb/rig.h"

namespace fuzz {
namespace {

using namespace lb;
using test::Outcome;

constexpr unsigned kInputsPerWorld = 256;

// One arm beside the rig's two, as in the golden cases: their frames find their services here.
void add_golden_services(SnapshotSpec& spec) {
  for (PoolSpec& each : spec.pools) each.pick = PickMethod::kWrr;
  spec.lips = {test::ip("10.10.0.200"), test::ip("2001:db8:10::200")};
  for (const auto& [name, backend, vip] : {std::tuple("live", "10.10.0.11", "10.10.0.100"),
                                           std::tuple("live6", "2001:db8:10::11", "2001:db8:10::100")}) {
    PoolSpec& pool = spec.pools.emplace_back();
    pool.name = name;
    pool.pick = PickMethod::kWrr;
    pool.backends = {{test::ip(backend), 0, 100}};
    ServiceSpec& web = spec.services.emplace_back(spec.services[0]);
    web.name = std::string("web-") + name;
    web.vip = test::ip(vip);
    web.port_first = web.port_last = 80;
    web.pool = name;
    web.mss = 1000;
    ServiceSpec& direct = spec.services.emplace_back(web);
    direct.name = std::string("direct-") + name;
    direct.protocol = Protocol::kUdp;
    direct.mss = 0;
    direct.port_first = 5000;
    direct.port_last = 5010;
    direct.forward = Forward::kDsr;
    direct.affinity = Affinity::kSourceIp;
    ServiceSpec translated = direct;
    const bool from_v4 = translated.vip.is_v4();
    translated.name = std::string("translated-") + name;
    translated.port_first = translated.port_last = from_v4 ? 8046 : 8064;
    translated.pool = from_v4 ? "live6" : "live";
    translated.forward = Forward::kNat;
    translated.affinity = Affinity::kTuple;
    spec.services.push_back(translated);
  }
}

class World {
 public:
  World() { rig_.headroom = kMostTranslatedGrowth; }

  void run(std::span<const uint8_t> input) {
    while (input.size() >= 3) {
      const unsigned head = input[0];
      const size_t length = std::min<size_t>(input[1] * 256U + input[2], input.size() - 3);
      const auto body = input.subspan(3, length);
      input = input.subspan(3 + length);
      if (head >= 16) {
        rig_.jump_ms(1U << (head >> 4));
        rig_.wait_ms(10);
      }
      const bool is_answer = (head & 4) != 0 && !last_.frame.empty();
      Bytes frame = is_answer ? answer_to(last_.frame, body) : Bytes(body.begin(), body.end());
      if ((head & 2) != 0) mend_ip_checksum(frame);
      send(frame, is_answer ? last_.port : head & 1);
    }
    rig_.wait_ms(30);
  }

 private:
  void send(const Bytes& frame, PortIndex port) {
    const Outcome out = rig_.send(frame, port);
    ++balance_.seen;
    require(out.action != Action::kUndecided, "every frame has a verdict");
    require_traced(out);
    count(out.action == Action::kTx || out.action == Action::kHold);
    settle(out, frame);
    if (out.action == Action::kTx) last_ = out;
    std::vector<Waiting> waited;
    waited.swap(waiting_);
    for (const Waiting& each : waited) {
      --balance_.held;
      const Outcome again = rig_.resume(each.outcome);
      if (again.action != Action::kHold) require_traced(again);
      settle(again, each.frame);
    }
    if (out.action == Action::kDrop) require(out.reason != DropReason::kCount, "a drop has a reason");
    balance_.require_even(rig_, out);
    for (const auto& [to, own] : rig_.own_frames()) {
      require(to < rig_.spec().ports.size(), "a frame of Cleat's own has a port");
      require(!parse_plainly(own).reason, "a frame of Cleat's own is well formed");
    }
  }

  // A piece that waits for the first of its datagram.
  struct Waiting {
    Outcome outcome;
    Bytes frame;
  };

  void settle(const Outcome& out, const Bytes& frame) {
    if (out.action == Action::kHold && out.first_piece_ms != 0) {
      ++balance_.held;
      if (waiting_.size() < kMostWaiting) waiting_.push_back({out, frame});
      return;
    }
    if (out.action == Action::kTx || out.action == Action::kHold) require_whole(rig_, out, frame);
    if (out.action == Action::kHold) {
      require(!out.next_hop.is_unset(), "a held frame waits for somebody");
      resume(out);
    }
    if (out.action == Action::kTx) ++balance_.sent;
  }

  void resume(const Outcome& held) {
    const Outcome again = rig_.resume(held);
    if (again.action != Action::kHold) require_traced(again);
    if (again.action == Action::kTx) ++balance_.sent;
    if (again.action == Action::kHold) ++balance_.held;
    require(again.action == Action::kTx || again.action == Action::kHold || again.action == Action::kDrop,
            "a held frame is sent, held or dropped");
  }

  void require_traced(const Outcome& out) {
    TraceRecord record;
    require(rings_->of(0).take(record), "every verdict is traced");
    require(record.action == out.action, "the trace says the verdict");
    if (out.action == Action::kDrop) require(record.reason == out.reason, "and the reason");
    if (out.action == Action::kTx) {
      require(record.after.known && record.length_out == out.frame.size(), "and what leaves");
      require(std::equal(record.out.begin(), record.out.begin() + record.kept_out, out.frame.begin()),
              "with its bytes");
    }
    require(!rings_->of(0).take(record), "and says it once");
  }
  void add_trace(SnapshotSpec& spec) const {
    add_golden_services(spec);
    spec.trace.emplace().rings = rings_;
    spec.trace->filter.snaplen = TraceRecord::kMaxBytes;
  }

  static constexpr size_t kMostWaiting = 64;
  std::vector<Waiting> waiting_;
  const std::shared_ptr<TraceRings> rings_ = std::make_shared<TraceRings>(1, 4);
  test::Rig rig_{[this](SnapshotSpec& spec) { add_trace(spec); },
                 1,
                 {.flows_v4 = 1U << 10, .flows_wide = 1U << 10, .lips = 2}};
  Outcome last_;
  Balance balance_;
};

}  // namespace
}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::run_in_a_world<fuzz::World>(data, size, fuzz::kInputsPerWorld);
  return 0;
}
