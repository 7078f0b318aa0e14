// SPDX-License-Identifier: MIT
// A port whose wire is two rings (DPDK's net_ring): what a test puts in is received, what is sent can be taken out.
#pragma once

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>

#include "dataplane/device.h"
#include "tests/lb/frame_builder.h"

namespace dataplane::test {

class RingWire {
 public:
  // name  unique in the process
  // room  frames that fit on the way out; a power of two less one
  RingWire(const std::string& name, rte_mempool* pool, unsigned room = 1023)
      : in_(ring(name + "-in", 1023)), out_(ring(name + "-out", room)) {
    const int id = rte_eth_from_rings(name.c_str(), &in_, 1, &out_, 1, 0);
    if (id < 0) throw std::runtime_error("net_ring " + name);
    queue_.device = static_cast<uint16_t>(id);
    const rte_eth_conf config{};
    if (rte_eth_dev_configure(queue_.device, 1, 1, &config) != 0 ||
        rte_eth_rx_queue_setup(queue_.device, 0, 64, 0, nullptr, pool) != 0 ||
        rte_eth_tx_queue_setup(queue_.device, 0, 64, 0, nullptr) != 0 ||
        rte_eth_dev_start(queue_.device) != 0)
      throw std::runtime_error("net_ring " + name + " does not start");
  }
  ~RingWire() {
    rte_eth_dev_stop(queue_.device);
    rte_eth_dev_close(queue_.device);
    for (rte_ring* ring : {in_, out_}) {
      while (rte_mbuf* mbuf = take_mbuf(ring)) rte_pktmbuf_free(mbuf);
      rte_ring_free(ring);
    }
  }
  RingWire(const RingWire&) = delete;
  RingWire& operator=(const RingWire&) = delete;

  [[nodiscard]] Queue queue() const { return queue_; }
  void deliver(rte_mbuf* mbuf) {
    if (rte_ring_enqueue(in_, mbuf) != 0) throw std::runtime_error("the ring is full");
  }
  [[nodiscard]] unsigned sent() const { return rte_ring_count(out_); }
  // The oldest frame that was sent.
  std::optional<lb::test::Bytes> take() {
    rte_mbuf* mbuf = take_mbuf(out_);
    if (mbuf == nullptr) return std::nullopt;
    const auto* data = rte_pktmbuf_mtod(mbuf, const uint8_t*);
    lb::test::Bytes bytes(data, data + rte_pktmbuf_data_len(mbuf));
    rte_pktmbuf_free(mbuf);
    return bytes;
  }

 private:
  static rte_ring* ring(const std::string& name, unsigned room) {
    rte_ring* made = rte_ring_create(name.c_str(), room + 1, 0, 0);
    if (made == nullptr) throw std::runtime_error("rte_ring " + name);
    return made;
  }
  static rte_mbuf* take_mbuf(rte_ring* ring) {
    void* mbuf = nullptr;
    return rte_ring_dequeue(ring, &mbuf) == 0 ? static_cast<rte_mbuf*>(mbuf) : nullptr;
  }

  rte_ring* in_;
  rte_ring* out_;
  Queue queue_;
};

}  // namespace dataplane::test
