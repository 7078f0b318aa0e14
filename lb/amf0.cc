// SPDX-License-Identifier: MIT
#include "lb/amf0.h"

#include <bit>

namespace lb {
namespace {

// Section 2.1. Those left out are reserved, or begin AMF 3.
enum Marker : uint8_t {
  kNumber = 0,
  kBoolean = 1,
  kString = 2,
  kObject = 3,
  kNull = 5,
  kUndefined = 6,
  kReference = 7,
  kEcmaArray = 8,
  kObjectEnd = 9,
  kStrictArray = 10,
  kDate = 11,
  kLongString = 12,
  kUnsupported = 13,
  kXml = 15,
  kTypedObject = 16,
};

}  // namespace

bool Amf0Reader::is_next_number() const noexcept { return !bytes_.empty() && bytes_[0] == kNumber; }
bool Amf0Reader::is_next_string() const noexcept {
  return !bytes_.empty() && (bytes_[0] == kString || bytes_[0] == kLongString);
}

std::optional<double> Amf0Reader::number() noexcept {
  if (!is_next_number() || bytes_.size() < 9) return fail(), std::nullopt;
  uint64_t bits = 0;
  for (const uint8_t byte : bytes_.subspan(1, 8)) bits = bits << 8 | byte;
  bytes_ = bytes_.subspan(9);
  return std::bit_cast<double>(bits);
}

std::optional<std::string_view> Amf0Reader::string() noexcept {
  if (!is_next_string()) return fail(), std::nullopt;
  const size_t length_bytes = bytes_[0] == kString ? 2 : 4;
  bytes_ = bytes_.subspan(1);
  return text(length_bytes);
}

bool Amf0Reader::object() noexcept {
  if (bytes_.empty() || (bytes_[0] != kObject && bytes_[0] != kEcmaArray)) return fail();
  // An ECMA array's count is a hint (section 2.10).
  return pass(bytes_[0] == kObject ? 1 : 5);
}

std::optional<std::string_view> Amf0Reader::key() noexcept {
  const auto name = text(2);
  if (!name || !name->empty() || bytes_.empty() || bytes_[0] != kObjectEnd) return name;
  bytes_ = bytes_.subspan(1);
  return std::nullopt;
}

std::optional<uint32_t> Amf0Reader::length(size_t bytes) noexcept {
  if (bytes_.size() < bytes) return fail(), std::nullopt;
  uint32_t value = 0;
  for (const uint8_t byte : bytes_.first(bytes)) value = value << 8 | byte;
  bytes_ = bytes_.subspan(bytes);
  return value;
}

std::optional<std::string_view> Amf0Reader::text(size_t length_bytes) noexcept {
  const auto size = length(length_bytes);
  if (!size) return std::nullopt;
  const auto* begin = reinterpret_cast<const char*>(bytes_.data());
  if (!pass(*size)) return std::nullopt;
  return std::string_view(begin, *size);
}

bool Amf0Reader::pass(size_t count) noexcept {
  if (bytes_.size() < count) return fail();
  bytes_ = bytes_.subspan(count);
  return true;
}

bool Amf0Reader::skip(unsigned depth) noexcept {
  if (bytes_.empty() || depth == kMaxDepth) return fail();
  const uint8_t marker = bytes_[0];
  bytes_ = bytes_.subspan(1);
  switch (marker) {
    case kNull:
    case kUndefined:
    case kUnsupported:
      return true;
    case kBoolean:
      return pass(1);
    case kReference:
      return pass(2);
    case kNumber:
      return pass(8);
    case kDate:
      return pass(10);
    case kString:
      return text(2).has_value();
    case kLongString:
    case kXml:
      return text(4).has_value();
    case kTypedObject:
      return text(2).has_value() && skip_properties(depth);
    case kObject:
      return skip_properties(depth);
    case kEcmaArray:
      return pass(4) && skip_properties(depth);
    case kStrictArray: {
      const auto count = length(4);
      for (uint32_t i = 0; count && i < *count; ++i)
        if (!skip(depth + 1)) return false;
      return count.has_value();
    }
    default:
      return fail();
  }
}

bool Amf0Reader::skip_properties(unsigned depth) noexcept {
  while (key())
    if (!skip(depth + 1)) return false;
  return !failed_;
}

}  // namespace lb
