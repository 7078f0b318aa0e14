// SPDX-License-Identifier: MIT
// Packets of one kind, of flows that the table knows or of new ones: each mode and family; connection ids; ICE.
#include "tools/bench_cases.h"

namespace bench {
namespace {

using lb::Affinity;
using lb::Forward;
using lb::Protocol;

std::string named(const std::string& group, const std::string& name, uint64_t flows) {
  return group + "/" + name + "/" + std::to_string(flows);
}

Setup setup_of(const Scale& scale, ServiceSetup service, uint64_t flows, bool v6 = false) {
  service.flows = flows;
  Setup setup;
  setup.services = {service};
  setup.v6 = v6;
  setup.huge = scale.huge;
  return setup;
}

constexpr ServiceSetup kNat{}, kDsr{Forward::kDsr}, kIpip{Forward::kIpip}, kGue{Forward::kGue};
constexpr ServiceSetup kNatTcp{Forward::kNat, Protocol::kTcp};
constexpr ServiceSetup kJoined{Forward::kNat, Protocol::kTcp, Affinity::kTuple, 0, Affinity::kStream};
constexpr ServiceSetup kSrt{Forward::kNat, Protocol::kUdp, Affinity::kTuple, 0, Affinity::kSrt};

struct Hit {
  const char* name;
  ServiceSetup service;
  Part part;
  bool v6 = false, traced = false;
};
constexpr Part kFromClients{}, kFromServers{1, Traffic::kReplies}, kFromNew{1, Traffic::kNew};
constexpr Hit kHits[] = {
    {"nat_v4_hit", kNat, kFromClients},
    {"nat_v4_hit_traced", kNat, kFromClients, false, true},
    {"nat_v4_reply", kNat, kFromServers},
    {"nat_v4_reply_traced", kNat, kFromServers, false, true},
    {"nat_new_flow", kNat, kFromNew},
    {"nat_v4_tcp_hit", kNatTcp, {1, Traffic::kClients, Payload::kAck}},
    {"nat_v4_tcp_reply", kNatTcp, {1, Traffic::kReplies, Payload::kAck}},
    {"joined_v4_hit", kJoined, {1, Traffic::kClients, Payload::kAck}},
    {"joined_v4_reply", kJoined, {1, Traffic::kReplies, Payload::kAck}},
    {"srt_v4_hit", kSrt, kFromClients},
    {"srt_v4_reply", kSrt, kFromServers},
    {"nat_v6_hit", kNat, kFromClients, true},
    {"nat_v6_reply", kNat, kFromServers, true},
    {"dsr_v4_hit", kDsr, kFromClients},
    {"dsr_v6_hit", kDsr, kFromClients, true},
    {"ipip_v4_hit", kIpip, kFromClients},
    {"gue_v4_hit", kGue, kFromClients},
};

struct Ice {
  const char* name;
  Traffic traffic;
  Payload payload;
};
constexpr Ice kIce[] = {
    {"stun_known", Traffic::kClients, Payload::kCheck}, {"stun_unknown_hash", Traffic::kNew, Payload::kCheck},
    {"srtp_hit", Traffic::kClients, Payload::kRtp},     {"srtp_reply", Traffic::kReplies, Payload::kRtp},
    {"srtcp_hit", Traffic::kClients, Payload::kSrtcp},  {"ssrc_bridge", Traffic::kMoved, Payload::kRtp},
    {"unknown", Traffic::kNobody, Payload::kRtp}};

}  // namespace

std::vector<PipelineCase> hit_cases(const Scale& scale) {
  std::vector<PipelineCase> cases;
  for (const Hit& hit : kHits)
    for (const uint64_t flows : scale.flows) {
      PipelineCase what{
          named("pipeline", hit.name, flows), setup_of(scale, hit.service, flows, hit.v6), {hit.part}};
      what.traced = hit.traced;
      cases.push_back(what);
    }
  return cases;
}

std::vector<PipelineCase> quic_cases(const Scale& scale) {
  const std::pair<const char*, CidEncoding> encodings[] = {{"plaintext", CidEncoding::kPlaintext},
                                                           {"single_pass", CidEncoding::kSinglePass},
                                                           {"four_pass", CidEncoding::kFourPass}};
  std::vector<PipelineCase> cases;
  for (const auto& [encoding, cids] : encodings)
    for (const auto& [mode, forward] : {std::pair{"dsr", Forward::kDsr}, std::pair{"nat", Forward::kNat}})
      for (const uint64_t flows : scale.flows) {
        const std::string name = std::string("quic_") + encoding + "_" + mode;
        Setup setup = setup_of(scale, {forward, Protocol::kUdp, Affinity::kQuic}, flows);
        setup.cids = cids;
        cases.push_back({named("pipeline", name, flows), setup, {{1, Traffic::kClients, Payload::kQuic}}});
      }
  return cases;
}

std::vector<PipelineCase> ice_cases(const Scale& scale) {
  std::vector<PipelineCase> cases;
  for (const uint64_t sessions : {scale.upto(1024), scale.upto(65536)})
    for (const Ice& ice : kIce)
      cases.push_back({named("ice", ice.name, sessions),
                       setup_of(scale, {Forward::kNat, Protocol::kUdp, Affinity::kIce}, sessions),
                       {{1, ice.traffic, ice.payload}}});
  return cases;
}

}  // namespace bench
