// SPDX-License-Identifier: MIT
#include "lb/read_cids.h"

#include "lb/udp_payload.h"

namespace lb {
namespace {

// Whose packet that is. server  nobody's, where it is a server id of the pool's that no backend has
inline void name(Worker& worker, Packet& packet, uint8_t config_id, BackendId server) {
  packet.named = server;
  if (server != kNoBackendId) [[likely]]
    worker.counters.cid_routed[config_id].add(1);
  else
    worker.counters.cid_unroutable[static_cast<unsigned>(Unroutable::kUnknownServer)].add(1);
}

// Packets with ids of one configuration, until there are enough to decode them at once.
class Lanes {
 public:
  explicit Lanes(Worker& worker) : worker_(worker) {}
  Lanes(const Lanes&) = delete;
  ~Lanes() {
    if (count_ != 0) decode();
  }

  void add(Packet& packet, const QuicRouter& router, const SealedId& id) {
    if (count_ != 0 && decoder_ != id.decoder) decode();
    decoder_ = id.decoder;
    router_ = &router;
    config_id_ = id.config_id;
    packets_[count_] = &packet;
    bodies_[count_] = id.body;
    if (++count_ == QuicLbDecoder::kLanes) decode();
  }

 private:
  void decode() {
    std::array<QuicServerId, QuicLbDecoder::kLanes> ids;
    for (unsigned i = count_; i < QuicLbDecoder::kLanes; ++i) bodies_[i] = bodies_[0];
    decoder_->decode_lanes(bodies_, ids);
    for (unsigned i = 0; i < count_; ++i)
      name(worker_, *packets_[i], config_id_, router_->server(config_id_, ids[i]));
    count_ = 0;
  }

  Worker& worker_;
  const QuicLbDecoder* decoder_ = nullptr;
  const QuicRouter* router_ = nullptr;  // the decoder's
  uint8_t config_id_ = 0;               // likewise
  unsigned count_ = 0;
  std::array<Packet*, QuicLbDecoder::kLanes> packets_;
  std::array<const uint8_t*, QuicLbDecoder::kLanes> bodies_;
};

}  // namespace

void read_cids(Worker& worker, const Snapshot& snapshot, std::span<Packet> packets) noexcept {
  Lanes lanes(worker);
  for (Packet& packet : packets) {
    if (packet.kind != Kind::kClient || !has_connection_ids(packet.service->affinity)) continue;
    const QuicRouter& router = snapshot.pools[packet.service->pool].quic;
    const auto payload = udp_payload(packet);
    const SealedId id =
        packet.service->affinity == Affinity::kDtls ? router.find_dtls(payload) : router.find_quic(payload);
    if (id.decoder == nullptr)
      worker.counters.cid_unroutable[static_cast<unsigned>(id.reason)].add(1);
    else if (id.decoder->takes_passes())
      lanes.add(packet, router, id);
    else
      name(worker, packet, id.config_id, router.server(id.config_id, id.decoder->decode(id.body)));
  }
}

}  // namespace lb
