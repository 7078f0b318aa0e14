// SPDX-License-Identifier: MIT
#include "lb/peek_client.h"

#include <algorithm>

#include "lb/client_hello.h"
#include "lb/emit.h"
#include "lb/hash.h"
#include "lb/http_ask.h"
#include "lb/peek_send.h"
#include "lb/peek_server.h"
#include "lb/place_stream.h"
#include "lb/tcp_options.h"

namespace lb {
namespace {

// What the client's segment is, beside its flags.
struct Segment {
  uint32_t sequence, acknowledgement;
  uint16_t window;
  std::span<const uint8_t> payload;
};

Segment segment_of(const Packet& packet) {
  const TcpHeader& tcp = tcp_of(packet);
  const size_t head = tcp_header_bytes(packet);
  return {tcp.sequence.host(),
          tcp.acknowledgement.host(),
          tcp.window.host(),
          {packet.l4 + head, packet.l4_length - head}};
}

class Client {
 public:
  Client(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, Verdict& verdict)
      : worker_(worker),
        snapshot_(snapshot),
        now_(now),
        packet_(packet),
        verdict_(verdict),
        client_{packet.src, packet.src_port},
        vip_{packet.dst, packet.dst_port},
        segment_(segment_of(packet)) {}

  void run() {
    if (packet_.piece != Piece::kWhole) return drop(DropReason::kFragment);
    if (!tcp_checksum_holds(packet_)) return drop(DropReason::kBadTcpChecksum);
    bool busy = false;
    held_ = worker_.peeks.find(packet_.hash, client_, vip_, busy);
    if (busy) return drop(DropReason::kPeekBusy);
    if (is_first_syn(packet_)) return take_syn();
    if (!held_) return begin();
    if (has(tcp_flag::kRst)) return take_reset();
    // RFC 5961 section 5.2: who cannot see what Cleat says has to guess that number, too.
    if (!has(tcp_flag::kAck) || segment_.acknowledgement - held_->own_begin > held_->out_sent)
      return drop(DropReason::kNoFlow);
    consume();
    take_acknowledgement();
    take_payload();
  }

 private:
  [[nodiscard]] bool has(uint8_t flags) const { return (packet_.tcp_flags & flags) != 0; }
  void drop(DropReason reason) { worker_.drop(packet_, verdict_, reason); }
  void consume() { worker_.consume(packet_, verdict_); }
  void end(PeekEnd why) { end_peek(worker_, snapshot_, now_, std::move(held_), why); }

  void take_syn() {
    uint32_t own_number = 0;
    const SynOptions said = read_syn_options(packet_);
    if (held_ && held_->client_begin == segment_.sequence + 1) {
      own_number = held_->own_begin - 1;
    } else {
      if (held_) end(PeekEnd::kClientLeft);
      own_number = syn_cookie(worker_.challenge_key, client_, vip_, segment_.sequence, said, now_);
    }
    consume();
    answer_syn(worker_, snapshot_, now_, packet_, own_number, said);
    worker_.counters.peeks.syns.add(1);
  }

  void begin() {
    if (has(tcp_flag::kRst) || !has(tcp_flag::kAck)) return drop(DropReason::kNoFlow);
    const auto cookie = read_syn_cookie(worker_.challenge_key, client_, vip_, segment_.sequence - 1,
                                        segment_.acknowledgement - 1, now_);
    if (!cookie) return drop(DropReason::kNoFlow);
    if (cookie->is_late) return refuse_late();
    if (segment_.payload.empty()) return greet();
    Peeks::Held victim;
    held_ = worker_.peeks.claim(packet_.hash, now_, victim);
    if (!held_ && victim) {
      end_peek(worker_, snapshot_, now_, std::move(victim), PeekEnd::kPushedOut);
      held_ = worker_.peeks.claim(packet_.hash, now_, victim);
    }
    if (!held_) return drop(DropReason::kPeekTableFull);
    Peek& peek = *held_;
    peek.client = client_;
    peek.vip = vip_;
    peek.listener = packet_.listener;
    peek.client_begin = segment_.sequence;
    peek.client_options = cookie->options;
    peek.own_begin = segment_.acknowledgement;
    peek.began_ms = now_.ms;
    peek.in.restart(segment_.sequence);
    worker_.counters.peeks.began.add(1);
    consume();
    take_acknowledgement();
    take_payload();
  }

  // It was silent for too long: told so it connects anew, else it would say that again and again.
  void refuse_late() {
    drop(DropReason::kNoFlow);
    emit_tcp(worker_, snapshot_, now_, vip_, client_,
             {.sequence = segment_.acknowledgement, .flags = tcp_flag::kRst});
  }

  // The handshake ends, or the connection, before anything was said.
  void greet() {
    consume();
    if (!has(tcp_flag::kFin)) return;
    emit_tcp(worker_, snapshot_, now_, vip_, client_,
             {.sequence = segment_.acknowledgement,
              .acknowledgement = segment_.sequence + 1,
              .flags = tcp_flag::kFin | tcp_flag::kAck});
  }

  // RFC 5961 section 3.2: only the very number counts.
  void take_reset() {
    if (segment_.sequence != held_->client_begin + held_->heard()) return drop(DropReason::kNoFlow);
    consume();
    end(PeekEnd::kClientLeft);
  }

  void take_acknowledgement() {
    Peek& peek = *held_;
    const uint32_t acked = segment_.acknowledgement - peek.own_begin;
    if (acked > peek.out_acked) {
      peek.out_acked = acked;
      peek.tries = 0;
      peek.due_ms = now_.ms + kFirstRepeatMs;
    }
    peek.client_window = uint32_t{segment_.window}
                         << (peek.client_options.scales() ? peek.client_options.window_scale : 0);
  }

  void take_payload() {
    Peek& peek = *held_;
    worker_.counters.peeks.bytes.add(segment_.payload.size());
    const uint32_t before = peek.heard();
    peek.in.add(segment_.sequence, segment_.payload);
    const uint32_t after = peek.heard();
    if (peek.phase == PeekPhase::kReading && after != before) read();
    if (!held_) return;
    if (held_->phase == PeekPhase::kConnecting && packet_.service->reads_whip && after != before)
      show_reader();
    if (held_->phase == PeekPhase::kReading && has(tcp_flag::kFin) &&
        segment_.sequence + segment_.payload.size() == held_->client_begin + after)
      return hang_up();
    // What is whole already will be acknowledged by the server.
    const bool repeated = !segment_.payload.empty() && after == before;
    if (held_->phase == PeekPhase::kReading ? !segment_.payload.empty() : repeated)
      say_to_client(worker_, snapshot_, now_, *held_);
  }

  // It will say no more, and has not said enough.
  void hang_up() {
    Peek& peek = *held_;
    emit_tcp(worker_, snapshot_, now_, vip_, client_,
             {.sequence = peek.own_begin + peek.out_sent,
              .acknowledgement = peek.client_begin + peek.heard() + 1,
              .flags = tcp_flag::kFin | tcp_flag::kAck});
    end(PeekEnd::kClientLeft);
  }

  void read() {
    StreamAsk ask;
    switch (read_ask(ask)) {
      case AskState::kNotIt:
        return end(PeekEnd::kNotUnderstood);
      case AskState::kPartial:
        if (!has_room(*held_)) end(PeekEnd::kTooLong);
        return;
      case AskState::kWhole:
        break;
    }
    const auto placed = place_stream(worker_, snapshot_, now_, packet_, ask);
    if (!placed) return end(PeekEnd::kNoServer);
    Peek& peek = *held_;
    peek.backend = placed->backend;
    peek.stream = placed->stream;
    peek.publishes = ask.role == StreamRole::kPublish;
    peek.asks = !peek.publishes && is_http(peek);
    const PeekEnd opened = open_server(worker_, snapshot_, now_, packet_, held_);
    if (opened != PeekEnd::kJoined) return end(opened);
    if (packet_.service->reads_whip) worker_.whip.begin(peek.slot, false, peek.client_begin, now_);
  }

  // What is kept here does not come by again when the client is joined to its server.
  void show_reader() {
    const Peek& peek = *held_;
    worker_.whip.read_kept(worker_, now_, peek.slot, peek.client_begin + peek.taken, peek.in.ready());
  }

  static bool is_http(const Peek& peek) {
    const auto bytes = peek.in.ready();
    return !peek.rtmp && bytes[0] >= 'A' && bytes[0] <= 'Z';
  }

  AskState read_ask(StreamAsk& ask) {
    constexpr uint8_t kTlsHandshake = 22, kRtmpVersion = 3;
    Peek& peek = *held_;
    if (peek.rtmp) return read_rtmp(ask);
    const VhostList& vhosts = snapshot_.stream_rules[packet_.service->stream_rules].vhosts();
    const std::span<const uint8_t> bytes = peek.in.ready();
    if (is_http(peek))
      return read_http_ask({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, vhosts, ask);
    if (bytes[0] == kTlsHandshake) return read_tls_ask(bytes, vhosts, ask);
    if (bytes[0] != kRtmpVersion) return AskState::kNotIt;
    peek.rtmp.emplace(hash_word(packet_.hash, worker_.random_state));
    return read_rtmp(ask);
  }

  // Hands RTMP what came, until it knows the stream; what comes behind that waits for the server.
  AskState read_rtmp(StreamAsk& ask) {
    Peek& peek = *held_;
    RtmpPeek& rtmp = *peek.rtmp;
    while (rtmp.state() == RtmpPeek::State::kMore && !peek.in.ready().empty() && rtmp.room() > 0) {
      const std::span<const uint8_t> bytes = peek.in.ready();
      const auto count = static_cast<uint32_t>(std::min(bytes.size(), rtmp.room()));
      ByteSink to_client(std::span(peek.out_bytes).subspan(peek.out_size));
      rtmp.from_client(bytes.first(count), to_client);
      peek.out_size += static_cast<uint32_t>(to_client.size());
      peek.taken += count;
      peek.in.consume(count);
    }
    if (rtmp.state() == RtmpPeek::State::kMore) return AskState::kPartial;
    const RtmpName& name = rtmp.name();
    const auto key =
        StreamKey::make(snapshot_.stream_rules[packet_.service->stream_rules].vhosts().find(name.host()),
                        name.app(), name.stream());
    if (rtmp.state() == RtmpPeek::State::kFailed || !key) {
      const RtmpFault fault = rtmp.state() == RtmpPeek::State::kFailed ? rtmp.fault() : RtmpFault::kBadName;
      worker_.counters.peeks.rtmp_faults[static_cast<unsigned>(fault)].add(1);
      return AskState::kNotIt;
    }
    ask.role = rtmp.publishes() ? StreamRole::kPublish : StreamRole::kPlay;
    ask.key = *key;
    return AskState::kWhole;
  }

  Worker& worker_;
  const Snapshot& snapshot_;
  const Now now_;
  Packet& packet_;
  Verdict& verdict_;
  const Endpoint client_, vip_;
  const Segment segment_;
  Peeks::Held held_;
};

}  // namespace

void meet_client(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet,
                 Verdict& verdict) noexcept {
  Client(worker, snapshot, now, packet, verdict).run();
}

}  // namespace lb
