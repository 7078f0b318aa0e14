// SPDX-License-Identifier: MIT
// One member of a JSON object (RFC 8259), read without the rest of it: no tree, no recursion.
#pragma once

#include <string_view>

#include "lb/short_text.h"

namespace lb {

enum class JsonFind : uint8_t {
  kFound,
  kPartial,  // the text ends before it
  kAbsent,   // no such member, or it is no string, or too long; or what comes before it is no JSON
};
using JsonText = ShortText<512>;

// text     an object from its first byte, or blank before it; any bytes. May be cut off, or go on
// name     of a member of the object itself, not of one inside it: shorter than 512 bytes
// value    when found: decoded, in UTF-8
// cost     no allocation; one pass up to the member
JsonFind find_json_string(std::string_view text, std::string_view name, JsonText& value) noexcept;

}  // namespace lb
