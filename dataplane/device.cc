// SPDX-License-Identifier: MIT
#include "dataplane/device.h"

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "dataplane/frame_room.h"
#include "dataplane/interface.h"
#include "dataplane/interface_findings.h"
#include "dataplane/nap.h"

namespace dataplane {
namespace {

constexpr uint16_t kDescriptors = 2048;

std::string_view after(std::string_view text, std::string_view prefix) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : std::string_view{};
}

std::string numbered(std::string_view driver, unsigned index, std::string_view kind, unsigned queue) {
  return std::string(driver) + "_" + std::string(kind) + std::to_string(index) + "_" + std::to_string(queue);
}

// Starts the DPDK device `id` with as many queues as there are pools. Returns the packet types that RSS was asked for.
// mtu  0: the driver's own
lb::Result<uint64_t> start(uint16_t id, std::span<rte_mempool* const> pools, const std::string& what,
                           uint16_t mtu = 0) {
  rte_eth_dev_info info{};
  if (rte_eth_dev_info_get(id, &info) != 0) return lb::Error{what + ": the driver tells nothing of itself"};
  const auto queues = static_cast<uint16_t>(pools.size());
  if (queues > info.max_rx_queues || queues > info.max_tx_queues)
    return lb::Error{what + ": the driver has " +
                     std::to_string(std::min(info.max_rx_queues, info.max_tx_queues)) + " queues for " +
                     std::to_string(queues) + " workers; lower dataplane.workers"};
  rte_eth_conf config{};
  config.rxmode.mtu = mtu;
  config.intr_conf.rxq = std::string_view(info.driver_name) == "net_tap" ? 1 : 0;
  if (queues > 1 && info.flow_type_rss_offloads != 0) {
    config.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    config.rx_adv_conf.rss_conf.rss_hf = wanted_rss() & info.flow_type_rss_offloads;
  }
  const auto failed = [&what](const char* step, int code) {
    return lb::Error{what + ": " + step + ": " + rte_strerror(-code)};
  };
  if (const int code = rte_eth_dev_configure(id, queues, queues, &config); code < 0)
    return failed("configure", code);
  uint16_t rx = kDescriptors, tx = kDescriptors;
  if (const int code = rte_eth_dev_adjust_nb_rx_tx_desc(id, &rx, &tx); code < 0)
    return failed("descriptors", code);
  for (uint16_t queue = 0; queue < queues; ++queue) {
    const int socket = rte_eth_dev_socket_id(id);
    const auto numa = static_cast<unsigned>(socket < 0 ? 0 : socket);
    if (const int code = rte_eth_rx_queue_setup(id, queue, rx, numa, nullptr, pools[queue]); code < 0)
      return failed("receive queue", code);
    if (const int code = rte_eth_tx_queue_setup(id, queue, tx, numa, nullptr); code < 0)
      return failed("transmit queue", code);
  }
  if (const int code = rte_eth_dev_start(id); code < 0) return failed("start", code);
  return queues > 1 ? wanted_rss() : uint64_t{0};
}

// Adds a virtual device to the running EAL and starts it.
lb::Result<uint16_t> add(const std::string& name, const std::string& arguments,
                         std::span<rte_mempool* const> pools, const std::string& what) {
  if (const int code = rte_eal_hotplug_add("vdev", name.c_str(), arguments.c_str()); code < 0)
    return lb::Error{what + ": " + name + "," + arguments + ": " + rte_strerror(-code)};
  uint16_t id = 0;
  if (rte_eth_dev_get_port_by_name(name.c_str(), &id) != 0) {
    rte_eal_hotplug_remove("vdev", name.c_str());
    return lb::Error{what + ": " + name + " is no Ethernet driver"};
  }
  if (auto started = start(id, pools, what); !started) {
    rte_eth_dev_close(id);
    rte_eal_hotplug_remove("vdev", name.c_str());
    return lb::Error{started.error()};
  }
  return id;
}

void fill_in(Device& device) {
  const uint16_t id = device.queues.front().device;
  rte_eth_dev_info info{};
  if (rte_eth_dev_info_get(id, &info) == 0 && info.driver_name != nullptr) device.driver = info.driver_name;
  rte_ether_addr mac{};
  if (rte_eth_macaddr_get(id, &mac) == 0) std::memcpy(device.mac.bytes.data(), mac.addr_bytes, 6);
  rte_eth_dev_get_mtu(id, &device.mtu);
  // DPDK's drivers of kernel interfaces say 1500 of any.
  if (const auto mtu = mtu_of(device.interface)) device.mtu = std::min(*mtu, kMostMtu);
}

// The AF_XDP socket that is new. The driver keeps it to itself.
int socket_beside(const std::vector<int>& others) {
  std::vector<int> fresh;
  std::ranges::set_difference(af_xdp_sockets(), others, std::back_inserter(fresh));
  return fresh.size() == 1 ? fresh.front() : -1;
}

// One vdev a queue: veth refuses two queues in one (docs/decisions).
lb::Result<Device> open_af_xdp(const PortOptions& port, const std::string& interface, unsigned index,
                               std::span<rte_mempool* const> pools) {
  detach_xdp(interface);
  Device device;
  device.interface = interface;
  for (unsigned worker = 0; worker < pools.size(); ++worker) {
    const std::string arguments =
        "iface=" + interface + ",start_queue=" + std::to_string(worker) + ",queue_count=1";
    const std::vector<int> others = af_xdp_sockets();
    auto id = add(numbered("net_af_xdp", index, "q", worker), arguments, pools.subspan(worker, 1),
                  "port " + port.name);
    if (!id) {
      close_device(device);
      return lb::Error{id.error() +
                       " (a veth takes no XDP while its peer has more transmit queues: ethtool -L "
                       "ITS-PEER tx " +
                       std::to_string(pools.size()) + ")"};
    }
    device.queues.push_back({id.value(), 0, socket_beside(others)});
  }
  fill_in(device);
  return device;
}

// interface  the kernel's, if there is one
lb::Result<Device> one_with_all_queues(const std::string& name, const std::string& arguments,
                                       std::span<rte_mempool* const> pools, const std::string& what,
                                       const std::string& interface = "") {
  auto id = add(name, arguments, pools, what);
  if (!id) return lb::Error{id.error()};
  Device device;
  device.interface = interface;
  for (uint16_t worker = 0; worker < pools.size(); ++worker) device.queues.push_back({id.value(), worker});
  fill_in(device);
  return device;
}

lb::Result<Device> open_af_packet(const PortOptions& port, const std::string& interface, unsigned index,
                                  std::span<rte_mempool* const> pools) {
  // Its ring is read as one array, so blocks hold whole frames; of large ones few, for a block is one piece of memory.
  const uint32_t frame = frame_bytes(wanted_mtu(port));
  const std::string arguments = "iface=" + interface + ",qpairs=" + std::to_string(pools.size()) +
                                ",blocksz=" + std::to_string(frame * (frame > 2048 ? 2 : 32)) +
                                ",framesz=" + std::to_string(frame) + ",framecnt=2048";
  return one_with_all_queues(numbered("net_af_packet", index, "p", 0), arguments, pools, "port " + port.name,
                             interface);
}

lb::Result<Device> open_fastest(const PortOptions& port, const std::string& interface, unsigned index,
                                std::span<rte_mempool* const> pools) {
  if (port.device.starts_with("packet:")) return open_af_packet(port, interface, index, pools);
  auto fast = wanted_mtu(port) > af_xdp_most_mtu()
                  ? lb::Result<Device>(lb::Error{one_line(too_large_for_af_xdp(port, wanted_mtu(port)))})
                  : open_af_xdp(port, interface, index, pools);
  if (fast) return fast;
  auto slow = open_af_packet(port, interface, index, pools);
  if (!slow)
    return lb::Error{fast.error() + "; and with af_packet: " + slow.error() +
                     " (kernel interfaces want root, or CAP_NET_ADMIN, CAP_NET_RAW and CAP_BPF)"};
  slow.value().fallback = fast.error();
  return slow;
}

lb::Result<Device> open_interface(const PortOptions& port, unsigned index,
                                  std::span<rte_mempool* const> pools) {
  const std::string interface(interface_of(port.device));
  auto lock = InterfaceLock::take(interface);
  if (!lock) return lb::Error{"port " + port.name + ": " + lock.error()};
  if (auto ready = prepare_interface(port, interface, static_cast<unsigned>(pools.size())); !ready)
    return lb::Error{"port " + port.name + ": " + ready.error()};
  auto device = open_fastest(port, interface, index, pools);
  if (device) device.value().lock = std::move(lock).value();
  return device;
}

lb::Result<Device> open_pci(const PortOptions& port, std::span<rte_mempool* const> pools) {
  const std::string address(pci_address_of(port.device));
  const std::string what = "port " + port.name;
  uint16_t id = 0;
  if (rte_eth_dev_get_port_by_name(address.c_str(), &id) != 0)
    return lb::Error{what + ": DPDK sees no device " + address +
                     "; bind it to vfio-pci (dpdk-devbind.py -b vfio-pci " + address +
                     "), see dpdk-devbind.py -s"};
  const uint16_t mtu = wanted_mtu(port);
  const auto started = start(id, pools, what, mtu);
  if (!started) return lb::Error{started.error()};
  rte_eth_rxq_info queue{};
  if (rte_eth_rx_queue_info_get(id, 0, &queue) == 0 && queue.scattered_rx != 0) {
    rte_eth_dev_stop(id);
    return lb::Error{what + ": the driver spreads frames of MTU " + std::to_string(mtu) +
                     " over several buffers, which Cleat does not read; set a smaller mtu"};
  }
  rte_eth_promiscuous_enable(id);
  Device device;
  device.grant = grant_of(id, started.value());
  for (uint16_t worker = 0; worker < pools.size(); ++worker) device.queues.push_back({id, worker});
  fill_in(device);
  return device;
}

}  // namespace

std::string_view interface_of(std::string_view device) {
  for (const std::string_view prefix : {"veth:", "nic:", "packet:"})
    if (const auto name = after(device, prefix); !name.empty()) return name;
  return {};
}

uint16_t wanted_mtu(const PortOptions& port) {
  if (port.mtu != 0) return port.mtu;
  const auto mtu = mtu_of(std::string(interface_of(port.device)));
  return std::min(mtu.value_or(RTE_ETHER_MTU), kMostMtu);
}

LinkState link_of(const Device& device) {
  if (!device.interface.empty()) return kernel_link(device.interface);
  rte_eth_link link{};
  if (rte_eth_link_get_nowait(device.queues.front().device, &link) != 0) return {};
  const bool known =
      link.link_speed != RTE_ETH_SPEED_NUM_NONE && link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN;
  return {link.link_status == RTE_ETH_LINK_UP, known ? link.link_speed : 0};
}

std::string_view pci_address_of(std::string_view device) { return after(device, "pci:"); }

lb::Result<Device> open_device(const PortOptions& port, unsigned index, std::span<rte_mempool* const> pools) {
  if (!interface_of(port.device).empty()) return open_interface(port, index, pools);
  if (!pci_address_of(port.device).empty()) return open_pci(port, pools);
  const size_t comma = std::min(port.device.find(','), port.device.size());
  const std::string arguments = comma < port.device.size() ? port.device.substr(comma + 1) : "";
  return one_with_all_queues(port.device.substr(0, comma), arguments, pools, "port " + port.name);
}

lb::Result<Device> open_tap(const std::string& name, unsigned index, const Device& of,
                            std::span<rte_mempool* const> pools) {
  const std::string arguments = "iface=" + name + ",mac=" + of.mac.to_string();
  auto tap = one_with_all_queues(numbered("net_tap", index, "t", 0), arguments, pools, "punt tap " + name);
  if (!tap) return lb::Error{tap.error() + "; dataplane.punt: false does without (no health checks then)"};
  tap.value().interface = name;
  for (Queue& queue : tap.value().queues)
    queue.wake_file = rte_eth_dev_rx_intr_ctl_q_get_fd(queue.device, queue.number);
  // Its driver sends nothing larger than 1,500 bytes to the kernel, which must not invite it, say by its MSS.
  if (auto set = set_mtu(name, std::min<uint16_t>(of.mtu, RTE_ETHER_MTU)); !set) {
    close_device(tap.value());
    return lb::Error{set.error()};
  }
  return tap;
}

void close_device(const Device& device) {
  std::set<uint16_t> ids;
  for (const Queue& queue : device.queues) ids.insert(queue.device);
  for (const uint16_t id : ids) {
    rte_eth_dev_stop(id);
    rte_eth_dev_close(id);
  }
  if (device.driver == "net_af_xdp") detach_xdp(device.interface);
}

}  // namespace dataplane
