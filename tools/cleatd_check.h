// SPDX-License-Identifier: MIT
// `cleatd --check`: everything that a start would stumble over, found without one.
#pragma once

#include <string>
#include <vector>

#include "control/config.h"
#include "dataplane/finding.h"
#include "dataplane/interface_facts.h"
#include "dataplane/options.h"

namespace cleatd {

// VIPs and LIPs that are addresses of the kernel's, which would answer for them, too. A start is refused by these.
std::vector<dataplane::Finding> address_findings(const control::Config& config,
                                                 const std::vector<dataplane::KernelAddress>& kernel);

// All findings, worst first. REQUIRES: config is right, options are its
std::vector<dataplane::Finding> check(const control::Config& config, const dataplane::Options& options);

// For people: a paragraph each, then how many there are. Control characters are shown as '?'.
std::string findings_text(const std::string& file, const std::vector<dataplane::Finding>& findings);
// {"file", "findings": [{"severity", "subject", "what", "command", "setting"}]}, a line
std::string findings_json(const std::string& file, const std::vector<dataplane::Finding>& findings);

// 0 nothing worse than notes, 1 warnings, 2 errors
int exit_code_of(const std::vector<dataplane::Finding>& findings);

}  // namespace cleatd
