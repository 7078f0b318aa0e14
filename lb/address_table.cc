// SPDX-License-Identifier: MIT
#include "lb/address_table.h"

#include <bit>

namespace lb {

void AddressTable::build(const std::vector<LocalAddress>& addresses) {
  listed_ = addresses;
  const size_t size = std::bit_ceil(2 * addresses.size() + 2);
  entries_.assign(size, {});
  mask_ = size - 1;
  for (const LocalAddress& local : addresses) {
    size_t i = place(local.address);
    while (!entries_[i].address.is_unset() && entries_[i].address != local.address) i = (i + 1) & mask_;
    if (entries_[i].address.is_unset()) entries_[i] = local;
  }
}

}  // namespace lb
