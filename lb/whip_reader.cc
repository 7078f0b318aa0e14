// SPDX-License-Identifier: MIT
#include "lb/whip_reader.h"

#include <algorithm>

#include "lb/hash.h"
#include "lb/http_stream.h"
#include "lb/seam.h"
#include "lb/session_stream.h"
#include "lb/wire.h"
#include "lb/worker.h"

namespace lb {
namespace {

constexpr unsigned kWays = 4;

struct TcpPayload {
  uint32_t sequence;
  std::span<const uint8_t> bytes;
};

TcpPayload segment_of(const Packet& packet) {
  const auto* tcp = reinterpret_cast<const TcpHeader*>(packet.l4);
  const size_t head = static_cast<size_t>(tcp->offset >> 4) * 4;
  return {tcp->sequence.host(), {packet.l4 + head, packet.l4_length - head}};
}

// Where the streams lie of which this is one.
size_t set_of(SlotIndex slot, bool reply) {
  return kWays * reduce(hash_word(uint64_t{slot} << 1 | (reply ? 1 : 0), 0), WhipReader::kStreams / kWays);
}

bool begins_message(std::span<const uint8_t> payload) {
  const std::string_view text(reinterpret_cast<const char*>(payload.data()), payload.size());
  return text.substr(0, 5) == "POST " || text.substr(0, 7) == "HTTP/1.";
}

HmacSha1Key key_of(const IcePassword& password) {
  return HmacSha1Key({reinterpret_cast<const uint8_t*>(password.bytes.data()), password.length});
}

// What one answer says, and what is known of its offer. Much of an answer echoes what its client asked for (the stream's name,
// with SRS also ufrag and password), so it may speak of itself only.
struct Answer {
  std::string_view name;
  std::optional<HmacSha1Key> server_key, client_key;
  std::optional<SessionStream> stream;
};

// What a connection that was led to a stream's server carries.
std::optional<SessionStream> stream_on(const NatSlot& slot) {
  if (!has_seam(slot)) return std::nullopt;
  const Seam seam = seam_of(slot);
  if (seam.stream == kNoStream) return std::nullopt;
  return SessionStream{seam.stream, seam.publishes};
}

void learn_for(Worker& worker, Now now, const WhipPool& pool, BackendId backend, const Answer& answer) {
  const auto same =
      std::lower_bound(pool.backends.begin(), pool.backends.end(), std::pair(backend, BackendId{0}));
  if (same == pool.backends.end() || same->first != backend) return;
  SessionTables& tables = worker.segment.sessions();
  IceCounters& ice = worker.counters.ice;
  auto session = tables.find(pool.clients, answer.name);
  // One that has a client is not this answer's: nobody gives it another server, or passwords.
  if (session && (session->control.backend() != same->second || is_slot(session->control.slot())))
    return ice.conflicts.add(1);
  if (!session)
    session = tables.learn(worker.free_session, pool.clients, answer.name, same->second, Rung::kWhip, now);
  if (!session) return ice.not_learned.add(1);
  ice.learned.add(1);
  Session& record = tables.sessions.at(session->index);
  if (answer.server_key) Sessions::put_key(record, session->control, KeyOf::kServer, *answer.server_key);
  if (answer.stream) record.stream.store(answer.stream->word(), std::memory_order_release);
  if (answer.client_key) Sessions::put_key(record, session->control, KeyOf::kClient, *answer.client_key);
}

void take_offer(Worker& worker, SlotIndex slot, const HttpMessage& message) {
  const auto client = ice_credentials(message.body);
  if (client) worker.offers.put(slot, {client->ufrag, key_of(client->password)});
}

void take_answer(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet,
                 const Listener& listener, BackendId backend, const HttpMessage& message) {
  const auto server = ice_credentials(message.body);
  const auto offer = worker.offers.get(packet.slot);
  auto name = named_session(message.head.location, message.body);
  if (!name && server && offer) {
    // RFC 8445 section 7.2.2, for servers that do not say it themselves.
    name = server->ufrag;
    bool fits = name->push(':');
    for (const char c : offer->ufrag.view()) fits = fits && name->push(c);
    if (!fits) return;
  }
  if (!name) return;
  Answer answer{name->view(), std::nullopt, std::nullopt, stream_on(worker.segment.slots().at(packet.slot))};
  const size_t colon = answer.name.find(':');
  if (server && server->ufrag.view() != answer.name.substr(0, colon))
    return worker.counters.ice.not_learned.add(1);
  if (server) answer.server_key = key_of(server->password);
  if (offer && offer->ufrag.view() == answer.name.substr(colon + 1)) answer.client_key = offer->key;
  for (const WhipPool& pool : snapshot.whip[listener.whip]) learn_for(worker, now, pool, backend, answer);
}

}  // namespace

struct WhipReader::Stream {
  SlotIndex slot = 0;
  bool reply = false;
  bool used = false;
  uint64_t ms = 0;
  HttpStream http;
};

WhipReader::WhipReader() : streams_(new Stream[kStreams]) {}
WhipReader::~WhipReader() = default;

WhipReader::Stream* WhipReader::find(SlotIndex slot, bool reply) noexcept {
  Stream* const set = &streams_[set_of(slot, reply)];
  Stream* const same = std::find_if(
      set, set + kWays, [&](const Stream& s) { return s.used && s.slot == slot && s.reply == reply; });
  return same == set + kWays ? nullptr : same;
}

void WhipReader::begin(SlotIndex slot, bool reply, uint32_t sequence, Now now) noexcept {
  Stream* stream = find(slot, reply);
  if (stream == nullptr) {
    Stream* const set = &streams_[set_of(slot, reply)];
    stream = std::min_element(set, set + kWays, [](const Stream& a, const Stream& b) {
      return (a.used ? a.ms + 1 : 0) < (b.used ? b.ms + 1 : 0);
    });
  }
  stream->slot = slot;
  stream->reply = reply;
  stream->used = true;
  stream->ms = now.ms;
  stream->http.begin(sequence);
}

WhipReader::Stream* WhipReader::stream_of(const Packet& packet, Now now) noexcept {
  const bool reply = packet.kind == Kind::kReply;
  const bool syn = (packet.tcp_flags & tcp_flag::kSyn) != 0;
  Stream* const known = find(packet.slot, reply);
  if (known != nullptr && !syn) return known;
  const TcpPayload segment = segment_of(packet);
  if (!syn && !begins_message(segment.bytes)) return nullptr;
  begin(packet.slot, reply, segment.sequence + (syn ? 1 : 0), now);
  return find(packet.slot, reply);
}

void WhipReader::read_kept(Worker& worker, Now now, SlotIndex slot, uint32_t sequence,
                           std::span<const uint8_t> bytes) noexcept {
  Stream* const stream = find(slot, false);
  if (stream == nullptr) return;
  stream->ms = now.ms;
  stream->http.add(sequence, bytes);
  while (const auto message = stream->http.next())
    if (message->head.request) take_offer(worker, slot, *message);
}

void WhipReader::read(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet,
                      const Listener& listener, BackendId backend) noexcept {
  Stream* stream = stream_of(packet, now);
  if (stream == nullptr) return;
  const TcpPayload segment = segment_of(packet);
  stream->ms = now.ms;
  if (stream->http.is_lost() && begins_message(segment.bytes)) stream->http.begin(segment.sequence);
  stream->http.add(segment.sequence + ((packet.tcp_flags & tcp_flag::kSyn) != 0 ? 1 : 0), segment.bytes);
  const bool ends = (packet.tcp_flags & (tcp_flag::kFin | tcp_flag::kRst)) != 0;
  if (ends) stream->http.end();
  // Each side is heard for what it is: a client could write answers, too.
  while (const auto message = stream->http.next()) {
    if (packet.kind == Kind::kReply && !message->head.request)
      take_answer(worker, snapshot, now, packet, listener, backend, *message);
    else if (packet.kind == Kind::kClient && message->head.request)
      take_offer(worker, packet.slot, *message);
  }
}

}  // namespace lb
