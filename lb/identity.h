// SPDX-License-Identifier: MIT
// Identity tables of the state segment: a stable small number for each backend, listener, LIP, pool and
// service name, so that a restart, a reload or another order
// in the config never changes what a live flow points to.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lb/address.h"
#include "lb/limits.h"
#include "lb/snapshot_spec.h"

namespace lb {

enum class IdentityKind : uint8_t { kNone, kBackend, kListener, kLip, kPoolClients, kService };

// A listener of connection ids has two: flows by their tuple alone, and those that a connection id took elsewhere.
enum class ListenerLane : uint8_t { kTuple = 0, kMoved = 1 };

// What an id stands for. Unused fields are zero.
struct Identity {
  IpAddress address;       // backend, VIP of a listener, LIP
  uint64_t name_hash = 0;  // of the pool (backend, pool clients) or the service
  uint16_t port = 0;       // of a backend (0 = the client's), or of a listener (0 = a port range)
  IdentityKind kind = IdentityKind::kNone;
  Protocol protocol{};                       // of a listener
  uint16_t range_first = 0;                  // first port of a listener's range
  ListenerLane lane = ListenerLane::kTuple;  // of a listener
  uint8_t has_spliced =
      0;  // of a listener: some of its flows may be spliced (lb/splice.h); says nothing of who it is

  friend bool operator==(const Identity& a, const Identity& b) {
    return a.address == b.address && a.name_hash == b.name_hash && a.port == b.port && a.kind == b.kind &&
           a.protocol == b.protocol && a.range_first == b.range_first && a.lane == b.lane;
  }
};

// One place in the segment. `released_ms` 0 while the config uses the id.
struct IdentityEntry {
  Identity identity;
  uint64_t released_ms = 0;
};
static_assert(sizeof(IdentityEntry) == 40);

// View on one table of the segment. Control thread only; workers read what compile() copied from it.
class IdentityTable {
 public:
  explicit IdentityTable(std::span<IdentityEntry> entries);

  // The id of `identity`, given now if it had none. An id whose owner left the config comes back to it; a
  // stranger gets it only `hold_ms` after the release. nullopt: the table is full.
  std::optional<uint16_t> acquire(const Identity& identity, uint64_t now_ms, uint64_t hold_ms);
  // Every id that `used` does not mark is released at now_ms; it keeps its meaning until it is given again.
  void release_unmarked(std::span<const bool> used, uint64_t now_ms);

  // For whoever must undo what acquire() gave: put_back() restores every id as it was when copy() was taken.
  [[nodiscard]] std::vector<IdentityEntry> copy() const { return {entries_.begin(), entries_.end()}; }
  void put_back(const std::vector<IdentityEntry>& entries);

  [[nodiscard]] std::optional<uint16_t> find(const Identity& identity) const;
  // REQUIRES: id < size(). kind is kNone where the id was never given.
  [[nodiscard]] const Identity& at(uint16_t id) const { return entries_[id].identity; }
  [[nodiscard]] bool is_released(uint16_t id) const { return entries_[id].released_ms != 0; }
  // Flows outlive the configuration that spliced them, so the mark stays when that goes. REQUIRES: id < size()
  [[nodiscard]] bool has_spliced(uint16_t id) const { return entries_[id].identity.has_spliced != 0; }
  void set_has_spliced(uint16_t id, bool has) { entries_[id].identity.has_spliced = has ? 1 : 0; }
  // 0 while the config uses the id.
  [[nodiscard]] uint64_t released_ms(uint16_t id) const { return entries_[id].released_ms; }
  [[nodiscard]] size_t size() const { return entries_.size(); }

 private:
  struct Hash {
    size_t operator()(const Identity& identity) const;
  };
  void read_index();

  std::span<IdentityEntry> entries_;
  std::unordered_map<Identity, uint16_t, Hash> index_;  // of every id that was ever given
  size_t unused_ = 0;                                   // no id below it is kNone
};

// FNV-1a, 64 bit: names in identity tables. Never 0.
uint64_t name_hash(std::string_view name);

}  // namespace lb
