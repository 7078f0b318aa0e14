// SPDX-License-Identifier: MIT
// The dataplane as one thing: EAL, state segment, ports with their punt taps, workers. Started once, fed snapshots.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dataplane/grant.h"
#include "dataplane/interface_facts.h"
#include "dataplane/options.h"
#include "lb/compile.h"
#include "lb/counters.h"
#include "lb/mend.h"
#include "lb/neighbours.h"
#include "lb/peeks.h"
#include "lb/result.h"
#include "lb/snapshot_spec.h"

namespace dataplane {

// What start() found and did, for the log.
struct PortReport {
  std::string name, driver, interface, tap, mac;
  std::string fallback;  // why not the preferred driver; empty if it is
  uint16_t mtu = 0;
  uint16_t vlan = 0;
  unsigned queues = 0;
  Grant grant;
  bool wakes = false;    // its packets wake a worker that rests
  std::string unspread;  // why one worker gets all that comes in; empty if it does not
};
struct StartReport {
  std::vector<PortReport> ports;
  std::optional<lb::MendReport> mended;  // nullopt: the state is fresh
  std::string state_rejected;            // why an earlier state file was moved aside; empty if none was
};

// All calls from one thread, the control thread.
class Dataplane {
 public:
  // Opens everything, but moves no packet yet. One per process.
  // error  one line that names the port or file at fault and the mend; nothing is left behind
  static lb::Result<std::unique_ptr<Dataplane>> start(const Options& options);
  // Stops the workers, closes ports and taps. The state file stays.
  ~Dataplane();
  Dataplane(const Dataplane&) = delete;
  Dataplane& operator=(const Dataplane&) = delete;

  // Compiles `spec` and puts it in force; the first call sets the workers going. Returns the new generation.
  // On an error the snapshot in force stays.
  // cost  as lb::compile(); never waits for workers
  lb::Result<uint64_t> publish(const lb::SnapshotSpec& spec);

  [[nodiscard]] const StartReport& report() const;
  [[nodiscard]] const lb::Snapshot* snapshot() const;
  [[nodiscard]] lb::Segment& segment();
  [[nodiscard]] const lb::Neighbours& neighbours() const;
  [[nodiscard]] const lb::Peeks& peeks() const;
  [[nodiscard]] std::vector<const lb::WorkerCounters*> counters() const;
  // Cycles of their lb::LoadCounters in a second.
  [[nodiscard]] uint64_t tsc_hz() const;
  // By port, as it is now. cost  of each: a few system calls or register reads
  [[nodiscard]] std::vector<LinkState> links() const;

 private:
  class State;
  explicit Dataplane(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace dataplane
