// SPDX-License-Identifier: MIT
#include "tools/cleatd_check.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "control/api_socket.h"
#include "control/one_line.h"
#include "dataplane/preflight.h"
#include "dataplane/shell_word.h"
#include "tools/cleatd_start.h"

namespace cleatd {
namespace {

using dataplane::Finding;
using dataplane::Severity;

const char* name_of(Severity severity) {
  switch (severity) {
    case Severity::kNote:
      return "note";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
  }
  return "error";
}

std::string counted(size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

size_t count_of(const std::vector<Finding>& findings, Severity severity) {
  return static_cast<size_t>(
      std::ranges::count_if(findings, [&](const Finding& f) { return f.severity == severity; }));
}

void add_api(const control::Config& config, std::vector<Finding>& found) {
  const auto look = control::ApiSocket::look(config.api.unix_path);
  if (look.problem.empty()) return;
  found.push_back({look.in_use ? Severity::kWarning : Severity::kError, "api socket", look.problem, "",
                   "api.listen: \"unix:...\" elsewhere"});
}

void add_capacity(const control::Config& config, std::vector<Finding>& found) {
  std::istringstream lines(lip_capacity(config));
  for (std::string line; std::getline(lines, line);)
    found.push_back({Severity::kNote, "nat", line, "", "nat.addresses: more of them, for more"});
}

void add_own(const std::string& subject, const lb::IpAddress& address,
             const std::vector<dataplane::KernelAddress>& kernel, std::vector<Finding>& found) {
  for (const dataplane::KernelAddress& k : kernel)
    if (k.prefix.address == address)
      found.push_back(
          {Severity::kError, subject,
           address.to_string() + " is the kernel's address on " + k.interface +
               ", which would answer for it as well",
           "ip address del " + k.prefix.to_string() + " dev " + dataplane::shell_word(k.interface)});
}

}  // namespace

std::vector<Finding> address_findings(const control::Config& config,
                                      const std::vector<dataplane::KernelAddress>& kernel) {
  std::vector<Finding> found;
  std::vector<lb::IpAddress> seen;
  for (const control::ServiceConfig& service : config.services) {
    if (std::ranges::find(seen, service.vip) != seen.end()) continue;
    seen.push_back(service.vip);
    add_own("service " + service.name + ", VIP", service.vip, kernel, found);
  }
  for (const lb::IpAddress& lip : config.lips) add_own("nat, LIP", lip, kernel, found);
  return found;
}

std::vector<Finding> check(const control::Config& config, const dataplane::Options& options) {
  std::vector<Finding> found = address_findings(config, dataplane::kernel_addresses());
  for (Finding& finding : dataplane::preflight(options)) found.push_back(std::move(finding));
  add_api(config, found);
  add_capacity(config, found);
  std::ranges::stable_sort(found, [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
  return found;
}

std::string findings_text(const std::string& file, const std::vector<Finding>& findings) {
  std::string out = file + ": the file is right\n";
  for (const Finding& f : findings) {
    std::string severity = name_of(f.severity);
    severity.resize(8, ' ');
    out += severity + control::one_line((f.subject.empty() ? "" : f.subject + ": ") + f.what) + "\n";
    if (!f.command.empty()) out += "  run   " + control::one_line(f.command) + "\n";
    if (!f.setting.empty()) out += "  set   " + control::one_line(f.setting) + "\n";
  }
  return out + counted(count_of(findings, Severity::kError), "error") + ", " +
         counted(count_of(findings, Severity::kWarning), "warning") + ", " +
         counted(count_of(findings, Severity::kNote), "note") + "\n";
}

std::string findings_json(const std::string& file, const std::vector<Finding>& findings) {
  using Json = nlohmann::ordered_json;
  const auto or_null = [](const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); };
  Json rows = Json::array();
  for (const Finding& f : findings)
    rows.push_back({{"severity", name_of(f.severity)},
                    {"subject", or_null(f.subject)},
                    {"what", f.what},
                    {"command", or_null(f.command)},
                    {"setting", or_null(f.setting)}});
  return Json{{"file", file}, {"findings", rows}}.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

int exit_code_of(const std::vector<Finding>& findings) {
  if (count_of(findings, Severity::kError) > 0) return 2;
  return count_of(findings, Severity::kWarning) > 0 ? 1 : 0;
}

}  // namespace cleatd
