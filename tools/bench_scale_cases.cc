// SPDX-License-Identifier: MIT
// The same few packets while services, or the backends of their pool, grow in number.
#include <algorithm>

#include "tools/bench_cases.h"

namespace bench {
namespace {

constexpr uint64_t kFlows = 65536;  // of all services together

struct Kind {
  const char* name;
  lb::Forward forward;
  Traffic traffic;
};
constexpr Kind kKinds[] = {{"nat_v4_hit", lb::Forward::kNat, Traffic::kClients},
                           {"nat_v4_reply", lb::Forward::kNat, Traffic::kReplies},
                           {"dsr_v4_hit", lb::Forward::kDsr, Traffic::kClients},
                           {"nat_new_flow", lb::Forward::kNat, Traffic::kNew}};

PipelineCase case_of(const Scale& scale, const Kind& kind, const char* what, unsigned count) {
  PipelineCase made;
  made.name = std::string("scale/") + kind.name + "_" + what + "/" + std::to_string(count);
  made.setup.huge = scale.huge;
  return made;
}

// Each on a port of the one VIP, its flows a share of all.
PipelineCase of_services(const Scale& scale, const Kind& kind, unsigned services) {
  PipelineCase made = case_of(scale, kind, "services", services);
  const uint64_t flows = std::max<uint64_t>(scale.upto(kFlows) / services, 1);
  made.setup.services.assign(services, {kind.forward, lb::Protocol::kUdp, lb::Affinity::kTuple, flows});
  made.mix = {{.traffic = kind.traffic, .services = static_cast<ServiceIndex>(services)}};
  return made;
}

PipelineCase of_backends(const Scale& scale, const Kind& kind, unsigned backends) {
  PipelineCase made = case_of(scale, kind, "backends", backends);
  made.setup.services = {{kind.forward, lb::Protocol::kUdp, lb::Affinity::kTuple, scale.upto(kFlows)}};
  made.setup.backends = backends;
  made.mix = {{.traffic = kind.traffic}};
  return made;
}

}  // namespace

std::vector<PipelineCase> scale_cases(const Scale& scale) {
  std::vector<PipelineCase> cases;
  for (const Kind& kind : kKinds) {
    for (const unsigned services : scale.services) cases.push_back(of_services(scale, kind, services));
    for (const unsigned backends : scale.backends) cases.push_back(of_backends(scale, kind, backends));
  }
  return cases;
}

}  // namespace bench
