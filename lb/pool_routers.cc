// SPDX-License-Identifier: MIT
#include "lb/pool_routers.h"

#include <vector>

namespace lb {

Result<QuicRouter> quic_router(const PoolSpec& spec, const BackendIds& ids) {
  std::vector<QuicLbConfig> configs;
  std::vector<QuicRouter::Server> servers;
  for (const QuicLbSpec& quic : spec.quic_lb) {
    configs.push_back(quic.config);
    for (const QuicLbSpec::Server& server : quic.servers)
      if (const auto id = ids.find(server.backend); id != ids.end())
        servers.push_back({quic.config.config_id, server.id, id->second});
  }
  return QuicRouter::make(configs, servers);
}

UfragRouter ufrag_router(const PoolSpec& spec, const BackendIds& ids) {
  if (!spec.ufrag) return {};
  std::vector<UfragRouter::Server> servers;
  for (const UfragSpec::Server& server : spec.ufrag->servers)
    if (const auto id = ids.find(server.backend); id != ids.end()) servers.push_back({server.id, id->second});
  return {spec.ufrag->key, std::move(servers)};
}

}  // namespace lb
