// SPDX-License-Identifier: MIT
#include "control/restart_needed.h"

namespace control {
namespace {

std::string text(const std::string& value) { return value; }
std::string text(bool value) { return value ? "true" : "false"; }
std::string text(unsigned value) { return std::to_string(value); }
std::string text(const std::optional<lb::IpAddress>& gateway) {
  return gateway ? gateway->to_string() : "none";
}
std::string text(const std::vector<lb::Prefix>& addresses) {
  std::string all;
  for (const lb::Prefix& prefix : addresses) all += (all.empty() ? "" : ", ") + prefix.to_string();
  return "[" + all + "]";
}

std::string text(const std::optional<ApiTcpConfig>& tcp) {
  return tcp ? tcp->listen.to_string() + " with " + tcp->token_file : "none";
}

template <typename T>
std::string changed(const std::string& field, const T& now, const T& next) {
  if (now == next) return "";
  return field + ": " + text(now) + " cannot become " + text(next) + " at run time: restart needed";
}

std::string ports_changed(const std::vector<PortConfig>& now, const std::vector<PortConfig>& next) {
  const std::string field = "dataplane.ports";
  if (now.size() != next.size())
    return changed(field, std::to_string(now.size()) + " ports", std::to_string(next.size()));
  for (size_t i = 0; i < now.size(); ++i) {
    const std::string which = field + "[" + std::to_string(i) + "]";
    if (auto why = changed(which + ".name", now[i].name, next[i].name); !why.empty()) return why;
    if (auto why = changed(which + ".device", now[i].device, next[i].device); !why.empty()) return why;
    if (auto why = changed(which + ".vlan", unsigned{now[i].vlan}, unsigned{next[i].vlan}); !why.empty())
      return why;
    // Buffers were made for it.
    if (auto why = changed(which + ".mtu", unsigned{now[i].mtu}, unsigned{next[i].mtu}); !why.empty())
      return why;
    if (auto why = changed(which + ".buffers", now[i].buffers, next[i].buffers); !why.empty()) return why;
    // The punt tap carries them: the kernel's routes would not follow.
    if (auto why = changed(which + ".address", now[i].addresses, next[i].addresses); !why.empty()) return why;
    for (auto gateway : {&PortConfig::gateway_v4, &PortConfig::gateway_v6})
      if (auto why = changed(which + ".gateway", now[i].*gateway, next[i].*gateway); !why.empty()) return why;
  }
  return "";
}

}  // namespace

std::string restart_needed(const Config& now, const Config& next) {
  const DataplaneConfig &a = now.dataplane, &b = next.dataplane;
  for (const std::string& why :
       {changed("dataplane.workers", a.workers, b.workers), changed("dataplane.state", a.state, b.state),
        changed("dataplane.flows_v4", a.flows_v4, b.flows_v4),
        changed("dataplane.flows_wide", a.flows_wide, b.flows_wide),
        changed("dataplane.sessions", a.sessions, b.sessions),
        changed("dataplane.streams", a.streams, b.streams), changed("dataplane.peeks", a.peeks, b.peeks),
        changed("dataplane.punt", a.punt, b.punt), ports_changed(a.ports, b.ports),
        changed("api.listen", now.api.unix_path, next.api.unix_path),
        changed("api.tcp", now.api.tcp, next.api.tcp)})
    if (!why.empty()) return next.file + ": " + why;
  return "";
}

}  // namespace control
