// SPDX-License-Identifier: MIT
// What a STUN check costs beyond the pipeline: reading one, and the proofs that are asked for only now and then. The
// message is a check of Chromium's, 104 bytes, and stays in the first-level cache.
#include <array>
#include <string_view>

#include "lb/stun.h"
#include "lb/stun_builder.h"
#include "tools/bench_case.h"
#include "tools/bench_cases.h"

namespace bench {
namespace {

std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

const lb::HmacSha1Key kKey{bytes_of("0123456789abcdefghijklmnopqrstuv")};  // SRS's ice-pwd has 32 characters

struct Check {
  Check() {
    lb::StunBuilder builder(room, lb::kStunBinding, lb::StunClass::kRequest, {});
    builder.username("5h411447:Eo91").attribute(0xc057, std::array<uint8_t, 4>{}).controlling(7);
    message = builder.use_candidate().priority(1).integrity(kKey).fingerprint().message();
  }
  std::array<uint8_t, 128> room{};
  std::span<const uint8_t> message;
};

template <typename Each>
void run(benchmark::State& state, Each each) {
  const Check check;
  uint64_t wrong = check.message.size() == 104 ? 0 : 1;
  for (auto _ : state) {
    const uint8_t* bytes = check.message.data();
    benchmark::DoNotOptimize(bytes);
    wrong += each(std::span(bytes, check.message.size())) ? 0 : 1;
  }
  if (wrong != 0) return fail_case(state, "a right message was refused");
  state.counters["ns_per_packet"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * 1e-9,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

}  // namespace

void register_stun_cases() {
  const auto add = [](const char* name, auto each) {
    benchmark::RegisterBenchmark(name, [each](benchmark::State& state) { run(state, each); });
  };
  add("stage/stun_parse/1", [](std::span<const uint8_t> payload) {
    const lb::StunParsed stun = lb::parse_stun(payload);
    return stun && stun->ufrags();
  });
  add("stage/stun_fingerprint/1", [](std::span<const uint8_t> payload) {
    const lb::StunParsed stun = lb::parse_stun(payload);
    return stun && stun->fingerprint_ok();
  });
  add("stage/stun_integrity/1", [](std::span<const uint8_t> payload) {
    const lb::StunParsed stun = lb::parse_stun(payload);
    return stun && stun->integrity_ok(kKey);
  });
  add("stage/stun_challenge/1", [](std::span<const uint8_t>) {
    std::array<uint8_t, lb::kMaxStunCheck> room;
    return !lb::build_binding_request(room, {.username = "Eo91:5h411447", .key = &kKey}).empty();
  });
}

}  // namespace bench
