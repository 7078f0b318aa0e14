// SPDX-License-Identifier: MIT
// The section `services`: VIP, protocol and port, and what is done with them.
#include <algorithm>
#include <charconv>
#include <set>

#include "control/config_sections.h"
#include "lb/limits.h"
#include "lb/time.h"

namespace control {
namespace {

// Both sides of an SRT connection speak once a second at least.
constexpr uint32_t kIdleTcpS = 900, kIdleUdpS = 120, kIdleSrtS = 30;

uint32_t default_idle_s(const ServiceConfig& service) {
  if (service.protocol == lb::Protocol::kTcp) return kIdleTcpS;
  return service.affinity == lb::Affinity::kSrt ? kIdleSrtS : kIdleUdpS;
}

std::optional<uint16_t> port_number(std::string_view text) {
  uint16_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == 0) return std::nullopt;
  return value;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

void read_ports(const YamlField& field, ServiceConfig& service) {
  const auto text = field.scalar("a port, a range as in 8000-8100, or any,");
  if (!text) return;
  if (*text == "any") {
    service.port_first = 1;
    service.port_last = 65535;
    return;
  }
  const size_t dash = text->find('-');
  const std::string_view all(*text);
  const auto first = port_number(trimmed(all.substr(0, dash)));
  const auto last = dash == std::string::npos ? first : port_number(trimmed(all.substr(dash + 1)));
  if (!first || !last)
    return field.refuse(quoted(*text) + " is no port; 1..65535, a range as in 8000-8100, or any is wanted");
  if (*last < *first)
    return field.refuse(*text + " is reversed; " + std::to_string(*last) + "-" + std::to_string(*first) +
                        " is wanted");
  service.port_first = *first;
  service.port_last = *last;
}

// What is of TCP only.
void read_tcp_fields(const YamlField& item, ServiceConfig& service) {
  const bool tcp = service.protocol == lb::Protocol::kTcp;
  item["reads"].choice(service.reads_whip, {{"nothing", false}, {"whip", true}});
  if (service.reads_whip && (!tcp || service.forward != lb::Forward::kNat))
    item["reads"].refuse("WHIP is read of TCP services in nat; protocol: tcp and forward: nat are wanted");
  item["proxy_protocol"].choice(service.proxy_protocol, {{"none", false}, {"v2", true}});
  if (service.proxy_protocol && !tcp)
    item["proxy_protocol"].refuse(
        "the header is put into TCP connections; protocol: tcp is wanted, or none. For UDP, cleatctl flow "
        "show says who "
        "is behind a LIP's port");
  if (service.proxy_protocol && tcp && service.forward != lb::Forward::kNat)
    item["proxy_protocol"].refuse(
        "only nat hides clients from servers; forward: nat is wanted, or none, for here servers see them "
        "anyway");
  item["mss"].number(service.mss, lb::kLeastMss, lb::kMostMss);
  if (item["mss"].given() && !tcp) item["mss"].refuse("an MSS is of TCP; protocol: tcp is wanted, or no mss");
}

ServiceConfig read_service(const YamlField& item) {
  ServiceConfig service;
  if (!item.is_map({"name", "vip", "protocol", "port", "pool", "forward", "affinity", "idle_timeout", "ice",
                    "reads", "proxy_protocol", "mss", "vhosts", "routes"}))
    return service;
  const YamlField name = item.need("name", "a name of its own");
  if (const auto text = name.scalar("a name")) {
    service.name = *text;
    check_name(name, service.name);
  }
  if (const auto vip = read_host(item.need("vip", "an IPv4 or IPv6 address"))) service.vip = *vip;
  item.need("protocol", "tcp or udp")
      .choice(service.protocol, {{"tcp", lb::Protocol::kTcp}, {"udp", lb::Protocol::kUdp}});
  read_ports(item.need("port", "a port, a range as in 8000-8100, or any,"), service);
  if (const auto text = item.need("pool", "the name of a pool").scalar("the name of a pool"))
    service.pool = *text;
  item["forward"].choice(service.forward, {{"nat", lb::Forward::kNat},
                                           {"dsr", lb::Forward::kDsr},
                                           {"ipip", lb::Forward::kIpip},
                                           {"gue", lb::Forward::kGue}});
  item["affinity"].choice(service.affinity, {{"tuple", lb::Affinity::kTuple},
                                             {"source-ip", lb::Affinity::kSourceIp},
                                             {"quic", lb::Affinity::kQuic},
                                             {"dtls", lb::Affinity::kDtls},
                                             {"ice", lb::Affinity::kIce},
                                             {"stream", lb::Affinity::kStream},
                                             {"srt", lb::Affinity::kSrt}});
  if (lb::has_connection_ids(service.affinity) && service.protocol != lb::Protocol::kUdp)
    item["affinity"].refuse("connection ids are read from UDP only; protocol: udp is wanted");
  read_ice(item, service);
  read_tcp_fields(item, service);
  read_streams(item, service);
  service.idle_timeout_s = default_idle_s(service);
  item["idle_timeout"].seconds(service.idle_timeout_s, 1, lb::kMaxTimeoutS);
  return service;
}

}  // namespace

std::optional<lb::IpAddress> read_host(const YamlField& field) {
  const auto text = field.scalar("an IPv4 or IPv6 address");
  if (!text) return std::nullopt;
  const auto address = lb::IpAddress::parse(*text);
  if (!address) {
    std::string mend = "an IPv4 or IPv6 address is wanted";
    if (const auto prefix = lb::Prefix::parse(*text)) mend = prefix->address.to_string() + " is wanted";
    if (const auto endpoint = lb::Endpoint::parse(*text))
      mend = endpoint->address.to_string() + " is wanted, without a port";
    field.refuse(quoted(*text) + " is no address; " + mend);
    return std::nullopt;
  }
  const bool multicast =
      address->is_v4() ? (address->bytes()[12] & 0xf0) == 0xe0 : address->bytes()[0] == 0xff;
  const bool none = address->is_unset() || (address->is_v4() && address->bytes()[12] == 0);
  const bool broadcast = address->is_v4() && address->bytes()[12] >= 0xf0;
  if (multicast || none || broadcast) {
    field.refuse(*text + " is no host's address");
    return std::nullopt;
  }
  return address;
}

void check_name(const YamlField& field, const std::string& name) {
  const auto fits = [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  if (name.empty() || name.size() > 63 || !std::all_of(name.begin(), name.end(), fits))
    field.refuse(quoted(name) + " is no name; 1 to 63 letters, digits, '.', '_' and '-' are wanted");
}

void read_services(const YamlField& section, std::vector<ServiceConfig>& into) {
  std::set<std::string> names;
  for (const YamlField& item : section.items()) {
    into.push_back(read_service(item));
    if (!names.insert(into.back().name).second)
      item["name"].refuse("service " + into.back().name +
                          " is given twice; every service has a name of its own");
    if (into.size() > lb::kMaxServices)
      item.refuse("more than " + std::to_string(lb::kMaxServices) + " services");
  }
}

}  // namespace control
