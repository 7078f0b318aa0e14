// SPDX-License-Identifier: MIT
#include "tests/peers/quic_server_connection.h"

#include "tests/peers/json_line.h"

namespace peers {

ServerConnection::ServerConnection(QuicServer& server, Address& peer, const Opening& opening)
    : server_(server), number_(server.accepted_++) {
  const ngtcp2_pkt_hd& initial = opening.initial;
  const ngtcp2_cid own_id = server.make_id(issued_++);
  ngtcp2_transport_params parameters = quic_parameters();
  parameters.original_dcid = opening.first_destination;
  parameters.retry_scid_present = opening.after_retry;
  if (opening.after_retry) parameters.retry_scid = initial.dcid;
  parameters.disable_active_migration = server.options_.configs[0].config_id == 7;
  parameters.stateless_reset_token_present = 1;
  server.make_reset_token(parameters.stateless_reset_token, own_id);
  ngtcp2_settings settings = quic_settings();
  settings.token = initial.token;
  const ngtcp2_callbacks calls = callbacks(true);
  const ngtcp2_path path{server.socket_.local().for_quic(), peer.for_quic(), nullptr};
  if (ngtcp2_conn_server_new(&quic_, &initial.scid, &own_id, &path, initial.version, &calls, &settings,
                             &parameters, nullptr, static_cast<Connection*>(this)) != 0) {
    give_up("no connection");
  }
  tls_ = server_session(server.credentials_, &reference_);
  ngtcp2_conn_set_tls_native_handle(quic_, tls_);
  own(initial.dcid);
  own(own_id);
  JsonLine("connection")
      .number("connection", number_)
      .text("peer", peer.text())
      .number("version", initial.version)
      .text("client_chose", hex_of(initial.dcid))
      .text("id", hex_of(own_id))
      .print();
}

ServerConnection::~ServerConnection() {
  std::erase_if(server_.by_id_, [this](const auto& entry) { return entry.second == this; });
}

void ServerConnection::tell_of_end() const {
  JsonLine("closed").number("connection", number_).text("why", why()).print();
}

void ServerConnection::own(const ngtcp2_cid& id) { server_.by_id_[hex_of(id)] = this; }

void ServerConnection::id_is_gone(const ngtcp2_cid& id) { server_.by_id_.erase(hex_of(id)); }

void ServerConnection::new_id(ngtcp2_cid& id, uint8_t* reset_token, size_t) {
  id = server_.make_id(issued_++);
  server_.make_reset_token(reset_token, id);
  own(id);
  JsonLine("id").number("connection", number_).text("id", hex_of(id)).print();
}

void ServerConnection::on_whole(int64_t, Stream& stream) {
  stream.out = server_.options_.name + ":" + stream.in;
  server_.requests_++;
}

void ServerConnection::on_path(const ngtcp2_path& path, bool valid) {
  JsonLine("path")
      .number("connection", number_)
      .text("peer", Address::of(path.remote).text())
      .truth("valid", valid)
      .print();
}

}  // namespace peers
