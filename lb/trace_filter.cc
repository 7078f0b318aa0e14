// SPDX-License-Identifier: MIT
#include "lb/trace_filter.h"

#include "lb/trace_record.h"

namespace lb {
namespace {

bool is_end(const Endpoint& wanted, const Endpoint& found) {
  return wanted.address == found.address && (wanted.port == 0 || wanted.port == found.port);
}

// Of what is neither a client's nor a server's, either address may be the one.
bool is_clients(const IpAddress& client, uint16_t port, const TraceRecord& record) {
  const Endpoint wanted{client, port};
  if (!record.client.address.is_unset()) return is_end(wanted, record.client);
  const TraceEnds& ends = record.before.known ? record.before : record.after;
  return ends.known && (is_end(wanted, {ends.source, ends.source_port}) ||
                        is_end(wanted, {ends.destination, ends.destination_port}));
}

}  // namespace

bool matches(const Trace& trace, const TraceRecord& record) noexcept {
  const TraceFilter& filter = trace.filter;
  if (filter.drops_only && record.action != Action::kDrop) return false;
  if (filter.reason && (record.action != Action::kDrop || record.reason != *filter.reason)) return false;
  if (filter.client && !is_clients(*filter.client, filter.client_port, record)) return false;
  if (filter.vip && !is_end(*filter.vip, record.vip)) return false;
  if (filter.protocol) {
    const TraceEnds& ends = record.before.known ? record.before : record.after;
    if (!ends.known || ends.protocol != static_cast<uint8_t>(*filter.protocol)) return false;
  }
  if (trace.service && record.service != *trace.service) return false;
  return !filter.backend || is_end(*filter.backend, record.backend);
}

}  // namespace lb
