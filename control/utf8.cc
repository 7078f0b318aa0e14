// SPDX-License-Identifier: MIT
#include "control/utf8.h"

namespace control {
namespace {

// The table of RFC 3629 section 4: bytes of a character, by its first; and what its second may be.
struct Form {
  size_t length;
  unsigned second_least = 0x80, second_most = 0xbf;
};
Form form_of(unsigned first) {
  if (first < 0x80) return {1};
  if (first < 0xc2 || first > 0xf4) return {0};
  if (first < 0xe0) return {2};
  if (first == 0xe0) return {3, 0xa0};
  if (first == 0xed) return {3, 0x80, 0x9f};
  if (first < 0xf0) return {3};
  if (first == 0xf0) return {4, 0x90};
  if (first == 0xf4) return {4, 0x80, 0x8f};
  return {4};
}

}  // namespace

std::optional<size_t> first_not_utf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const Form form = form_of(static_cast<unsigned char>(text[at]));
    if (form.length == 0 || form.length > text.size() - at) return at;
    for (size_t i = 1; i < form.length; ++i) {
      const auto byte = static_cast<unsigned char>(text[at + i]);
      if (byte < (i == 1 ? form.second_least : 0x80) || byte > (i == 1 ? form.second_most : 0xbf)) return at;
    }
    at += form.length;
  }
  return std::nullopt;
}

}  // namespace control
