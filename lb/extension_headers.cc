// SPDX-License-Identifier: MIT
#include "lb/extension_headers.h"

namespace lb {
namespace {

constexpr unsigned kMaxExtensionHeaders = 8;

}  // namespace

std::optional<DropReason> walk_extensions(const uint8_t* l3, size_t end, ExtensionWalk& walk) noexcept {
  constexpr uint8_t kHopByHop = 0, kRouting = 43, kFragmentHeader = 44, kAuthentication = 51, kOptions = 60;
  for (unsigned count = 0;; ++count) {
    const bool is_extension = walk.protocol == kHopByHop || walk.protocol == kRouting ||
                              walk.protocol == kFragmentHeader || walk.protocol == kAuthentication ||
                              walk.protocol == kOptions;
    if (!is_extension) return std::nullopt;
    if (count == kMaxExtensionHeaders) return DropReason::kExtensionHeaders;
    if (end - walk.offset < 8) return DropReason::kFrameTruncated;
    const uint8_t* header = l3 + walk.offset;
    size_t length = (header[1] + 1U) * 8;
    if (walk.protocol == kAuthentication) length = (header[1] + 2U) * 4;  // RFC 4302 section 2.2
    if (walk.protocol == kFragmentHeader) {
      walk.fragment = true;
      walk.protocol = header[0];
      return std::nullopt;
    }
    if (length > end - walk.offset) return DropReason::kFrameTruncated;
    // With segments left somebody else is the destination (RFC 8200 section 4.4): what follows is not ours to read.
    if (walk.protocol == kRouting && header[3] != 0) return std::nullopt;
    walk.protocol = header[0];
    walk.offset += length;
  }
}

}  // namespace lb
