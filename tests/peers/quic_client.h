// SPDX-License-Identifier: MIT
// QUIC connections that ask a server in rounds, move between them, and see who answers.
#pragma once

#include <csignal>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/peers/quic_connection.h"
#include "tests/peers/quic_lb_id.h"
#include "tests/peers/quic_tls.h"

namespace peers {

struct ClientOptions {
  Address server;
  std::vector<std::string> locals;  // addresses to send from; each move takes the next
  uint64_t connections = 1, rounds = 3;
  uint64_t gap_ms = 20;               // from an answer to the next round
  uint64_t answer_within_ms = 10000;  // else the connection is broken
  std::set<uint64_t>
      rebind_at;  // rounds: another local address or port under the same path, as a NAT does it
  std::set<uint64_t> migrate_at;  // rounds: an active migration with another connection id
  std::set<uint64_t> pause_at;    // rounds before which all wait for SIGUSR1
  size_t own_id_length = 8;       // 0..20
  Bytes first_destination;        // begins the id that the client chooses for the server
  size_t hello_bytes = 0;         // ClientHello longer by so many
  uint32_t version = NGTCP2_PROTO_VER_V1;
};

class ClientConnection : public Connection {
 public:
  ClientConnection(const ClientOptions& options, uint64_t number, const TlsCredentials& credentials);

  void step(bool may_start_round);  // what time and the rounds ask for, then sends
  void receive_all();
  bool is_finished() const { return is_over() || round_ >= options_.rounds; }
  bool is_before_round(uint64_t round) const { return handshaken_ && !is_waiting_ && round_ == round; }
  bool is_good() const { return round_ >= options_.rounds && wrong_ == 0 && servers_.size() == 1; }

  uint64_t moves() const { return moves_; }
  const std::set<std::string>& servers() const { return servers_; }
  const std::vector<std::unique_ptr<UdpSocket>>& sockets() const { return sockets_; }
  void tell_of_break() const;

 private:
  void open_socket();
  bool move(bool actively);
  void ask();
  void on_handshake() override;
  void on_whole(int64_t stream_id, Stream& answer) override;
  void on_path(const ngtcp2_path&, bool) override {}
  void new_id(ngtcp2_cid& id, uint8_t* reset_token, size_t length) override;
  UdpSocket* socket_of(const ngtcp2_addr& local) override;

  const ClientOptions& options_;
  const uint64_t number_;
  uint64_t round_ = 0, moves_ = 0, wrong_ = 0;
  uint64_t moved_before_ = UINT64_MAX;  // round
  bool is_waiting_ = false;
  ngtcp2_tstamp next_round_ = 0, give_up_;
  std::vector<std::unique_ptr<UdpSocket>> sockets_;  // the last is in use
  std::set<std::string> servers_;
  std::string question_;
};

// Runs them all to their end, or until `stop` is set. Each rise of `releases` ends a pause.
// returns how many are broken: no answer, a wrong one, or one of another server than before
uint64_t run_client(const ClientOptions& options, const volatile std::sig_atomic_t& stop,
                    const volatile std::sig_atomic_t& releases);

}  // namespace peers
