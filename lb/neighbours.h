// SPDX-License-Identifier: MIT
// Next-hop addresses and their MACs, shared by all workers: a table with the states of RFC 4861 section 7.3
// that Cleat needs (incomplete, reachable, probing, failed), for ARP and neighbour discovery alike.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "lb/address.h"
#include "lb/frame.h"
#include "lb/snapshot.h"
#include "lb/time.h"

namespace lb {

enum class Resolution : uint8_t {
  kKnown,    // mac is filled
  kPending,  // asked; park the frame and call again
  kFailed,   // nobody answered three requests; asked again after a pause
  kFull,     // no place in the table
};

class Neighbours {
 public:
  static constexpr unsigned kCapacity = 8192;       // addresses, all ports together
  static constexpr uint32_t kRetryMs = 1000;        // between requests
  static constexpr unsigned kRequests = 3;          // before kFailed
  static constexpr uint32_t kReachableMs = 30'000;  // after that it is asked for again, while in use

  Neighbours();
  ~Neighbours();

  // Looks `address` up on `port`; when unknown, or known for too long, pushes a request to `out` at most
  // every kRetryMs. Any worker. Cost when known: one or two cache lines.
  Resolution resolve(const Snapshot& snapshot, const MacAddress& own_mac, PortIndex port,
                     const IpAddress& address, Now now, OutFrames& out, MacAddress& mac) noexcept;

  // Takes in what an ARP packet or a neighbour advertisement said. Only addresses that were asked for, or are
  // known, are learned (nobody can fill the table by talking). Any worker.
  void learn(PortIndex port, const IpAddress& address, const MacAddress& mac, Now now) noexcept;

  // Puts a static neighbour of the config; it never expires. Control thread, before workers see the snapshot.
  bool put_static(PortIndex port, const IpAddress& address, const MacAddress& mac) noexcept;

  // Frees places not used for ten minutes. One worker, about
  // once a second; looks at a few hundred places a call.
  void sweep(Now now) noexcept;

  struct Row {
    PortIndex port;
    IpAddress address;
    MacAddress mac;
    Resolution state;
    bool is_static;
  };
  // The table's i-th place, nullopt if empty. Any thread; for operators.
  [[nodiscard]] std::optional<Row> row(unsigned i) const;

 private:
  struct Entry;
  std::unique_ptr<Entry[]> entries_;
  unsigned hand_ = 0;

  struct Found {
    Entry* entry = nullptr;
    uint64_t control = 0;  // as it was read together with the address
  };
  Found find(PortIndex port, const IpAddress& address) const noexcept;
  Found insert(PortIndex port, const IpAddress& address, Now now) noexcept;
};

}  // namespace lb
