// SPDX-License-Identifier: MIT
#include "dataplane/interface_findings.h"

#include <algorithm>

#include "dataplane/frame_room.h"
#include "dataplane/shell_word.h"

namespace dataplane {
namespace {

bool by_af_packet(const PortOptions& port) { return port.device.starts_with("packet:"); }

std::string count(unsigned n, const std::string& what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

// "tx off tso off"
std::string all_off(const std::vector<std::string>& offloads) {
  std::string words;
  for (const std::string& name : offloads) words += (words.empty() ? "" : " ") + name + " off";
  return words;
}

class Look {
 public:
  Look(const PortOptions& port, unsigned workers, const InterfaceFacts& facts)
      : port_(port), workers_(workers), facts_(facts), name_(shell_word(facts.name)) {}

  void refusals() {
    if (!facts_.exists) {
      add({Severity::kError, "",
           "no interface " + facts_.name + " in this network namespace (see: ip link)"});
      return;
    }
    for (const lb::Prefix& prefix : facts_.addresses)
      if (own(prefix.address))
        add({Severity::kError, "",
             facts_.name + " carries " + prefix.to_string() +
                 " itself, but the address belongs to the punt tap" + cut_off(),
             delete_address(prefix)});
    if (!by_af_packet(port_) && workers_ > facts_.possible_queues)
      add({Severity::kError, "",
           facts_.name + " has " + count(facts_.possible_queues, "receive queue") + " for " +
               count(workers_, "worker"),
           "", "dataplane.workers: " + std::to_string(facts_.possible_queues)});
  }

  void all() {
    if (facts_.exists && facts_.locked) return add(interface_in_use(facts_.name));
    refusals();
    if (!facts_.exists) return;
    state();
    queues();
    offloads();
    program();
    mtu();
    addresses();
  }

  std::vector<Finding> found;

 private:
  void add(Finding finding) {
    finding.subject = "port " + port_.name;
    found.push_back(std::move(finding));
  }

  [[nodiscard]] bool own(const lb::IpAddress& address) const {
    return std::ranges::any_of(port_.addresses, [&](const lb::Prefix& p) { return p.address == address; });
  }
  [[nodiscard]] std::string delete_address(const lb::Prefix& prefix) const {
    return "ip address del " + prefix.to_string() + " dev " + name_;
  }
  [[nodiscard]] std::string cut_off() const {
    return facts_.default_gateway ? "; the default route leaves by it: a connection to this machine that "
                                    "comes by it ends until cleatd has the address"
                                  : "";
  }
  void state() {
    if (!facts_.up)
      add({Severity::kWarning, "", facts_.name + " is down; cleatd takes it up",
           "ip link set " + name_ + " up"});
    else if (!facts_.carrier)
      add({Severity::kWarning, "",
           facts_.name + " has no link: its cable, or what is at the other end of it"});
  }

  void queues() {
    if (by_af_packet(port_) || workers_ > facts_.possible_queues) return;
    if (facts_.queues != workers_) {
      Finding finding = other_queue_count(facts_.name, facts_.queues, workers_, facts_.combined);
      finding.severity = Severity::kWarning;
      finding.what += "; cleatd tries to change that";
      add(std::move(finding));
    }
    if (facts_.peer && facts_.peer->transmit_queues > workers_)
      add({Severity::kWarning, "",
           "the peer of " + facts_.name + " sends to " + count(facts_.peer->transmit_queues, "queue") +
               ", and a veth takes no XDP program while that is more than the " + count(workers_, "worker") +
               " read: af_packet would serve the port, slower",
           facts_.peer->reach + "ethtool -L " + shell_word(facts_.peer->name) + " tx " +
               std::to_string(workers_)});
  }

  void offloads() {
    if (!facts_.offloads.empty())
      add({Severity::kNote, "",
           facts_.name + " has offloads that spoil frames for DPDK; cleatd switches them off",
           "ethtool -K " + name_ + " " + all_off(facts_.offloads)});
    if (!facts_.peer || facts_.peer->offloads.empty()) return;
    auto spoiling = facts_.peer->offloads;
    std::erase(spoiling, "gro");  // of what it receives
    if (spoiling.empty()) return;
    add({Severity::kWarning, "",
         "the peer of " + facts_.name +
             " hands over packets without checksums or in segments of up to 64 KB, "
             "and cleatd cannot change it",
         facts_.peer->reach + "ethtool -K " + shell_word(facts_.peer->name) + " " + all_off(spoiling)});
  }

  void program() {
    if (facts_.xdp_program == 0) return;
    const bool ours = facts_.xdp_name.starts_with("xsk_def_") || facts_.xdp_name == "xdp_dispatcher";
    const std::string which = "XDP program " + std::to_string(facts_.xdp_program) +
                              (facts_.xdp_name.empty() ? "" : " (" + facts_.xdp_name + ")") +
                              " is attached to " + facts_.name;
    add({ours ? Severity::kNote : Severity::kWarning, "",
         which + (ours ? ", as a killed cleatd leaves one" : ", not by a cleatd that runs") +
             "; a start takes it off",
         "ip link set dev " + name_ + " xdp off"});
  }

  void mtu() {
    const uint32_t wanted = port_.mtu != 0 ? port_.mtu : facts_.mtu;
    if (facts_.mtu > kMostMtu && port_.mtu == 0)
      add({Severity::kWarning, "",
           facts_.name + " has an MTU of " + std::to_string(facts_.mtu) + ", and Cleat sends at most " +
               std::to_string(kMostMtu),
           "ip link set " + name_ + " mtu " + std::to_string(kMostMtu)});
    if (wanted != facts_.mtu)
      add({Severity::kWarning, "",
           facts_.name + " has an MTU of " + std::to_string(facts_.mtu) + ", the configuration says " +
               std::to_string(wanted) + "; cleatd sets it",
           "ip link set " + name_ + " mtu " + std::to_string(wanted)});
    if (facts_.peer && facts_.peer->mtu < wanted)
      add({Severity::kWarning, "",
           "the peer of " + facts_.name + " has an MTU of " + std::to_string(facts_.peer->mtu) +
               " and drops the " + std::to_string(wanted) + " bytes that the port sends at most",
           facts_.peer->reach + "ip link set " + shell_word(facts_.peer->name) + " mtu " +
               std::to_string(wanted)});
    if (!by_af_packet(port_) && wanted > af_xdp_most_mtu()) add(too_large_for_af_xdp(port_, wanted));
  }

  void addresses() {
    for (const lb::Prefix& prefix : facts_.addresses)
      if (!own(prefix.address))
        add({Severity::kWarning, "",
             facts_.name + " carries " + prefix.to_string() + ", which port " + port_.name +
                 " does not have in the configuration: nobody would answer for it" + cut_off(),
             delete_address(prefix), "address: [" + prefix.to_string() + "]"});
  }

  const PortOptions& port_;
  const unsigned workers_;
  const InterfaceFacts& facts_;
  const std::string name_;
};

}  // namespace

std::vector<Finding> refusals(const PortOptions& port, unsigned workers, const InterfaceFacts& facts) {
  Look look(port, workers, facts);
  look.refusals();
  return std::move(look.found);
}

std::vector<Finding> interface_findings(const PortOptions& port, unsigned workers,
                                        const InterfaceFacts& facts) {
  Look look(port, workers, facts);
  look.all();
  return std::move(look.found);
}

Finding other_queue_count(const std::string& interface, unsigned active, unsigned workers, bool combined) {
  const std::string number = std::to_string(workers);
  return {Severity::kError, "",
          interface + " has " + count(active, "active receive queue") + " for " + count(workers, "worker") +
              ", and packets of a queue without worker would be lost",
          "ethtool -L " + shell_word(interface) + (combined ? " combined " : " rx ") + number};
}

Finding mtu_refused(const std::string& interface, uint16_t mtu) {
  return {Severity::kError, "", interface + " does not take an MTU of " + std::to_string(mtu),
          "ip -d link show " + shell_word(interface), "mtu: as its maxmtu says, or none"};
}

Finding interface_in_use(const std::string& interface) {
  return {Severity::kWarning, "",
          interface +
              " is in use by another cleatd (see: ss -xlp | grep cleat-interface); stop that one, or "
              "give this one an interface of its own"};
}

Finding too_large_for_af_xdp(const PortOptions& port, uint32_t mtu) {
  const size_t colon = port.device.find(':');
  const std::string interface = port.device.substr(colon + 1), most = std::to_string(af_xdp_most_mtu());
  return {Severity::kWarning, "",
          "af_xdp takes an MTU of at most " + most + " and " + interface + " has " + std::to_string(mtu) +
              ": af_packet serves the port, slower",
          "", "device: \"packet:" + interface + "\" (or mtu: " + most + ")"};
}

}  // namespace dataplane
