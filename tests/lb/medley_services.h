// SPDX-License-Identifier: MIT
// The services of tests/lb/medley.h: one for every mode, affinity and pick.
#pragma once

#include "lb/snapshot_spec.h"
#include "tests/lb/frame_builder.h"

namespace lb::test {

inline constexpr uint16_t kMedia = 9000, kDsr = 9001, kIpip = 9002, kGue = 9003, kSixToFour = 9004,
                          kFourToSix = 9005, kProxied = 9006, kSticky = 9007, kFar = 9008, kMute = 9009,
                          kQuicPort = 443, kApi = 1985, kRtmp = 1935, kSrtPort = 10080;

// Adds them to the rig's spec. Flows may be silent for a minute.
void add_medley(SnapshotSpec& spec);
// The pool "mute" has this one backend, which answers until control says that it is silent.
inline constexpr const char* kMuteBackend = "10.20.0.14";
void set_mute(SnapshotSpec& spec, bool silent, uint64_t since_ms);

// Of the pool "quic": a single pass of AES, four passes, in clear.
std::vector<QuicLbConfig> medley_quic_configs();
// host  of the backend 10.20.0.host
Bytes medley_server_id(const QuicLbConfig& config, uint8_t host);

}  // namespace lb::test
