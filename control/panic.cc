// SPDX-License-Identifier: MIT
#include "control/panic.h"

#include <charconv>

namespace control {

bool is_panic(const PanicThreshold& threshold, size_t eligible, size_t down) {
  if (down == 0 || threshold.percent == 0) return false;
  if (down == eligible) return true;
  if (!threshold.percent && eligible < kPanicByShareFrom) return false;
  return down * 100 > threshold.percent.value_or(50) * eligible;
}

std::optional<PanicThreshold> parse_panic_threshold(std::string_view text) {
  if (text == "auto") return PanicThreshold{};
  uint32_t percent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), percent);
  const std::string_view rest = text.substr(static_cast<size_t>(end - text.data()));
  if (error != std::errc() || percent > 100 || (rest != "%" && text != "0")) return std::nullopt;
  return PanicThreshold{percent};
}

std::string panic_threshold_text(const PanicThreshold& threshold) {
  return threshold.percent ? std::to_string(*threshold.percent) + "%" : "auto";
}

}  // namespace control
