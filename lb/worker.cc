// SPDX-License-Identifier: MIT
#include "lb/worker.h"

#include "lb/hash.h"

namespace lb {

namespace {

HmacSha1Key key_of(uint64_t seed) {
  const std::array<uint64_t, 2> words = {hash_word(1, seed), hash_word(2, seed)};
  std::array<uint8_t, sizeof(words)> bytes;
  std::memcpy(bytes.data(), words.data(), bytes.size());
  return HmacSha1Key(bytes);
}

}  // namespace

Worker::Worker(Segment& segment_, Neighbours& neighbours_, WhipOffers& offers_, PathMtus& path_mtus_,
               Peeks& peeks_, WorkerCounters& counters_, unsigned index_, unsigned count_,
               const std::array<MacAddress, kMaxPorts>& macs_)
    : segment(segment_),
      neighbours(neighbours_),
      offers(offers_),
      path_mtus(path_mtus_),
      peeks(peeks_),
      counters(counters_),
      index(index_),
      count(count_),
      macs(macs_),
      slots(index_, count_, segment_),
      fragments(index_, count_),
      challenge_key(key_of(segment_.sessions().seed)),
      free_session(
          static_cast<SessionIndex>(uint64_t{segment_.sessions().sessions.count()} * index_ / count_)),
      random_state(hash_word(index_, 0x77726b72)),
      wrr_position(new uint32_t[kMaxPools]) {
  // Workers start at different places of a schedule, so that together they do not open in lockstep.
  mtus.fill(kDefaultMtu);
  for (unsigned pool = 0; pool < kMaxPools; ++pool) wrr_position[pool] = index * 7;
}

}  // namespace lb
