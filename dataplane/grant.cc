// SPDX-License-Identifier: MIT
#include "dataplane/grant.h"

#include <rte_ethdev.h>

#include <string_view>

namespace dataplane {
namespace {

struct Named {
  uint64_t flag;
  const char* name;
};
constexpr Named kRss[] = {{RTE_ETH_RSS_IPV4, "ipv4"},
                          {RTE_ETH_RSS_FRAG_IPV4, "ipv4-frag"},
                          {RTE_ETH_RSS_NONFRAG_IPV4_TCP, "ipv4-tcp"},
                          {RTE_ETH_RSS_NONFRAG_IPV4_UDP, "ipv4-udp"},
                          {RTE_ETH_RSS_NONFRAG_IPV4_OTHER, "ipv4-other"},
                          {RTE_ETH_RSS_IPV6, "ipv6"},
                          {RTE_ETH_RSS_FRAG_IPV6, "ipv6-frag"},
                          {RTE_ETH_RSS_NONFRAG_IPV6_TCP, "ipv6-tcp"},
                          {RTE_ETH_RSS_NONFRAG_IPV6_UDP, "ipv6-udp"},
                          {RTE_ETH_RSS_NONFRAG_IPV6_OTHER, "ipv6-other"}};

std::vector<std::string> rss_names(uint64_t flags) {
  std::vector<std::string> names;
  for (const Named& named : kRss)
    if ((flags & named.flag) != 0) names.emplace_back(named.name);
  return names;
}

void add_offloads(uint64_t flags, const char* direction, const char* (*name_of)(uint64_t),
                  std::vector<std::string>& names) {
  for (; flags != 0; flags &= flags - 1) names.push_back(direction + std::string(name_of(flags & -flags)));
}

}  // namespace

uint64_t wanted_rss() {
  uint64_t all = 0;
  for (const Named& named : kRss) all |= named.flag;
  return all;
}

Grant grant_of(uint16_t id, uint64_t rss_asked) {
  Grant grant;
  grant.rss_asked = rss_names(rss_asked);
  grant.numa_node = rte_eth_dev_socket_id(id);
  rte_eth_rss_conf rss{};
  // A driver that cannot be asked granted what it was configured with: what of that it has.
  rte_eth_dev_info info{};
  if (rte_eth_dev_rss_hash_conf_get(id, &rss) != 0 && rte_eth_dev_info_get(id, &info) == 0)
    rss.rss_hf = rss_asked & info.flow_type_rss_offloads;
  if (rss_asked != 0) grant.rss_granted = rss_names(rss.rss_hf);
  rte_eth_rxq_info receive{};
  if (rte_eth_rx_queue_info_get(id, 0, &receive) == 0)
    add_offloads(receive.conf.offloads, "rx ", rte_eth_dev_rx_offload_name, grant.offloads_granted);
  rte_eth_txq_info transmit{};
  if (rte_eth_tx_queue_info_get(id, 0, &transmit) == 0)
    add_offloads(transmit.conf.offloads, "tx ", rte_eth_dev_tx_offload_name, grant.offloads_granted);
  return grant;
}

}  // namespace dataplane
