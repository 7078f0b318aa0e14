// SPDX-License-Identifier: MIT
#include "tools/replay_summary.h"

#include <sstream>

namespace replay {
namespace {

struct Totals {
  uint64_t hits = 0, misses = 0, opened = 0, closed = 0, emitted = 0;
  std::array<uint64_t, lb::kMaxPorts> rx{}, tx{};
};

Totals totals_of(const Engine& engine) {
  Totals t;
  for (unsigned i = 0; i < engine.workers(); ++i) {
    const lb::WorkerCounters& c = engine.counters(i);
    t.hits += c.flow_hits.get();
    t.misses += c.flow_misses.get();
    t.emitted += c.emitted.get();
    for (unsigned s = 0; s < lb::kMaxServices; ++s) {
      t.opened += c.services[s].flows_opened.get();
      t.closed += c.services[s].flows_closed.get();
    }
    for (unsigned p = 0; p < lb::kMaxPorts; ++p) {
      t.rx[p] += c.ports[p].rx_packets.get();
      t.tx[p] += c.ports[p].tx_packets.get();
    }
  }
  return t;
}

}  // namespace

void Summary::add(const Outcome& outcome) {
  ++frames_;
  last_ns_ = outcome.time_ns;
  ++by_action_[static_cast<size_t>(outcome.verdict.action)];
  if (outcome.verdict.action == lb::Action::kDrop) ++by_reason_[static_cast<size_t>(outcome.verdict.reason)];
}

std::string Summary::text(const lb::SnapshotSpec& spec, const Engine& engine) const {
  const auto count = [this](lb::Action action) { return by_action_[static_cast<size_t>(action)]; };
  const Totals t = totals_of(engine);
  std::ostringstream text;
  text << "frames     " << frames_ << " in " << last_ns_ / 1'000'000 << " ms of capture\n"
       << "verdicts   tx " << count(lb::Action::kTx) << ", drop " << count(lb::Action::kDrop) << ", punt "
       << count(lb::Action::kPunt) << ", consumed " << count(lb::Action::kConsumed) << ", hold "
       << count(lb::Action::kHold) << "\n";
  for (unsigned r = 0; r < lb::kDropReasonCount; ++r) {
    const auto reason = static_cast<lb::DropReason>(r);
    if (by_reason_[r] != 0)
      text << "  drop     " << by_reason_[r] << " " << lb::drop_reason_name(reason) << ": "
           << lb::drop_reason_text(reason) << "\n";
  }
  text << "flows      opened " << t.opened << ", closed " << t.closed << ", open " << t.opened - t.closed
       << ", hits " << t.hits << ", misses " << t.misses << "\n";
  for (size_t p = 0; p < spec.ports.size(); ++p)
    text << "port       " << spec.ports[p].name << " in " << t.rx[p] << ", out " << t.tx[p] << "\n";
  if (engine.too_long() != 0)
    text << "skipped    " << engine.too_long() << " frames of more than 65535 bytes\n";
  text << "conserved  " << (engine.conserved() ? "yes" : "NO") << ": in + " << t.emitted
       << " of Cleat's own = out + drop + punt + consumed + hold\n";
  return text.str();
}

}  // namespace replay
