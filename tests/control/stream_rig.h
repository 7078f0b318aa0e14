// SPDX-License-Identifier: MIT
// The rig with affinity stream on service "rtmp": streams of customer.a are in pool "edge", all others in pool "live".
#pragma once

#include <string>

#include "tests/control/rig.h"

namespace control::test {

// Its configuration. pool_lines  into pool "live"
inline std::string stream_yaml(const Rig& rig, const std::string& pool_lines = "") {
  std::string text = Rig::yaml(rig.socket(), pool_lines);
  const std::string services = "services:\n", nat = "forward: nat }";
  text.replace(text.find(nat), nat.size(),
               "affinity: stream, vhosts: [customer.a], routes: [{ vhost: customer.a, pool: edge }] }");
  return text.insert(text.find(services), "  edge: { backends: [10.20.0.21, 10.20.0.22] }\n");
}

class StreamRig : public Rig {
 public:
  static constexpr size_t kLive = 0, kEdge = 1;

  explicit StreamRig(const std::string& pool_lines = "") {
    engine.peeks = &peeks;
    configure(stream_yaml(*this, pool_lines));
    EXPECT_TRUE(start().ok());
  }

  [[nodiscard]] lb::BackendId backend_id(size_t pool, size_t i) const {
    return snapshot->pools.at(pool).members.at(i);
  }
  // As a worker does when a connection asks for it.
  lb::StreamView put(const std::string& key, size_t pool, size_t i, bool published = false) {
    const auto made = segment.streams().learn(snapshot->pools.at(pool).clients, lb::StreamKey::of_text(key),
                                              backend_id(pool, i), now);
    segment.streams().touch(made->index, published, now);
    return *made;
  }
  std::optional<lb::StreamView> find(const std::string& key, size_t pool = kLive) {
    return segment.streams().find(snapshot->pools.at(pool).clients, lb::StreamKey::of_text(key), now);
  }
  // Address of its server; "" if it is not known.
  [[nodiscard]] std::string server_of(const std::string& key, size_t pool = kLive) {
    const auto found = find(key, pool);
    return found ? snapshot->backends[found->control.backend()].address.to_string() : "";
  }

  lb::Peeks peeks{64};
};

}  // namespace control::test
