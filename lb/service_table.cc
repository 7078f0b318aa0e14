// SPDX-License-Identifier: MIT
#include "lb/service_table.h"

#include <algorithm>
#include <bit>
#include <tuple>

namespace lb {
namespace {

// Never 0: the protocol is not.
uint64_t exact_key(uint16_t vip, Protocol protocol, uint16_t port) {
  return uint64_t{vip} << 32 | static_cast<uint64_t>(protocol) << 16 | port;
}
size_t place(uint64_t key) { return static_cast<size_t>(key * 0x9e3779b97f4a7c15ULL >> 32); }

}  // namespace

void ServiceTable::build(const std::vector<Row>& rows) {
  exact_.clear();
  ranges_.clear();
  const size_t size = std::bit_ceil(2 * rows.size() + 2);
  exact_.resize(size);
  mask_ = size - 1;
  for (const Row& row : rows) {
    if (row.port_first != row.port_last) {
      ranges_.push_back(row);
      continue;
    }
    const uint64_t key = exact_key(row.vip, row.protocol, row.port_first);
    size_t i = place(key) & mask_;
    while (exact_[i].key != 0) i = (i + 1) & mask_;
    exact_[i] = {key, row.service};
  }
  std::sort(ranges_.begin(), ranges_.end(), [](const Row& a, const Row& b) {
    return std::tie(a.vip, a.protocol, a.port_first) < std::tie(b.vip, b.protocol, b.port_first);
  });
}

uint16_t ServiceTable::find(uint16_t vip, Protocol protocol, uint16_t port) const noexcept {
  const uint64_t key = exact_key(vip, protocol, port);
  for (size_t i = place(key) & mask_; exact_[i].key != 0; i = (i + 1) & mask_)
    if (exact_[i].key == key) return exact_[i].service;
  if (ranges_.empty()) return kNone;
  const Row wanted{vip, protocol, port, port, 0};
  auto after = std::upper_bound(ranges_.begin(), ranges_.end(), wanted, [](const Row& a, const Row& b) {
    return std::tie(a.vip, a.protocol, a.port_first) < std::tie(b.vip, b.protocol, b.port_first);
  });
  if (after == ranges_.begin()) return kNone;
  const Row& row = *--after;
  return row.vip == vip && row.protocol == protocol && port <= row.port_last ? row.service : kNone;
}

}  // namespace lb
