// SPDX-License-Identifier: MIT
// The sections `dataplane`, `nat` and `api`: workers, ports, LIPs, socket.
#include <algorithm>
#include <bit>
#include <regex>

#include "control/config_sections.h"
#include "control/nearest.h"
#include "lb/limits.h"
#include "lb/peeks.h"
#include "lb/session.h"
#include "lb/streams.h"

namespace control {
namespace {

constexpr uint32_t kMinFlows = 1U << 10;
constexpr uint32_t kMaxFlows = 1U << 30;
constexpr uint32_t kMinSessions = 1U << 10;
constexpr uint32_t kMinStreams = 1U << 10;
// IPv6 wants 1,280 of any link (RFC 8200 section 5); jumbo frames of NICs end somewhere above 9,000.
constexpr uint64_t kLeastMtu = 1280, kMostMtu = 9600;

// An interface name is at most 15 bytes without slash or blank (Linux, dev_valid_name).
bool is_interface(const std::string& name) {
  return !name.empty() && name.size() <= 15 && name != "." && name != ".." &&
         std::none_of(name.begin(), name.end(),
                      [](unsigned char c) { return c <= ' ' || c == '/' || c == ':' || c >= 0x7f; });
}

// "3B:00.0" as the kernel and DPDK write it: "0000:3b:00.0".
std::string whole_pci_address(std::string address) {
  for (char& c : address)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return std::count(address.begin(), address.end(), ':') == 1 ? "0000:" + address : address;
}

void read_device(const YamlField& field, std::string& into) {
  const auto text = field.scalar("a device");
  if (!text) return;
  static const std::regex pci("([0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]", std::regex::icase);
  const size_t colon = text->find(':');
  const std::string kind = colon == std::string::npos ? "" : text->substr(0, colon);
  const std::string rest = colon == std::string::npos ? *text : text->substr(colon + 1);
  if (kind == "veth" || kind == "nic" || kind == "packet") {
    if (!is_interface(rest))
      return field.refuse(quoted(rest) + " is no interface name; one of 1 to 15 bytes, as in " + kind +
                          ":eth1, is wanted");
  } else if (kind == "pci") {
    if (!std::regex_match(rest, pci))
      return field.refuse(quoted(rest) + " is no PCI address; one as in pci:0000:3b:00.0 is wanted");
    into = "pci:" + whole_pci_address(rest);
    return;
  } else if (std::regex_match(*text, pci)) {
    into = "pci:" + whole_pci_address(*text);
    return;
  } else if (!text->starts_with("net_")) {
    if (colon == std::string::npos && is_interface(*text))
      return field.refuse(quoted(*text) + " does not say its kind; nic:" + *text + " or veth:" + *text +
                          " is wanted");
    return field.refuse(quoted(*text) +
                        " is no device; veth:IF, nic:IF, packet:IF, pci:ADDRESS or DPDK devargs (net_...) "
                        "are known");
  }
  into = *text;
}

std::optional<lb::Prefix> read_prefix(const YamlField& field) {
  const auto text = field.scalar("an address with its prefix length, as in 10.10.0.2/24");
  if (!text) return std::nullopt;
  const auto prefix = lb::Prefix::parse(*text);
  if (!prefix) {
    const auto address = lb::IpAddress::parse(*text);
    field.refuse(address ? *text + " lacks the length of its network; " + *text +
                               (address->is_v4() ? "/24" : "/64") + ", say, is wanted"
                         : quoted(*text) +
                               " is no address with a prefix length; one as in 10.10.0.2/24 is wanted");
  }
  return prefix;
}

void read_gateways(const YamlField& field, PortConfig& into) {
  for (const YamlField& item : field.items(true)) {
    const auto gateway = read_host(item);
    if (!gateway) return;
    auto& place = gateway->is_v4() ? into.gateway_v4 : into.gateway_v6;
    if (place)
      return item.refuse(std::string("a second ") + (gateway->is_v4() ? "IPv4" : "IPv6") +
                         " gateway; a port has at most one of each family");
    place = gateway;
  }
}

void read_neighbours(const YamlField& field, std::vector<lb::StaticNeighbour>& into) {
  for (const YamlField& item : field.items()) {
    if (!item.is_map({"address", "mac"})) return;
    const auto address = read_host(item.need("address", "an address"));
    const YamlField mac_field = item.need("mac", "a MAC address");
    const auto text = mac_field.scalar("a MAC address");
    if (!address || !text) return;
    const auto mac = lb::MacAddress::parse(*text);
    if (!mac || mac->is_group() || *mac == lb::MacAddress{})
      return mac_field.refuse(quoted(*text) +
                              " is no MAC address of one host; one as in \"52:54:00:12:34:56\" is wanted");
    into.push_back({*address, *mac});
  }
}

PortConfig read_port(const YamlField& item) {
  PortConfig port;
  if (!item.is_map({"name", "device", "vlan", "address", "gateway", "neighbours", "mtu", "buffers"}))
    return port;
  static const std::regex name_shape("[a-z0-9-]{1,9}");
  const YamlField name = item.need("name", "1 to 9 of a-z, 0-9 and -");
  if (const auto text = name.scalar("1 to 9 of a-z, 0-9 and -")) {
    port.name = *text;
    if (!std::regex_match(port.name, name_shape))
      name.refuse(quoted(port.name) + " is no port name; 1 to 9 of a-z, 0-9 and - are wanted");
  }
  read_device(item.need("device", "veth:IF, nic:IF, packet:IF, pci:ADDRESS or DPDK devargs"), port.device);
  item["vlan"].number(port.vlan, 1, lb::kMaxVlan);
  const YamlField addresses = item.need("address", "the port's own address, as in 10.10.0.2/24,");
  for (const YamlField& address : addresses.items(true)) {
    const auto prefix = read_prefix(address);
    if (!prefix) return port;
    port.addresses.push_back(*prefix);
  }
  if (addresses.given() && port.addresses.empty())
    addresses.refuse("an empty list; a port has at least one address");
  read_gateways(item["gateway"], port);
  read_neighbours(item["neighbours"], port.neighbours);
  item["mtu"].number(port.mtu, kLeastMtu, kMostMtu);
  item["buffers"].number(port.buffers, kLeastBuffers, kMostBuffers);
  return port;
}

}  // namespace

void read_dataplane(const YamlField& section, DataplaneConfig& into) {
  if (!section.is_map(
          {"workers", "state", "flows_v4", "flows_wide", "sessions", "streams", "peeks", "punt", "ports"}))
    return;
  const YamlField workers = section["workers"];
  if (!(workers.is_scalar() && workers.scalar("a number") == "auto"))
    workers.number(into.workers, 1, lb::kMaxWorkers);
  const YamlField state = section["state"];
  if (const auto text = state.scalar("the path of a file")) {
    into.state = *text;
    if (!text->starts_with('/') || text->ends_with('/'))
      state.refuse(quoted(*text) + " is no full path of a file; one as in /dev/shm/cleat/default is wanted");
  }
  section["flows_v4"].number(into.flows_v4, kMinFlows, kMaxFlows);
  section["flows_wide"].number(into.flows_wide, kMinFlows, kMaxFlows);
  section["sessions"].number(into.sessions, kMinSessions, lb::kMaxSessions);
  section["streams"].number(into.streams, kMinStreams, lb::kMostStreams);
  section["peeks"].number(into.peeks, lb::Peeks::kWays, lb::Peeks::kMostCount);
  into.flows_v4 = std::bit_ceil(into.flows_v4);
  into.flows_wide = std::bit_ceil(into.flows_wide);
  into.sessions = std::bit_ceil(into.sessions);
  into.streams = std::bit_ceil(into.streams);
  into.peeks = std::bit_ceil(into.peeks);
  section["punt"].boolean(into.punt);
  const YamlField ports = section.need("ports", "a list with at least one port");
  for (const YamlField& item : ports.items()) into.ports.push_back(read_port(item));
  if (ports.given() && into.ports.empty()) ports.refuse("an empty list; at least one port is wanted");
  if (into.ports.size() > lb::kMaxPorts)
    ports.refuse(std::to_string(into.ports.size()) + " ports; at most " + std::to_string(lb::kMaxPorts) +
                 " are possible");
}

void read_nat(const YamlField& section, std::vector<lb::IpAddress>& lips, lb::FlowTimeouts& timeouts) {
  if (!section.given() || !section.is_map({"addresses", "timeouts"})) return;
  if (const YamlField given = section["timeouts"];
      given.given() && given.is_map({"syn", "half_closed", "closed", "unanswered_udp"})) {
    constexpr uint32_t kMostS = 3600;
    given["syn"].seconds(timeouts.syn_s, 1, kMostS);
    given["half_closed"].seconds(timeouts.half_closed_s, 1, kMostS);
    given["closed"].seconds(timeouts.closed_s, 1, kMostS);
    given["unanswered_udp"].seconds(timeouts.unanswered_udp_s, 1, kMostS);
  }
  for (const YamlField& item : section.need("addresses", "a list of addresses or prefixes").items(true)) {
    const auto text = item.scalar("an address or a prefix");
    if (!text) return;
    auto prefix = lb::Prefix::parse(*text);
    if (const auto one = lb::IpAddress::parse(*text))
      prefix = {*one, static_cast<uint8_t>(one->is_v4() ? 32 : 128)};
    if (!prefix)
      return item.refuse(quoted(*text) +
                         " is no address or prefix; one as in 10.20.0.100 or 10.20.0.100/30 is wanted");
    if (prefix->network() != prefix->address)
      return item.refuse(*text + " begins inside its network; " + prefix->network().to_string() + "/" +
                         std::to_string(prefix->length) + ", or the address alone, is wanted");
    const unsigned free_bits = (prefix->address.is_v4() ? 32U : 128U) - prefix->length;
    if (free_bits >= 16 || lips.size() + (size_t{1} << free_bits) > lb::kMaxLips)
      return item.refuse("more LIPs than the " + std::to_string(lb::kMaxLips) +
                         " that are possible; a longer prefix is wanted");
    for (uint64_t i = 0; i < uint64_t{1} << free_bits; ++i) {
      const auto lip = lb::IpAddress::of_words(
          prefix->address.high(), __builtin_bswap64(__builtin_bswap64(prefix->address.low()) + i));
      if (std::find(lips.begin(), lips.end(), lip) != lips.end())
        return item.refuse("LIP " + lip.to_string() + " is given twice");
      lips.push_back(lip);
    }
  }
}

namespace {

void read_api_tcp(const YamlField& section, std::optional<ApiTcpConfig>& into) {
  if (!section.given() || !section.is_map({"listen", "token_file"})) return;
  const auto listen = section.need("listen", "ADDRESS:PORT").scalar("ADDRESS:PORT");
  const auto file = section.need("token_file", "the path of a file that holds a token").scalar("a path");
  if (!listen || !file) return;
  const auto address = lb::Endpoint::parse(*listen);
  if (!address || address->port == 0)
    return section["listen"].refuse(quoted(*listen) +
                                    " is no ADDRESS:PORT; one as in 10.20.0.2:9801 is wanted");
  if (!file->starts_with('/'))
    return section["token_file"].refuse(quoted(*file) +
                                        " is no full path; one as in /etc/cleat/token is wanted");
  into = {*address, *file};
}

}  // namespace

void read_api(const YamlField& section, ApiConfig& into) {
  if (!section.given() || !section.is_map({"listen", "tcp"})) return;
  read_api_tcp(section["tcp"], into.tcp);
  const YamlField listen = section["listen"];
  const auto text = listen.scalar("unix:PATH");
  if (!text) return;
  const std::string path = text->starts_with("unix:") ? text->substr(5) : "";
  // sockaddr_un has 108 bytes, the last of them 0.
  if (!path.starts_with('/') || path.ends_with('/') || path.size() > 107)
    return listen.refuse(quoted(*text) +
                         " is no unix socket; unix: and a full path of at most 107 bytes, as in " +
                         "unix:/run/cleat/api.sock, are wanted");
  into.unix_path = path;
}

}  // namespace control
