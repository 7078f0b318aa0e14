// SPDX-License-Identifier: MIT
#include "control/told_session.h"

#include <algorithm>
#include <optional>

#include "control/segment_names.h"
#include "lb/hash.h"
#include "lb/stun.h"

namespace control {
namespace {

using Kind = Refusal::Kind;

// RFC 8839 section 5.4
constexpr size_t kLeastPassword = 22, kLongestPassword = 256;
// Records that are looked at for a free one, from a random place on: workers take one after the other, so those in use stand
// in long runs.
constexpr uint32_t kMostLooks = 1U << 17;

Refusal invalid(std::string message) { return {Kind::kInvalid, std::move(message)}; }

Refused check_password(const char* field, const std::string& password) {
  if (password.empty()) return std::nullopt;
  if (password.size() >= kLeastPassword && password.size() <= kLongestPassword &&
      std::all_of(password.begin(), password.end(), lb::is_ice_char))
    return std::nullopt;
  return invalid(std::string(field) + ": an ice-pwd is wanted, 22 to 256 letters, digits, '+' or '/'");
}

Refused check(const ToldSession& told) {
  if (!lb::split_username(told.username) || told.username.size() > lb::kMaxSessionName)
    return invalid(
        "username: SERVER_UFRAG:CLIENT_UFRAG is wanted, the first of at least 4 letters, digits, '+' "
        "or '/', all of at most " +
        std::to_string(lb::kMaxSessionName) + " bytes");
  if (Refused refused = check_password("server_password", told.server_password)) return refused;
  return check_password("client_password", told.client_password);
}

// The id under which the pool's sessions are known; nullopt: it has none.
std::optional<lb::ListenerId> clients_of(const Engine& engine, const lb::SnapshotSpec& spec,
                                         const std::string& pool) {
  const bool has_sessions =
      std::any_of(spec.services.begin(), spec.services.end(), [&](const lb::ServiceSpec& service) {
        return service.pool == pool && service.affinity == lb::Affinity::kIce;
      });
  if (!has_sessions) return std::nullopt;
  const SegmentNames names(engine, spec);
  for (const lb::Pool& in_force : engine.snapshot()->pools)
    if (names.pool_of_clients(in_force.clients) == pool) return in_force.clients;
  return std::nullopt;
}

// nullopt: the pool has no such backend.
std::optional<lb::BackendId> id_of(const Engine& engine, const lb::SnapshotSpec& spec,
                                   const ToldSession& told) {
  const bool there = std::any_of(spec.pools.begin(), spec.pools.end(), [&](const lb::PoolSpec& pool) {
    return pool.name == told.pool &&
           std::any_of(pool.backends.begin(), pool.backends.end(), [&](const lb::BackendSpec& backend) {
             return lb::Endpoint{backend.address, backend.port} == told.backend;
           });
  });
  if (!there) return std::nullopt;  // an id outlives its backend
  lb::Identity identity;
  identity.kind = lb::IdentityKind::kBackend;
  identity.address = told.backend.address;
  identity.port = told.backend.port;
  identity.name_hash = lb::name_hash(told.pool);
  return engine.segment->backends().find(identity);
}

// Found, or made. A worker may make it at the same moment, when its client's first check comes.
std::optional<lb::SessionFound> enter(const Engine& engine, lb::ListenerId clients, lb::BackendId backend,
                                      const std::string& username) {
  lb::SessionTables& tables = engine.segment->sessions();
  const uint32_t looks = std::min(tables.sessions.count(), kMostLooks);
  lb::SessionIndex hand = lb::reduce(lb::hash_text(username, tables.seed), tables.sessions.count());
  for (uint32_t looked = 0; looked <= looks; looked += lb::Sessions::kLooks) {
    if (auto found = tables.find(clients, username)) return found;
    if (auto made = tables.learn(hand, clients, username, backend, lb::Rung::kTold, engine.now()))
      return made;
  }
  return tables.find(clients, username);
}

void put_password(lb::Session& session, lb::SessionControl& control, lb::KeyOf whose,
                  const std::string& password) {
  if (password.empty()) return;
  const lb::HmacSha1Key key({reinterpret_cast<const uint8_t*>(password.data()), password.size()});
  lb::Sessions::put_key(session, control, whose, key);
}

}  // namespace

Refused tell_session(const Engine& engine, const lb::SnapshotSpec& spec, const ToldSession& told) {
  if (Refused refused = check(told)) return refused;
  const auto clients = clients_of(engine, spec, told.pool);
  if (!clients)
    return invalid("pool " + told.pool + " has no sessions: no service with affinity: ice leads to it");
  const auto backend = id_of(engine, spec, told);
  if (!backend)
    return Refusal{Kind::kNotFound, "pool " + told.pool + " has no backend " + told.backend.to_string()};
  auto session = enter(engine, *clients, *backend, told.username);
  if (!session)
    return Refusal{Kind::kFailed, "no room for another session: dataplane.sessions is " +
                                      std::to_string(engine.segment->sessions().sessions.count()) +
                                      ", cleatctl stats show"};
  if (session->control.backend() != *backend) {
    const SegmentNames names(engine, spec);
    const lb::Identity& owner = names.backend(session->control.backend());
    return invalid("the session is on " + lb::Endpoint{owner.address, owner.port}.to_string() +
                   " already, and stays there");
  }
  lb::Session& record = engine.segment->sessions().sessions.at(session->index);
  put_password(record, session->control, lb::KeyOf::kServer, told.server_password);
  put_password(record, session->control, lb::KeyOf::kClient, told.client_password);
  return std::nullopt;
}

}  // namespace control
