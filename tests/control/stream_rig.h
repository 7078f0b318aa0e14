// SPDX-License-Identifier: MIT
// The rig with affinity stream on service "rtmp": streams of customer.a are in pool "edge", all others in pool "live".
#pragma once

#include <string>

#include "lb/seam.h"
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
    segment.streams().touch(made->place(), published, now);
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

  // A client's connection to service "rtmp" that asked for it, on the first LIP's port.
  void connect(const lb::StreamView& stream, const char* client, uint16_t port, bool publisher) {
    constexpr uint16_t kClientPort = 5555;
    open_flow(0, port, client, kClientPort);
    const lb::SlotIndex index = lb::NatSlots::index(0, lb::Protocol::kTcp, port);
    lb::NatSlot& slot = segment.slots().at(index);
    lb::Seam seam;
    seam.stream = stream.place();
    seam.publishes = publisher;
    lb::put_seam(slot, seam);
    EXPECT_TRUE(lb::NatSlots::join(slot, lb::NatSlots::read(slot)->control, now.tick()));
    lb::NarrowTable& table = segment.flows().narrow;
    const auto key =
        lb::narrow_key(*lb::IpAddress::parse(client), kClientPort, snapshot->services[0].listener);
    EXPECT_TRUE(table.insert(key, table.hash(key), index, stream.control.backend(), now.tick()).found);
  }

  lb::Peeks peeks{64};
};

}  // namespace control::test
