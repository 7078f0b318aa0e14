// SPDX-License-Identifier: MIT
// From a server's ICE ufrag to its backend, where the servers' numbers are hidden in them (lb/server_ufrag.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "lb/aes128.h"
#include "lb/limits.h"

namespace lb {

class UfragRouter {
 public:
  struct Server {
    uint16_t id = 0;
    BackendId backend = 0;
  };

  UfragRouter() = default;  // knows nobody
  // servers  ids distinct, any order
  UfragRouter(const AesKey& key, std::vector<Server> servers);

  // ufrag    the server's half of a USERNAME
  // returns  kNoBackendId: not made with this key, or of a server that it does not know
  // cost     decode_ufrag()'s; then a binary search
  [[nodiscard]] BackendId route(std::string_view ufrag) const noexcept;

 private:
  std::optional<Aes128> key_;
  std::vector<Server> servers_;  // by id
};

}  // namespace lb
