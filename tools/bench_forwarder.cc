// SPDX-License-Identifier: MIT
// What tools/bench-forward compares cleatd with: a plain DPDK forwarder with nothing of lb in it. One worker takes up to 32 frames
// from each port in turn, swaps their MAC addresses and sends them out of the next port.
//
//   bench-forwarder BUFFERS:DEVICE...
//
// Each line of its input is answered by the frames received and sent so far.
#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_mbuf.h>

#include <array>
#include <atomic>
#include <iostream>
#include <string>
#include <utility>

#include "lb/counters.h"
#include "tools/bench_ports.h"

namespace {

constexpr unsigned kBurst = 32;

struct Worker {
  explicit Worker(const bench::Ports& its_ports) : ports(its_ports) {}
  const bench::Ports& ports;
  alignas(64) std::atomic<bool> stop{false};
  alignas(64) lb::Counter received, sent;
};

void swap_macs(rte_mbuf* mbuf) {
  auto* ethernet = rte_pktmbuf_mtod(mbuf, rte_ether_hdr*);
  std::swap(ethernet->dst_addr, ethernet->src_addr);
}

void forward(Worker& worker, const dataplane::Queue& from, const dataplane::Queue& to) {
  std::array<rte_mbuf*, kBurst> mbufs;
  const uint16_t received = rte_eth_rx_burst(from.device, from.number, mbufs.data(), kBurst);
  if (received == 0) return;
  for (unsigned i = 0; i < received; ++i) swap_macs(mbufs[i]);
  const uint16_t sent = rte_eth_tx_burst(to.device, to.number, mbufs.data(), received);
  if (sent < received) rte_pktmbuf_free_bulk(mbufs.data() + sent, received - sent);
  worker.received.add(received);
  worker.sent.add(sent);
}

int run(void* argument) {
  auto& worker = *static_cast<Worker*>(argument);
  const size_t count = worker.ports.count();
  while (!worker.stop.load(std::memory_order_relaxed))
    for (size_t port = 0; port < count; ++port)
      forward(worker, worker.ports[port], worker.ports[(port + 1) % count]);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  bench::Ports ports;
  if (auto opened = ports.open({argv + 1, argv + argc}); !opened) {
    std::cerr << "bench-forwarder: " << opened.error() << "\n";
    return 1;
  }
  Worker worker(ports);
  rte_eal_remote_launch(run, &worker, bench::kWorkerLcore);
  for (std::string line; std::getline(std::cin, line);)
    std::cout << worker.received.get() << " " << worker.sent.get() << std::endl;
  worker.stop.store(true, std::memory_order_relaxed);
  rte_eal_wait_lcore(bench::kWorkerLcore);
}
