// SPDX-License-Identifier: MIT
// Datagrams that came in pieces (RFC 791 section 3.2, RFC 8200 section 4.5): only the first piece has ports, the others follow it by
// their addresses, protocol and identification. Nothing is put together. One worker's: NICs and kernels give all pieces of a
// datagram to one queue, for they hash the addresses alone.
#pragma once

#include <array>
#include <memory>

#include "lb/packet.h"
#include "lb/route_table.h"
#include "lb/time.h"

namespace lb {

// Where a first piece went, for those that follow.
struct FragmentWay {
  Forward forward{};
  IpAddress from, to;  // nat: the addresses of what goes out, of either family
  Route route;         // nat
  uint64_t hash = 0;   // gue
  ServiceId service = 0;
  BackendId backend = 0;
  bool is_reply = false;
  bool refused = false;  // nat: the first piece was dropped as `fragment`, and so are they
};

// What came of a datagram so far.
struct Datagram {
  IpAddress source, destination;  // as it came in
  uint32_t id = 0;
  Protocol protocol{};
  uint64_t born_ms = 0;  // 0: nobody's

  uint32_t new_id = 0;  // nat: two clients may have chosen the same
  FragmentWay way;

  // Bytes that came, in units of eight, ascending, with gaps between.
  struct Span {
    uint16_t begin, end;
  };
  static constexpr unsigned kMostSpans = 8;
  std::array<Span, kMostSpans> spans{};
  uint8_t span_count = 0;
  bool last_came = false;
  [[nodiscard]] bool complete() const { return last_came && span_count == 1 && spans[0].begin == 0; }
};

class Fragments {
 public:
  static constexpr unsigned kPlaces = 1024;     // the oldest of four makes way
  static constexpr uint32_t kForgetMs = 2000;   // after the first piece
  static constexpr uint32_t kPatienceMs = 500;  // for a first piece that comes late

  // index, count  the worker's, of how many: their numbers for outgoing datagrams are apart
  Fragments(unsigned index, unsigned count);

  // The datagram of a piece. REQUIRES: packet.piece is not kWhole. Null: its first piece has not come.
  Datagram* find(const Packet& packet, Now now) noexcept;
  // A new one. REQUIRES: packet.piece is kFirst, and find() gives none, or one that is complete
  Datagram& begin(const Packet& packet, Now now) noexcept;

  // Counts a piece in. False: it overlaps another (RFC 5722, RFC 8200 section 4.5: an attack, or a copy), or leaves more than
  // kMostSpans gaps.
  static bool add(Datagram& datagram, const Packet& packet) noexcept;

 private:
  Datagram* set_of(const Packet& packet) noexcept;
  std::unique_ptr<Datagram[]> datagrams_;
  uint32_t next_id_;
  const uint32_t step_;
};

// Gives a piece that leaves by `nat` the number that its datagram has there.
void renumber(const Packet& packet, uint32_t new_id) noexcept;

}  // namespace lb
