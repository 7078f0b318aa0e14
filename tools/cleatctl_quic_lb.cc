// SPDX-License-Identifier: MIT
#include "tools/cleatctl_quic_lb.h"

#include <algorithm>
#include <charconv>
#include <iostream>

#include "control/hex.h"
#include "lb/quic_lb.h"
#include "tools/cleatctl_key.h"

namespace cleatctl {
namespace {

using Octets = std::vector<uint8_t>;
using Arguments = std::vector<std::string>;

// The options of one command, by name.
class Given {
 public:
  explicit Given(const Options& options) : named_(options.values) {}

  [[nodiscard]] bool has(const std::string& name) const { return named_.contains(name); }

  [[nodiscard]] lb::Result<Octets> hex(const std::string& name) const {
    return hex_of("--" + name, named_.at(name));
  }
  // Any number of one octet: ranges are QuicLbConfig's to check. `otherwise` if it is not given.
  [[nodiscard]] lb::Result<uint8_t> number(const std::string& name, uint8_t otherwise) const {
    if (!has(name)) return otherwise;
    const std::string& text = named_.at(name);
    uint8_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
      return lb::Error{"--" + name + " \"" + text + "\": a whole number is wanted"};
    return value;
  }
  [[nodiscard]] lb::Result<std::optional<lb::AesKey>> key() const {
    if (!has("key")) return std::optional<lb::AesKey>();
    const auto key = key_of(named_.at("key"));
    if (!key) return lb::Error{key.error()};
    return std::optional(key.value());
  }
  // Of lengths that are not given: those of `server_id` and `nonce`.
  [[nodiscard]] lb::Result<lb::QuicLbConfig> config(const Octets& server_id, const Octets& nonce) const {
    const auto octets = [](const Octets& text) {
      return static_cast<uint8_t>(std::min<size_t>(text.size(), UINT8_MAX));
    };
    const auto id = number("config-id", 0);
    const auto server_id_length = number("sid-len", octets(server_id));
    const auto nonce_length = number("nonce-len", octets(nonce));
    const auto secret = key();
    for (const auto* each : {&id, &server_id_length, &nonce_length})
      if (!*each) return lb::Error{each->error()};
    if (!secret) return lb::Error{secret.error()};
    lb::QuicLbConfig config;
    config.config_id = id.value();
    config.server_id_length = server_id_length.value();
    config.nonce_length = nonce_length.value();
    config.key = secret.value();
    if (const auto right = config.check(); !right) return lb::Error{right.error()};
    return config;
  }

 private:
  const std::map<std::string, std::string>& named_;
};

}  // namespace

int quic_lb_encode(const Options& options, const Arguments&) {
  const Given given(options);
  if (!given.has("sid")) return usage_error("quic-lb encode: --sid HEX is wanted");
  if (!given.has("nonce") && !given.has("nonce-len"))
    return usage_error("quic-lb encode: --nonce HEX, or --nonce-len N for a random one, is wanted");
  const auto server_id = given.hex("sid");
  if (!server_id) return usage_error(server_id.error());
  Octets nonce;
  if (given.has("nonce")) {
    auto octets = given.hex("nonce");
    if (!octets) return usage_error(octets.error());
    nonce = std::move(octets).value();
  }
  auto config = given.config(server_id.value(), nonce);
  if (!config) return usage_error(config.error());
  config.value().encodes_length = true;  // every balancer takes it, whether it was told to read it or not
  if (!given.has("nonce")) {
    nonce.resize(config.value().nonce_length);
    if (!fill_random(nonce)) return kRefused;
  }
  const auto cid = lb::encode(config.value(), server_id.value(), nonce);
  if (!cid) return usage_error(cid.error());
  std::cout << control::to_hex(cid.value().view()) << "\n";
  return kOk;
}

int quic_lb_decode(const Options& options, const Arguments& cids) {
  const Given given(options);
  if (!given.has("sid-len") || !given.has("nonce-len"))
    return usage_error("quic-lb decode: --sid-len N and --nonce-len M are wanted");
  auto config = given.config({}, {});
  if (!config) return usage_error(config.error());
  config.value().encodes_length = given.has("self-described");
  const auto configs = lb::QuicLbConfigs::make({&config.value(), 1});
  if (!configs) return usage_error(configs.error());
  std::string lines;
  for (const std::string& text : cids) {
    const auto cid = hex_of("connection id \"" + text + "\"", text);
    if (!cid) return usage_error(cid.error());
    const lb::QuicLbId id = configs.value().decode(cid.value(), lb::CidEnd::kExact);
    lines += id.routable() ? control::to_hex(id.server_id.view())
                           : "unroutable " + std::string(lb::unroutable_name(id.reason));
    lines += "\n";
  }
  std::cout << lines;
  return kOk;
}

}  // namespace cleatctl
