// SPDX-License-Identifier: MIT
// What an operator changed at run time. It lies beside the configuration file, beats it field by field for
// each (pool, backend), and survives restarts until it is reset.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lb/address.h"
#include "lb/result.h"

namespace control {

struct BackendOverride {
  std::string pool;
  lb::Endpoint endpoint;
  bool added = false;                       // the file did not have it
  std::optional<uint32_t> weight{};         // 0..10,000; nullopt: the file's
  bool drain = false;                       // no new sessions
  std::optional<int64_t> drain_deadline{};  // seconds since 1970; only with drain
  std::optional<int64_t> drain_since{};     // likewise; nullopt: an earlier version wrote it
  friend bool operator==(const BackendOverride&, const BackendOverride&) = default;
};

struct Overrides {
  std::vector<BackendOverride> backends;  // (pool, endpoint) unique
  friend bool operator==(const Overrides&, const Overrides&) = default;
};

// Where the overrides of a configuration file lie: "/etc/cleat/cleat.yaml.overrides".
std::string overrides_file(const std::string& config_file);

// None if there is no such file.
// error  one line that names the file: it cannot be read, or holds something else
lb::Result<Overrides> load_overrides(const std::string& file);

// After it returns ok, the file holds `overrides` even if the power fails; after an error or a crash on the
// way it holds what it held before (write beside it, fsync, rename, fsync the folder). Blocks for that long.
lb::Status save_overrides(const std::string& file, const Overrides& overrides);

}  // namespace control
