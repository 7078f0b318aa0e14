// SPDX-License-Identifier: MIT
#include "dataplane/machine_findings.h"

#include <linux/capability.h>

#include <algorithm>

#include "dataplane/device.h"
#include "dataplane/shell_word.h"

namespace dataplane {
namespace {

class Look {
 public:
  Look(const Options& options, unsigned memory_mb, const MachineFacts& facts)
      : options_(options), memory_mb_(memory_mb), facts_(facts) {
    for (const PortOptions& port : options.ports) {
      pci_ = pci_ || !pci_address_of(port.device).empty();
      xdp_ = xdp_ || port.device.starts_with("veth:") || port.device.starts_with("nic:");
      kernel_ = kernel_ || !interface_of(port.device).empty();
    }
  }

  void all() {
    capabilities();
    locked_memory();
    tun();
    cpus();
    huge_pages();
  }

  std::vector<Finding> found;

 private:
  void add(Severity severity, std::string what, std::string command = "", std::string setting = "") {
    found.push_back({severity, "", std::move(what), std::move(command), std::move(setting)});
  }

  [[nodiscard]] bool has(unsigned capability) const { return (facts_.capabilities >> capability & 1) != 0; }

  void capabilities() {
    struct Wanted {
      unsigned capability;
      const char* name;
      Severity severity;
      bool wanted;
      const char* what_for;
    };
    const bool bpf = has(CAP_BPF) || has(CAP_SYS_ADMIN);
    const Wanted all[] = {
        {CAP_NET_ADMIN, "cap_net_admin", Severity::kError,
         kernel_ || (options_.punt && !options_.ports.empty()), "interfaces, taps and routes"},
        {CAP_NET_RAW, "cap_net_raw", Severity::kError, kernel_, "AF_PACKET and AF_XDP"},
        {CAP_BPF, "cap_bpf", Severity::kWarning, xdp_ && !bpf,
         "af_xdp's program; af_packet does without, slower"},
        {CAP_SYS_ADMIN, "cap_sys_admin", Severity::kWarning, xdp_,
         "af_xdp, as only it may look a BPF program up by its number; af_packet does without, slower"},
        {CAP_SYS_RAWIO, "cap_sys_rawio", Severity::kWarning, pci_, "a NIC through vfio without an IOMMU"}};
    std::string missing, lacked;
    Severity severity = Severity::kNote;
    for (const Wanted& wanted : all) {
      if (!wanted.wanted || has(wanted.capability)) continue;
      missing += std::string(missing.empty() ? "" : "; ") + wanted.name + " (" + wanted.what_for + ")";
      lacked += std::string(lacked.empty() ? "" : ",") + wanted.name;
      severity = std::max(severity, wanted.severity);
    }
    if (missing.empty()) return;
    add(severity, "this process lacks " + missing + "; run it as root, or give them to the program",
        "setcap " + lacked + "+ep " + shell_word(facts_.program));
  }

  void locked_memory() {
    if (!xdp_ && !pci_) return;
    const uint64_t wanted = uint64_t{memory_mb_} << 20;
    if (has(CAP_IPC_LOCK) || facts_.memlock_bytes >= wanted) return;
    add(Severity::kWarning,
        "packet buffers are locked memory, " + std::to_string(memory_mb_) + " MiB of it, and the limit is " +
            std::to_string(facts_.memlock_bytes >> 10) + " KiB",
        "ulimit -l unlimited", "LimitMEMLOCK=infinity in the unit");
  }

  void tun() {
    if (options_.punt && !facts_.tun)
      add(Severity::kError, "there is no /dev/net/tun for the punt taps", "modprobe tun",
          "dataplane.punt: false (no health checks then)");
  }

  void cpus() {
    const size_t cpus = facts_.cpus.size();
    if (options_.workers > cpus)
      add(Severity::kWarning,
          std::to_string(options_.workers) + " workers share " + std::to_string(cpus) +
              (cpus == 1 ? " cpu" : " cpus") + ", and each wants one of its own",
          "", "dataplane.workers: " + std::to_string(cpus));
    else if (options_.workers + 1 >= cpus)
      add(Severity::kNote, "workers have no cpu of their own: of " + std::to_string(cpus) + " allowed, " +
                               std::to_string(options_.workers + 2) + " would do");
    else if (facts_.isolated.empty())
      add(Severity::kNote,
          "no cpu is isolated from the scheduler; for the steadiest latency put isolcpus= of the "
          "workers' cpus on the kernel's command line");
  }

  void huge_pages() {
    uint64_t free_mb = 0, total = 0;
    for (const HugePages& pages : facts_.huge_pages) {
      free_mb += pages.free * pages.size_kb / 1024;
      total += pages.total;
    }
    if (!pci_) {
      if (total > 0)
        add(Severity::kNote, "huge pages are reserved; ports without pci: do not use them",
            "sysctl -w vm.nr_hugepages=0");
      return;
    }
    if (std::ranges::find(options_.eal_arguments, "--no-huge") != options_.eal_arguments.end()) return;
    if (free_mb < memory_mb_)
      add(Severity::kError,
          "pci: ports want " + std::to_string(memory_mb_) + " MiB of huge pages, and " +
              std::to_string(free_mb) + " MiB are free",
          "sysctl -w vm.nr_hugepages=" + std::to_string(wanted_pages()));
    if (facts_.huge_mount.empty())
      add(Severity::kError, "no hugetlbfs is mounted, and DPDK takes huge pages from there",
          "mkdir -p /dev/hugepages && mount -t hugetlbfs hugetlbfs /dev/hugepages");
  }

  // As many of the default size as do, with those that others use.
  [[nodiscard]] uint64_t wanted_pages() const {
    for (const HugePages& pages : facts_.huge_pages)
      if (pages.size_kb == 2048) return pages.total - pages.free + (memory_mb_ + 1) / 2;
    return (memory_mb_ + 1) / 2;
  }

  const Options& options_;
  const unsigned memory_mb_;
  const MachineFacts& facts_;
  bool pci_ = false, xdp_ = false, kernel_ = false;
};

}  // namespace

std::vector<Finding> machine_findings(const Options& options, unsigned memory_mb, const MachineFacts& facts) {
  Look look(options, memory_mb, facts);
  look.all();
  return std::move(look.found);
}

}  // namespace dataplane
