// SPDX-License-Identifier: MIT
// GET /v1/ports, and who notices that a link went down or came back.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "control/engine.h"

namespace control {

// {"ports": [...]}: a PortState each, by name. null stands for what is not known.
// cost  asks each device for its link
nlohmann::ordered_json ports_json(const Engine& engine);

// thread  control
class LinkWatch {
 public:
  // Logs each change of a link, or of its speed, since the call before; the first call logs those that are down.
  void look(const Engine& engine);

 private:
  struct Link {
    bool up = true;
    uint32_t speed_mbps = 0;
  };
  std::vector<Link> links_;
};

}  // namespace control
