// SPDX-License-Identifier: MIT
// Traffic of every kind that lb knows, over one rig: one after the other, each with what its far ends answer.
#pragma once

#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/lb/ice_rig.h"

namespace lb::test {

// Port shares and tables that fill up within seconds.
inline constexpr unsigned kMedleyWorkers = 16;
inline constexpr SegmentGeometry kMedleySegment{
    .flows_v4 = 1U << 13, .flows_wide = 1U << 10, .lips = 4, .sessions = 1U << 10};

class Medley {
 public:
  struct Tally {
    uint64_t sent = 0, forwarded = 0;
  };
  // Everything goes through the rig's worker 0.
  // whip_folder  tests/vectors/whip
  // mute         puts a snapshot in force in which the backend of "mute" is silent or not
  Medley(IceRig& rig, std::string whip_folder, std::function<void(bool silent)> mute);

  // One round of all kinds, the clock moving on by some minutes.
  void play(unsigned round);
  [[nodiscard]] const std::map<std::string, Tally>& tallies() const { return tallies_; }

 private:
  void kind(const char* name);
  Outcome send(const Bytes& frame, PortIndex port = kOutside);
  void send_all(const std::vector<Bytes>& frames, PortIndex port = kOutside);
  // What the backend sends back; only to what was forwarded in nat.
  static FrameBuilder answer(const Outcome& sent);
  Outcome reply(const Outcome& sent, const Bytes& payload);
  Outcome reply(const Outcome& sent, uint8_t tcp_flags);
  std::string client(unsigned n) const;
  std::string client6(unsigned n) const;

  void hits();
  void tcp_lives();
  void one_way();
  void families();
  void pieces();
  void ice();
  void connection_ids();
  void srt();
  void whip();
  void proxied();
  void icmp();
  void neighbours();
  void silence();
  void exhaust_ports();
  void fill_table();
  void malformed();

  IceRig& rig_;
  const std::string whip_folder_;
  const std::function<void(bool)> mute_;
  std::map<std::string, Tally> tallies_;
  Tally* tally_ = nullptr;
  unsigned round_ = 0;
  std::vector<std::pair<PortIndex, Bytes>> seen_;  // some of each kind, to be damaged
  std::mt19937 random_{7};
};

}  // namespace lb::test
