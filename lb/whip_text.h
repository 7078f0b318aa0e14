// SPDX-License-Identifier: MIT
// What WHIP and WHEP (RFC 9725, draft-ietf-wish-whep) and SRS's older JSON API say about an ICE session: the credentials in
// an SDP offer or answer (RFC 8839 section 5.4), the USERNAME in SRS's Location or `sessionid`.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "lb/session.h"
#include "lb/short_text.h"

namespace lb {

using Ufrag = ShortText<kMaxSessionName>;
using IcePassword = ShortText<256>;

// The first ice-ufrag and ice-pwd of an SDP; one in a JSON string is read, too.
// body     any bytes; may be cut off
// returns  nullopt unless both are there whole: ice-chars, a ufrag of 4..72, a password of 22..256
struct IceCredentials {
  Ufrag ufrag;
  IcePassword password;
};
std::optional<IceCredentials> ice_credentials(std::string_view body) noexcept;

// The USERNAME that an answer of SRS names: `session=` in the query of its Location (plain or percent-encoded), or
// "sessionid" in its JSON; the last one, for what stands before may echo the client's own words.
// returns  nullopt: none, or it cannot be a session's name
std::optional<Ufrag> named_session(std::string_view location, std::string_view body) noexcept;

}  // namespace lb
