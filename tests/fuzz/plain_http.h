// SPDX-License-Identifier: MIT
// The plain twins of lb/http_stream.h and lb/whip_text.h: they have the whole text at once, and copy what they find.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace fuzz {

struct PlainMessage {
  bool request = false;
  unsigned status = 0;
  std::string method, location, body;
  friend bool operator==(const PlainMessage&, const PlainMessage&) = default;
};

// text  one direction of a connection, from its first byte to its last
std::vector<PlainMessage> read_http_plainly(const std::string& text);

struct PlainCredentials {
  std::string ufrag, password;
  friend bool operator==(const PlainCredentials&, const PlainCredentials&) = default;
};
std::optional<PlainCredentials> ice_credentials_plainly(const std::string& body);
std::optional<std::string> named_session_plainly(const std::string& location, const std::string& body);

}  // namespace fuzz
