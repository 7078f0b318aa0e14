// SPDX-License-Identifier: MIT
#include "tests/peers/quic_server.h"

#include <poll.h>

#include <algorithm>
#include <optional>

#include "tests/peers/json_line.h"
#include "tests/peers/quic_server_connection.h"

namespace peers {
namespace {

constexpr uint64_t kLongestWait_ms = 200;
constexpr size_t kInitialBytes = 1200;  // RFC 9000 14.1
constexpr uint64_t kRetryTokenAge = 10 * NGTCP2_SECONDS;

}  // namespace

QuicServer::QuicServer(ServerOptions options)
    : options_(std::move(options)), socket_(options_.listen), credentials_(options_.name) {
  fill_random(secret_, sizeof secret_);
}

QuicServer::~QuicServer() = default;

void QuicServer::run(const volatile std::sig_atomic_t& stop, const volatile std::sig_atomic_t& rotations) {
  JsonLine("ready").text("listen", socket_.local().text()).print();
  while (!stop) {
    uint64_t wait_ms = kLongestWait_ms;
    for (const auto& c : connections_) wait_ms = std::min(wait_ms, ms_until(c->expiry(), wait_ms));
    pollfd waiting{socket_.descriptor(), POLLIN, 0};
    poll(&waiting, 1, static_cast<int>(wait_ms));
    if (stage_ != static_cast<size_t>(rotations)) {
      stage_ = static_cast<size_t>(rotations);
      JsonLine("rotated").number("stage", stage_).print();
    }
    receive_all();
    for (const auto& c : connections_) {
      c->on_time();
      c->flush();
    }
    close_those_that_are_over();
  }
  JsonLine("end")
      .number("accepted", accepted_)
      .number("requests", requests_)
      .number("strays", strays_)
      .print();
  for (const auto& c : connections_) c->say_goodbye();
  connections_.clear();
}

void QuicServer::receive_all() {
  for (int most = 64; most > 0; most--) {
    uint8_t buffer[2048];
    Address from;
    const auto datagram = socket_.receive(buffer, from);
    if (datagram.empty()) return;
    take(from, datagram);
  }
}

void QuicServer::take(Address& from, std::span<const uint8_t> datagram) {
  ngtcp2_version_cid packet;
  const int error = ngtcp2_pkt_decode_version_cid(&packet, datagram.data(), datagram.size(),
                                                  options_.configs[0].id_length());
  if (error == NGTCP2_ERR_VERSION_NEGOTIATION) return send_versions(from, packet);
  if (error != 0) return;
  const auto it = by_id_.find(to_hex(packet.dcid, packet.dcidlen));
  if (it != by_id_.end()) {
    return it->second->receive({socket_.local().for_quic(), from.for_quic(), nullptr}, datagram);
  }
  if (packet.version != 0) return open(from, datagram);
  send_reset(from, packet, datagram.size());
}

void QuicServer::open(Address& from, std::span<const uint8_t> datagram) {
  ServerConnection::Opening opening{};
  if (datagram.size() < kInitialBytes ||
      ngtcp2_accept(&opening.initial, datagram.data(), datagram.size()) != 0)
    return;
  opening.first_destination = opening.initial.dcid;
  opening.after_retry = options_.wants_retry;
  if (options_.wants_retry && !is_proved(from, opening.initial, opening.first_destination)) {
    return send_retry(from, opening.initial);
  }
  auto connection = std::make_unique<ServerConnection>(*this, from, opening);
  connection->receive({socket_.local().for_quic(), from.for_quic(), nullptr}, datagram);
  connections_.insert(std::move(connection));
}

// True if the Initial brings the token of a Retry of ours; `first_destination` then comes out of it.
bool QuicServer::is_proved(Address& from, const ngtcp2_pkt_hd& initial, ngtcp2_cid& first_destination) const {
  return initial.token.len > 0 &&
         ngtcp2_crypto_verify_retry_token(&first_destination, initial.token.base, initial.token.len, secret_,
                                          sizeof secret_, initial.version, from.plain(), from.length,
                                          &initial.dcid, kRetryTokenAge, now()) == 0;
}

// The Retry's own id is routable: the next Initial comes to this server again.
void QuicServer::send_retry(Address& from, const ngtcp2_pkt_hd& initial) {
  const ngtcp2_cid id = make_id(0);
  uint8_t token[NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN], out[kInitialBytes];
  const auto token_bytes = ngtcp2_crypto_generate_retry_token(
      token, secret_, sizeof secret_, initial.version, from.plain(), from.length, &id, &initial.dcid, now());
  const auto size = token_bytes < 0
                        ? token_bytes
                        : ngtcp2_crypto_write_retry(out, sizeof out, initial.version, &initial.scid, &id,
                                                    &initial.dcid, token, static_cast<size_t>(token_bytes));
  if (size > 0) socket_.send(from.for_quic(), std::span(out, static_cast<size_t>(size)));
  JsonLine("retry").text("peer", from.text()).text("id", hex_of(id)).print();
}

void QuicServer::send_versions(Address& from, const ngtcp2_version_cid& packet) {
  static constexpr uint32_t kVersions[] = {NGTCP2_PROTO_VER_V1, NGTCP2_PROTO_VER_V2_DRAFT};
  uint8_t out[256], unused;
  fill_random(&unused, 1);
  const auto size =
      ngtcp2_pkt_write_version_negotiation(out, sizeof out, unused, packet.scid, packet.scidlen, packet.dcid,
                                           packet.dcidlen, kVersions, std::size(kVersions));
  if (size > 0) socket_.send(from.for_quic(), std::span(out, static_cast<size_t>(size)));
  JsonLine("versions").text("peer", from.text()).number("version", packet.version).print();
}

// A short header of a connection that is not here: misrouted, or closed before. The answer is a stateless reset.
void QuicServer::send_reset(Address& from, const ngtcp2_version_cid& packet, size_t cause_bytes) {
  strays_++;
  JsonLine("stray").text("peer", from.text()).text("id", to_hex(packet.dcid, packet.dcidlen)).print();
  constexpr size_t kRandomBytes = NGTCP2_MIN_STATELESS_RESET_RANDLEN;
  if (cause_bytes <= kRandomBytes + NGTCP2_STATELESS_RESET_TOKENLEN)
    return;  // RFC 9000 10.3: smaller than its cause
  ngtcp2_cid id;
  ngtcp2_cid_init(&id, packet.dcid, packet.dcidlen);
  uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN], random[kRandomBytes], out[128];
  make_reset_token(token, id);
  fill_random(random, sizeof random);
  const auto size = ngtcp2_pkt_write_stateless_reset(out, sizeof out, token, random, sizeof random);
  if (size > 0) socket_.send(from.for_quic(), std::span(out, static_cast<size_t>(size)));
}

void QuicServer::close_those_that_are_over() {
  for (auto it = connections_.begin(); it != connections_.end();) {
    if ((*it)->is_over()) {
      (*it)->tell_of_end();
      it = connections_.erase(it);
    } else {
      ++it;
    }
  }
}

ngtcp2_cid QuicServer::make_id(size_t number_in_connection) const {
  const size_t turn = options_.is_staged ? std::min(stage_, options_.configs.size() - 1)
                                         : number_in_connection % options_.configs.size();
  uint8_t random[NGTCP2_MAX_CIDLEN];
  fill_random(random, sizeof random);
  const Bytes bytes = make_quic_lb_id(options_.configs[turn], random);
  ngtcp2_cid id;
  ngtcp2_cid_init(&id, bytes.data(), bytes.size());
  return id;
}

void QuicServer::make_reset_token(uint8_t* token, const ngtcp2_cid& id) const {
  ngtcp2_crypto_generate_stateless_reset_token(token, secret_, sizeof secret_, &id);
}

}  // namespace peers
