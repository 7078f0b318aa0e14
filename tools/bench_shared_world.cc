// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <algorithm>
#include <list>

#include "tools/bench_batch.h"
#include "tools/bench_world.h"

namespace bench {
namespace {

size_t memory_for_worlds() {
  return static_cast<size_t>(::sysconf(_SC_PHYS_PAGES)) / 3 * static_cast<size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

World& World::shared(const Setup& setup) {
  static std::list<World> kept;  // used last first
  const auto known =
      std::find_if(kept.begin(), kept.end(), [&](const World& world) { return world.setup() == setup; });
  if (known != kept.end()) {
    kept.splice(kept.begin(), kept, known);
    return kept.front();
  }
  size_t bytes = geometry_of(setup).bytes();
  for (const World& world : kept) bytes += world.bytes();
  while (!kept.empty() && bytes > memory_for_worlds()) {
    bytes -= kept.back().bytes();
    kept.pop_back();
  }
  return kept.emplace_front(setup);
}

}  // namespace bench
