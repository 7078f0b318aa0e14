// SPDX-License-Identifier: MIT
// Any text as a configuration: it is refused in one line that says where, or it is understood, and then so is
// what Cleat writes down of it, as the same.
#include <cctype>
#include <nlohmann/json.hpp>
#include <string>

#include "control/config.h"
#include "control/config_text.h"
#include "tests/fuzz/target.h"

namespace fuzz {
namespace {

// "c.yaml:12:7: pools.srs: what is wrong"
bool is_located(const std::string& error) {
  const std::string file = "c.yaml:";
  if (!error.starts_with(file) || error.find('\n') != std::string::npos) return false;
  size_t at = file.size();
  for (int number = 0; number < 2; ++number) {
    const size_t begin = at;
    while (at < error.size() && std::isdigit(static_cast<unsigned char>(error[at])) != 0) ++at;
    if (at == begin || at == error.size() || error[at++] != ':') return false;
  }
  return at + 1 < error.size() && error[at] == ' ';
}

void require_same_again(const std::string& text, const nlohmann::ordered_json& wanted) {
  const auto again = control::parse_config(text, "c.yaml");
  if (!again.ok()) std::fprintf(stderr, "%s\n%s\n", again.error().c_str(), text.c_str());
  require(again.ok(), "what Cleat writes down it reads");
  require(control::config_as_json(again.value()) == wanted, "what Cleat writes down is the same");
}

}  // namespace
}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto config = control::parse_config({reinterpret_cast<const char*>(data), size}, "c.yaml");
  fuzz::count(config.ok());
  if (!config.ok()) {
    if (!fuzz::is_located(config.error())) std::fprintf(stderr, "%s\n", config.error().c_str());
    fuzz::require(fuzz::is_located(config.error()), "an error is one line: file:line:column: text");
    return 0;
  }
  control::Config open = config.value();  // keys are never written down, and ufrags need one
  for (control::PoolConfig& pool : open.pools) {
    for (lb::QuicLbSpec& spec : pool.quic_lb) spec.config.key.reset();
    pool.ice_ufrag.reset();
  }
  const auto json = control::config_as_json(open);
  fuzz::require_same_again(json.dump(), json);
  fuzz::require_same_again(control::yaml_text(json), json);
  return 0;
}
