// SPDX-License-Identifier: MIT
// What a service with `affinity: stream` knows of streams before it has heard of any: which hosts are vhosts of their own, and which
// pool has the servers of a vhost or of an app. The longest route that fits a stream's name decides.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lb/result.h"
#include "lb/vhost_list.h"

namespace lb {

// Immutable after make().
class StreamRules {
 public:
  struct Route {
    std::string vhost;  // empty: the default vhost
    std::string app;    // empty: all of the vhost; `live` is also `live/room`
    uint16_t pool = 0;  // index into Snapshot::pools
  };

  StreamRules() = default;  // one vhost, one pool: index 0

  // pool     of streams that no route fits
  // returns  an error for what VhostList::make() and prefix_of() refuse, and for two routes of the same streams
  static Result<StreamRules> make(std::span<const std::string> vhosts, std::span<const Route> routes,
                                  uint16_t pool);

  // What the keys (lb/stream_key.h) of a route's streams begin with: `vhost/`, `vhost/app/` or `/app/`.
  // vhost    one of `vhosts`, in any case; empty, or `__defaultVhost__`: the default one
  // app      may have several parts, written as a client may write it
  // returns  an error if the vhost is unknown, the app no name, or both are empty
  static Result<std::string> prefix_of(const VhostList& vhosts, const std::string& vhost,
                                       const std::string& app);

  [[nodiscard]] const VhostList& vhosts() const noexcept { return vhosts_; }

  // key      StreamKey::text()
  // cost     no allocation; a binary search for each slash of the key
  [[nodiscard]] uint16_t pool_of(std::string_view key) const noexcept;
  // The route that decides, as prefix_of() says it; empty: none, the service's own pool.
  [[nodiscard]] std::string_view route_of(std::string_view key) const noexcept;
  // Every pool a stream may go to, each once; the service's own first.
  [[nodiscard]] std::vector<uint16_t> pools() const;

 private:
  struct Prefix {
    std::string text;
    uint16_t pool;
  };
  [[nodiscard]] const Prefix* find(std::string_view key) const noexcept;

  VhostList vhosts_;
  std::vector<Prefix> prefixes_;  // sorted
  uint16_t pool_ = 0;
};

}  // namespace lb
