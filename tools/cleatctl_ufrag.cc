// SPDX-License-Identifier: MIT
#include "tools/cleatctl_ufrag.h"

#include <algorithm>
#include <iostream>
#include <optional>

#include "control/query_field.h"
#include "lb/server_ufrag.h"
#include "tools/cleatctl_key.h"

namespace cleatctl {
namespace {

constexpr uint64_t kMostAtOnce = 1'000'000;

lb::Result<lb::Aes128> cipher_of(const Options& options, const std::string& command) {
  const auto given = options.values.find("key");
  if (given == options.values.end())
    return lb::Error{command + ": --key KEY is wanted, as cleatctl ufrag keygen prints one"};
  const auto key = key_of(given->second);
  if (!key) return lb::Error{key.error()};
  return lb::Aes128(key.value());
}

// One of letters and digits alone, two tries on average: SRS takes a ufrag from its URL as it stands there, so '+' and '/' would
// have to stand there unencoded, which not every library does.
std::optional<lb::ServerUfrag> random_ufrag(const lb::Aes128& cipher, uint16_t server) {
  lb::ServerUfrag ufrag;
  do {
    lb::UfragNonce nonce;
    if (!fill_random(nonce)) return std::nullopt;
    ufrag = lb::encode_ufrag(cipher, server, nonce);
  } while (std::any_of(ufrag.begin(), ufrag.end(), [](char c) { return c == '+' || c == '/'; }));
  return ufrag;
}

// "" or why the option's value cannot be; one that is not given leaves `into` alone.
template <typename Number>
std::string read_option(const Options& options, const std::string& name, uint64_t least, uint64_t most,
                        Number& into) {
  const auto given = options.values.find(name);
  if (given == options.values.end()) return "";
  const std::string why = control::read_number(given->second, least, most, into);
  return why.empty() ? "" : "--" + name + " \"" + given->second + "\": " + why;
}

}  // namespace

int ufrag_encode(const Options& options, const std::vector<std::string>&) {
  uint16_t server = 0;
  uint64_t count = 1;
  if (!options.values.contains("server"))
    return usage_error("ufrag encode: --server N is wanted, its number in the pool's ice_ufrag");
  for (const std::string& why : {read_option(options, "server", 0, UINT16_MAX, server),
                                 read_option(options, "count", 1, kMostAtOnce, count)})
    if (!why.empty()) return usage_error(why);
  const auto cipher = cipher_of(options, "ufrag encode");
  if (!cipher) return usage_error(cipher.error());
  for (; count > 0; --count) {
    const auto ufrag = random_ufrag(cipher.value(), server);
    if (!ufrag) return kRefused;
    std::cout << std::string_view(ufrag->data(), ufrag->size()) << "\n";
  }
  return kOk;
}

int ufrag_decode(const Options& options, const std::vector<std::string>& ufrags) {
  const auto cipher = cipher_of(options, "ufrag decode");
  if (!cipher) return usage_error(cipher.error());
  for (const std::string& ufrag : ufrags) {
    const auto server = lb::decode_ufrag(cipher.value(), ufrag);
    std::cout << (server ? std::to_string(*server) : "foreign") << "\n";
  }
  return kOk;
}

}  // namespace cleatctl
