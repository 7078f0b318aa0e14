// SPDX-License-Identifier: MIT
#include "lb/pipeline.h"

#include "lb/affinity.h"
#include "lb/cid_affinity.h"
#include "lb/classify.h"
#include "lb/classify_fast.h"
#include "lb/forward.h"
#include "lb/forward_fast.h"
#include "lb/forward_fragment.h"
#include "lb/ice_affinity.h"
#include "lb/local.h"
#include "lb/next_hop.h"
#include "lb/open_flow.h"
#include "lb/open_session.h"
#include "lb/parse.h"
#include "lb/parse_fast.h"
#include "lb/pick.h"
#include "lb/read_cids.h"
#include "lb/seam_fast.h"
#include "lb/srt_client.h"
#include "lb/trace.h"
#include "lb/tunnel_fast.h"

namespace lb {
namespace {

// Calls work(frame, packet, verdict) for each of the burst.
template <typename Work>
inline void for_each(Burst& burst, Work&& work) {
  Frame* frame = burst.frames.data();
  Packet* packet = burst.packets.data();
  Verdict* verdict = burst.verdicts.data();
  for (const Frame* const end = frame + burst.count; frame != end; ++frame, ++packet, ++verdict)
    work(*frame, *packet, *verdict);
}

// Ports are promiscuous where they must be; a switch that floods must not make several balancers forward one frame.
bool is_for_another_station(const Worker& worker, const Frame& frame) {
  return frame.length >= 6 && !worker.macs[frame.port].is_at(frame.data) && (frame.data[0] & 1) == 0;
}

// As parse(), and gives those a verdict that go no further.
void parse_rare(Worker& worker, const Frame& frame, Packet& packet, Verdict& verdict) {
  if (const auto reason = parse(frame, packet)) {
    worker.drop(packet, verdict, *reason);
  } else if (packet.kind == Kind::kNone) {
    packet.kind = Kind::kDone;
    verdict.action = Action::kPunt;
  }
}

// Frames of a burst by port; nearly always it is one.
class RxCount {
 public:
  explicit RxCount(Worker& worker) : worker_(worker) {}
  RxCount(const RxCount&) = delete;
  ~RxCount() { flush(); }
  void add(const Frame& frame) {
    if (frame.port != port_) [[unlikely]] {
      flush();
      port_ = frame.port;
      packets_ = bytes_ = 0;
    }
    ++packets_;
    bytes_ += frame.length;
  }

 private:
  void flush() {
    worker_.counters.ports[port_].rx_packets.add(packets_);
    worker_.counters.ports[port_].rx_bytes.add(bytes_);
  }
  Worker& worker_;
  PortIndex port_ = 0;
  uint64_t packets_ = 0, bytes_ = 0;
};

// parse and classify.
void recognize_burst(Worker& worker, const Snapshot& snapshot, Now now, Burst& burst) {
  RecentService recent;
  RxCount received(worker);
  for_each(burst, [&](Frame& frame, Packet& packet, Verdict& verdict) {
    verdict.action = Action::kUndecided;
    verdict.reason = DropReason::kCount;
    verdict.port = 0;
    received.add(frame);
    if (is_for_another_station(worker, frame)) [[unlikely]] {
      packet = Packet{};
      packet.l2 = frame.data;
      return worker.drop(packet, verdict, DropReason::kOtherStation);
    }
    if (!parse_fast(frame, packet)) [[unlikely]]
      parse_rare(worker, frame, packet, verdict);
    if (!classify_fast(worker, snapshot, recent, packet)) [[unlikely]] {
      if (packet.kind != Kind::kDone) classify(worker, snapshot, now, packet, verdict);
    }
  });
}

// Packets of a burst that glance_at_flow() missed, and pick_hash() of each.
struct Missed {
  unsigned count = 0;
  std::array<uint8_t, kMaxBurst> at;
  std::array<uint64_t, kMaxBurst> hash;
};

// Sessions and connection ids, which are read already: find and open in one go, for both may change what the next packet finds.
// False: it was known.
bool find_or_open(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, Verdict& verdict) {
  if (packet.service->affinity == Affinity::kIce) {
    find_by_ice(worker, snapshot, now, packet, verdict);
    if (packet.hit) return false;
    if (packet.kind == Kind::kClient) open_session(worker, snapshot, now, packet, verdict);
  } else {
    find_flow(worker, snapshot, now, packet);
    if (packet.named != kNoBackendId && packet.hit && packet.named != packet.backend) [[unlikely]]
      follow_cid(worker, snapshot, now, packet, verdict);
    if (packet.hit) return false;
    if (packet.kind == Kind::kClient)
      open_flow(worker, snapshot, now, packet, verdict, pick_hash(snapshot, packet));
  }
  return true;
}

// affinity
void find_burst(Worker& worker, const Snapshot& snapshot, Now now, Burst& burst, Missed& missed) {
  unsigned misses = 0, clients = 0;
  for_each(burst, [&](Frame& frame, Packet& packet, Verdict& verdict) {
    if (packet.kind != Kind::kClient) return;
    ++clients;
    if (is_tunnel(packet.service->forward)) prefetch_room_before(frame);
    const Affinity affinity = packet.service->affinity;
    if (!goes_by_tuple(affinity)) [[unlikely]] {
      misses += find_or_open(worker, snapshot, now, packet, verdict) ? 1 : 0;
      return;
    }
    glance_at_flow(worker, snapshot, now, packet);
    if (packet.hit) [[likely]] {
      if (affinity == Affinity::kStream) prefetch_seam(worker, packet);
      return;
    }
    missed.at[missed.count] = static_cast<uint8_t>(&packet - burst.packets.data());
    missed.hash[missed.count++] = pick_hash(snapshot, packet);
  });
  worker.counters.flow_hits.add(clients - misses - missed.count);
  worker.counters.flow_misses.add(misses);
}

// pick, once all that it reads is on its way into the cache. A packet before this one may have opened its flow.
void open_burst(Worker& worker, const Snapshot& snapshot, Now now, Burst& burst, const Missed& missed) {
  unsigned known = 0;
  for (unsigned i = 0; i < missed.count; ++i) {
    Packet& packet = burst.packets[missed.at[i]];
    find_missed_flow(worker, snapshot, now, packet);
    known += packet.hit ? 1 : 0;
    if (!packet.hit) open_flow(worker, snapshot, now, packet, burst.verdicts[missed.at[i]], missed.hash[i]);
  }
  worker.counters.flow_hits.add(known);
  worker.counters.flow_misses.add(missed.count - known);
}

// A piece that waited for its first one and was dropped before it was rewritten.
Late late_look(const Verdict& held, const Verdict& verdict) {
  const bool untouched =
      held.first_piece_ms != 0 && verdict.action == Action::kDrop &&
      (verdict.reason == DropReason::kFragment || verdict.reason == DropReason::kFragmentLost ||
       verdict.reason == DropReason::kFragmentOverlap || verdict.reason == DropReason::kTooBig ||
       verdict.reason == DropReason::kNoHeadroom);
  return untouched ? Late::kAsItCame : Late::kAsItLeaves;
}

void forward_burst(Worker& worker, const Snapshot& snapshot, Now now, Burst& burst) {
  for_each(burst, [&](Frame& frame, Packet& packet, Verdict& verdict) {
    switch (packet.kind) {
      case Kind::kClient:
        if (!forward_client_fast(worker, snapshot, now, frame, packet, verdict) &&
            !forward_tunnel_fast(worker, snapshot, now, frame, packet, verdict) &&
            !forward_seam_fast(worker, snapshot, now, frame, packet, verdict)) [[unlikely]]
          forward_client(worker, snapshot, now, frame, packet, verdict);
        break;
      case Kind::kReply:
        if (!forward_reply_fast(worker, snapshot, now, frame, packet, verdict)) [[unlikely]]
          forward_reply(worker, snapshot, now, frame, packet, verdict);
        break;
      case Kind::kFragment:
        forward_fragment(worker, snapshot, now, frame, packet, verdict);
        break;
      case Kind::kArp:
      case Kind::kLocal:
        handle_local(worker, snapshot, now, frame, packet, verdict);
        break;
      case Kind::kNone:
      case Kind::kIp:
      case Kind::kDone:
        break;
    }
    if (verdict.action == Action::kHold) worker.counters.held.add(1);
    if (verdict.action == Action::kPunt) worker.counters.ports[frame.port].punted.add(1);
  });
}

}  // namespace

void process(Worker& worker, const Snapshot& snapshot, Now now, Burst& burst, StageClock* clock) noexcept {
  const auto lap = [clock](Stage stage) {
    if (clock != nullptr) [[unlikely]]
      clock->lap(stage);
  };
  const bool traced = snapshot.trace.has_value();
  if (traced) [[unlikely]]
    trace_arrivals(worker, snapshot, burst);
  worker.slots.follow(snapshot);
  recognize_burst(worker, snapshot, now, burst);
  lap(Stage::kClassify);
  if (snapshot.any_connection_ids) read_cids(worker, snapshot, std::span(burst.packets).first(burst.count));
  if (!snapshot.stream_rules.empty()) [[unlikely]]
    meet_srt_edges(worker, snapshot, now, burst);
  Missed missed;
  find_burst(worker, snapshot, now, burst, missed);
  open_burst(worker, snapshot, now, burst, missed);
  lap(Stage::kAffinity);
  forward_burst(worker, snapshot, now, burst);
  lap(Stage::kForward);
  if (traced) [[unlikely]]
    trace_burst(worker, snapshot, now, burst);
}

Verdict resume(Worker& worker, const Snapshot& snapshot, Now now, Frame& frame,
               const Verdict& held) noexcept {
  Packet packet;
  Verdict verdict;
  if (held.first_piece_ms == 0) {
    send_to(worker, snapshot, now, frame, held.port, held.next_hop, packet, verdict);
  } else if (const auto reason = parse(frame, packet)) {
    worker.drop(packet, verdict, *reason);  // never: it was parsed before
  } else {
    forward_fragment(worker, snapshot, now, frame, packet, verdict, held.first_piece_ms);
  }
  if (snapshot.trace && verdict.action != Action::kHold) [[unlikely]]
    trace_late(worker, snapshot, now, frame, verdict, late_look(held, verdict));
  return verdict;
}

}  // namespace lb
