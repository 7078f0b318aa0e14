// SPDX-License-Identifier: MIT
#include "lb/peek_speech.h"

#include "lb/peek_send.h"
#include "lb/peek_server.h"
#include "lb/tcp_options.h"

namespace lb {
namespace {

// What the server acknowledges, and the room that it has.
void take_acknowledgement(Peek& peek, const TcpHeader& tcp, Now now) {
  const uint32_t acked = tcp.acknowledgement.host() - peek.client_begin;
  if (acked > peek.given_acked && acked <= peek.given) {
    peek.given_acked = acked;
    peek.tries = 0;
    peek.due_ms = now.ms + kFirstRepeatMs;
  }
  const bool scaled = peek.client_options.scales() && peek.server_options.scales();
  peek.server_window = uint32_t{tcp.window.host()} << (scaled ? peek.server_options.window_scale : 0);
}

// What RTMP says goes behind what it said before.
void take_answers(Peek& peek, std::span<const uint8_t> bytes) {
  ByteSink to_client(std::span(peek.out_bytes).subspan(peek.out_size));
  ByteSink to_server(std::span(peek.give_bytes).subspan(peek.give_size));
  // Bytes behind the splice are not acknowledged: the server sends them again, to the client.
  peek.server_next += static_cast<uint32_t>(peek.rtmp->from_server(bytes, to_server, to_client));
  peek.out_size += static_cast<uint32_t>(to_client.size());
  peek.give_size += static_cast<uint32_t>(to_server.size());
  peek.given = peek.give_size;
}

}  // namespace

void begin_speech(Peek& peek) noexcept {
  peek.phase = PeekPhase::kSpeaking;
  ByteSink to_server(peek.give_bytes);
  peek.rtmp->open(to_server);
  peek.give_size = peek.given = static_cast<uint32_t>(to_server.size());
}

void hear_speech(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet, NatSlot& slot,
                 SlotControl control, Peeks::Held held) noexcept {
  const TcpHeader& tcp = tcp_of(packet);
  const size_t head = tcp_header_bytes(packet);
  Peek& peek = *held;
  take_acknowledgement(peek, tcp, now);
  const std::span<const uint8_t> payload(packet.l4 + head, packet.l4_length - head);
  const uint32_t known = peek.server_next - tcp.sequence.host();
  const bool in_order = known <= payload.size();
  if (in_order && known < payload.size()) {
    worker.counters.peeks.bytes.add(payload.size() - known);
    take_answers(peek, payload.subspan(known));
  }
  switch (peek.rtmp->state()) {
    case RtmpPeek::State::kFailed:
      worker.counters.peeks.rtmp_faults[static_cast<unsigned>(peek.rtmp->fault())].add(1);
      return end_peek(worker, snapshot, now, std::move(held), PeekEnd::kServerDiffers);
    case RtmpPeek::State::kSpliced:
      if (!join(worker, snapshot, now, held, slot, control)) return;
      break;
    default:
      if (in_order && (packet.tcp_flags & tcp_flag::kFin) != 0) {
        reset_server(worker, snapshot, now, peek);  // it waits for an answer
        return end_peek(worker, snapshot, now, std::move(held), PeekEnd::kRefused);
      }
  }
  if (!payload.empty() || peek.given_acked < peek.given) give_to_server(worker, snapshot, now, peek);
  if (peek.out_sent < peek.out_size) say_to_client(worker, snapshot, now, peek);
}

}  // namespace lb
