// SPDX-License-Identifier: MIT
// What a look at this machine found, and what mends it. `cleatd --check` prints findings; a start is refused by the errors among
// them, in the same words.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dataplane {

enum class Severity : uint8_t { kNote, kWarning, kError };

struct Finding {
  Severity severity = Severity::kNote;
  std::string subject;  // whose it is: "port outside", "state file"; empty: the machine's
  std::string what;     // one line, without its end
  // How it is mended, either or neither: a shell command as it is to be run, a line of the configuration.
  std::string command = {}, setting = {};
};

inline std::string one_line(const Finding& finding) {
  const std::string& mend = finding.command.empty() ? finding.setting : finding.command;
  return finding.what + (mend.empty() ? "" : "; mend: " + mend);
}

// The first error, which a start ends with; nullptr: none.
inline const Finding* first_error(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings)
    if (finding.severity == Severity::kError) return &finding;
  return nullptr;
}

}  // namespace dataplane
