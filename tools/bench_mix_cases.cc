// SPDX-License-Identifier: MIT
// Packets as they come in service. A part's share is out of 1,000 packets.
#include "tools/bench_cases.h"

namespace bench {
namespace {

using lb::Affinity;
using lb::Forward;
using lb::Protocol;

// A player's download: two segments for each acknowledgement; one packet of a hundred begins or ends a flow.
constexpr Part kRtmp[] = {{660, Traffic::kReplies, Payload::kSegment},
                          {330, Traffic::kClients, Payload::kAck},
                          {5, Traffic::kNew, Payload::kSyn},
                          {5, Traffic::kClients, Payload::kFin}};

// Sound and pictures both ways, reports, and the checks that keep the session.
constexpr Part kConference[] = {
    {330, Traffic::kClients, Payload::kVideo}, {330, Traffic::kReplies, Payload::kVideo},
    {140, Traffic::kClients, Payload::kRtp},   {140, Traffic::kReplies, Payload::kRtp},
    {25, Traffic::kClients, Payload::kSrtcp},  {25, Traffic::kReplies, Payload::kSrtcp},
    {5, Traffic::kClients, Payload::kCheck},   {5, Traffic::kReplies, Payload::kSuccess}};

// A download; the clients' packets carry ids that need one AES block.
constexpr Part kQuic[] = {{640, Traffic::kReplies, Payload::kQuicAnswer},
                          {350, Traffic::kClients, Payload::kQuic},
                          {10, Traffic::kNew, Payload::kQuic}};

struct Mix {
  const char* name;
  ServiceSetup service;
  std::span<const Part> parts;
};
constexpr Mix kMixes[] = {{"mix_rtmp", {Forward::kNat, Protocol::kTcp}, kRtmp},
                          {"mix_webrtc", {Forward::kNat, Protocol::kUdp, Affinity::kIce}, kConference},
                          {"mix_quic", {Forward::kNat, Protocol::kUdp, Affinity::kQuic}, kQuic}};

void add(PipelineCase& to, const Mix& mix, uint64_t flows) {
  const auto service = static_cast<ServiceIndex>(to.setup.services.size());
  to.setup.services.push_back(mix.service);
  to.setup.services.back().flows = flows;
  for (Part part : mix.parts) {
    part.service = service;
    to.mix.push_back(part);
  }
}

}  // namespace

std::vector<PipelineCase> mix_cases(const Scale& scale) {
  const uint64_t flows = scale.upto(65536);
  std::vector<PipelineCase> cases;
  PipelineCase whole;
  for (const Mix& mix : kMixes) {
    PipelineCase& one = cases.emplace_back();
    one.name = std::string("pipeline/") + mix.name + "/" + std::to_string(flows);
    add(one, mix, flows);
    add(whole, mix, flows);
  }
  whole.name = "pipeline/mix_all/" + std::to_string(whole.setup.flows());
  cases.push_back(whole);
  for (PipelineCase& each : cases) {
    each.setup.cids = CidEncoding::kSinglePass;
    each.setup.huge = scale.huge;
  }
  return cases;
}

}  // namespace bench
