// SPDX-License-Identifier: MIT
#include "lb/identity.h"

#include <algorithm>

#include "lb/hash.h"

namespace lb {

size_t IdentityTable::Hash::operator()(const Identity& identity) const {
  const uint64_t rest = uint64_t{identity.range_first} << 32 | uint64_t{identity.port} << 16 |
                        static_cast<uint64_t>(identity.lane) << 48 |
                        static_cast<uint64_t>(identity.kind) << 8 | static_cast<uint64_t>(identity.protocol);
  return hash_address(identity.address, rest, identity.name_hash);
}

IdentityTable::IdentityTable(std::span<IdentityEntry> entries) : entries_(entries) { read_index(); }

void IdentityTable::put_back(const std::vector<IdentityEntry>& entries) {
  std::copy(entries.begin(), entries.end(), entries_.begin());
  read_index();
}

void IdentityTable::read_index() {
  index_.clear();
  unused_ = 0;
  for (size_t id = 0; id < entries_.size(); ++id)
    if (entries_[id].identity.kind != IdentityKind::kNone)
      index_.emplace(entries_[id].identity, static_cast<uint16_t>(id));
}

std::optional<uint16_t> IdentityTable::find(const Identity& identity) const {
  const auto it = index_.find(identity);
  return it == index_.end() ? std::nullopt : std::optional(it->second);
}

std::optional<uint16_t> IdentityTable::acquire(const Identity& identity, uint64_t now_ms, uint64_t hold_ms) {
  if (const auto known = find(identity)) {
    entries_[*known].released_ms = 0;
    return known;
  }
  while (unused_ < entries_.size() && entries_[unused_].identity.kind != IdentityKind::kNone) ++unused_;
  size_t chosen = unused_;
  if (chosen == entries_.size()) {
    for (size_t id = 0; id < entries_.size(); ++id) {
      const uint64_t released = entries_[id].released_ms;
      if (released == 0 || now_ms < released + hold_ms) continue;
      if (chosen == entries_.size() || released < entries_[chosen].released_ms) chosen = id;
    }
  }
  if (chosen == entries_.size()) return std::nullopt;
  index_.erase(entries_[chosen].identity);
  entries_[chosen] = {identity, 0};
  const auto id = static_cast<uint16_t>(chosen);
  index_.emplace(identity, id);
  return id;
}

void IdentityTable::release_unmarked(std::span<const bool> used, uint64_t now_ms) {
  for (size_t id = 0; id < entries_.size(); ++id) {
    IdentityEntry& entry = entries_[id];
    if (entry.identity.kind == IdentityKind::kNone || entry.released_ms != 0 || used[id]) continue;
    entry.released_ms = now_ms == 0 ? 1 : now_ms;
  }
}

uint64_t name_hash(std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3ULL;
  return hash == 0 ? 1 : hash;
}

}  // namespace lb
