// SPDX-License-Identifier: MIT
// A rig with a trace in its snapshot.
#pragma once

#include <string>
#include <vector>

#include "lb/trace_ring.h"
#include "tests/lb/rig.h"

namespace lb::test {

// Base  Rig, or one made of it
template <typename Base>
class Traced : public Base {
 public:
  using Base::Base;

  // Puts a trace in force; what is kept from now on is its.
  void trace(const TraceFilter& filter, const std::string& service = "", uint32_t records = 256,
             unsigned workers = 1) {
    rings = std::make_shared<TraceRings>(workers, records);
    this->reload([&](SnapshotSpec& spec) { spec.trace = TraceSpec{filter, service, rings}; });
  }
  void end_trace() {
    this->reload([](SnapshotSpec& spec) { spec.trace.reset(); });
  }
  std::vector<TraceRecord> kept(unsigned worker = 0) {
    std::vector<TraceRecord> all;
    for (TraceRecord record; rings->of(worker).take(record);) all.push_back(record);
    return all;
  }

  std::shared_ptr<TraceRings> rings;
};
using TraceRig = Traced<Rig>;

inline TraceFilter of_client(std::string_view address, uint16_t port = 0) {
  TraceFilter filter;
  filter.client = ip(address);
  filter.client_port = port;
  return filter;
}

// "198.51.100.7:40000 > 10.10.0.100:8000", "" when nothing is known.
inline std::string ends_text(const TraceEnds& ends) {
  if (!ends.known) return "";
  return Endpoint{ends.source, ends.source_port}.to_string() + " > " +
         Endpoint{ends.destination, ends.destination_port}.to_string();
}

}  // namespace lb::test
