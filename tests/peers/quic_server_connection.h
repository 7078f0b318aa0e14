// SPDX-License-Identifier: MIT
// One connection of the server: its ids lead to it as long as they live.
#pragma once

#include "tests/peers/quic_connection.h"
#include "tests/peers/quic_server.h"

namespace peers {

class ServerConnection : public Connection {
 public:
  struct Opening {
    ngtcp2_pkt_hd initial;
    ngtcp2_cid first_destination;  // what the client chose, before a Retry
    bool after_retry;
  };

  ServerConnection(QuicServer& server, Address& peer, const Opening& opening);
  ~ServerConnection() override;

  void tell_of_end() const;

 private:
  void own(const ngtcp2_cid& id);
  void on_whole(int64_t stream_id, Stream& stream) override;
  void on_path(const ngtcp2_path& path, bool valid) override;
  void new_id(ngtcp2_cid& id, uint8_t* reset_token, size_t length) override;
  void id_is_gone(const ngtcp2_cid& id) override;
  UdpSocket* socket_of(const ngtcp2_addr&) override { return &server_.socket_; }

  QuicServer& server_;
  const uint64_t number_;
  size_t issued_ = 0;
};

inline std::string hex_of(const ngtcp2_cid& id) { return to_hex(id.data, id.datalen); }

}  // namespace peers
