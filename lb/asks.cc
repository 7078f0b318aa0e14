// SPDX-License-Identifier: MIT
#include "lb/asks.h"

#include <algorithm>
#include <array>

#include "lb/hash.h"

namespace lb {
namespace {

constexpr unsigned kNetworks = 4096;
constexpr unsigned kFilterBits = 1U << 23;

uint64_t network_hash(const IpAddress& client) {
  if (client.is_v4()) return hash_word(client.as_v4().host() >> 8, 4);
  return hash_word(__builtin_bswap64(client.high()) >> 16, 6);
}

}  // namespace

// A Bloom filter with two bits a name ("Space/time trade-offs in hash coding with allowable errors", 1970): a million names
// in a span pass one in twenty that did not come.
struct Asks::Filter {
  std::array<uint64_t, kFilterBits / 64> words;
  bool dirty;

  [[nodiscard]] bool has(uint64_t name) const { return is_set(name) && is_set(name >> 32); }
  void add(uint64_t name) {
    set(name);
    set(name >> 32);
    dirty = true;
  }
  void clear() {
    if (dirty) words.fill(0);
    dirty = false;
  }

 private:
  [[nodiscard]] bool is_set(uint64_t bit) const {
    return (words[bit % kFilterBits / 64] >> bit % 64 & 1) != 0;
  }
  void set(uint64_t bit) { words[bit % kFilterBits / 64] |= uint64_t{1} << bit % 64; }
};

Asks::Asks() : filters_(new Filter[2]()), networks_(new uint32_t[kNetworks]()) {}
Asks::~Asks() = default;

bool Asks::came_before(Now now, uint64_t name) noexcept {
  const uint64_t span = now.ms / kRememberMs;
  if (span != span_) {
    filters_[span % 2].clear();
    if (span != span_ + 1) filters_[(span + 1) % 2].clear();
    span_ = span;
  }
  const bool came = filters_[0].has(name) || filters_[1].has(name);
  filters_[span % 2].add(name);
  return came;
}

uint32_t& Asks::used_by_network(Now now, const IpAddress& client) noexcept {
  if (now.ms / 1000 != networks_second_) {
    networks_second_ = now.ms / 1000;
    std::fill_n(networks_.get(), kNetworks, 0);
  }
  return networks_[reduce(network_hash(client), kNetworks)];
}

bool Asks::may_ask(Now now, const IpAddress& client, uint64_t name) noexcept {
  // Two halves of one hash would share bits of a small seed: mix once more.
  name = hash_word(name, 0x61736b);
  const bool came = came_before(now, name);
  uint32_t& of_network = used_by_network(now, client);
  const bool pressed = all_.used(now) >= kPerSecond / kEaseShare || of_network >= kPerNetwork / kEaseShare;
  if ((pressed && !came) || of_network >= kPerNetwork || !all_.take(now)) return false;
  ++of_network;
  return true;
}

}  // namespace lb
