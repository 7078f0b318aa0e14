// SPDX-License-Identifier: MIT
#include <algorithm>

#include "tests/peers/json_line.h"
#include "tests/peers/quic_client.h"

namespace peers {
namespace {

ngtcp2_cid random_id(size_t length, const Bytes& beginning = {}) {
  ngtcp2_cid id;
  id.datalen = std::max(length, beginning.size());
  fill_random(id.data, id.datalen);
  std::copy(beginning.begin(), beginning.end(), id.data);
  return id;
}

}  // namespace

ClientConnection::ClientConnection(const ClientOptions& options, uint64_t number,
                                   const TlsCredentials& credentials)
    : options_(options), number_(number), give_up_(now() + options.answer_within_ms * NGTCP2_MILLISECONDS) {
  open_socket();
  const ngtcp2_cid own_id = random_id(options_.own_id_length);
  const ngtcp2_cid destination = random_id(NGTCP2_MIN_INITIAL_DCIDLEN, options_.first_destination);
  const ngtcp2_callbacks calls = callbacks(false);
  const ngtcp2_settings settings = quic_settings();
  const ngtcp2_transport_params parameters = quic_parameters();
  Address server = options_.server;
  const ngtcp2_path path{sockets_.back()->local().for_quic(), server.for_quic(), nullptr};
  if (ngtcp2_conn_client_new(&quic_, &destination, &own_id, &path, options_.version, &calls, &settings,
                             &parameters, nullptr, static_cast<Connection*>(this)) != 0) {
    peers::give_up("no connection");
  }
  tls_ = client_session(credentials, &reference_, options_.hello_bytes);
  ngtcp2_conn_set_tls_native_handle(quic_, tls_);
}

void ClientConnection::open_socket() {
  const std::string& ip = options_.locals[moves_ % options_.locals.size()];
  sockets_.push_back(std::make_unique<UdpSocket>(Address::of(ip, 0)));
}

UdpSocket* ClientConnection::socket_of(const ngtcp2_addr& local) {
  const auto it =
      std::find_if(sockets_.begin(), sockets_.end(), [&](const auto& s) { return s->has(local); });
  return it == sockets_.end() ? nullptr : it->get();
}

void ClientConnection::new_id(ngtcp2_cid& id, uint8_t* reset_token, size_t length) {
  id = random_id(length);
  fill_random(reset_token, NGTCP2_STATELESS_RESET_TOKENLEN);
}

void ClientConnection::on_handshake() {
  Connection::on_handshake();
  // libngtcp2 0.12 miscounts by one when a migration starts while the server still probes the path before a rebinding,
  // and the server closes with CONNECTION_ID_LIMIT_ERROR. Hand out fewer ids than it allows.
  auto* theirs = const_cast<ngtcp2_transport_params*>(ngtcp2_conn_get_remote_transport_params(quic_));
  if (theirs) theirs->active_connection_id_limit = std::min<uint64_t>(theirs->active_connection_id_limit, 4);
}

void ClientConnection::step(bool may_start_round) {
  on_time();
  const bool asks_now = may_start_round && is_before_round(round_) && !is_finished() && now() >= next_round_;
  if (asks_now) ask();
  flush();
  if (!is_finished() && (is_waiting_ || !handshaken_) && now() >= give_up_) fail("no answer");
}

void ClientConnection::ask() {
  const bool may_move = moved_before_ != round_;
  if (may_move && options_.rebind_at.contains(round_)) move(false);
  if (may_move && options_.migrate_at.contains(round_) && !move(true)) return;  // no spare id yet
  int64_t stream = -1;
  if (ngtcp2_conn_open_bidi_stream(quic_, &stream, nullptr) != 0) return;
  question_ = "connection " + std::to_string(number_) + " round " + std::to_string(round_);
  streams()[stream].out = question_;
  is_waiting_ = true;
  give_up_ = now() + options_.answer_within_ms * NGTCP2_MILLISECONDS;
}

// returns false if that must wait
bool ClientConnection::move(bool actively) {
  moves_++;
  open_socket();
  Address server = options_.server;
  ngtcp2_path path{sockets_.back()->local().for_quic(), server.for_quic(), nullptr};
  if (!actively) {
    ngtcp2_conn_set_local_addr(quic_, &path.local);
    sockets_.erase(sockets_.begin(), sockets_.end() - 1);  // nothing comes back by the old mapping of a NAT
  } else if (const int error = ngtcp2_conn_initiate_immediate_migration(quic_, &path, now())) {
    moves_--;
    sockets_.pop_back();
    if (error != NGTCP2_ERR_CONN_ID_BLOCKED && error != NGTCP2_ERR_INVALID_STATE) {
      fail(std::string("migration: ") + ngtcp2_strerror(error));
    }
    return false;
  }
  moved_before_ = round_;
  JsonLine(actively ? "migration" : "rebinding")
      .number("connection", number_)
      .number("round", round_)
      .text("local", sockets_.back()->local().text())
      .print();
  return true;
}

void ClientConnection::on_whole(int64_t, Stream& answer) {
  const size_t colon = answer.in.find(':');
  const std::string server = answer.in.substr(0, colon);
  if (colon == std::string::npos || answer.in.substr(colon + 1) != question_) {
    wrong_++;
  } else {
    servers_.insert(server);
  }
  const ngtcp2_cid* destination = ngtcp2_conn_get_dcid(quic_);
  JsonLine("answer")
      .number("connection", number_)
      .number("round", round_)
      .text("server", server)
      .text("local", sockets_.back()->local().text())
      .text("id", to_hex(destination->data, destination->datalen))
      .print();
  is_waiting_ = false;
  round_++;
  next_round_ = now() + options_.gap_ms * NGTCP2_MILLISECONDS;
}

void ClientConnection::receive_all() {
  for (const auto& socket : sockets_) {
    while (!is_over()) {
      uint8_t buffer[2048];
      Address from;
      const auto datagram = socket->receive(buffer, from);
      if (datagram.empty()) break;
      receive({socket->local().for_quic(), from.for_quic(), nullptr}, datagram);
    }
  }
}

void ClientConnection::tell_of_break() const {
  JsonLine("broken")
      .number("connection", number_)
      .number("round", round_)
      .number("servers", servers_.size())
      .text("why", why())
      .print();
}

}  // namespace peers
