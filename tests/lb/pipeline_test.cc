// SPDX-License-Identifier: MIT
// The whole way at once: random traffic, and the books balance.
#include "lb/pipeline.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>

#include "tests/lb/rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

// Traffic of every kind that lb tells apart, good and bad.
class Traffic {
 public:
  explicit Traffic(uint32_t seed) : random_(seed) {}

  std::pair<PortIndex, Bytes> next() {
    const std::string client = "198.51.100." + std::to_string(1 + random_() % 40) + ":" + port();
    const std::string client6 = "[2001:db8:c::" + std::to_string(1 + random_() % 40) + "]:" + port();
    switch (random_() % 16) {
      case 0:
        return outside(tcp(client, "10.10.0.100:1935").syn());
      case 1:
        return outside(tcp(client, "10.10.0.100:1935").flags(static_cast<uint8_t>(random_() % 32)));
      case 2:
      case 3:
        return outside(udp(client, "10.10.0.100:8000").payload(Bytes(random_() % 200)));
      case 4:
        return outside(udp(client6, "[2001:db8:10::100]:8000"));
      case 5:
        return outside(tcp(client6, "[2001:db8:10::100]:1935").syn());
      case 6:
        return outside(udp(client, "10.10.0.100:" + port()));
      case 7:
        return outside(tcp(client, "10.10.0.2:22").syn());
      case 8:
        return outside(ping("198.51.100.7", "10.10.0.100"));
      case 9:
        return outside(
            arp(1, kBroadcastMac, kGatewayMac, "10.10.0.1", {}, random_() % 2 ? "10.10.0.100" : "10.10.0.2"));
      case 10:
        return outside(udp(client, "10.10.0.100:8000").ttl(static_cast<uint8_t>(random_() % 3)));
      case 11:
        return outside(damaged(tcp(client, "10.10.0.100:1935").syn()));
      case 12:
        return inside(arp(2, kInsideMac, backend_mac(14), "10.20.0.14", kInsideMac, "10.20.0.2"));
      default:
        return inside(reply());
    }
  }
  // Where a forwarded frame went: replies will come from there.
  void heard(const Outcome& out) {
    if (out.action == Action::kTx && out.port == kInside && out.frame[12] == 8) calls_.push_back(out.frame);
  }

 private:
  std::string port() { return std::to_string(1 + random_() % 9000); }
  static std::pair<PortIndex, Bytes> outside(Bytes frame) { return {kOutside, std::move(frame)}; }
  static std::pair<PortIndex, Bytes> inside(Bytes frame) { return {kInside, std::move(frame)}; }
  Bytes damaged(Bytes frame) {
    for (int i = 0; i < 3; ++i) frame[random_() % frame.size()] = static_cast<uint8_t>(random_());
    frame.resize(1 + random_() % frame.size());
    return frame;
  }
  Bytes reply() {
    if (calls_.empty() || random_() % 8 == 0)
      return udp("10.20.0.12:8000", "10.20.0.100:" + port()).to(kInsideMac).from(backend_mac(12));
    const FrameFields call = fields_of(calls_[random_() % calls_.size()]);
    const FrameBuilder frame(static_cast<Protocol>(call.protocol), call.destination, call.source);
    return FrameBuilder(frame)
        .flags(static_cast<uint8_t>(random_() % 32))
        .to(kInsideMac)
        .from(backend_mac(11));
  }
  std::mt19937 random_;
  std::deque<Bytes> calls_;
};

struct Book {
  uint64_t tx = 0, held_ever = 0;
  std::vector<Outcome> held;
  std::map<Action, uint64_t> actions;
};

uint64_t drops_of(const WorkerCounters& counters) {
  uint64_t sum = 0;
  for (const Counter& each : counters.drops) sum += each.get();
  return sum;
}

void expect_balance(Rig& rig, unsigned worker, Book& book) {
  const WorkerCounters& c = rig.counters(worker);
  uint64_t rx = 0, punted = 0;
  for (const PortCounters& each : c.ports) rx += each.rx_packets.get(), punted += each.punted.get();
  EXPECT_EQ(rx, book.tx + drops_of(c) + punted + c.consumed.get() + book.held.size()) << "worker " << worker;
  EXPECT_EQ(punted, book.actions[Action::kPunt]);
  EXPECT_EQ(c.consumed.get(), book.actions[Action::kConsumed]);
  EXPECT_EQ(c.held.get(), book.held_ever);
  EXPECT_EQ(book.actions[Action::kUndecided], 0U);
}

TEST(Pipeline, WhatComesInGoesOutIsDroppedPuntedConsumedOrHeld) {
  Rig rig(
      [](SnapshotSpec& spec) {
        pool(spec, "srs").backends.push_back({ip("10.20.0.14"), 0, 100});  // nobody knows its MAC at first
        service(spec, "rtmp").affinity = Affinity::kSourceIp;
        spec.services.push_back(service(spec, "rtc"));
        spec.services.back().name = "range";
        spec.services.back().port_first = 8001;
        spec.services.back().port_last = 9000;
        spec.services.back().forward = Forward::kDsr;
      },
      2);
  Traffic traffic(8);
  std::mt19937 random(9);
  std::array<Book, 2> books;
  for (unsigned round = 0; round < 1500; ++round) {
    const unsigned w = round % 2;
    Book& book = books[w];
    std::array<std::vector<Bytes>, 2> bursts;
    for (unsigned i = 0, n = 1 + random() % kMaxBurst; i < n; ++i) {
      auto [port, frame] = traffic.next();
      bursts[port].push_back(std::move(frame));
    }
    for (PortIndex port = 0; port < 2; ++port) {
      for (Outcome& out : rig.send_burst(bursts[port], port, w)) {
        ++book.actions[out.action];
        traffic.heard(out);
        if (out.action == Action::kTx) ++book.tx;
        if (out.action == Action::kHold) ++book.held_ever, book.held.push_back(std::move(out));
      }
    }
    std::vector<Outcome> still;
    for (const Outcome& each : book.held) {
      Outcome again = rig.resume(each, w);
      if (again.action == Action::kTx) ++book.tx;
      if (again.action == Action::kHold) still.push_back(std::move(again));
    }
    book.held = std::move(still);
    rig.own_frames(w);
    rig.wait_ms(random() % 40);
    if (round % 500 == 499) expect_balance(rig, w, book);
  }
  for (unsigned w = 0; w < 2; ++w) {
    expect_balance(rig, w, books[w]);
    EXPECT_GT(books[w].tx, 5000U);
    EXPECT_GT(books[w].actions[Action::kPunt], 500U);
    EXPECT_GT(books[w].actions[Action::kDrop], 2000U);
  }
  EXPECT_GT(books[0].held_ever + books[1].held_ever, 0U);
}

// Opened minus closed is what the tables hold, whatever happened in between.
TEST(Pipeline, OpenFlowsAreThoseInTheTables) {
  Rig rig([](SnapshotSpec& spec) {
    for (ServiceSpec& each : spec.services) each.idle_timeout_s = 3;
    service(spec, "rtc").forward = Forward::kDsr;
  });
  Traffic traffic(10);
  for (unsigned round = 0; round < 1500; ++round) {
    std::array<std::vector<Bytes>, 2> bursts;
    for (unsigned i = 0; i < 24; ++i) {
      auto [port, frame] = traffic.next();
      bursts[port].push_back(std::move(frame));
    }
    for (PortIndex port = 0; port < 2; ++port)
      for (const Outcome& out : rig.send_burst(bursts[port], port)) traffic.heard(out);
    rig.own_frames();
    rig.wait_ms(15);
  }
  const auto count = [](auto& table) {
    int64_t entries = 0;
    for (uint64_t b = 0; b < table.buckets(); ++b) table.visit(b, [&](auto&, auto&) { ++entries; });
    return entries;
  };
  FlowTables& flows = rig.segment().flows();
  int64_t closed_waiting =
      0;  // over, their client began anew: the slot waits for the sweep, the entry is gone
  for (uint64_t slot = 0; slot < rig.segment().slots().size(); ++slot) {
    const auto view = NatSlots::read(rig.segment().slots().at(static_cast<SlotIndex>(slot)));
    if (!view) continue;
    const auto key = narrow_key(view->client, view->client_port, view->control.listener());
    if (!view->client.is_v4()) continue;
    const auto found = flows.narrow.find(key, flows.narrow.hash(key));
    if (!found || found.control.slot() != slot) ++closed_waiting;
  }
  int64_t open = 0;
  for (const ServiceSpec& each : rig.spec().services) open += rig.open_flows(each.name);
  EXPECT_EQ(open, count(flows.narrow) + count(flows.wide) + closed_waiting);
  EXPECT_GT(open, 100);
}

}  // namespace
}  // namespace lb
