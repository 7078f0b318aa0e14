// SPDX-License-Identifier: MIT
#include "tests/lb/slow_path.h"

#include "lb/affinity.h"
#include "lb/cid_affinity.h"
#include "lb/classify.h"
#include "lb/forward.h"
#include "lb/forward_fragment.h"
#include "lb/local.h"
#include "lb/open_flow.h"
#include "lb/parse.h"
#include "lb/pick.h"
#include "lb/srt_client.h"
#include "lb/udp_payload.h"

namespace lb::test {
namespace {

void recognize(Worker& worker, const Snapshot& snapshot, Now now, const Frame& frame, Packet& packet,
               Verdict& verdict) {
  PortCounters& port = worker.counters.ports[frame.port];
  port.rx_packets.add(1);
  port.rx_bytes.add(frame.length);
  if (frame.length >= 6 && (frame.data[0] & 1) == 0 &&
      std::memcmp(frame.data, worker.macs[frame.port].bytes.data(), 6) != 0)
    return worker.drop(packet, verdict, DropReason::kOtherStation);
  if (const auto reason = parse(frame, packet)) return worker.drop(packet, verdict, *reason);
  if (packet.kind != Kind::kNone) return classify(worker, snapshot, now, packet, verdict);
  packet.kind = Kind::kDone;
  verdict.action = Action::kPunt;
}

void forward(Worker& worker, const Snapshot& snapshot, Now now, Frame& frame, Packet& packet,
             Verdict& verdict) {
  if (packet.kind == Kind::kClient) {
    forward_client(worker, snapshot, now, frame, packet, verdict);
  } else if (packet.kind == Kind::kReply) {
    forward_reply(worker, snapshot, now, frame, packet, verdict);
  } else if (packet.kind == Kind::kFragment) {
    forward_fragment(worker, snapshot, now, frame, packet, verdict);
  } else if (packet.kind != Kind::kDone) {
    handle_local(worker, snapshot, now, frame, packet, verdict);
  }
}

// Whose its connection id is: read, decoded and looked up alone, when its turn comes.
void read_cid(Worker& worker, const Snapshot& snapshot, Packet& packet) {
  const QuicRouter& router = snapshot.pools[packet.service->pool].quic;
  const SealedId id = packet.service->affinity == Affinity::kDtls ? router.find_dtls(udp_payload(packet))
                                                                  : router.find_quic(udp_payload(packet));
  Unroutable reason = id.reason;
  if (id.decoder != nullptr) {
    packet.named = router.server(id.config_id, id.decoder->decode(id.body));
    if (packet.named == kNoBackendId) reason = Unroutable::kUnknownServer;
  }
  if (reason == Unroutable::kNo)
    worker.counters.cid_routed[id.config_id].add(1);
  else
    worker.counters.cid_unroutable[static_cast<unsigned>(reason)].add(1);
}

}  // namespace

void process_slowly(Worker& worker, const Snapshot& snapshot, Now now, Burst& burst, StageClock*) noexcept {
  worker.slots.follow(snapshot);
  for (unsigned i = 0; i < burst.count; ++i) {
    burst.verdicts[i] = {};
    burst.packets[i] = {};
    recognize(worker, snapshot, now, burst.frames[i], burst.packets[i], burst.verdicts[i]);
  }
  for (unsigned i = 0; i < burst.count; ++i) {
    Packet& packet = burst.packets[i];
    if (packet.kind != Kind::kClient) continue;
    if (has_connection_ids(packet.service->affinity)) read_cid(worker, snapshot, packet);
    find_flow(worker, snapshot, now, packet);
    if (packet.hit && packet.named != kNoBackendId && packet.named != packet.backend)
      follow_cid(worker, snapshot, now, packet, burst.verdicts[i]);
    if (packet.hit && packet.service->affinity == Affinity::kSrt && is_srt_edge(packet))
      meet_srt_client(worker, snapshot, now, packet, burst.verdicts[i]);
    if (packet.kind != Kind::kClient) continue;
    if (!packet.hit) open_flow(worker, snapshot, now, packet, burst.verdicts[i], pick_hash(snapshot, packet));
  }
  for (unsigned i = 0; i < burst.count; ++i) {
    forward(worker, snapshot, now, burst.frames[i], burst.packets[i], burst.verdicts[i]);
    if (burst.verdicts[i].action == Action::kHold) worker.counters.held.add(1);
    if (burst.verdicts[i].action == Action::kPunt) worker.counters.ports[burst.frames[i].port].punted.add(1);
  }
}

}  // namespace lb::test
