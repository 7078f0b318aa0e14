// SPDX-License-Identifier: MIT
#include "tests/lb/medley.h"

#include <fstream>
#include <sstream>

#include "lb/quic_lb.h"
#include "tests/lb/medley_services.h"
#include "tests/lb/packet_path.h"
#include "tests/lb/pieces.h"
#include "tests/lb/splice_rig.h"

namespace lb::test {
namespace {

constexpr const char *kV4 = "10.10.0.100:", *kV6 = "[2001:db8:10::100]:";
constexpr uint64_t kSeenOfAKind = 40;

std::string v4(uint16_t port) { return kV4 + std::to_string(port); }
std::string v6(uint16_t port) { return kV6 + std::to_string(port); }

}  // namespace

Medley::Medley(IceRig& rig, std::string whip_folder, std::function<void(bool)> mute)
    : rig_(rig), whip_folder_(std::move(whip_folder)), mute_(std::move(mute)) {
  rig_.headroom = 128;
  rig_.neighbours().put_static(kInside, ip(kMuteBackend), backend_mac(14));
}

void Medley::kind(const char* name) {
  path_mark.traffic = name;
  tally_ = &tallies_[name];
  rig_.own_frames();
}

Outcome Medley::send(const Bytes& frame, PortIndex port) {
  ++tally_->sent;
  Outcome outcome = rig_.send(frame, port);
  if (outcome.action == Action::kTx) ++tally_->forwarded;
  if (tally_->sent <= kSeenOfAKind) seen_.emplace_back(port, frame);
  return outcome;
}

void Medley::send_all(const std::vector<Bytes>& frames, PortIndex port) {
  for (size_t at = 0; at < frames.size(); at += 32) {
    const std::span burst(frames.data() + at, std::min<size_t>(32, frames.size() - at));
    for (const Outcome& each : rig_.send_burst(burst, port)) {
      ++tally_->sent;
      if (each.action == Action::kTx) ++tally_->forwarded;
    }
  }
}

FrameBuilder Medley::answer(const Outcome& sent) {
  const FrameFields seen = sent.fields();
  return FrameBuilder(static_cast<Protocol>(seen.protocol), seen.destination, seen.source)
      .from(seen.destination_mac)
      .to(kInsideMac);
}
Outcome Medley::reply(const Outcome& sent, const Bytes& payload) {
  if (sent.action != Action::kTx) return {};
  return send(answer(sent).payload(payload), kInside);
}
Outcome Medley::reply(const Outcome& sent, uint8_t tcp_flags) {
  if (sent.action != Action::kTx) return {};
  return send(answer(sent).flags(tcp_flags), kInside);
}

std::string Medley::client(unsigned n) const {
  return "198.51." + std::to_string(100 + round_) + "." + std::to_string(1 + n / 50'000) + ":" +
         std::to_string(1024 + n % 50'000);
}
std::string Medley::client6(unsigned n) const {
  return "[2001:db8:c::" + std::to_string(1 + round_) + "]:" + std::to_string(1024 + n);
}

void Medley::hits() {
  kind("flows that are known");
  std::vector<Bytes> up, down;
  for (unsigned n = 0; n < 32; ++n) {
    const bool v6_client = n % 4 == 3;
    const Bytes frame = v6_client ? udp(client6(n), v6(kMedia)).payload(rtp())
                                  : udp(client(n), n % 4 == 2 ? v4(kSticky) : v4(kMedia)).payload(rtp());
    const Outcome first = send(frame);
    if (first.action != Action::kTx) continue;
    up.push_back(frame);
    down.push_back(answer(first).payload(rtp()));
  }
  for (unsigned i = 0; i < 200; ++i) {
    send_all(up);
    send_all(down, kInside);
    rig_.wait_ms(10);
  }
}

void Medley::tcp_lives() {
  kind("TCP, from SYN to FIN or RST");
  for (unsigned n = 0; n < 200; ++n) {
    const bool v6_client = n % 2 == 1;
    const std::string from = v6_client ? client6(n) : client(n), to = v6_client ? v6(kRtmp) : v4(kRtmp);
    const Outcome syn = send(tcp(from, to).syn().tcp_options({2, 4, 5, 180}));
    reply(syn, tcp_flag::kSyn | tcp_flag::kAck);
    send(tcp(from, to));
    reply(syn, tcp_flag::kAck);
    if (n % 3 == 0) {
      send(tcp(from, to).rst());
    } else {
      send(tcp(from, to).fin());
      reply(syn, tcp_flag::kFin | tcp_flag::kAck);
    }
    send(tcp(from, to).sequence(5).payload("late"));
    send(tcp(from, v4(kDsr)).syn());
    send(tcp(from, to).flags(0));
    rig_.wait_ms(10);
  }
}

void Medley::one_way() {
  kind("dsr, ipip and gue");
  for (unsigned n = 0; n < 100; ++n) {
    send(udp(client(n), v4(kDsr)).payload(rtp()));
    send(tcp(client(n), v4(kDsr)).syn());
    send(tcp(client(n), v4(kDsr)));
    send(tcp(client(n), v4(kDsr)).fin());
    send(udp(client(n), v4(kIpip)).payload(rtp()));
    send(udp(client(n), v4(kIpip)).payload(Bytes(1470)).fragment(0x4000));
    send(udp(client6(n), v6(kGue)).payload(rtp()));
    send(udp(client6(n), v6(kGue)).payload(Bytes(1450)));
  }
}

void Medley::families() {
  kind("families translated");
  for (unsigned n = 0; n < 100; ++n) {
    reply(send(udp(client6(n), v6(kSixToFour)).payload(rtp())), rtp());
    const Outcome syn = send(tcp(client(n), v4(kFourToSix)).syn().tcp_options({2, 4, 5, 180}));
    reply(syn, tcp_flag::kSyn | tcp_flag::kAck);
    send(tcp(client(n), v4(kFourToSix)).payload("connect"));
  }
}

void Medley::pieces() {
  kind("datagrams in pieces");
  for (unsigned n = 0; n < 100; ++n) {
    std::vector<Bytes> parts = pieces_of(n % 2 == 0 ? udp(client(n), v4(kMedia)).payload(Bytes(2000))
                                                    : udp(client6(n), v6(kMedia)).payload(Bytes(2000)),
                                         600);
    for (Bytes& part : parts) set_identification(part, 100 + n);
    std::rotate(parts.begin(), parts.begin() + n % 4, parts.end());
    if (n % 5 == 4) std::erase_if(parts, [](const Bytes& part) { return offset_of(part) == 0; });
    std::vector<Outcome> held;
    for (const Bytes& part : parts) {
      const Outcome outcome = send(part);
      if (outcome.action == Action::kHold) held.push_back(outcome);
    }
    if (n % 5 == 4) rig_.wait_ms(600);
    for (const Outcome& each : held) tally_->forwarded += rig_.resume(each).action == Action::kTx ? 1 : 0;
    send(parts.back());
  }
}

void Medley::ice() {
  kind("ICE sessions");
  for (unsigned n = 0; n < 20; ++n) {
    const std::string name = "srv" + std::to_string(round_) + "x" + std::to_string(n) + ":CLI1";
    const std::string wifi = client(n), lte = "203.0.113.9:" + std::to_string(40'000 + 100 * round_ + n);
    const bool known = n % 2 == 0;
    if (known) rig_.learn(12, kServerPassword, name, "the-password-of-the-browser-0123");
    const Outcome first = send(
        udp(wifi, kIceVip).payload(check({.name = name, .password = known ? kServerPassword : nullptr})));
    reply(first, success(1));
    for (unsigned i = 0; i < 8; ++i) {
      rig_.wait_ms(250);
      send(udp(wifi, kIceVip).payload(rtp(0x1000 + 100 * round_ + n, static_cast<uint16_t>(i))));
      send(udp(wifi, kIceVip).payload(srtcp(100 + i, false, 7)));
      reply(first, rtp());
    }
    rig_.own_frames();
    for (unsigned i = 8; i < 16; ++i) {
      send(udp(lte, kIceVip).payload(rtp(0x1000 + 100 * round_ + n, static_cast<uint16_t>(i))));
      send(udp(lte, kIceVip).payload(srtcp(100 + i, false, 7)));
      for (const Challenge& each : rig_.challenges())
        send(udp(each.to.to_string(), kIceVip).payload(each.answer("the-password-of-the-browser-0123")));
      rig_.wait_ms(250);
    }
    send(udp(client(100 + n), kIceVip).payload(check({.name = name, .password = "another", .number = 9})));
    send(udp(lte, kIceVip).payload(check({.name = "nobody:here", .number = 8})));
    reply(first, rtp());
  }
}

void Medley::connection_ids() {
  kind("QUIC connection ids");
  const std::vector<QuicLbConfig> configs = medley_quic_configs();
  for (unsigned n = 0; n < 120; ++n) {
    const QuicLbConfig& config = configs[n % configs.size()];
    Bytes nonce(config.nonce_length, static_cast<uint8_t>(n));
    const auto cid =
        encode(config, medley_server_id(config, static_cast<uint8_t>(11 + n % 3)), nonce).value();
    Bytes payload(1 + cid.view().size() + 30, 0x5a);
    payload[0] = 0x41;
    std::copy(cid.view().begin(), cid.view().end(), payload.begin() + 1);
    const Outcome first = send(udp(client(n), v4(kQuicPort)).payload(payload));
    reply(first, Bytes(40, 0x5a));
    send(udp(client(500 + n), v4(kQuicPort)).payload(payload));
    payload[1] = 0xe0;
    send(udp(client(1000 + n), v4(kQuicPort)).payload(payload));
  }
}

void Medley::whip() {
  kind("WHIP");
  const auto recorded = [this](const char* name) {
    std::ifstream file(whip_folder_ + "/" + name, std::ios::binary);
    std::stringstream all;
    all << file.rdbuf();
    return all.str();
  };
  for (unsigned n = 0; n < 10; ++n) {
    const std::string from = client(n);
    const Outcome syn = send(tcp(from, v4(kApi)).syn().sequence(4999));
    if (syn.action != Action::kTx) continue;
    send(answer(syn).syn_ack().sequence(4999), kInside);
    const auto say = [&](const std::string& words,
                         const std::function<Outcome(uint32_t, std::string)>& each) {
      for (size_t at = 0; at < words.size(); at += 400)
        each(static_cast<uint32_t>(5000 + at), words.substr(at, 400));
    };
    say(recorded("request.http"), [&](uint32_t at, const std::string& part) {
      return send(tcp(from, v4(kApi)).sequence(at).payload(part));
    });
    say(recorded("response.http"), [&](uint32_t at, const std::string& part) {
      return send(answer(syn).sequence(at).payload(part), kInside);
    });
    send(tcp(from, v4(kApi)).rst());
    rig_.wait_ms(100);
  }
}

void Medley::proxied() {
  kind("the PROXY header");
  for (unsigned n = 0; n < 50; ++n) {
    const std::string from = client(n), to = v4(kProxied);
    const auto length = static_cast<uint32_t>(naive_proxy_header(endpoint(from), endpoint(to)).size());
    const Outcome syn = send(tcp(from, to).sequence(1000).syn());
    if (syn.action != Action::kTx) continue;
    send(answer(syn).syn_ack().acknowledge(1001), kInside);
    send(tcp(from, to).sequence(1001));
    send(answer(syn).acknowledge(1001 + length), kInside);
    send(tcp(from, to).sequence(1001).payload("connect"));
    send(answer(syn).acknowledge(1001 + length + 7).payload("result"), kInside);
    send(tcp(from, to).sequence(1008).fin());
  }
}

void Medley::icmp() {
  kind("ICMP");
  for (unsigned n = 0; n < 100; ++n) {
    send(ping("198.51.100.7", "10.10.0.100"));
    send(ping("2001:db8:c::7", "2001:db8:10::100").icmp(128, 0));
    send(udp(client(n), v4(kMedia)).ttl(1));
    send(udp(client6(n), v6(kMedia)).ttl(1));
    const Outcome there = send(udp(client(n), v4(kMedia)));
    if (there.action != Action::kTx) continue;
    const Bytes quote(there.frame.begin() + 14, there.frame.begin() + 14 + 28);
    const FrameFields seen = there.fields();
    for (const uint8_t code : {uint8_t{3}, uint8_t{4}})
      send(ping(seen.destination.address.to_string(), seen.source.address.to_string())
               .icmp(3, code)
               .icmp_rest(1400)
               .from(seen.destination_mac)
               .to(kInsideMac)
               .payload(quote),
           kInside);
    rig_.wait_ms(10);
  }
}

void Medley::neighbours() {
  kind("ARP, neighbour discovery and frames that wait");
  const MacAddress far{{0x02, 0, 0, 0, 0x0b, 200}}, all{};
  for (unsigned n = 0; n < 20; ++n) {
    send(arp(1, kBroadcastMac, kGatewayMac, "10.10.0.1", all, "10.10.0.100"));
    send(discovery(135, "2001:db8:10::1", "2001:db8:10::100", "2001:db8:10::100", 1, kGatewayMac));
    send(discovery(136, "2001:db8:10::1", "2001:db8:10::2", "2001:db8:10::1", 2, kGatewayMac, 0x60000000));
    const Outcome held = send(udp(client(n), v4(kFar)).payload(rtp()));
    if (held.action != Action::kHold) continue;
    rig_.resume(held);
    send(arp(2, kInsideMac, far, "10.20.0.200", kInsideMac, "10.20.0.2"), kInside);
    tally_->forwarded += rig_.resume(held).action == Action::kTx ? 1 : 0;
  }
}

void Medley::silence() {
  kind("a server that falls silent");
  for (unsigned n = 0; n < 20; ++n) {
    const std::string from = client(n), to = v4(kMute);
    const Outcome syn = send(tcp(from, to).syn().sequence(4999));
    if (syn.action == Action::kTx) send(answer(syn).syn_ack().sequence(89'999).acknowledge(5000), kInside);
    send(tcp(from, to).sequence(5000).acknowledge(90'000));
  }
  rig_.wait_s(3);
  mute_(true);
  for (unsigned i = 0; i < 6; ++i) {
    for (unsigned n = 0; n < 20; n += 2)
      send(tcp(client(n), v4(kMute)).sequence(5000).acknowledge(90'000).payload("media"));
    rig_.wait_ms(500);
    rig_.own_frames();
  }
  mute_(false);
}

void Medley::exhaust_ports() {
  kind("more flows than ports");
  for (unsigned n = 0; n < 5000; ++n) reply(send(udp(client(n), v4(kMedia)).payload("m")), Bytes{1});
}

void Medley::fill_table() {
  kind("more flows than the table holds");
  for (unsigned n = 0; n < 3000; ++n) send(udp(client6(2000 + n), v6(kMedia)).payload("m"));
}

void Medley::malformed() {
  kind("malformed frames");
  for (unsigned n = 0; n < 4000; ++n) {
    auto [port, frame] = seen_[random_() % seen_.size()];
    if (n % 4 == 0) frame.resize(14 + random_() % frame.size());
    for (unsigned flips = random_() % 4; flips > 0; --flips) {
      uint8_t& octet = frame[random_() % frame.size()];
      octet = static_cast<uint8_t>(octet ^ 1U << random_() % 8);
    }
    if (n % 2 == 0 && frame.size() > 34) mend_header(frame);
    send(frame, port);
    if (n % 32 == 0) rig_.own_frames();
  }
}

void Medley::play(unsigned round) {
  round_ = round;
  hits();
  tcp_lives();
  one_way();
  families();
  pieces();
  ice();
  connection_ids();
  srt();
  whip();
  proxied();
  icmp();
  neighbours();
  silence();
  malformed();
  exhaust_ports();
  fill_table();
  path_mark.traffic = "none";
  rig_.wait_s(90);
}

}  // namespace lb::test
