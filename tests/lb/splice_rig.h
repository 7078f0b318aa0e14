// SPDX-License-Identifier: MIT
// A service with the PROXY header in each pair of families: one client, one server, and what either gets to see, read naively.
#pragma once

#include <gtest/gtest.h>

#include "tests/lb/rig.h"

namespace lb::test {

inline constexpr uint8_t kPush = 0x08, kUrgent = 0x20;

// A TCP segment as its receiver reads it.
struct SegmentSeen {
  uint32_t sequence = 0, acknowledgement = 0;
  uint8_t flags = 0;
  uint16_t window = 0, urgent = 0;
  Bytes options, payload;
  bool checksums_hold = false;
};

inline SegmentSeen segment_of(const Bytes& frame) {
  const size_t at = 14 + (frame[12] == 0x08 ? (frame[14] & 15U) * 4 : 40U);
  const auto get16 = [&](size_t i) { return static_cast<uint16_t>(frame[at + i] << 8 | frame[at + i + 1]); };
  const auto get32 = [&](size_t i) { return static_cast<uint32_t>(get16(i)) << 16 | get16(i + 2); };
  const FrameFields fields = fields_of(frame);
  SegmentSeen seen;
  seen.sequence = get32(4);
  seen.acknowledgement = get32(8);
  seen.flags = frame[at + 13];
  seen.window = get16(14);
  seen.urgent = get16(18);
  const auto begin = frame.begin() + static_cast<ptrdiff_t>(at);
  seen.options = Bytes(begin + 20, begin + (frame[at + 12] >> 4) * 4);
  seen.payload = fields.payload;
  seen.checksums_hold = fields.checksums_hold;
  return seen;
}

// haproxy's proxy-protocol.txt, section 2.2, spelled out.
inline Bytes naive_proxy_header(const Endpoint& client, const Endpoint& vip) {
  Bytes out = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x21};
  const bool v4 = client.address.is_v4();
  for (const int byte : {v4 ? 0x11 : 0x21, 0x00, v4 ? 12 : 36}) out.push_back(static_cast<uint8_t>(byte));
  for (const Endpoint& end : {client, vip})
    out.insert(out.end(), end.address.bytes() + (v4 ? 12 : 0), end.address.bytes() + 16);
  for (const Endpoint& end : {client, vip}) {
    out.push_back(static_cast<uint8_t>(end.port >> 8));
    out.push_back(static_cast<uint8_t>(end.port));
  }
  return out;
}

inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
inline Bytes text(std::string_view t) { return {t.begin(), t.end()}; }

struct SpliceWay {
  const char* name;
  const char *client, *vip, *service, *pool, *server;
};
inline const SpliceWay kSpliceWays[] = {
    {"From4To4", "198.51.100.7:40000", "10.10.0.100:1935", "rtmp", "srs", "10.20.0.11:1935"},
    {"From6To6", "[2001:db8:c::7]:40000", "[2001:db8:10::100]:1935", "rtmp6", "srs6",
     "[2001:db8:20::11]:1935"},
    {"From4To6", "198.51.100.7:40000", "10.10.0.100:1935", "rtmp", "srs6", "[2001:db8:20::11]:1935"},
    {"From6To4", "[2001:db8:c::7]:40000", "[2001:db8:10::100]:1935", "rtmp6", "srs", "10.20.0.11:1935"},
};

// isn  the client's; the stream's first byte is isn + 1
class SpliceRig {
 public:
  explicit SpliceRig(const SpliceWay& way, uint32_t isn = 1000) : way_(way), isn_(isn), rig_(edit(way)) {
    rig_.headroom = 128;
  }

  [[nodiscard]] uint32_t base() const { return isn_ + 1; }
  [[nodiscard]] Bytes header() const { return naive_proxy_header(endpoint(way_.client), endpoint(way_.vip)); }
  [[nodiscard]] uint32_t length() const { return static_cast<uint32_t>(header().size()); }
  [[nodiscard]] FrameBuilder client() const { return tcp(way_.client, way_.vip).sequence(base()); }
  [[nodiscard]] FrameBuilder server() const {
    return tcp(way_.server, lip_.to_string()).from(backend_mac(11)).to(kInsideMac).acknowledge(base());
  }

  Outcome to_server(const Bytes& frame) {
    Outcome out = rig_.send(frame, kOutside);
    if (out.action == Action::kTx) lip_ = out.fields().source;
    return out;
  }
  Outcome to_client(const Bytes& frame) { return rig_.send(frame, kInside); }
  // What the receiver reads; fails the test if nothing comes, or with a wrong checksum.
  SegmentSeen server_sees(const Bytes& frame) { return seen(to_server(frame)); }
  SegmentSeen client_sees(const Bytes& frame) { return seen(to_client(frame)); }

  void open() { server_sees(client().sequence(isn_).syn()); }
  void answer() { client_sees(server().syn_ack()); }
  // Up to the server's ACK of the header.
  void establish() {
    open();
    answer();
    server_sees(client());
    client_sees(server().acknowledge(base() + length()));
  }

  Rig& rig() { return rig_; }
  const SpliceWay& way() const { return way_; }
  const Endpoint& lip() const { return lip_; }

 private:
  static Rig::Edit edit(const SpliceWay& way) {
    return [&way](SnapshotSpec& spec) {
      ServiceSpec& proxied = service(spec, way.service);
      proxied.pool = way.pool;
      proxied.proxy_protocol = true;
      pool(spec, way.pool).backends.resize(1);
    };
  }
  static SegmentSeen seen(const Outcome& out) {
    EXPECT_EQ(to_string(out), "tx");
    if (out.action != Action::kTx) return {};
    SegmentSeen segment = segment_of(out.frame);
    EXPECT_TRUE(segment.checksums_hold);
    return segment;
  }

  const SpliceWay& way_;
  const uint32_t isn_;
  Rig rig_;
  Endpoint lip_;
};

}  // namespace lb::test
