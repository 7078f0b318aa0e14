// SPDX-License-Identifier: MIT
#include "lb/srt_roam.h"

#include "lb/enter_flow.h"
#include "lb/srt_sockets.h"
#include "lb/srt_wire.h"
#include "lb/udp_payload.h"

namespace lb {
namespace {

// A client that sends nothing else sends a keep-alive each second. Ticks end between two of them, and one may be late.
constexpr uint16_t kSilentTicks = kTicksPerSecond + 2;

// A client that changed its address, and with it perhaps the family and the service.
void count_move(Worker& worker, const Snapshot& snapshot, const SlotView& former, const Packet& packet) {
  worker.counters.srt.moved.add(1);
  const ServiceId service = snapshot.listener(former.listener).service;
  if (service == packet.service->id) return;
  worker.counters.services[service].flows_closed.add(1);
  worker.counters.services[packet.service->id].flows_opened.add(1);
}

}  // namespace

void roam_by_socket(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet,
                    Verdict& verdict) noexcept {
  const auto payload = udp_payload(packet);
  if (payload.size() < sizeof(SrtHeader)) return worker.drop(packet, verdict, DropReason::kBadSrt);
  const uint32_t socket = reinterpret_cast<const SrtHeader*>(payload.data())->destination.host();
  if (worker.srt_guesses.used(now) >= Worker::kSrtGuesses)
    return worker.drop(packet, verdict, DropReason::kSrtGuesses);
  const auto found = find_srt_socket(worker, snapshot.pools[packet.service->pool].clients, socket);
  if (!found || found->slot.control.state() != SlotState::kLive || found->slot.vip_port != packet.dst_port) {
    worker.srt_guesses.take(now);
    return worker.drop(packet, verdict, DropReason::kSrtUnknown);
  }
  const SlotView& former = found->slot;
  NatSlot& slot = worker.segment.slots().at(found->entry.slot());
  const bool is_there = former.client == packet.src && former.client_port == packet.src_port &&
                        former.listener == packet.listener;
  const uint16_t silence = ticks_since(now.tick(), slot.forward_tick.load(std::memory_order_relaxed));
  if (!is_there && (silence < kSilentTicks ||
                    !NatSlots::turn(slot, former.control, packet.src, packet.src_port, packet.listener)))
    return worker.drop(packet, verdict, DropReason::kSrtNotSilent);
  packet.backend = found->entry.backend();
  packet.slot = found->entry.slot();
  slot.forward_tick.store(now.tick(), std::memory_order_relaxed);
  if (!is_there) {
    count_move(worker, snapshot, former, packet);
    leave_flow(worker, former.client, former.client_port, former.listener, former.vip_port, packet.slot);
  }
  packet.hit = take_flow(worker, now, packet);
  if (!packet.hit) worker.drop(packet, verdict, DropReason::kTableFull);
}

}  // namespace lb
