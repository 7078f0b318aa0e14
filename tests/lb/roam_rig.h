// SPDX-License-Identifier: MIT
// A session in the middle of its media, for tests of a client that changes its address (lb/roam.h).
#pragma once

#include "tests/lb/ice_rig.h"

namespace lb::test {

inline constexpr const char *kWifi = "198.51.100.7:40000", *kLte = "203.0.113.9:50000",
                            *kStranger = "192.0.2.66:666";
inline constexpr const char* kClientPassword = "the-password-of-the-browser-0123";
inline constexpr uint32_t kSsrc = 0x11223344;

// A session whose passwords WHIP told, in the middle of its media.
class Roam : public testing::Test {
 protected:
  explicit Roam(bool passwords = true, unsigned workers = 1) : rig_({}, workers) {
    if (passwords) rig_.learn(12, kServerPassword, kName, kClientPassword);
    first_ = rig_.from(kWifi, check({.password = passwords ? kServerPassword : nullptr}));
    rig_.reply_to(first_, success(1));
    for (int i = 0; i < 4; ++i) speak();
    rig_.own_frames();
  }
  // The client, a quarter of a second later.
  void speak(const char* from = kWifi) {
    rig_.wait_ms(250);
    rig_.from(from, rtp(kSsrc, ++sequence_));
    rig_.from(from, srtcp(++index_));
  }
  Endpoint replies_go_to() {
    const Outcome reply = rig_.reply_to(first_, rtp());
    return reply.action == Action::kTx ? reply.fields().destination : Endpoint{};
  }
  bool goes_to_server(const Outcome& outcome) {
    return outcome.action == Action::kTx && outcome.fields().source == first_.fields().source;
  }

  IceRig rig_;
  Outcome first_;
  uint16_t sequence_ = 65530;  // it wraps on the way
  uint32_t index_ = 100;
};
class RoamWithoutPasswords : public Roam {
 protected:
  RoamWithoutPasswords() : Roam(false) {}
};

}  // namespace lb::test
