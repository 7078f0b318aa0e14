// SPDX-License-Identifier: MIT
// process(), whose fast path most packets take, does what the slow path does with all of them.
#include <gtest/gtest.h>

#include <random>

#include "tests/lb/parsed.h"
#include "tests/lb/pieces.h"
#include "tests/lb/rig.h"
#include "tests/lb/same_outcome.h"
#include "tests/lb/slow_path.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

constexpr uint16_t kFirstTunnel = 8100;  // and three more

// Besides the rig's services: `dsr` ones, tunnels of each kind, both families in both, translated ones, one of a range of ports, one with PROXY headers and one by `source-ip`.
void many_services(SnapshotSpec& spec) {
  const auto add = [&spec](std::string_view like, const char* name, uint16_t port, auto edit) {
    ServiceSpec each = service(spec, like);
    each.name = name;
    each.port_first = each.port_last = port;
    edit(each);
    spec.services.push_back(each);
  };
  const auto as_it_is = [](ServiceSpec&) {};
  const auto dsr = [](ServiceSpec& s) { s.forward = Forward::kDsr; };
  add("rtmp", "rtmp-dsr", 1936, dsr);
  add("rtc", "rtc-dsr", 8001, dsr);
  add("rtc6", "rtc6-dsr", 8001, dsr);
  add("rtc", "rtc-46", 8002, [](ServiceSpec& s) { s.pool = "srs6"; });
  add("rtc6", "rtc-64", 8002, [](ServiceSpec& s) { s.pool = "srs"; });
  add("rtmp", "rtmp-46", 1937, [](ServiceSpec& s) { s.pool = "srs6"; });
  add("rtc", "range", 9000, [](ServiceSpec& s) { s.port_last = 9010; });
  add("rtmp", "proxied", 1938, [](ServiceSpec& s) { s.proxy_protocol = true; });
  add("rtmp", "small-mss", 1939, [](ServiceSpec& s) { s.mss = 1200; });
  add("rtc", "by-client", 8003, [](ServiceSpec& s) { s.affinity = Affinity::kSourceIp; });
  add("rtmp6", "rtmp6-too", 1936, as_it_is);
  uint16_t port = kFirstTunnel;
  for (const Forward tunnel : {Forward::kIpip, Forward::kGue})
    for (const char* outer : {"srs", "srs6"}) {
      const auto through = [&](ServiceSpec& s) {
        s.forward = tunnel;
        s.pool = outer;
        if (s.protocol == Protocol::kTcp) s.mss = 1200;
      };
      for (const std::string inner : {"rtmp", "rtmp6", "rtc", "rtc6"})
        add(inner, (inner + std::to_string(port)).c_str(), port, through);
      ++port;
    }
}

class Crowd {
 public:
  explicit Crowd(uint32_t seed) : random_(seed) {}

  Bytes client_frame() {
    const bool v6 = chance(3);
    const std::string who = std::to_string(1 + below(12)), port = std::to_string(40000 + below(3));
    const std::string from = v6 ? "[2001:db8:c::" + who + "]:" + port : "198.51.100." + who + ":" + port;
    constexpr const char* kTcp[] = {"1935", "1936", "1937", "1938", "1939",
                                    "8000", "8100", "8101", "8102", "8103"};
    constexpr const char* kUdp[] = {"8000", "8001", "8002", "8003", "9000", "9005",
                                    "9011", "1935", "8100", "8101", "8102", "8103"};
    const bool is_tcp = chance(2);
    const std::string to = std::string(v6 ? "[2001:db8:10::100]:" : "10.10.0.100:") +
                           (is_tcp ? kTcp[below(std::size(kTcp))] : kUdp[below(std::size(kUdp))]);
    return vary(is_tcp ? tcp(from, to) : udp(from, to), is_tcp);
  }

  // From a backend that got `frame`.
  Bytes reply_to(const Bytes& frame) {
    const FrameFields sent = fields_of(frame);
    const bool is_tcp = frame[frame[12] == 0x08 ? 23 : 20] == 6;
    FrameBuilder reply(is_tcp ? Protocol::kTcp : Protocol::kUdp, sent.destination, sent.source);
    reply.to(kInsideMac).from(sent.destination_mac);
    return vary(reply, is_tcp);
  }

  static constexpr uint32_t kAny = 0xffffffff;
  uint32_t below(size_t n) { return static_cast<uint32_t>(random_() % n); }
  bool chance(unsigned one_in) { return below(one_in) == 0; }

 private:
  // With other DSCP and ECN.
  static void mark(Bytes& frame, uint8_t tos) {
    if (frame[12] != 0x08) {
      frame[14] = static_cast<uint8_t>(0x60 | tos >> 4);
      frame[15] = static_cast<uint8_t>(tos << 4);
    } else if (frame[14] == 0x45) {
      frame[15] = tos;
      mend_header(frame);
    }
  }

  Bytes vary(FrameBuilder frame, bool is_tcp) {
    constexpr uint8_t kFlags[] = {0x02, 0x12, 0x10, 0x10, 0x10, 0x18, 0x11, 0x04, 0x14};
    if (is_tcp) frame.flags(kFlags[below(std::size(kFlags))]).sequence(below(kAny)).acknowledge(below(kAny));
    if (is_tcp && chance(3)) frame.tcp_options({2, 4, 5, 0xb4});  // MSS 1460
    frame.payload(Bytes(below(1600) / (chance(4) ? 1 : 20), 0x55));
    if (chance(6)) frame.padding(below(30));
    if (chance(12)) frame.ttl(static_cast<uint8_t>(below(3)));
    if (chance(20)) frame.options({1, 1, 1, 0});
    if (chance(20)) frame.fragment(chance(2) ? 0x2000 : 0x00b9);
    if (chance(30)) frame.extension(0, {0, 1, 4, 0, 0, 0, 0});
    if (chance(30)) frame.ip_checksum(0x1234);
    if (chance(30)) frame.to(chance(2) ? kBroadcastMac : MacAddress{{2, 0, 0, 0, 9, 9}});
    if (!is_tcp && chance(8)) frame.l4_checksum(0);
    if (!is_tcp && chance(20)) frame.udp_length(static_cast<uint16_t>(below(40)));
    if (is_tcp && chance(20)) frame.tcp_offset(static_cast<uint8_t>(below(16)));
    Bytes bytes = frame;
    if (chance(4)) mark(bytes, static_cast<uint8_t>(below(256)));
    if (chance(25)) bytes.resize(below(bytes.size()));
    return bytes;
  }

  std::mt19937 random_;
};

// One on the way to the n-th backend of the snapshot takes no more than that.
void meet_router(Rig& rig, unsigned n, uint16_t mtu) {
  const std::vector<Pool>& pools = rig.snapshot().pools;
  const BackendId id = pools[n % pools.size()].members[n / pools.size()];
  const Family family = rig.snapshot().backends[id].address.family();
  rig.worker().path_mtus.learn(id, family, mtu, rig.now().tick());
}

TEST(FastPath, LeadsWhereTheSlowOneDoes) {
  Rig fast(many_services), plain(many_services);
  plain.run = process_slowly;
  Crowd crowd(1);
  std::vector<Bytes> sent;
  for (unsigned round = 0; round < 3000; ++round) {
    std::vector<Bytes> frames(1 + crowd.below(kMaxBurst));
    const bool replies = !sent.empty() && crowd.chance(2);
    for (Bytes& frame : frames)
      frame = replies ? crowd.reply_to(sent[crowd.below(sent.size())]) : crowd.client_frame();
    const auto outcomes = fast.send_burst(frames, replies ? kInside : kOutside);
    expect_same(outcomes, plain.send_burst(frames, replies ? kInside : kOutside));
    if (HasFatalFailure()) FAIL() << "in round " << round;
    if (fast.own_frames() != plain.own_frames()) FAIL() << "in round " << round;
    for (const Outcome& out : outcomes)
      if (!replies && out.action == Action::kTx && fields_of(out.frame).source.port != 0)
        sent.push_back(out.frame);
    if (sent.size() > 200) sent.erase(sent.begin(), sent.begin() + 100);
    for (Rig* rig : {&fast, &plain}) rig->headroom = static_cast<uint16_t>(round % 8 == 0 ? round % 60 : 128);
    if (crowd.chance(10)) {
      const uint32_t wait_ms = crowd.below(800), which = crowd.below(6), mtu = 500 + crowd.below(1000);
      for (Rig* rig : {&fast, &plain}) {
        rig->wait_ms(wait_ms);
        meet_router(*rig, which, static_cast<uint16_t>(mtu));
      }
    }
  }
  expect_same_counters(fast.counters(), plain.counters());
  uint64_t in = 0, out = 0;
  for (unsigned i = 0; i <= kMaxServices; ++i) {
    in += fast.counters().services[i].packets_in.get();
    out += fast.counters().services[i].packets_out.get();
  }
  EXPECT_GT(in, 10'000U);
  EXPECT_GT(out, 10'000U);
  EXPECT_GT(fast.drops(DropReason::kTooBig), 100U);
}

// Else the test before might look at nothing.
TEST(FastPath, IsTheOneOfWholePacketsWithPorts) {
  const std::string v4 = "198.51.100.7:40000", v6 = "[2001:db8:c::7]:40000";
  const auto is_fast = [](const Bytes& bytes) {
    const Parsed parsed(bytes);
    Packet packet;
    const bool fast = parse_fast({parsed.block.get(), static_cast<uint16_t>(bytes.size()), 0, 0}, packet);
    EXPECT_TRUE(!fast || same(packet, parsed.packet));
    return fast;
  };
  EXPECT_TRUE(is_fast(tcp(v4, "10.10.0.100:1935").syn()));
  EXPECT_TRUE(is_fast(udp(v4, "10.10.0.100:8000").padding(10)));
  EXPECT_TRUE(is_fast(tcp(v6, "[2001:db8:10::100]:1935")));
  EXPECT_TRUE(is_fast(udp(v6, "[2001:db8:10::100]:8000").payload("odd")));

  EXPECT_FALSE(is_fast(udp(v4, "10.10.0.100:8000").fragment(0x2000)));
  EXPECT_FALSE(is_fast(udp(v4, "10.10.0.100:8000").options({1, 1, 1, 0})));
  EXPECT_FALSE(is_fast(udp(v4, "10.10.0.100:8000").ip_checksum(0x1234)));
  EXPECT_FALSE(is_fast(udp("127.0.0.1:1", "10.10.0.100:8000")));
  EXPECT_FALSE(is_fast(udp(v4, "10.10.0.100:8000").to(kBroadcastMac)));
  EXPECT_FALSE(is_fast(ping("198.51.100.7", "10.10.0.100")));
  EXPECT_FALSE(is_fast(udp(v6, "[2001:db8:10::100]:8000").extension(0, {0, 1, 4, 0, 0, 0, 0})));
  EXPECT_FALSE(is_fast(udp("[::1]:1", "[2001:db8:10::100]:8000")));
}

}  // namespace
}  // namespace lb
