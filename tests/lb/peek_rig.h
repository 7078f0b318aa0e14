// SPDX-License-Identifier: MIT
// A service with `affinity: stream` between a client and the three servers of a pool, on a network that loses, doubles and reorders.
#pragma once

#include <deque>
#include <random>

#include "tests/lb/tcp_peer.h"

namespace lb::test {

struct Faults {
  unsigned lost = 0, doubled = 0, late = 0;  // percent
};

class PeekRig {
 public:
  explicit PeekRig(const Rig::Edit& edit = {}, unsigned workers = 1, uint32_t seed = 1)
      : rig_(
            [&edit](SnapshotSpec& spec) {
              for (const char* name : {"rtmp", "rtmp6"}) service(spec, name).affinity = Affinity::kStream;
              if (edit) edit(spec);
            },
            workers),
        random_(seed) {}

  Rig& rig() { return rig_; }
  TcpPeer& client(const char* own, const TcpPeerOptions& options = {}) {
    return clients_.emplace_back(kGatewayMac, kOutsideMac, endpoint(own), options);
  }
  // A server that listens.
  TcpPeer& server(const char* own, unsigned n, const TcpPeerOptions& options = {.isn = 700'000}) {
    return servers_.emplace_back(backend_mac(n), kInsideMac, endpoint(own), options);
  }
  // All frames that came from the balancer so far.
  [[nodiscard]] const std::vector<Bytes>& transcript() const { return transcript_; }
  void faults(const Faults& faults) { faults_ = faults; }
  // Clients' packets come by the first worker, servers' by the last, as NICs have it; without it, by any.
  void steer() { steered_ = true; }

  // Everybody talks, and time goes on, until done() or for so many steps of 50 ms.
  template <typename Done>
  bool run_until(Done&& done, unsigned steps = 400) {
    for (unsigned step = 0; step < steps; ++step) {
      if (done()) return true;
      const bool repeat = step % 6 == 5;
      for (TcpPeer& peer : clients_) queue(peer.talk(repeat), kOutside);
      for (TcpPeer& peer : servers_) queue(peer.talk(repeat), kInside);
      deliver();
      rig_.wait_ms(50);
      drain();
    }
    return done();
  }

 private:
  struct OnTheWay {
    Bytes frame;
    PortIndex port;
    bool to_balancer;
  };

  bool chance(unsigned percent) { return random_() % 100 < percent; }
  void put(OnTheWay packet) {
    if (chance(faults_.lost)) return;
    if (chance(faults_.doubled)) way_.push_back(packet);
    if (chance(faults_.late) && !way_.empty())
      way_.insert(way_.end() - static_cast<ptrdiff_t>(random_() % std::min<size_t>(way_.size(), 4)), packet);
    else
      way_.push_back(packet);
  }
  void queue(const std::vector<Bytes>& frames, PortIndex port) {
    for (const Bytes& frame : frames) put({frame, port, true});
  }
  void drain() {
    for (unsigned worker = 0; worker < workers(); ++worker)
      for (auto& [port, frame] : rig_.own_frames(worker))
        if (frame[23] == 6 || frame[20] == 6) put({frame, port, false});
  }
  unsigned worker_for(PortIndex port) {
    if (!steered_) return static_cast<unsigned>(random_() % workers());
    return port == kInside ? workers() - 1 : 0;
  }
  [[nodiscard]] unsigned workers() { return rig_.worker().count; }

  void deliver() {
    for (unsigned round = 0; round < 1000 && !way_.empty(); ++round) {
      const std::vector<OnTheWay> now = std::exchange(way_, {});
      for (const OnTheWay& packet : now) {
        if (packet.to_balancer) {
          const Outcome out = rig_.send(packet.frame, packet.port, worker_for(packet.port));
          drain();
          if (out.action == Action::kTx) put({out.frame, out.port, false});
        } else {
          hand_over(packet);
        }
      }
      for (TcpPeer& peer : clients_) queue(peer.talk(false), kOutside);
      for (TcpPeer& peer : servers_) queue(peer.talk(false), kInside);
    }
  }
  void hand_over(const OnTheWay& packet) {
    transcript_.push_back(packet.frame);
    const FrameFields fields = fields_of(packet.frame);
    for (auto* peers : {&clients_, &servers_})
      for (TcpPeer& peer : *peers)
        if (peer.own() == fields.destination) peer.take(packet.frame);
  }

  Rig rig_;
  std::vector<Bytes> transcript_;
  std::mt19937 random_;
  Faults faults_;
  bool steered_ = false;
  std::deque<TcpPeer> clients_, servers_;
  std::vector<OnTheWay> way_;
};

}  // namespace lb::test
