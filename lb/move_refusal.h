// SPDX-License-Identifier: MIT
// Why the way back of an ICE session did not move to an address that asked for it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace lb {

enum class MoveRefusal : uint8_t {
  kWrongSignature,  // a check of the session's name that is not signed with the server's password
  kNotTheClient,    // a challenge was answered, without the signature of the session's client
  kPasswordKnown,   // an unsigned challenge was answered, but by now the client can be asked to sign
  kNotSilent,       // nobody's password is known, and the client was heard a moment ago
  kTooSoon,         // nobody's password is known, and the session moved a moment ago
};

// By MoveRefusal, as operators see them.
inline constexpr std::array<std::string_view, 5> kMoveRefusalNames = {
    "wrong_signature", "not_the_client", "password_known", "not_silent", "too_soon"};

}  // namespace lb
