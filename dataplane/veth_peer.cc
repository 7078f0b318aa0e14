// SPDX-License-Identifier: MIT
// The other end of a veth, wherever it is: network namespaces have names for ip-netns(8) only.
#include <fcntl.h>
#include <linux/net_namespace.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <sched.h>

#include <filesystem>
#include <thread>

#include "dataplane/ethtool.h"
#include "dataplane/interface_facts.h"
#include "dataplane/netlink.h"
#include "dataplane/offloads.h"
#include "dataplane/shell_word.h"

namespace dataplane {
namespace {

int take_id(nl_msg* message, void* into) {
  nlattr* found = nlmsg_find_attr(nlmsg_hdr(message), sizeof(rtgenmsg), NETNSA_NSID);
  if (found != nullptr) *static_cast<int*>(into) = nla_get_s32(found);
  return NL_OK;
}

// The number that this namespace has for the one behind `fd`, as IFLA_LINK_NETNSID says it; -1: none.
int id_of(const Netlink& netlink, int fd) {
  nl_msg* message = nlmsg_alloc_simple(RTM_GETNSID, NLM_F_REQUEST);
  rtgenmsg general{};
  nlmsg_append(message, &general, sizeof general, NLMSG_ALIGNTO);
  nla_put_u32(message, NETNSA_FD, static_cast<uint32_t>(fd));
  int id = -1;
  nl_socket_modify_cb(netlink.get(), NL_CB_VALID, NL_CB_CUSTOM, take_id, &id);
  nl_socket_disable_auto_ack(netlink.get());
  if (nl_send_auto(netlink.get(), message) >= 0) nl_recvmsgs_default(netlink.get());
  nlmsg_free(message);
  return id;
}

// In the thread's namespace.
std::optional<PeerFacts> look(int index, const std::string& reach) {
  char name[IF_NAMESIZE] = "";
  if (::if_indextoname(static_cast<unsigned>(index), name) == nullptr) return std::nullopt;
  PeerFacts peer;
  peer.name = name;
  peer.reach = reach;
  const Ethtool ethtool(name);
  peer.offloads = offloads_on(ethtool);
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  if (ethtool.call(channels)) peer.transmit_queues = channels.tx_count + channels.combined_count;
  peer.mtu = mtu_of(name).value_or(0);
  return peer;
}

// On a thread of its own, which ends there: nothing else of the process moves.
std::optional<PeerFacts> look_in(int space, int index, const std::string& reach) {
  std::optional<PeerFacts> peer;
  std::thread([&] {
    if (::setns(space, CLONE_NEWNET) == 0) peer = look(index, reach);
  }).join();
  return peer;
}

struct Space {
  std::filesystem::path path;
  std::string reach;
};
std::vector<Space> known_spaces() {
  std::vector<Space> spaces = {{"/proc/1/ns/net", "nsenter --target 1 --net "}};
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/run/netns", ignored))
    spaces.push_back({entry.path(), "ip netns exec " + shell_word(entry.path().filename().string()) + " "});
  return spaces;
}

}  // namespace

void find_peer(InterfaceFacts& facts) {
  if (facts.kind != "veth") return;
  const Netlink links;
  rtnl_link* raw = nullptr;
  if (!links.ok() || rtnl_link_get_kernel(links.get(), 0, facts.name.c_str(), &raw) < 0) return;
  const NlLink link(raw, &rtnl_link_put);
  const int index = rtnl_link_get_link(link.get());
  int32_t wanted = -1;
  if (rtnl_link_get_link_netnsid(link.get(), &wanted) != 0) {
    facts.peer = look(index, "");
    return;
  }
  for (const Space& space : known_spaces()) {
    const int fd = ::open(space.path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    const Netlink ids;
    if (ids.ok() && id_of(ids, fd) == wanted) facts.peer = look_in(fd, index, space.reach);
    ::close(fd);
    if (facts.peer) return;
  }
}

}  // namespace dataplane
