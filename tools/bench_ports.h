// SPDX-License-Identifier: MIT
// Ports of the DPDK programs that tools/bench-forward runs beside cleatd: cleatd's own EAL, pools and devices, for one worker. The
// programs end when their input does, so that they leave nothing behind, whatever ends the bench.
#pragma once

#include <span>
#include <vector>

#include "dataplane/device.h"
#include "lb/result.h"

namespace bench {

inline constexpr unsigned kWorkerLcore = 1;

// One in a process.
class Ports {
 public:
  Ports() = default;
  // Closes the devices and ends the EAL.
  ~Ports();
  Ports(const Ports&) = delete;
  Ports& operator=(const Ports&) = delete;

  // SIGTERM and SIGINT have no effect any more.
  // words  of each port, of one at least, "BUFFERS:DEVICE", as `buffers` and `device` have it in cleatd's configuration
  // error  one line
  lb::Status open(std::span<char* const> words);

  [[nodiscard]] size_t count() const { return devices_.size(); }
  // A port's only queue.
  [[nodiscard]] const dataplane::Queue& operator[](size_t port) const {
    return devices_[port].queues.front();
  }

 private:
  lb::Status open_devices(const dataplane::Options& options);

  std::vector<dataplane::Device> devices_;
  bool eal_ = false;
};

}  // namespace bench
