// SPDX-License-Identifier: MIT
#include "lb/client_hello.h"

#include <algorithm>

#include "lb/tls_cursor.h"

namespace lb {
namespace {

constexpr uint32_t kClientHello = 1;
constexpr uint32_t kServerName = 0, kProtocols = 16;  // extensions
constexpr uint32_t kHostName = 0;                     // a type of server name
constexpr size_t kVersionAndRandom = 2 + 32;

// False if it does not fit.
template <size_t kMax>
bool read_text(TlsCursor& cursor, size_t end, ShortText<kMax>& text) {
  if (end - cursor.position() > kMax) return false;
  while (cursor.position() < end && cursor.state() == TlsCursor::State::kOk)
    text.push(static_cast<char>(cursor.number(1, end)));
  return true;
}

// The first host name: there is one of each type at most.
void read_server_names(TlsCursor& cursor, size_t extension_end, ClientHello& hello) {
  const size_t end = cursor.vector_end(2, extension_end);
  while (cursor.position() < end && cursor.state() == TlsCursor::State::kOk) {
    const uint32_t type = cursor.number(1, end);
    const size_t name_end = cursor.vector_end(2, end);
    if (type == kHostName && hello.server_name.length == 0)
      cursor.require(read_text(cursor, name_end, hello.server_name));
    cursor.skip_to(name_end);
  }
}

void read_protocols(TlsCursor& cursor, size_t extension_end, ClientHello& hello) {
  const size_t end = cursor.vector_end(2, extension_end);
  while (cursor.position() < end && cursor.state() == TlsCursor::State::kOk) {
    const size_t name_end = cursor.vector_end(1, end);
    if (hello.protocol_count < ClientHello::kMaxProtocols) {
      ClientHello::ProtocolName name;
      if (read_text(cursor, name_end, name)) hello.protocols[hello.protocol_count++] = name;
    }
    cursor.skip_to(name_end);
  }
}

// Absent altogether in hellos of old clients.
void read_extensions(TlsCursor& cursor, size_t hello_end, ClientHello& hello) {
  if (cursor.position() == hello_end) return;
  const size_t end = cursor.vector_end(2, hello_end);
  cursor.require(end == hello_end);
  while (cursor.position() < end && cursor.state() == TlsCursor::State::kOk) {
    const uint32_t type = cursor.number(2, end);
    const size_t extension_end = cursor.vector_end(2, end);
    if (type == kServerName) read_server_names(cursor, extension_end, hello);
    if (type == kProtocols) read_protocols(cursor, extension_end, hello);
    cursor.skip_to(extension_end);
  }
}

}  // namespace

bool ClientHello::speaks(std::string_view protocol) const noexcept {
  return std::any_of(protocols.begin(), protocols.begin() + protocol_count,
                     [protocol](const ProtocolName& name) { return name.view() == protocol; });
}

AskState parse_client_hello(std::span<const uint8_t> text, ClientHello& hello) noexcept {
  hello.server_name.length = hello.protocol_count = 0;
  TlsCursor cursor(text);
  cursor.require(cursor.number(1, SIZE_MAX) == kClientHello);
  const size_t end = cursor.vector_end(3, SIZE_MAX);
  cursor.require(end - cursor.position() >= kVersionAndRandom);
  cursor.skip_to(cursor.position() + kVersionAndRandom);
  for (const unsigned length_bytes : {1U, 2U, 1U})  // session id, cipher suites, compression methods
    cursor.skip_to(cursor.vector_end(length_bytes, end));
  read_extensions(cursor, end, hello);
  if (cursor.state() == TlsCursor::State::kPartial) return AskState::kPartial;
  return cursor.state() == TlsCursor::State::kOk ? AskState::kWhole : AskState::kNotIt;
}

AskState read_tls_ask(std::span<const uint8_t> text, const VhostList& vhosts, StreamAsk& ask) noexcept {
  ask = {};
  ClientHello hello;
  const AskState state = parse_client_hello(text, hello);
  if (state != AskState::kWhole) return state;
  if (const auto key = StreamKey::whole_vhost(vhosts.find(hello.server_name.view()))) {
    ask.role = StreamRole::kVhost;
    ask.key = *key;
  }
  return state;
}

}  // namespace lb
