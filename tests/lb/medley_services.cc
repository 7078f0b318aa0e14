// SPDX-License-Identifier: MIT
#include "tests/lb/medley_services.h"

#include "tests/lb/rig.h"

namespace lb::test {
namespace {

PoolSpec like(const PoolSpec& other, const char* name, PickMethod pick) {
  PoolSpec made = other;
  made.name = name;
  made.pick = pick;
  return made;
}

}  // namespace

std::vector<QuicLbConfig> medley_quic_configs() {
  std::vector<QuicLbConfig> configs(3);
  const AesKey key{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  const std::array<std::pair<uint8_t, uint8_t>, 3> lengths = {{{3, 13}, {3, 4}, {2, 6}}};
  for (uint8_t i = 0; i < configs.size(); ++i) {
    configs[i].config_id = i;
    configs[i].server_id_length = lengths[i].first;
    configs[i].nonce_length = lengths[i].second;
    if (i < 2) configs[i].key = key;
  }
  return configs;
}
Bytes medley_server_id(const QuicLbConfig& config, uint8_t host) {
  Bytes id(config.server_id_length, 0xab);
  id.back() = host;
  return id;
}

void set_mute(SnapshotSpec& spec, bool silent, uint64_t since_ms) {
  BackendSpec& backend = pool(spec, "mute").backends[0];
  backend.unanswered_ms = silent ? since_ms : 0;
  backend.silent = silent;
}

void add_medley(SnapshotSpec& spec) {
  PoolSpec quic = like(pool(spec, "srs"), "quic", PickMethod::kMaglev);
  for (const QuicLbConfig& config : medley_quic_configs()) {
    QuicLbSpec& made = quic.quic_lb.emplace_back();
    made.config = config;
    for (const BackendSpec& backend : quic.backends)
      made.servers.push_back(
          {QuicServerId::of(medley_server_id(config, backend.address.bytes()[15])), {backend.address, 0}});
  }
  PoolSpec least = like(pool(spec, "srs"), "least", PickMethod::kLeastLoad);
  PoolSpec turns = like(pool(spec, "srs6"), "turns", PickMethod::kWrr);
  PoolSpec far = least, mute = least;
  far.name = "far";
  far.backends = {{ip("10.20.0.200"), 0, 100}};
  mute.name = "mute";
  mute.backends = {{ip(kMuteBackend), 0, 100}};
  for (const PoolSpec& each : {quic, least, turns, far, mute}) spec.pools.push_back(each);

  const auto add = [&spec](const char* name, const char* like_service, uint16_t port,
                           const char* pool_name) -> ServiceSpec& {
    ServiceSpec made = service(spec, like_service);
    made.name = name;
    made.port_first = made.port_last = port;
    made.pool = pool_name;
    made.affinity = Affinity::kTuple;
    return spec.services.emplace_back(made);
  };
  add("media", "rtc", kMedia, "srs");
  add("media6", "rtc6", kMedia, "turns");
  add("dsr", "rtc", kDsr, "srs").forward = Forward::kDsr;
  add("dsr-tcp", "rtmp", kDsr, "srs").forward = Forward::kDsr;
  add("ipip", "rtc", kIpip, "srs").forward = Forward::kIpip;
  add("gue", "rtc6", kGue, "srs").forward = Forward::kGue;
  add("six-to-four", "rtc6", kSixToFour, "srs");
  add("four-to-six", "rtmp", kFourToSix, "turns");
  add("proxied", "rtmp", kProxied, "srs").proxy_protocol = true;
  add("sticky", "rtc", kSticky, "least").affinity = Affinity::kSourceIp;
  add("far", "rtc", kFar, "far");
  add("mute", "rtmp", kMute, "mute");
  add("quic", "rtc", kQuicPort, "quic").affinity = Affinity::kQuic;
  add("srt", "rtc", kSrtPort, "srs").affinity = Affinity::kSrt;
  add("api", "rtmp", kApi, "srs").reads_whip = true;
  service(spec, "rtc").ice.ask = true;
  for (ServiceSpec& each : spec.services) each.idle_timeout_s = 60;
}

}  // namespace lb::test
