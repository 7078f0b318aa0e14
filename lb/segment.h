// SPDX-License-Identifier: MIT
// The state segment: everything that must outlive the process, in one block of memory without pointers.
//   header | move counters | backends | listeners | lips | services | narrow flow table | wide flow table | NAT slots |
//   sessions: names | SSRCs | records | SRTCP | streams
// The caller maps it (dataplane: a file under /dev/shm or hugetlbfs; tests and cleat-replay: plain memory);
// lb lays it out and validates it; lb/mend.h mends what a killed process left half done.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "lb/flow_key.h"
#include "lb/identity.h"
#include "lb/nat_slot.h"
#include "lb/result.h"
#include "lb/session_tables.h"
#include "lb/streams.h"
#include "lb/time.h"

namespace lb {

inline constexpr uint32_t kSegmentVersion = 6;

// Sizes, fixed when a segment is made. All from the config.
struct SegmentGeometry {
  uint32_t flows_v4 = 1U << 20;    // narrow entries, 16 bytes each; a power of two, 1,024..2^30
  uint32_t flows_wide = 1U << 18;  // wide entries (IPv6, port ranges), 32 bytes each; likewise
  uint32_t lips = 64;  // NAT addresses there is room for, 1..kMaxLips; 8 MiB each, touched when used
  uint32_t sessions = 1U << 16;  // ICE sessions, 592 bytes each; a power of two, 1,024..kMaxSessions

  uint32_t streams =
      1U << 14;  // of services with `affinity: stream`, 320 bytes each; a power of two, 8..kMostStreams

  // Bytes of the whole segment, a multiple of 4096.
  [[nodiscard]] size_t bytes() const;
  // "" or why the geometry is impossible.
  [[nodiscard]] std::string problem() const;
  friend bool operator==(const SegmentGeometry&, const SegmentGeometry&) = default;
};

class Segment {
 public:
  // Lays out a new segment in zeroed memory.
  // memory  geometry.bytes() bytes, aligned to 64, all zero; outlives the Segment
  // seed    random, per segment: places of keys in the flow tables
  static Result<Segment> format(std::span<std::byte> memory, const SegmentGeometry& geometry, uint64_t seed,
                                Now now);

  // Takes over a segment that an earlier process left. Checks magic, version, geometry and every id it holds.
  // Does not mend: see lb/mend.h.
  static Result<Segment> attach(std::span<std::byte> memory, const SegmentGeometry& geometry, Now now);

  // SegmentGeometry::bytes()
  static size_t bytes_of(const SegmentGeometry& geometry);

  // What the header of `memory` says, before a mapping of the right size is made. Error: not a segment.
  static Result<SegmentGeometry> read_geometry(std::span<const std::byte> memory);

  [[nodiscard]] FlowTables& flows() { return flows_; }
  [[nodiscard]] NatSlots& slots() { return slots_; }
  [[nodiscard]] SessionTables& sessions() { return sessions_; }
  [[nodiscard]] Streams& streams() { return streams_; }
  [[nodiscard]] IdentityTable& backends() { return backends_; }
  [[nodiscard]] IdentityTable& listeners() { return listeners_; }
  [[nodiscard]] IdentityTable& lips() { return lips_; }
  [[nodiscard]] IdentityTable& services() { return services_; }
  [[nodiscard]] const SegmentGeometry& geometry() const { return geometry_; }

  // Called about once a second by the control thread, so that a restart knows how long nobody was at work.
  void stamp(Now now);

 private:
  struct Header;
  struct Layout;
  Segment(std::span<std::byte> memory, const SegmentGeometry& geometry);
  template <typename T>
  static T* section(std::span<std::byte> memory, size_t offset) {
    return reinterpret_cast<T*>(memory.data() + offset);
  }

  Header* header_;
  SegmentGeometry geometry_;
  FlowTables flows_;
  NatSlots slots_;
  SessionTables sessions_;
  Streams streams_;
  IdentityTable backends_, listeners_, lips_, services_;
};

}  // namespace lb
