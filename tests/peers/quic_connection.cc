// SPDX-License-Identifier: MIT
#include "tests/peers/quic_connection.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace peers {
namespace {

constexpr size_t kDatagramBytes = 1200;

void log_line(void*, const char* format, ...) {
  std::va_list values;
  va_start(values, format);
  std::vfprintf(stderr, format, values);
  va_end(values);
  std::fputc('\n', stderr);
}

}  // namespace

ngtcp2_tstamp now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<uint64_t>(t.tv_sec) * NGTCP2_SECONDS + static_cast<uint64_t>(t.tv_nsec);
}

uint64_t ms_until(ngtcp2_tstamp t, uint64_t at_most_ms) {
  const ngtcp2_tstamp from = now();
  return t <= from ? 0 : std::min(at_most_ms, (t - from) / NGTCP2_MILLISECONDS + 1);
}

ngtcp2_settings quic_settings() {
  ngtcp2_settings settings;
  ngtcp2_settings_default(&settings);
  settings.initial_ts = now();
  settings.no_pmtud = 1;
  settings.max_tx_udp_payload_size = kDatagramBytes;
  settings.handshake_timeout = 10 * NGTCP2_SECONDS;
  if (std::getenv("QUIC_ECHO_DEBUG")) settings.log_printf = log_line;
  return settings;
}

ngtcp2_transport_params quic_parameters() {
  ngtcp2_transport_params parameters;
  ngtcp2_transport_params_default(&parameters);
  parameters.initial_max_data = 1 << 20;
  parameters.initial_max_stream_data_bidi_local = parameters.initial_max_stream_data_bidi_remote = 1 << 18;
  parameters.initial_max_streams_bidi = 100;
  parameters.max_idle_timeout = 60 * NGTCP2_SECONDS;
  parameters.active_connection_id_limit = 7;
  return parameters;
}

Connection::~Connection() {
  if (quic_) ngtcp2_conn_del(quic_);
  if (tls_) gnutls_deinit(tls_);
}

void Connection::receive(const ngtcp2_path& path, std::span<const uint8_t> datagram) {
  const ngtcp2_pkt_info info{};
  const int error = ngtcp2_conn_read_pkt(quic_, &path, &info, datagram.data(), datagram.size(), now());
  if (error != 0) fail(ngtcp2_strerror(error));
}

// The next datagram; 0: nothing to send now.
ngtcp2_ssize Connection::write(ngtcp2_path_storage& path, std::span<uint8_t> datagram) {
  while (true) {
    const auto it = std::find_if(streams_.begin(), streams_.end(), [](const auto& entry) {
      return !entry.second.out.empty() && !entry.second.all_sent && !entry.second.blocked;
    });
    const bool any = it != streams_.end();
    ngtcp2_vec rest{nullptr, 0};
    if (any) {
      std::string& out = it->second.out;
      rest = {reinterpret_cast<uint8_t*>(out.data()) + it->second.sent, out.size() - it->second.sent};
    }
    ngtcp2_ssize taken = -1;
    const auto size =
        ngtcp2_conn_writev_stream(quic_, &path.path, nullptr, datagram.data(), datagram.size(), &taken,
                                  any ? NGTCP2_WRITE_STREAM_FLAG_FIN : NGTCP2_WRITE_STREAM_FLAG_NONE,
                                  any ? it->first : -1, &rest, any, now());
    if (any && (size == NGTCP2_ERR_STREAM_DATA_BLOCKED || size == NGTCP2_ERR_STREAM_SHUT_WR ||
                size == NGTCP2_ERR_STREAM_NOT_FOUND)) {
      it->second.blocked = true;
      continue;
    }
    if (taken >= 0) {
      it->second.sent += static_cast<size_t>(taken);
      it->second.all_sent = it->second.sent == it->second.out.size();
    }
    return size;
  }
}

void Connection::flush() {
  while (!is_over()) {
    uint8_t datagram[kDatagramBytes];
    ngtcp2_path_storage path;
    ngtcp2_path_storage_zero(&path);
    const auto size = write(path, datagram);
    if (size < 0) fail(ngtcp2_strerror(static_cast<int>(size)));
    if (size <= 0) break;
    send(path.path, std::span(datagram, static_cast<size_t>(size)));
  }
  if (!failed_) ngtcp2_conn_update_pkt_tx_time(quic_, now());
  for (auto& [id, stream] : streams_) stream.blocked = false;
}

void Connection::on_time() {
  if (failed_ || expiry() > now()) return;
  if (const int error = ngtcp2_conn_handle_expiry(quic_, now())) fail(ngtcp2_strerror(error));
}

void Connection::say_goodbye() {
  if (is_over()) return;
  uint8_t datagram[kDatagramBytes];
  ngtcp2_path_storage path;
  ngtcp2_path_storage_zero(&path);
  ngtcp2_connection_close_error none;
  ngtcp2_connection_close_error_default(&none);
  const auto size =
      ngtcp2_conn_write_connection_close(quic_, &path.path, nullptr, datagram, sizeof datagram, &none, now());
  if (size > 0) send(path.path, std::span(datagram, static_cast<size_t>(size)));
}

ngtcp2_tstamp Connection::expiry() const { return failed_ ? UINT64_MAX : ngtcp2_conn_get_expiry(quic_); }

bool Connection::is_over() const { return failed_ || ngtcp2_conn_is_in_draining_period(quic_); }

void Connection::fail(const std::string& why) {
  if (!failed_) why_ = why;
  failed_ = true;
}

void Connection::send(const ngtcp2_path& path, std::span<const uint8_t> datagram) {
  if (UdpSocket* socket = socket_of(path.local)) socket->send(path.remote, datagram);
}

}  // namespace peers
