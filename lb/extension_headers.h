// SPDX-License-Identifier: MIT
// Where the headers of an IPv6 packet end (RFC 8200 section 4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "lb/drop_reason.h"

namespace lb {

struct ExtensionWalk {
  uint8_t protocol;       // of the header at `offset`
  size_t offset;          // from the IPv6 header
  bool fragment = false;  // a fragment header came last; what follows it is not looked at
};

// Goes on from the IPv6 header's end to the upper-layer header, eight extension headers at most.
// l3, end  the IPv6 header, and how many bytes from there may be read, 40 at least
// walk     protocol: the next header as the IPv6 header says; offset 40
// returns  the reason to drop the packet, or nullopt
std::optional<DropReason> walk_extensions(const uint8_t* l3, size_t end, ExtensionWalk& walk) noexcept;

}  // namespace lb
