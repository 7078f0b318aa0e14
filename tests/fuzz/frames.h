// SPDX-License-Identifier: MIT
// What the targets do with frames so that inputs reach further than chance would take them.
#pragma once

#include <span>

#include "tests/lb/frame_builder.h"

namespace fuzz {

using lb::test::Bytes;

// So that damage behind the IPv4 header checksum is reached, too. False if there is no IPv4 header.
bool mend_ip_checksum(Bytes& frame);

// What the one that gets `frame` says to it: addresses and ports the other way round, which no checksum sees.
// frame  an IP packet that Cleat sent
// flags  of TCP, if not empty
Bytes answer_to(const Bytes& frame, std::span<const uint8_t> flags);

}  // namespace fuzz
