// SPDX-License-Identifier: MIT
#include "lb/segment.h"

#include <algorithm>
#include <bit>
#include <initializer_list>
#include <new>

namespace lb {
namespace {

constexpr uint64_t kMagic = 0x31676553'74616c43ULL;  // "ClatSeg1"

// Twice the names there can be; four SSRCs a session, as a browser's publisher has (audio, video, each with another).
constexpr size_t name_entries(const SegmentGeometry& g) { return size_t{2} * g.sessions; }
constexpr size_t ssrc_entries(const SegmentGeometry& g) { return size_t{4} * g.sessions; }

constexpr size_t aligned(size_t bytes) { return (bytes + 63) & ~size_t{63}; }

}  // namespace

struct Segment::Header {
  uint64_t magic;
  uint32_t version;
  SegmentGeometry geometry;
  uint64_t seed;
  uint64_t made_ms;
  std::atomic<uint64_t> stamp_ms;
};

// Offsets of the sections, in the order in which they lie.
struct Segment::Layout {
  size_t narrow_moves, wide_moves, name_moves, ssrc_moves, backends, listeners, lips, services, narrow, wide,
      slots, names, ssrcs, sessions, srtcp, streams, end;

  explicit Layout(const SegmentGeometry& g) {
    size_t at = aligned(sizeof(Header));
    const auto section = [&at](size_t bytes) {
      const size_t begin = at;
      at = aligned(at + bytes);
      return begin;
    };
    narrow_moves = section(NarrowTable::kRegions * sizeof(uint32_t));
    wide_moves = section(WideTable::kRegions * sizeof(uint32_t));
    name_moves = section(WideTable::kRegions * sizeof(uint32_t));
    ssrc_moves = section(NarrowTable::kRegions * sizeof(uint32_t));
    backends = section(kMaxBackends * sizeof(IdentityEntry));
    listeners = section(kMaxListeners * sizeof(IdentityEntry));
    lips = section(size_t{g.lips} * sizeof(IdentityEntry));
    services = section(kMaxServices * sizeof(IdentityEntry));
    narrow = section(size_t{g.flows_v4} * sizeof(NarrowTable::Entry));
    wide = section(size_t{g.flows_wide} * sizeof(WideTable::Entry));
    slots = section(size_t{g.lips} * kSlotsPerLip * sizeof(NatSlot));
    names = section(name_entries(g) * sizeof(WideTable::Entry));
    ssrcs = section(ssrc_entries(g) * sizeof(NarrowTable::Entry));
    sessions = section(size_t{g.sessions} * sizeof(Session));
    srtcp = section(size_t{g.sessions} * sizeof(SrtcpNotes));
    streams = section(size_t{g.streams} * sizeof(StreamRecord));
    end = (at + 4095) & ~size_t{4095};
  }
};

namespace {

// Why a table cannot be one that this program wrote; "" if it can.
std::string damage_of(const IdentityTable& table, std::initializer_list<IdentityKind> kinds,
                      const char* name) {
  for (size_t id = 0; id < table.size(); ++id) {
    const Identity& identity = table.at(static_cast<uint16_t>(id));
    if (identity.kind == IdentityKind::kNone) continue;
    const bool of_this_table = std::find(kinds.begin(), kinds.end(), identity.kind) != kinds.end();
    if (!of_this_table || table.find(identity) != id) return std::string("damaged table of ") + name;
  }
  return "";
}

}  // namespace

size_t SegmentGeometry::bytes() const { return Segment::bytes_of(*this); }

std::string SegmentGeometry::problem() const {
  const auto bad = [](uint32_t flows) {
    return !std::has_single_bit(flows) || flows < 1024 || flows > 1U << 30;
  };
  if (bad(flows_v4)) return "flows_v4 is not a power of two in 1024..2^30";
  if (bad(flows_wide)) return "flows_wide is not a power of two in 1024..2^30";
  if (!std::has_single_bit(sessions) || sessions < 1024 || sessions > kMaxSessions)
    return "sessions is not a power of two in 1024.." + std::to_string(kMaxSessions);
  if (!std::has_single_bit(streams) || streams < Streams::kWays || streams > kMostStreams)
    return "streams is not a power of two in " + std::to_string(Streams::kWays) + ".." +
           std::to_string(kMostStreams);
  if (lips < 1 || lips > kMaxLips) return "lips is not in 1.." + std::to_string(kMaxLips);
  return "";
}

size_t Segment::bytes_of(const SegmentGeometry& geometry) { return Layout(geometry).end; }

Segment::Segment(std::span<std::byte> memory, const SegmentGeometry& geometry)
    : header_(reinterpret_cast<Header*>(memory.data())),
      geometry_(geometry),
      flows_{
          NarrowTable(section<NarrowTable::Bucket>(memory, Layout(geometry).narrow),
                      geometry.flows_v4 / NarrowTable::kWays,
                      section<std::atomic<uint32_t>>(memory, Layout(geometry).narrow_moves), header_->seed),
          WideTable(section<WideTable::Bucket>(memory, Layout(geometry).wide),
                    geometry.flows_wide / WideTable::kWays,
                    section<std::atomic<uint32_t>>(memory, Layout(geometry).wide_moves), header_->seed)},
      slots_(section<NatSlot>(memory, Layout(geometry).slots), geometry.lips),
      sessions_{
          WideTable(section<WideTable::Bucket>(memory, Layout(geometry).names),
                    name_entries(geometry) / WideTable::kWays,
                    section<std::atomic<uint32_t>>(memory, Layout(geometry).name_moves), ~header_->seed),
          NarrowTable(section<NarrowTable::Bucket>(memory, Layout(geometry).ssrcs),
                      ssrc_entries(geometry) / NarrowTable::kWays,
                      section<std::atomic<uint32_t>>(memory, Layout(geometry).ssrc_moves), ~header_->seed),
          Sessions(section<Session>(memory, Layout(geometry).sessions), geometry.sessions),
          section<SrtcpNotes>(memory, Layout(geometry).srtcp), ~header_->seed},
      streams_(section<StreamRecord>(memory, Layout(geometry).streams), geometry.streams, ~header_->seed),
      backends_({section<IdentityEntry>(memory, Layout(geometry).backends), kMaxBackends}),
      listeners_({section<IdentityEntry>(memory, Layout(geometry).listeners), kMaxListeners}),
      lips_({section<IdentityEntry>(memory, Layout(geometry).lips), geometry.lips}),
      services_({section<IdentityEntry>(memory, Layout(geometry).services), kMaxServices}) {}

Result<Segment> Segment::format(std::span<std::byte> memory, const SegmentGeometry& geometry, uint64_t seed,
                                Now now) {
  if (const std::string problem = geometry.problem(); !problem.empty()) return Error{problem};
  if (memory.size() < geometry.bytes()) return Error{"the memory is smaller than the segment"};
  auto* header = new (memory.data()) Header{};
  header->version = kSegmentVersion;
  header->geometry = geometry;
  header->seed = seed;
  header->made_ms = now.ms;
  header->stamp_ms.store(now.ms, std::memory_order_relaxed);
  header->magic = kMagic;
  return Segment(memory, geometry);
}

Result<SegmentGeometry> Segment::read_geometry(std::span<const std::byte> memory) {
  if (memory.size() < sizeof(Header)) return Error{"too short for a state segment"};
  const auto* header = reinterpret_cast<const Header*>(memory.data());
  if (header->magic != kMagic) return Error{"not a state segment"};
  if (header->version != kSegmentVersion)
    return Error{"state segment of version " + std::to_string(header->version) +
                 ", this program writes version " + std::to_string(kSegmentVersion)};
  if (const std::string problem = header->geometry.problem(); !problem.empty())
    return Error{"damaged header: " + problem};
  return header->geometry;
}

Result<Segment> Segment::attach(std::span<std::byte> memory, const SegmentGeometry& geometry, Now now) {
  auto found = read_geometry(memory);
  if (!found) return Error{found.error()};
  if (found.value() != geometry) return Error{"made with other table sizes than the configured ones"};
  if (memory.size() < geometry.bytes()) return Error{"shorter than its header says"};
  const auto* header = reinterpret_cast<const Header*>(memory.data());
  const uint64_t stamp = header->stamp_ms.load(std::memory_order_relaxed);
  if (stamp > now.ms + 1000) return Error{"written before the machine was booted"};
  if (now.ms > stamp + uint64_t{kMaxTimeoutS} * 1000)
    return Error{"nobody was at work for more than four hours"};
  Segment segment(memory, geometry);
  for (const std::string& damage :
       {damage_of(segment.backends_, {IdentityKind::kBackend}, "backends"),
        damage_of(segment.listeners_, {IdentityKind::kListener, IdentityKind::kPoolClients}, "listeners"),
        damage_of(segment.lips_, {IdentityKind::kLip}, "LIPs"),
        damage_of(segment.services_, {IdentityKind::kService}, "services")})
    if (!damage.empty()) return Error{damage};
  return segment;
}

void Segment::stamp(Now now) { header_->stamp_ms.store(now.ms, std::memory_order_relaxed); }

}  // namespace lb
