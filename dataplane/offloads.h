// SPDX-License-Identifier: MIT
// Offloads of kernel interfaces that spoil frames for AF_XDP and AF_PACKET: checksums that nobody filled in, segments of up
// to 64 KB, segments that were put together.
#pragma once

#include <string>
#include <vector>

#include "dataplane/ethtool.h"

namespace dataplane {

struct Offload {
  const char* name;  // of ethtool -K
  uint32_t get, set;
};
inline constexpr Offload kOffloads[] = {{"tx", ETHTOOL_GTXCSUM, ETHTOOL_STXCSUM},
                                        {"tso", ETHTOOL_GTSO, ETHTOOL_STSO},
                                        {"gso", ETHTOOL_GGSO, ETHTOOL_SGSO},
                                        {"gro", ETHTOOL_GGRO, ETHTOOL_SGRO}};

// The names of those that are on.
inline std::vector<std::string> offloads_on(const Ethtool& ethtool) {
  std::vector<std::string> on;
  for (const Offload& offload : kOffloads)
    if (ethtool.is_on(offload.get)) on.emplace_back(offload.name);
  return on;
}

}  // namespace dataplane
