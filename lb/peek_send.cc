// SPDX-License-Identifier: MIT
#include "lb/peek_send.h"

#include <algorithm>

#include "lb/emit.h"
#include "lb/mss_clamp.h"
#include "lb/tcp_options.h"

namespace lb {
namespace {

constexpr uint8_t kPush = 0x08;
constexpr uint32_t kSegment = static_cast<uint32_t>(max_emitted_tcp(0));  // longest payload of Cleat's own

// Options of a SYN or SYN-ACK, padded to whole words.
class SynText {
 public:
  explicit SynText(const SynOptions& said, uint8_t scale) {
    put({tcp_option::kMss, 4, static_cast<uint8_t>(said.mss >> 8), static_cast<uint8_t>(said.mss)});
    if (said.sack) put({tcp_option::kNop, tcp_option::kNop, tcp_option::kSackPermitted, 2});
    if (said.scales()) put({tcp_option::kNop, tcp_option::kWindowScale, 3, scale});
  }
  [[nodiscard]] std::span<const uint8_t> bytes() const { return {text_.data(), length_}; }

 private:
  void put(const std::array<uint8_t, 4>& word) {
    std::copy(word.begin(), word.end(), text_.begin() + length_);
    length_ += word.size();
  }
  std::array<uint8_t, 12> text_;
  size_t length_ = 0;
};

// The room that is left for what the client says, as a header has it.
uint16_t own_window(const SynOptions& client, size_t kept) {
  const size_t room = PeekBuffer::kCapacity - kept;
  return static_cast<uint16_t>(client.scales() ? room >> kOwnScale : room);
}

// Sends [from, until) of a stream in segments, by send(fields, bytes) until that says no.
// begin     number of the stream's first byte
// lies(at)  what lies together from there on
template <typename Lies, typename Send>
void in_segments(uint32_t from, uint32_t until, uint32_t most, uint32_t begin, TcpFields fields, Lies&& lies,
                 Send&& send) {
  while (from < until) {
    const std::span<const uint8_t> bytes = lies(from);
    const uint32_t count = std::min({until - from, most, static_cast<uint32_t>(bytes.size())});
    fields.sequence = begin + from;
    from += count;
    if (from == until) fields.flags |= kPush;
    if (!send(fields, bytes.first(count))) return;
  }
}

// What the server is given, from that byte on.
std::span<const uint8_t> given_from(const Peek& peek, uint32_t at) {
  if (at < peek.give_size) return std::span(peek.give_bytes).first(peek.give_size).subspan(at);
  return peek.in.ready().subspan(at - peek.give_size);
}

struct ServerEnds {
  Endpoint lip, server;
};

ServerEnds server_ends(const Snapshot& snapshot, const Peek& peek) {
  const Backend& backend = snapshot.backends[peek.backend];
  return {{snapshot.lips[NatSlots::lip_of(peek.slot)], NatSlots::port_of(peek.slot)},
          {backend.address, backend.port != 0 ? backend.port : peek.vip.port}};
}

uint16_t client_window_for_server(const Peek& peek) {
  const bool scaled = peek.client_options.scales() && peek.server_options.scales();
  const uint32_t window =
      scaled ? peek.client_window >> peek.client_options.window_scale : peek.client_window;
  return static_cast<uint16_t>(std::min<uint32_t>(window, 0xffff));
}

void say_from(Worker& worker, const Snapshot& snapshot, Now now, const Peek& peek, uint32_t from,
              uint8_t flags) {
  TcpFields fields{.acknowledgement = peek.client_begin + peek.heard(),
                   .flags = static_cast<uint8_t>(tcp_flag::kAck | flags),
                   .window = own_window(peek.client_options, peek.in.ready().size())};
  const uint32_t until = std::min(peek.out_size, peek.out_acked + peek.client_window);
  if (from >= until) {
    fields.sequence = peek.own_begin + from;
    emit_tcp(worker, snapshot, now, peek.vip, peek.client, fields);
    return;
  }
  in_segments(
      from, until, std::min<uint32_t>(peek.client_options.mss, kSegment), peek.own_begin, fields,
      [&](uint32_t at) { return peek.out().subspan(at); },
      [&](const TcpFields& segment, std::span<const uint8_t> bytes) {
        return emit_tcp(worker, snapshot, now, peek.vip, peek.client, segment, bytes);
      });
}

}  // namespace

void answer_syn(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet, uint32_t own_number,
                const SynOptions& agreed) noexcept {
  // Servers of the other family cost the client's segments 20 bytes; those are told by ICMP.
  const Family family = packet.v4 ? Family::kIpv4 : Family::kIpv6;
  uint16_t mtu = kDefaultMtu;
  for (size_t port = 0; port < snapshot.ports.size(); ++port) mtu = std::min(mtu, worker.mtus[port]);
  SynOptions own = agreed;
  own.mss = mss_between({mtu, family}, {mtu, family}, packet.service->mss);
  const SynText text(own, kOwnScale);
  emit_tcp(worker, snapshot, now, {packet.dst, packet.dst_port}, {packet.src, packet.src_port},
           {.sequence = own_number,
            .acknowledgement = tcp_of(packet).sequence.host() + 1,
            .flags = tcp_flag::kSyn | tcp_flag::kAck,
            .window = own_window({}, 0),  // never scaled in a SYN (RFC 7323 section 2.2)
            .options = text.bytes()});
}

bool has_room(const Peek& peek) noexcept {
  return own_window(peek.client_options, peek.in.ready().size()) > 0;
}

void say_to_client(Worker& worker, const Snapshot& snapshot, Now now, Peek& peek, uint8_t flags) noexcept {
  say_from(worker, snapshot, now, peek, peek.out_sent, flags);
  if (peek.out_sent == peek.out_size) return;
  peek.out_sent = peek.out_size;
  peek.due_ms = now.ms + kFirstRepeatMs;
}

void say_again_to_client(Worker& worker, const Snapshot& snapshot, Now now, const Peek& peek) noexcept {
  say_from(worker, snapshot, now, peek, peek.out_acked, 0);
}

void say_syn_to_server(Worker& worker, const Snapshot& snapshot, Now now, const Peek& peek) noexcept {
  const ServerEnds ends = server_ends(snapshot, peek);
  const Backend& backend = snapshot.backends[peek.backend];
  SynOptions said = peek.client_options;
  const uint16_t most = mss_between({worker.mtus[backend.egress], peek.client.address.family()},
                                    {worker.mtus[backend.egress], backend.address.family()}, 0);
  said.mss = std::min(said.mss, most);
  const SynText text(said, said.window_scale);
  emit_tcp(worker, snapshot, now, ends.lip, ends.server,
           {.sequence = peek.client_begin - 1,
            .flags = tcp_flag::kSyn,
            .window = static_cast<uint16_t>(std::min<uint32_t>(peek.client_window, 0xffff)),
            .options = text.bytes()});
}

void give_to_server(Worker& worker, const Snapshot& snapshot, Now now, const Peek& peek) noexcept {
  const ServerEnds ends = server_ends(snapshot, peek);
  TcpFields fields{
      .acknowledgement = peek.server_next, .flags = tcp_flag::kAck, .window = client_window_for_server(peek)};
  const uint32_t until = std::min(peek.given, peek.given_acked + peek.server_window);
  if (peek.given_acked >= until) {
    fields.sequence = peek.client_begin + peek.given_acked;
    emit_tcp(worker, snapshot, now, ends.lip, ends.server, fields);
    return;
  }
  in_segments(
      peek.given_acked, until, std::min<uint32_t>(peek.server_options.mss, kSegment), peek.client_begin,
      fields, [&](uint32_t at) { return given_from(peek, at); },
      [&](const TcpFields& segment, std::span<const uint8_t> bytes) {
        return emit_tcp(worker, snapshot, now, ends.lip, ends.server, segment, bytes);
      });
}

void reset_client(Worker& worker, const Snapshot& snapshot, Now now, const Peek& peek) noexcept {
  emit_tcp(worker, snapshot, now, peek.vip, peek.client,
           {.sequence = peek.own_begin + peek.out_sent,
            .acknowledgement = peek.client_begin + peek.heard(),
            .flags = tcp_flag::kRst | tcp_flag::kAck});
}

void refute_server(Worker& worker, const Snapshot& snapshot, Now now, const Peek& peek,
                   uint32_t acknowledged) noexcept {
  const ServerEnds ends = server_ends(snapshot, peek);
  emit_tcp(worker, snapshot, now, ends.lip, ends.server, {.sequence = acknowledged, .flags = tcp_flag::kRst});
}

void reset_server(Worker& worker, const Snapshot& snapshot, Now now, const Peek& peek) noexcept {
  const ServerEnds ends = server_ends(snapshot, peek);
  const auto reset_at = [&](uint32_t at) {
    emit_tcp(worker, snapshot, now, ends.lip, ends.server,
             {.sequence = peek.client_begin + at,
              .acknowledgement = peek.server_next,
              .flags = tcp_flag::kRst | tcp_flag::kAck});
  };
  reset_at(peek.given_acked);
  // RFC 5961 section 3.2: only the very number counts, and it may have more than it has acknowledged.
  if (peek.given > peek.given_acked) reset_at(peek.given);
}

}  // namespace lb
