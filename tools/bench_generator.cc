// SPDX-License-Identifier: MIT
// Sends frames at a steady rate through what tools/bench-forward measures, and notes how long each took to come back.
//
//   bench-generator SOURCE OUTSIDE INSIDE
//
// SOURCE, OUTSIDE, INSIDE  ports as BUFFERS:DEVICE: where frames come from, go to and come back from
// Each line of its input, "RATE SECONDS", is a trial, and a line of JSON the answer. RATE: frames a second; 0: as many as go.
// Each frame ends in the time when it is due, so that what it waited here, too, is part of its latency.
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <iostream>
#include <string>
#include <thread>

#include "tools/bench_ports.h"

namespace {

constexpr unsigned kBurst = 32;
constexpr size_t kMostLatencies = 1U << 24;  // of so many frames; of more, the first
constexpr double kLinkDeadlineS = 30, kDrainS = 0.05;
constexpr std::array<double, 5> kPercents = {50, 90, 99, 99.9, 100};
constexpr uint64_t kMark = 0x636c6561742d6677;

// At the end of each frame's payload.
struct Stamp {
  uint64_t mark = kMark, due = 0;  // cycles
};

class Trial {
 public:
  Trial(const bench::Ports& ports, double rate, double seconds)
      : source_(ports[0]),
        outside_(ports[1]),
        inside_(ports[2]),
        hz_(static_cast<double>(rte_get_tsc_hz())),
        interval_(rate > 0 ? hz_ / rate : 0),
        seconds_(seconds) {
    latencies_.reserve(kMostLatencies);
  }

  void run() {
    begin_ = rte_rdtsc();
    const auto cycles = static_cast<uint64_t>(seconds_ * hz_);
    uint64_t now = 0;
    while ((now = rte_rdtsc() - begin_) < cycles) {
      send(now);
      receive();
    }
    missed_ = interval_ > 0 ? static_cast<uint64_t>(static_cast<double>(cycles) / interval_) - offered_ : 0;
    for (const uint64_t end = rte_rdtsc() + static_cast<uint64_t>(kDrainS * hz_); rte_rdtsc() < end;)
      receive();
  }

  void print() {
    std::cout << R"({"offered": )" << offered_ << R"(, "refused": )" << refused_ << R"(, "missed": )"
              << missed_ << R"(, "received": )" << received_ << R"(, "seconds": )" << seconds_
              << R"(, "latency_ns": {)";
    const char* separator = "";
    for (const double percent : kPercents) {
      std::cout << separator << '"' << percent << R"(": )" << percentile(percent);
      separator = ", ";
    }
    std::cout << "}}" << std::endl;
  }

 private:
  void send(uint64_t now) {
    unsigned due = kBurst;
    if (interval_ > 0) {
      const auto wanted = static_cast<uint64_t>(static_cast<double>(now) / interval_);
      due = static_cast<unsigned>(std::min<uint64_t>(wanted - std::min(wanted, offered_), kBurst));
    }
    if (due == 0) return;
    std::array<rte_mbuf*, kBurst> mbufs;
    const uint16_t count =
        rte_eth_rx_burst(source_.device, source_.number, mbufs.data(), static_cast<uint16_t>(due));
    for (unsigned i = 0; i < count; ++i) {
      const auto since =
          interval_ > 0 ? static_cast<uint64_t>(static_cast<double>(offered_ + i) * interval_) : now;
      const Stamp stamp{.due = begin_ + since};
      std::memcpy(end_of(mbufs[i]), &stamp, sizeof(stamp));
    }
    const uint16_t sent = rte_eth_tx_burst(outside_.device, outside_.number, mbufs.data(), count);
    if (sent < count) rte_pktmbuf_free_bulk(mbufs.data() + sent, count - sent);
    offered_ += count;
    refused_ += count - sent;
  }

  void receive() {
    std::array<rte_mbuf*, kBurst> mbufs;
    // Cleat announces its addresses there.
    const uint16_t others = rte_eth_rx_burst(outside_.device, outside_.number, mbufs.data(), kBurst);
    if (others > 0) rte_pktmbuf_free_bulk(mbufs.data(), others);
    const uint16_t count = rte_eth_rx_burst(inside_.device, inside_.number, mbufs.data(), kBurst);
    if (count == 0) return;
    const uint64_t now = rte_rdtsc();
    for (unsigned i = 0; i < count; ++i) {
      Stamp stamp;
      std::memcpy(&stamp, end_of(mbufs[i]), sizeof(stamp));
      if (stamp.mark != kMark || stamp.due < begin_) continue;
      ++received_;
      if (latencies_.size() < kMostLatencies)
        latencies_.push_back(static_cast<uint32_t>(std::min<uint64_t>(now - stamp.due, UINT32_MAX)));
    }
    rte_pktmbuf_free_bulk(mbufs.data(), count);
  }

  static uint8_t* end_of(rte_mbuf* mbuf) {
    return rte_pktmbuf_mtod_offset(mbuf, uint8_t*, mbuf->data_len - sizeof(Stamp));
  }

  uint64_t percentile(double percent) {
    if (latencies_.empty()) return 0;
    const auto at = static_cast<size_t>(static_cast<double>(latencies_.size() - 1) * percent / 100);
    const auto nth = latencies_.begin() + static_cast<std::ptrdiff_t>(at);
    std::nth_element(latencies_.begin(), nth, latencies_.end());
    return static_cast<uint64_t>(*nth * 1e9 / hz_);
  }

  const dataplane::Queue source_, outside_, inside_;
  const double hz_;
  const double interval_;  // cycles from frame to frame; 0: none
  const double seconds_;
  uint64_t begin_ = 0;
  uint64_t offered_ = 0, refused_ = 0, missed_ = 0, received_ = 0;
  std::vector<uint32_t> latencies_;  // cycles
};

bool links_come_up(const bench::Ports& ports) {
  for (size_t port = 1; port < ports.count(); ++port)
    for (double waited_s = 0;; waited_s += 0.01) {
      rte_eth_link link{};
      if (rte_eth_link_get_nowait(ports[port].device, &link) == 0 && link.link_status == RTE_ETH_LINK_UP)
        break;
      if (waited_s > kLinkDeadlineS) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: bench-generator SOURCE OUTSIDE INSIDE\n";
    return 2;
  }
  bench::Ports ports;
  if (auto opened = ports.open({argv + 1, argv + argc}); !opened) {
    std::cerr << "bench-generator: " << opened.error() << "\n";
    return 1;
  }
  if (!links_come_up(ports)) {
    std::cerr << "bench-generator: nobody is at the other end\n";
    return 1;
  }
  for (double rate = 0, seconds = 0; std::cin >> rate >> seconds;) {
    Trial trial(ports, rate, seconds);
    trial.run();  // here: whoever waits for an lcore polls for it, on the cpu that it is to have
    trial.print();
  }
}
