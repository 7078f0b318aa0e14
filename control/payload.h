// SPDX-License-Identifier: MIT
// Bytes as the configuration writes them: a text, or "hex:" and digits where a text cannot say it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace control {

// Fits one frame of any network behind its headers.
inline constexpr size_t kMaxPayloadBytes = 1400;

// nullopt: "hex:" with something else than an even number of hexadecimal digits behind it.
std::optional<std::string> parse_payload(std::string_view text);

// What parse_payload() reads as `bytes`: the text itself if it is one that people can read.
std::string payload_text(std::string_view bytes);

}  // namespace control
