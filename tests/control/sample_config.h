// SPDX-License-Identifier: MIT
// The configuration that the tests of the parser begin with, and a way to change one piece of it.
#pragma once

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "control/config.h"

namespace control::test {

// As docs/config.md shows it first.
inline constexpr char kSample[] =
    R"(dataplane:
  workers: 1
  state: /dev/shm/cleat/default          # flow table and sessions outlive the process
  ports:
    - { name: outside, device: "veth:eth1", address: [10.10.0.2/24], gateway: 10.10.0.1 }
    - { name: inside,  device: "veth:eth2", address: [10.20.0.2/24] }
nat: { addresses: [10.20.0.100/30] }
pools:
  srs:
    pick: maglev
    health: { http: /api/v1/versions, port: 1985, interval: 1s, timeout: 500ms, rise: 2, fall: 2 }
    backends:
      - { address: 10.20.0.11, weight: 100 }
      - { address: 10.20.0.12, weight: 100 }
services:
  - { name: rtmp, vip: 10.10.0.100, protocol: tcp, port: 1935, pool: srs, forward: nat }
  - { name: rtc,  vip: 10.10.0.100, protocol: udp, port: 8000, pool: srs, forward: nat, affinity: tuple }
api: { listen: "unix:/run/cleat/api.sock" }
)";

// The sample with the first `from` replaced.
inline std::string sample_with(const std::string& from, const std::string& to) {
  std::string text = kSample;
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

// What is wrong with `text`, without the file's name: "2:12: dataplane.workers: ...". "" if nothing is.
inline std::string problem_of(const std::string& text) {
  const auto config = parse_config(text, "c.yaml");
  if (config.ok()) return "";
  EXPECT_EQ(config.error().find('\n'), std::string::npos) << config.error();
  EXPECT_TRUE(config.error().starts_with("c.yaml:")) << config.error();
  return config.error().substr(config.error().find(':') + 1);
}
inline std::string problem_with(const std::string& from, const std::string& to) {
  return problem_of(sample_with(from, to));
}

// The changed sample, which is right.
inline Config config_with(const std::string& from, const std::string& to) {
  auto config = parse_config(sample_with(from, to), "c.yaml");
  if (!config.ok()) throw std::runtime_error(config.error());
  return std::move(config).value();
}

}  // namespace control::test
