// SPDX-License-Identifier: MIT
// A QUIC server that answers each request with "NAME:" and the request, and issues QUIC-LB connection ids of any
// configuration. It tells of what reaches it: connections, paths, ids, and packets of connections it does not have.
#pragma once

#include <csignal>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "tests/peers/quic_lb_id.h"
#include "tests/peers/quic_tls.h"
#include "tests/peers/udp_socket.h"

namespace peers {

struct ServerOptions {
  Address listen;
  std::string name = "server";
  // Not empty, all with ids of one length: libngtcp2 knows only one for each server.
  std::vector<QuicLbConfig> configs;
  bool is_staged =
      false;  // the first config until next_config(); else the k-th id of a connection is of config k mod n
  bool wants_retry = false;
};

class ServerConnection;

class QuicServer {
 public:
  explicit QuicServer(ServerOptions options);
  ~QuicServer();

  // Serves until `stop` is set; then says goodbye to all. Each rise of `rotations` goes on by one config (is_staged).
  void run(const volatile std::sig_atomic_t& stop, const volatile std::sig_atomic_t& rotations);

 private:
  friend class ServerConnection;

  void receive_all();
  void take(Address& from, std::span<const uint8_t> datagram);
  void open(Address& from, std::span<const uint8_t> datagram);
  bool is_proved(Address& from, const ngtcp2_pkt_hd& initial, ngtcp2_cid& first_destination) const;
  void send_retry(Address& from, const ngtcp2_pkt_hd& initial);
  void send_versions(Address& from, const ngtcp2_version_cid& packet);
  void send_reset(Address& from, const ngtcp2_version_cid& packet, size_t cause_bytes);
  void close_those_that_are_over();

  ngtcp2_cid make_id(size_t number_in_connection) const;
  void make_reset_token(uint8_t* token, const ngtcp2_cid& id) const;

  ServerOptions options_;
  UdpSocket socket_;
  TlsCredentials credentials_;
  uint8_t secret_[32];
  size_t stage_ = 0;
  std::map<std::string, ServerConnection*> by_id_;  // in hex
  std::set<std::unique_ptr<ServerConnection>> connections_;
  uint64_t accepted_ = 0, requests_ = 0, strays_ = 0;
};

}  // namespace peers
