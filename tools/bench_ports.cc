// SPDX-License-Identifier: MIT
#include "tools/bench_ports.h"

#include <algorithm>
#include <charconv>
#include <csignal>
#include <string_view>

#include "dataplane/buffer_plan.h"
#include "dataplane/eal.h"
#include "dataplane/frame_room.h"

namespace bench {
namespace {

bool read_port(std::string_view word, dataplane::PortOptions& into) {
  const size_t colon = std::min(word.find(':'), word.size());
  const char* end = word.data() + colon;
  const auto [stop, error] = std::from_chars(word.data(), end, into.buffers);
  if (error != std::errc() || stop != end || colon == word.size()) return false;
  into.device = word.substr(colon + 1);
  return true;
}

}  // namespace

Ports::~Ports() {
  for (const dataplane::Device& device : devices_) dataplane::close_device(device);
  if (eal_) dataplane::stop_eal();
}

lb::Status Ports::open(std::span<char* const> words) {
  for (const int number : {SIGTERM, SIGINT}) std::signal(number, SIG_IGN);
  if (words.empty()) return lb::Error{"no port is given"};
  dataplane::Options options;
  options.workers = 1;
  for (const char* word : words) {
    dataplane::PortOptions& port = options.ports.emplace_back();
    port.name = std::to_string(options.ports.size());
    if (!read_port(word, port))
      return lb::Error{std::string(word) + " is no port; one as in 8191:net_null0 is wanted"};
  }
  auto started = dataplane::start_eal(
      {.workers = 1, .memory_mb = dataplane::packet_memory_mb(options), .pci = {}, .arguments = {}});
  if (!started) return started;
  eal_ = true;
  return open_devices(options);
}

lb::Status Ports::open_devices(const dataplane::Options& options) {
  std::map<uint32_t, rte_mempool*> pools;
  for (const auto& [room, buffers] : dataplane::buffers_of(options)) {
    auto pool = dataplane::make_pool("bench-" + std::to_string(room), buffers, room);
    if (!pool) return lb::Error{pool.error()};
    pools.emplace(room, pool.value());
  }
  for (unsigned i = 0; i < options.ports.size(); ++i) {
    const dataplane::PortOptions& port = options.ports[i];
    rte_mempool* const pool = pools.at(dataplane::buffer_room(port.device, dataplane::wanted_mtu(port)));
    auto device = dataplane::open_device(port, i, {&pool, 1});
    if (!device) return lb::Error{device.error()};
    devices_.push_back(std::move(device).value());
  }
  return lb::Nothing{};
}

}  // namespace bench
