// SPDX-License-Identifier: MIT
// What a TLS client says in the clear before anything is encrypted: its ClientHello (RFC 8446 section 4.1.2; TLS 1.0 to 1.2 alike), with
// the server's name (RFC 6066 section 3) and the protocols it would speak (ALPN, RFC 7301).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "lb/short_text.h"
#include "lb/stream_ask.h"
#include "lb/vhost_list.h"

namespace lb {

struct ClientHello {
  static constexpr size_t kMaxProtocols = 4;
  using ProtocolName = ShortText<32>;

  ShortText<255> server_name;  // empty: none, as for a server that is reached by its address
  // The first ones, in the client's order; longer names than 32 bytes are left out.
  std::array<ProtocolName, kMaxProtocols> protocols;
  uint8_t protocol_count = 0;

  [[nodiscard]] bool speaks(std::string_view protocol) const noexcept;
};

// text     what has come so far, from the first byte of a connection on; any bytes. The message may lie in one record or in
//          many, and other records may follow
// hello    valid when kWhole
// returns  kNotIt: no TLS, another message than a ClientHello, or one whose lengths contradict each other
// cost     no allocation; one pass over the message
//
// With Encrypted ClientHello the name is the one that the client shows to everybody.
AskState parse_client_hello(std::span<const uint8_t> text, ClientHello& hello) noexcept;

// The ask of a connection that stays encrypted: its vhost is all that can be seen of the stream, so the key is of the whole
// vhost (StreamKey::whole_vhost()), kVhost. Arguments and cost as above.
AskState read_tls_ask(std::span<const uint8_t> text, const VhostList& vhosts, StreamAsk& ask) noexcept;

}  // namespace lb
