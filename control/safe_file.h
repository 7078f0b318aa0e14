// SPDX-License-Identifier: MIT
// Files that are read whole, and replaced whole or not at all.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "lb/result.h"

namespace control {

// Error: one line that names the file and errno's text, or says that it is longer than most_bytes. `missing`,
// if given, is set to whether there is no such file.
lb::Result<std::string> read_file(const std::string& file, size_t most_bytes, bool* missing = nullptr);

// Replaces `file`, or what it links to: writes FILE.tmp beside it, fsync, rename, fsync of the folder. A
// reader, a crash or a power failure sees the old text or the new one. Keeps the mode of the file that was
// there; a new one gets 0644. error   one line that names the file at fault; the old text is there, unless
// only the folder could not be synced thread  one at a time for one file. Blocks.
lb::Status replace_file(const std::string& file, std::string_view text);

}  // namespace control
