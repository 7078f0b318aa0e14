// SPDX-License-Identifier: MIT
#include "control/status_line.h"

namespace control {
namespace {

std::string counted(size_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace

std::string status_line(const Operations& operations) {
  size_t up = 0, all = 0, panics = 0;
  for (const lb::PoolSpec& pool : operations.spec().pools) {
    all += pool.backends.size();
    for (const lb::BackendSpec& backend : pool.backends)
      up += operations.healthy(pool.name, {backend.address, backend.port});
    panics += operations.verdict_of(pool.name).panic;
  }
  std::string line = counted(operations.config().services.size(), "service") + ", " + std::to_string(up) +
                     " of " + counted(all, "backend") + " up";
  if (panics != 0) line += "; health ignored in " + counted(panics, "pool");
  if (!operations.publish_error().empty()) line += "; snapshot refused: " + operations.publish_error();
  if (const auto& reload = operations.last_reload(); reload && !reload->error.empty())
    line += "; last reload refused: " + reload->error;
  return line;
}

}  // namespace control
