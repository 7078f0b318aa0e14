// SPDX-License-Identifier: MIT
#include "tests/peers/quic_client.h"

#include <poll.h>

#include <algorithm>

#include "tests/peers/json_line.h"

namespace peers {
namespace {

using Connections = std::vector<std::unique_ptr<ClientConnection>>;

constexpr uint64_t kLongestWait_ms = 20;

// All wait before a round of pause_at, until they are released.
class Pauses {
 public:
  Pauses(const ClientOptions& options, const Connections& connections)
      : rounds_(options.pause_at.begin(), options.pause_at.end()), connections_(connections) {}

  bool lets_start(const ClientConnection& c) const {
    return rounds_.empty() || !c.is_before_round(rounds_.front());
  }

  void look(const volatile std::sig_atomic_t& releases) {
    if (released_ < releases) {
      released_++;
      if (!rounds_.empty()) rounds_.erase(rounds_.begin());
      is_told_ = false;
    }
    if (is_told_ || rounds_.empty()) return;
    is_told_ = std::all_of(connections_.begin(), connections_.end(), [this](const auto& c) {
      return c->is_finished() || c->is_before_round(rounds_.front());
    });
    if (is_told_) JsonLine("paused").number("round", rounds_.front()).print();
  }

 private:
  std::vector<uint64_t> rounds_;
  const Connections& connections_;
  std::sig_atomic_t released_ = 0;
  bool is_told_ = false;
};

void wait_for_packets(const Connections& connections) {
  std::vector<pollfd> waiting;
  uint64_t wait_ms = kLongestWait_ms;
  for (const auto& c : connections) {
    if (c->is_finished()) continue;
    wait_ms = std::min(wait_ms, ms_until(c->expiry(), wait_ms));
    for (const auto& socket : c->sockets()) waiting.push_back({socket->descriptor(), POLLIN, 0});
  }
  poll(waiting.data(), waiting.size(), static_cast<int>(wait_ms));
}

uint64_t tell(const Connections& connections) {
  uint64_t broken = 0, moves = 0, changed = 0;
  for (const auto& c : connections) {
    broken += !c->is_good();
    moves += c->moves();
    changed += c->servers().size() > 1;
    if (!c->is_good()) c->tell_of_break();
  }
  JsonLine("end")
      .number("connections", connections.size())
      .number("good", connections.size() - broken)
      .number("broken", broken)
      .number("moves", moves)
      .number("changed_server", changed)
      .print();
  return broken;
}

}  // namespace

uint64_t run_client(const ClientOptions& options, const volatile std::sig_atomic_t& stop,
                    const volatile std::sig_atomic_t& releases) {
  const TlsCredentials credentials;
  Connections connections;
  for (uint64_t i = 0; i < options.connections; i++) {
    connections.push_back(std::make_unique<ClientConnection>(options, i, credentials));
  }
  Pauses pauses(options, connections);
  const auto is_finished = [](const auto& c) { return c->is_finished(); };
  while (!stop && !std::all_of(connections.begin(), connections.end(), is_finished)) {
    for (const auto& c : connections) {
      if (!c->is_finished()) c->step(pauses.lets_start(*c));
    }
    pauses.look(releases);
    wait_for_packets(connections);
    for (const auto& c : connections) {
      if (!c->is_finished()) c->receive_all();
    }
  }
  const uint64_t broken = tell(connections);
  for (const auto& c : connections) c->say_goodbye();
  return broken;
}

}  // namespace peers
