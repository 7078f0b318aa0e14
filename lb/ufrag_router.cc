// SPDX-License-Identifier: MIT
#include "lb/ufrag_router.h"

#include <algorithm>

#include "lb/server_ufrag.h"

namespace lb {

UfragRouter::UfragRouter(const AesKey& key, std::vector<Server> servers)
    : key_(key), servers_(std::move(servers)) {
  std::sort(servers_.begin(), servers_.end(), [](const Server& a, const Server& b) { return a.id < b.id; });
}

BackendId UfragRouter::route(std::string_view ufrag) const noexcept {
  if (!key_) return kNoBackendId;
  const auto id = decode_ufrag(*key_, ufrag);
  if (!id) return kNoBackendId;
  const auto found =
      std::lower_bound(servers_.begin(), servers_.end(), *id,
                       [](const Server& server, uint16_t wanted) { return server.id < wanted; });
  return found != servers_.end() && found->id == *id ? found->backend : kNoBackendId;
}

}  // namespace lb
