// SPDX-License-Identifier: MIT
// One QUIC connection of either side on libngtcp2: what server and client do alike. A request is one bidirectional
// stream, its answer comes back on it.
#pragma once

#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "tests/peers/udp_socket.h"

namespace peers {

ngtcp2_tstamp now();  // ns, monotonic
inline uint64_t in_ms(ngtcp2_tstamp t) { return t / NGTCP2_MILLISECONDS; }
uint64_t ms_until(ngtcp2_tstamp t, uint64_t at_most_ms);  // rounded up; 0 when it is past

// Both sides: payloads of 1,200 bytes at most, so that a balancer may add a header of its own.
ngtcp2_settings quic_settings();
ngtcp2_transport_params quic_parameters();

struct Stream {
  std::string in, out;
  size_t sent = 0;
  bool whole = false, all_sent = false, blocked = false;
};

// Makes itself known to libngtcp2 by its address: neither moved nor copied.
class Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  virtual ~Connection();

  void receive(const ngtcp2_path& path, std::span<const uint8_t> datagram);
  void flush();    // sends all that may be sent now
  void on_time();  // call when expiry() is past, or sooner
  void say_goodbye();
  ngtcp2_tstamp expiry() const;

  bool is_over() const;  // failed, or closed by the peer
  const std::string& why() const { return why_; }

  // libngtcp2's calls (quic_callbacks.cc).
  virtual void on_handshake() { handshaken_ = true; }
  virtual void on_whole(int64_t stream_id, Stream& stream) = 0;  // the peer has sent all of it
  virtual void on_path(const ngtcp2_path& path, bool valid) = 0;
  virtual void new_id(ngtcp2_cid& id, uint8_t* reset_token, size_t length) = 0;
  virtual void id_is_gone(const ngtcp2_cid&) {}
  std::map<int64_t, Stream>& streams() { return streams_; }

 protected:
  virtual UdpSocket* socket_of(const ngtcp2_addr& local) = 0;  // nullptr: no longer there
  void fail(const std::string& why);
  void send(const ngtcp2_path& path, std::span<const uint8_t> datagram);
  ngtcp2_callbacks callbacks(bool is_server) const;

  ngtcp2_conn* quic_ = nullptr;
  gnutls_session_t tls_ = nullptr;
  ngtcp2_crypto_conn_ref reference_{
      [](ngtcp2_crypto_conn_ref* r) { return static_cast<Connection*>(r->user_data)->quic_; }, this};
  bool handshaken_ = false;

 private:
  ngtcp2_ssize write(ngtcp2_path_storage& path, std::span<uint8_t> datagram);

  std::map<int64_t, Stream> streams_;
  bool failed_ = false;
  std::string why_;
};

}  // namespace peers
