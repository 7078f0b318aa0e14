// SPDX-License-Identifier: MIT
#include "dataplane/dataplane.h"

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_mempool.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <optional>

#include "dataplane/buffer_plan.h"
#include "dataplane/clock.h"
#include "dataplane/device.h"
#include "dataplane/eal.h"
#include "dataplane/frame_room.h"
#include "dataplane/interface.h"
#include "dataplane/snapshot_slot.h"
#include "dataplane/state_file.h"
#include "dataplane/worker_count.h"
#include "dataplane/worker_loop.h"

namespace dataplane {
namespace {

std::string tap_name(const std::string& port) { return "cleat-" + port; }

Options completed(Options options) {
  if (options.workers == 0) options.workers = default_workers(options.ports);
  // Whoever changes an interface's MTU while we start must not make buffers too small.
  for (PortOptions& port : options.ports) port.mtu = wanted_mtu(port);
  return options;
}

EalOptions eal_options(const Options& options) {
  EalOptions eal;
  eal.workers = options.workers;
  eal.memory_mb = packet_memory_mb(options);
  for (const PortOptions& port : options.ports)
    if (const auto address = pci_address_of(port.device); !address.empty()) eal.pci.emplace_back(address);
  eal.arguments = options.eal_arguments;
  return eal;
}

}  // namespace

class Dataplane::State {
 public:
  explicit State(const Options& options) : options_(completed(options)), peeks_(options.peeks) {}

  ~State() {
    stop_.store(true, std::memory_order_release);
    if (running_) rte_eal_mp_wait_lcore();
    // Taps first: each has the MAC of its port's device.
    for (const Device& tap : taps_) close_device(tap);
    for (const Device& device : devices_) close_device(device);
    loops_.clear();
    slot_.reset();
    for (const auto& pools : pools_)
      for (const auto& [room, pool] : pools) rte_mempool_free(pool);
    if (eal_) stop_eal();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  lb::Status open() {
    // The state file before all else: its lock says whether another cleatd is at work.
    auto file = StateFile::open(options_.state_file, options_.geometry, boot_time());
    if (!file) return lb::Error{file.error()};
    file_.emplace(std::move(file).value());
    report_.mended = file_->mended();
    report_.state_rejected = file_->rejected();
    if (auto status = start_eal(eal_options(options_)); !status) return status;
    eal_ = true;
    for (const auto step : {&State::make_pools, &State::open_ports})
      if (auto status = (this->*step)(); !status) return status;
    make_workers();
    return lb::Nothing{};
  }

  lb::Result<uint64_t> publish(const lb::SnapshotSpec& spec) {
    const lb::Now now = boot_time();
    const lb::Snapshot* former = slot_->in_force();
    auto made = lb::compile(spec, file_->segment(), generation_ + 1, now, counters(), former);
    if (!made) return lb::Error{made.error()};
    for (size_t port = 0; port < spec.ports.size(); ++port)
      for (const lb::StaticNeighbour& n : spec.ports[port].neighbours)
        neighbours_.put_static(static_cast<lb::PortIndex>(port), n.address, n.mac);
    const bool new_addresses = former == nullptr || !same_addresses(*former, *made.value());
    if (former == nullptr) lb::recount(file_->segment(), *made.value(), *counters_.front());
    slot_->publish(std::move(made).value());
    ++generation_;
    if (new_addresses) loops_.front()->announce();
    if (!running_) run_workers();
    return generation_;
  }

  [[nodiscard]] std::vector<const lb::WorkerCounters*> counters() const {
    std::vector<const lb::WorkerCounters*> all;
    for (const auto& c : counters_) all.push_back(c.get());
    return all;
  }
  [[nodiscard]] const lb::Snapshot* snapshot() const { return slot_->in_force(); }
  [[nodiscard]] lb::Segment& segment() { return file_->segment(); }
  [[nodiscard]] const lb::Neighbours& neighbours() const { return neighbours_; }
  [[nodiscard]] const lb::Peeks& peeks() const { return peeks_; }
  [[nodiscard]] const StartReport& report() const { return report_; }
  [[nodiscard]] std::vector<LinkState> links() const {
    std::vector<LinkState> all;
    for (size_t port = 0; port < devices_.size(); ++port) all.push_back(link_of(device_of(port)));
    return all;
  }

 private:
  static bool same_addresses(const lb::Snapshot& a, const lb::Snapshot& b) {
    const auto listed = [](const lb::Snapshot& s) {
      std::vector<lb::IpAddress> addresses;
      for (const lb::LocalAddress& local : s.addresses.all()) addresses.push_back(local.address);
      std::sort(addresses.begin(), addresses.end());
      return addresses;
    };
    return listed(a) == listed(b);
  }

  lb::Status make_pools() {
    pools_.resize(options_.workers);
    for (unsigned worker = 0; worker < options_.workers; ++worker)
      for (const auto& [room, buffers] : buffers_of(options_)) {
        auto pool = make_pool("cleat-" + std::to_string(worker) + "-" + std::to_string(room), buffers, room);
        if (!pool) return lb::Error{pool.error()};
        pools_[worker].emplace(room, pool.value());
      }
    return lb::Nothing{};
  }

  // Which queue of a port is whose. A switch or host may send all that it has for us to the first queue of each port: then
  // two ports keep two workers busy.
  [[nodiscard]] size_t queue_of(size_t worker, size_t port) const {
    return (worker + port) % options_.workers;
  }
  [[nodiscard]] std::vector<rte_mempool*> pools_of(size_t port) const {
    const uint32_t room = buffer_room(options_.ports[port].device, wanted_mtu(options_.ports[port]));
    std::vector<rte_mempool*> pools(pools_.size());
    for (size_t worker = 0; worker < pools.size(); ++worker)
      pools[queue_of(worker, port)] = pools_[worker].at(room);
    return pools;
  }

  lb::Status open_ports() {
    for (unsigned i = 0; i < options_.ports.size(); ++i) {
      const PortOptions& port = options_.ports[i];
      if (port.tag.device == i) {
        auto device = open_device(with_all_addresses(i), i, pools_of(i));
        if (!device) return lb::Error{device.error()};
        devices_.push_back(std::move(device).value());
      } else {
        devices_.push_back({});
      }
      if (options_.punt)
        if (auto status = open_punt(port, i); !status) return status;
      const Device& d = device_of(i);
      report_.ports.push_back({port.name, d.driver, d.interface, options_.punt ? tap_name(port.name) : "",
                               d.mac.to_string(), d.fallback, d.mtu, port.tag.vlan,
                               static_cast<unsigned>(d.queues.size()), d.grant, wakes(d), unspread(i)});
    }
    return lb::Nothing{};
  }

  // Those of the ports that share its device, too.
  [[nodiscard]] PortOptions with_all_addresses(unsigned index) const {
    PortOptions all = options_.ports[index];
    for (size_t i = index + 1; i < options_.ports.size(); ++i)
      if (options_.ports[i].tag.device == index)
        all.addresses.insert(all.addresses.end(), options_.ports[i].addresses.begin(),
                             options_.ports[i].addresses.end());
    return all;
  }

  [[nodiscard]] const Device& device_of(size_t port) const {
    return devices_[options_.ports[port].tag.device];
  }

  static bool wakes(const Device& device) {
    return std::ranges::all_of(device.queues, [](const Queue& queue) { return queue.wake_file >= 0; });
  }

  // A NIC that hashes nothing still works, and the workers share the ports (queue_of): so no error.
  [[nodiscard]] std::string unspread(size_t port) const {
    const Device& d = device_of(port);
    if (pci_address_of(options_.ports[port].device).empty() || options_.workers == 1 ||
        !d.grant.rss_granted.empty())
      return "";
    return "the driver hashes no packets to queues: all that comes in is one worker's; dataplane.workers: 1 "
           "does as well, or a NIC with RSS";
  }

  lb::Status open_punt(const PortOptions& port, unsigned index) {
    const std::string name = tap_name(port.name);
    auto tap = open_tap(name, index, device_of(index), pools_of(index));
    if (!tap) return lb::Error{tap.error()};
    taps_.push_back(std::move(tap).value());
    if (auto status = configure_tap(name, port.addresses, port.gateway_v4, port.gateway_v6); !status)
      return lb::Error{"port " + port.name + ": " + status.error()};
    return lb::Nothing{};
  }

  void make_workers() {
    slot_.emplace(options_.workers);
    std::array<lb::MacAddress, lb::kMaxPorts> macs{};
    for (size_t port = 0; port < devices_.size(); ++port) macs[port] = device_of(port).mac;
    for (unsigned i = 0; i < options_.workers; ++i) {
      counters_.push_back(std::make_unique<lb::WorkerCounters>());
      workers_.push_back(std::make_unique<lb::Worker>(file_->segment(), neighbours_, offers_, path_mtus_,
                                                      peeks_, *counters_[i], i, options_.workers, macs));
      for (size_t port = 0; port < devices_.size(); ++port) workers_[i]->mtus[port] = device_of(port).mtu;
      std::vector<WorkerPort> ports;
      for (size_t port = 0; port < devices_.size(); ++port) {
        const lb::PortTag tag = options_.ports[port].tag;
        WorkerPort p{device_of(port).queues[queue_of(i, tag.device)], {}, false, tag};
        if (!taps_.empty()) p.tap = taps_[port].queues[queue_of(i, port)];
        p.has_tap = !taps_.empty();
        ports.push_back(p);
      }
      loops_.push_back(
          std::make_unique<WorkerLoop>(*workers_[i], *slot_, pools_[i].begin()->second, std::move(ports)));
    }
  }

  struct Launch {
    State* state;
    WorkerLoop* loop;
  };
  static int run_one(void* argument) {
    const auto* launch = static_cast<const Launch*>(argument);
    // Everything that the control thread wrote before is seen from here on.
    while (!launch->state->go_.load(std::memory_order_acquire)) {
    }
    launch->loop->run(launch->state->stop_);
    return 0;
  }

  void run_workers() {
    running_ = true;
    launches_.reserve(loops_.size());
    unsigned i = 0, lcore = 0;
    RTE_LCORE_FOREACH_WORKER(lcore) {
      if (i == loops_.size()) break;
      launches_.push_back({this, loops_[i++].get()});
      rte_eal_remote_launch(&State::run_one, &launches_.back(), lcore);
    }
    go_.store(true, std::memory_order_release);
  }

  const Options options_;
  StartReport report_;
  std::optional<StateFile> file_;
  bool eal_ = false, running_ = false;
  std::atomic<bool> go_{false}, stop_{false};
  uint64_t generation_ = 0;
  lb::Neighbours neighbours_;
  lb::WhipOffers offers_;
  lb::PathMtus path_mtus_;
  lb::Peeks peeks_;
  std::vector<std::map<uint32_t, rte_mempool*>> pools_;  // by worker, then by bytes of a buffer
  std::vector<Device> devices_, taps_;                   // by port; only the first port of a device has it
  std::optional<SnapshotSlot> slot_;
  std::vector<std::unique_ptr<lb::WorkerCounters>> counters_;
  std::vector<std::unique_ptr<lb::Worker>> workers_;
  std::vector<std::unique_ptr<WorkerLoop>> loops_;
  std::vector<Launch> launches_;
};

lb::Result<std::unique_ptr<Dataplane>> Dataplane::start(const Options& options) {
  auto state = std::make_unique<State>(options);
  if (auto status = state->open(); !status) return lb::Error{status.error()};
  return std::unique_ptr<Dataplane>(new Dataplane(std::move(state)));
}

Dataplane::Dataplane(std::unique_ptr<State> state) : state_(std::move(state)) {}
Dataplane::~Dataplane() = default;

lb::Result<uint64_t> Dataplane::publish(const lb::SnapshotSpec& spec) { return state_->publish(spec); }
const StartReport& Dataplane::report() const { return state_->report(); }
const lb::Snapshot* Dataplane::snapshot() const { return state_->snapshot(); }
lb::Segment& Dataplane::segment() { return state_->segment(); }
const lb::Neighbours& Dataplane::neighbours() const { return state_->neighbours(); }
const lb::Peeks& Dataplane::peeks() const { return state_->peeks(); }
std::vector<const lb::WorkerCounters*> Dataplane::counters() const { return state_->counters(); }
uint64_t Dataplane::tsc_hz() const { return rte_get_tsc_hz(); }
std::vector<LinkState> Dataplane::links() const { return state_->links(); }

}  // namespace dataplane
