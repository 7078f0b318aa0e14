// SPDX-License-Identifier: MIT
// A session whose server and passwords somebody else knows, say a signalling server behind HTTPS: POST /v1/sessions.
#pragma once

#include <string>

#include "control/engine.h"
#include "control/operations.h"
#include "lb/address.h"

namespace control {

struct ToldSession {
  std::string pool;
  std::string username;  // SERVER_UFRAG:CLIENT_UFRAG
  lb::Endpoint backend;  // as the configuration writes it
  // ice-pwd of the server, of the client (RFC 8839 section 5.4); "": not told
  std::string server_password, client_password;
};

// Enters it into the state segment, with rung `told`. A session that is known already stays on its server and keeps the
// passwords it has; those that it lacks are added, for whoever may use the API is trusted. Telling twice is harmless.
// spec     what the snapshot in force was made of
// returns  why not; nothing has changed then. Passwords are in no message
// cost     a look-up and an insertion; when nearly all records are in use, a walk over at most 131,072 of them. Control thread,
//          while workers go on
Refused tell_session(const Engine& engine, const lb::SnapshotSpec& spec, const ToldSession& told);

}  // namespace control
