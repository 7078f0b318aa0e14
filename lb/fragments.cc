// SPDX-License-Identifier: MIT
#include "lb/fragments.h"

#include <algorithm>

#include "lb/checksum.h"
#include "lb/hash.h"
#include "lb/ip_header.h"
#include "lb/wire.h"

namespace lb {
namespace {

constexpr unsigned kWays = 4;

uint32_t id_of(const Packet& packet) {
  if (packet.v4) return reinterpret_cast<const Ipv4Header*>(packet.l3)->id.raw;
  return reinterpret_cast<const Ipv6FragmentHeader*>(packet.fragment_header)->id.raw;
}

// In units of eight bytes; the last piece's are rounded up.
Datagram::Span span_of(const Packet& packet, const PiecePlace& place) {
  return {place.offset, static_cast<uint16_t>(place.offset + (packet.l4_length + 7) / 8)};
}

}  // namespace

Fragments::Fragments(unsigned index, unsigned count)
    : datagrams_(new Datagram[kPlaces]), next_id_(index), step_(count) {}

Datagram* Fragments::set_of(const Packet& packet) noexcept {
  const uint64_t what = uint64_t{id_of(packet)} << 8 | static_cast<uint8_t>(packet.protocol);
  const uint64_t hash = hash_address(packet.src, hash_address(packet.dst, what, 0), 0);
  return &datagrams_[kWays * reduce(hash, kPlaces / kWays)];
}

Datagram* Fragments::find(const Packet& packet, Now now) noexcept {
  Datagram* const set = set_of(packet);
  const uint32_t id = id_of(packet);
  Datagram* const found = std::find_if(set, set + kWays, [&](const Datagram& d) {
    return d.born_ms != 0 && d.id == id && d.source == packet.src && d.destination == packet.dst &&
           d.protocol == packet.protocol && now.ms < d.born_ms + kForgetMs;
  });
  return found != set + kWays ? found : nullptr;
}

Datagram& Fragments::begin(const Packet& packet, Now now) noexcept {
  Datagram* const set = set_of(packet);
  Datagram* place = find(packet, now);
  if (place == nullptr)
    place = std::min_element(set, set + kWays,
                             [](const Datagram& a, const Datagram& b) { return a.born_ms < b.born_ms; });
  *place = {};
  place->source = packet.src;
  place->destination = packet.dst;
  place->id = id_of(packet);
  place->protocol = packet.protocol;
  place->born_ms = now.ms;
  place->new_id = next_id_ += step_;
  return *place;
}

bool Fragments::add(Datagram& datagram, const Packet& packet) noexcept {
  const PiecePlace place = place_of(packet);
  const Datagram::Span span = span_of(packet, place);
  auto* const begin = datagram.spans.data();
  auto* const end = begin + datagram.span_count;
  auto* const after =
      std::find_if(begin, end, [&](const Datagram::Span& s) { return s.begin >= span.begin; });
  const bool overlaps = (after != end && after->begin < span.end) ||
                        (after != begin && after[-1].end > span.begin) || span.begin == span.end;
  if (overlaps || (!place.more && datagram.last_came)) return false;
  const bool joins_before = after != begin && after[-1].end == span.begin;
  const bool joins_after = after != end && after->begin == span.end;
  if (joins_before && joins_after) {
    after[-1].end = after->end;
    std::copy(after + 1, end, after);
    --datagram.span_count;
  } else if (joins_before) {
    after[-1].end = span.end;
  } else if (joins_after) {
    after->begin = span.begin;
  } else {
    if (datagram.span_count == Datagram::kMostSpans) return false;
    std::copy_backward(after, end, end + 1);
    *after = span;
    ++datagram.span_count;
  }
  datagram.last_came |= !place.more;
  return true;
}

void renumber(const Packet& packet, uint32_t new_id) noexcept {
  if (!packet.v4) {
    reinterpret_cast<Ipv6FragmentHeader*>(packet.fragment_header)->id = be32::of(new_id);
    return;
  }
  auto* ip = reinterpret_cast<Ipv4Header*>(packet.l3);
  const be16 id = be16::of(static_cast<uint16_t>(new_id));
  ChecksumDelta header;
  header.change(ip->id, id);
  ip->id = id;
  ip->checksum = header.apply(ip->checksum);
}

}  // namespace lb
