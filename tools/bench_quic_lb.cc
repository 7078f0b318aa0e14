// SPDX-License-Identifier: MIT
// Nanoseconds from a UDP payload to the server id in its connection id: QUIC header and QUIC-LB, each way of encryption.
// Packets do not wait for one another, as in a burst; payloads and keys are in the cache.
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "lb/quic_header.h"
#include "lb/quic_lb.h"
#include "tools/bench_cases.h"

namespace bench {
namespace {

struct Case {
  const char* name;
  uint8_t server_id_length, nonce_length;
  bool encrypted, instructions;
};
constexpr Case kCases[] = {{"plaintext", 8, 8, false, true},
                           {"one-block", 8, 8, true, true},
                           {"three-passes", 8, 10, true, true},
                           {"three-passes-odd", 3, 4, true, true},
                           {"four-passes", 10, 8, true, true},
                           {"one-block-libcrypto", 8, 8, true, false},
                           {"three-passes-libcrypto", 8, 10, true, false}};

constexpr size_t kPackets = 512, kPacketBytes = 64;

void run(benchmark::State& state, const Case& what) {
  std::mt19937_64 random(1);
  lb::QuicLbConfig config;
  config.server_id_length = what.server_id_length;
  config.nonce_length = what.nonce_length;
  if (what.encrypted) config.key.emplace().fill(0x5c);
  const auto configs =
      lb::QuicLbConfigs::make({&config, 1}, what.instructions && lb::has_aes_instructions()).value();
  std::vector<uint8_t> packets(kPackets * kPacketBytes);
  for (size_t i = 0; i < packets.size(); ++i)  // short headers, configuration 0
    packets[i] = static_cast<uint8_t>(i % kPacketBytes < 2 ? 0x40 >> (i % kPacketBytes * 2) : random());
  uint64_t sum = 0;
  for (auto _ : state)
    for (size_t i = 0; i < kPackets; ++i) {
      const auto header = lb::parse_quic(std::span(packets).subspan(i * kPacketBytes, kPacketBytes));
      const lb::QuicLbId id = configs.decode(header->dcid, header->dcid_end());
      sum += id.server_id.octets[0] + static_cast<unsigned>(id.reason);
    }
  benchmark::DoNotOptimize(sum);
  const auto packets_seen = static_cast<double>(state.iterations() * kPackets);
  state.counters["ns_per_packet"] =
      benchmark::Counter(packets_seen * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

}  // namespace

void register_quic_lb_cases() {
  for (const Case& what : kCases)
    benchmark::RegisterBenchmark((std::string("quic-lb/") + what.name).c_str(),
                                 [&what](benchmark::State& state) { run(state, what); });
}

}  // namespace bench
