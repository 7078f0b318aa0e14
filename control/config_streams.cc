// SPDX-License-Identifier: MIT
// `vhosts` and `routes` of a service, and what `affinity: stream` and `srt` ask of its other fields (docs/config.md).
#include <set>

#include "control/config_sections.h"
#include "control/nearest.h"
#include "lb/stream_rules.h"

namespace control {
namespace {

void check_stream(const YamlField& item, const ServiceConfig& service) {
  if (service.protocol != lb::Protocol::kTcp)
    item["affinity"].refuse(
        "streams are read of TCP connections; protocol: tcp is wanted, or affinity: srt where UDP is SRT");
  if (service.forward != lb::Forward::kNat)
    item["forward"].refuse("with affinity: stream Cleat answers clients itself; forward: nat is wanted");
  if (service.port_first != service.port_last)
    item["port"].refuse("affinity stream is for one port; a service for each port is wanted");
  if (service.proxy_protocol)
    item["proxy_protocol"].refuse(
        "affinity stream puts no header into connections; proxy_protocol: none is wanted. cleatctl flow show "
        "says "
        "who is behind a LIP's port");
}

void check_srt(const YamlField& item, const ServiceConfig& service) {
  if (service.protocol != lb::Protocol::kUdp)
    item["affinity"].refuse("SRT is UDP; protocol: udp is wanted, or affinity: stream for TCP");
  if (service.forward != lb::Forward::kNat)
    item["forward"].refuse("with affinity: srt Cleat answers callers itself; forward: nat is wanted");
  if (service.port_first != service.port_last)
    item["port"].refuse("affinity srt is for one port; a service for each port is wanted");
}

// Names as they are given, all of them good.
std::vector<std::string> read_vhosts(const YamlField& field) {
  std::vector<std::string> names;
  for (const YamlField& item : field.items(true)) {
    const auto name = item.scalar("a host name");
    if (!name) break;
    if (const auto list = lb::VhostList::make({&*name, 1}); !list) {
      item.refuse(list.error() + " are wanted");
      break;
    }
    names.push_back(*name);
  }
  return names;
}

// False: the route's vhost is none of the service's.
bool check_vhost(const YamlField& field, const std::string& vhost, const ServiceConfig& service,
                 const lb::VhostList& vhosts) {
  if (vhost.empty() || vhost == lb::kDefaultVhost || !vhosts.find(vhost).empty()) return true;
  std::string mend = suggestion(vhost, service.vhosts);
  if (service.vhosts.empty()) mend = "vhosts: [" + vhost + "] is wanted beside routes";
  field.refuse(quoted(vhost) + " is none of the service's vhosts; " + mend);
  return false;
}

void read_routes(const YamlField& section, ServiceConfig& service, const lb::VhostList& vhosts) {
  std::set<std::string> seen;
  for (const YamlField& item : section.items()) {
    if (!item.is_map({"vhost", "app", "pool"})) return;
    lb::StreamRouteSpec route;
    route.vhost = item["vhost"].scalar("one of the service's vhosts").value_or("");
    route.app = item["app"].scalar("the name of an app").value_or("");
    route.pool = item.need("pool", "the name of a pool").scalar("the name of a pool").value_or("");
    if (!check_vhost(item["vhost"], route.vhost, service, vhosts)) return;
    const auto prefix = lb::StreamRules::prefix_of(vhosts, route.vhost, route.app);
    if (!prefix)
      return item.refuse(
          prefix.error() +
          "; vhost: NAME, app: NAME or both are wanted. For all other streams there is the service's pool");
    if (!seen.insert(prefix.value()).second)
      return item.refuse("a second route for " + quoted(prefix.value()) + "; keep one");
    service.routes.push_back(std::move(route));
  }
}

}  // namespace

StreamPollConfig read_stream_poll(const YamlField& section) {
  StreamPollConfig poll;
  if (!section.is_map({"http", "port", "interval", "timeout"})) return poll;
  read_path(section["http"], poll.path, poll.path);
  section["port"].number(poll.port, 1, 65535);
  section["interval"].milliseconds(poll.interval_ms, 1000, 8000);
  section["timeout"].milliseconds(poll.timeout_ms, 10, 8000);
  return poll;
}

void read_streams(const YamlField& item, ServiceConfig& service) {
  if (!lb::goes_by_stream(service.affinity)) {
    for (const char* field : {"vhosts", "routes"})
      if (item[field].given())
        item[field].refuse(
            "only services of affinity: stream and srt have it; leave it out, or one of these is wanted");
    return;
  }
  if (service.affinity == lb::Affinity::kSrt)
    check_srt(item, service);
  else
    check_stream(item, service);
  service.vhosts = read_vhosts(item["vhosts"]);
  if (const auto vhosts = lb::VhostList::make(service.vhosts))
    read_routes(item["routes"], service, vhosts.value());
}

}  // namespace control
