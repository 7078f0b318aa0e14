// SPDX-License-Identifier: MIT
// What is wrong with a state file. Pure.
#pragma once

#include <string>
#include <vector>

#include "dataplane/finding.h"
#include "dataplane/shell_word.h"
#include "dataplane/state_facts.h"

namespace dataplane {

std::vector<Finding> state_findings(const StateFacts& facts);

// Two that refuse a start as well. A warning, for a check is made while the cleatd in force runs, too.
inline Finding state_in_use(const std::string& path) {
  return {Severity::kWarning, "state file",
          path + " is in use by another cleatd; stop it, or set another dataplane.state"};
}
inline Finding state_not_ours(const std::string& path) {
  return {Severity::kError, "state file", path + " belongs to another user or is no file",
          "rm " + shell_word(path)};
}

}  // namespace dataplane
