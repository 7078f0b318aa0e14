// SPDX-License-Identifier: MIT
#include "lb/srt_server.h"

#include "lb/srt_call.h"
#include "lb/srt_cookie.h"
#include "lb/srt_handshake.h"
#include "lb/srt_sockets.h"
#include "lb/srt_wire.h"
#include "lb/touch_stream.h"
#include "lb/udp_payload.h"

namespace lb {

bool hear_srt_server(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, NatSlot& slot,
                     const SlotView& view, Verdict& verdict) noexcept {
  if (packet.piece != Piece::kWhole) return true;
  const auto said = parse_srt_handshake(udp_payload(packet));
  // Else of an older connection, which goes on beside this one.
  if (!said || !is_srt_caller(slot, said->destination)) return true;
  if (!udp_checksum_holds(packet)) {
    worker.drop(packet, verdict, DropReason::kBadSrt);
    return false;
  }
  const Listener& listener = snapshot.listener(view.listener);
  if (said->type == SrtHandshakeType::kInduction) {
    note_srt_cookie(slot, said->cookie);
    const Endpoint client{view.client, view.client_port}, vip{listener.vip, view.vip_port};
    replace_srt_cookie(packet, srt_cookie(worker.challenge_key, client, vip, said->destination, now));
  } else if (said->type == SrtHandshakeType::kConclusion) {
    note_srt_socket(slot, said->socket_id);
    if (!enter_srt_socket(worker, now, listener.pool_clients, said->socket_id, packet.slot,
                          view.control.backend()))
      worker.counters.srt.unmovable.add(1);
    NatSlots::confirm(slot, view.control, now.tick());
    const SrtCall call = srt_call_of(slot);
    worker.segment.streams().touch(call.stream, call.publishes, now, publisher_on(packet.slot, listener));
    worker.counters.srt.opened.add(1);
  } else if (is_srt_refusal(said->type)) {
    worker.counters.srt.refused.add(1);
    // An older connection goes on.
    if (srt_server_socket(slot) != 0) NatSlots::confirm(slot, view.control, now.tick());
  }
  return true;
}

void note_srt_shutdown(Worker& worker, const Listener& listener, const Packet& packet,
                       NatSlot& slot) noexcept {
  const auto payload = udp_payload(packet);
  const auto* header = reinterpret_cast<const SrtHeader*>(payload.data());
  if (payload.size() < sizeof(SrtHeader) || header->packet_type != be16::of(kSrtShutdown)) [[likely]]
    return;
  const SrtCall call = srt_call_of(slot);
  if (packet.piece != Piece::kWhole || call.over || !is_srt_caller(slot, header->destination.host())) return;
  end_srt_call(slot);
  worker.segment.streams().end_publisher(call.stream, publisher_on(packet.slot, listener));
}

}  // namespace lb
