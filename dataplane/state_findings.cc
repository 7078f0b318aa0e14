// SPDX-License-Identifier: MIT
#include "dataplane/state_findings.h"

#include <algorithm>

namespace dataplane {
namespace {

std::string option_of(const Mount& mount, const std::string& name) {
  const size_t at = ("," + mount.options).find("," + name + "=");
  if (at == std::string::npos) return "";
  const size_t begin = at + name.size() + 1;
  return mount.options.substr(begin, std::min(mount.options.find(',', begin), mount.options.size()) - begin);
}

// 4 KiB pages cost look-ups in large tables a TLB miss more.
void pages(const StateFacts& facts, std::vector<Finding>& found) {
  if (facts.mount.type == "hugetlbfs") return;
  if (facts.mount.type == "tmpfs") {
    const std::string huge = option_of(facts.mount, "huge");
    if (huge == "always" || huge == "within_size" || huge == "advise") return;
  }
  const std::string folder = "/run/cleat-state";
  found.push_back({Severity::kNote, "state file",
                   facts.path + " lies on small pages (" + facts.mount.type + " at " + facts.mount.point +
                       "); huge ones want a tmpfs of its own, no reservation",
                   "mkdir -p " + folder + " && mount -t tmpfs -o huge=advise,mode=0700 cleat " + folder,
                   "dataplane.state: " + folder + "/default"});
}

}  // namespace

std::vector<Finding> state_findings(const StateFacts& facts) {
  std::vector<Finding> found;
  const std::string file = shell_word(facts.path);
  const auto add = [&](Severity severity, const std::string& what, const std::string& command) {
    found.push_back({severity, "state file", facts.path + what, command});
  };
  if (facts.exists && !facts.ours) {
    found.push_back(state_not_ours(facts.path));
  } else if (facts.locked) {
    found.push_back(state_in_use(facts.path));
  } else if (!facts.writable) {
    add(Severity::kError, " cannot be written by this user", "");
  } else if (!facts.refusal.empty()) {
    add(Severity::kWarning,
        " cannot be taken over, its flows end: " + facts.refusal + "; a start moves it to " + facts.path +
            ".rejected",
        "mv " + file + " " + file + ".rejected");
  }
  if (!facts.exists && facts.bytes_free < facts.bytes_wanted)
    found.push_back({Severity::kWarning, "state file",
                     facts.path + " may grow to " + std::to_string(facts.bytes_wanted >> 20) + " MiB, and " +
                         std::to_string(facts.bytes_free >> 20) + " MiB are free at " + facts.mount.point,
                     "", "fewer dataplane.flows_v4 and flows_wide, or dataplane.state elsewhere"});
  pages(facts, found);
  return found;
}

}  // namespace dataplane
