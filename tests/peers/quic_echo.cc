// SPDX-License-Identifier: MIT
// quic-echo: a QUIC server with QUIC-LB connection ids, and a client that moves. Real endpoints, on Debian's libngtcp2
// and GnuTLS, for tests of what lies between them. Both print a JSON object a line (json_line.h).
//
//   quic-echo server --listen ADDRESS:PORT --name NAME --config CONFIG... [--staged] [--retry]
//   quic-echo client --connect ADDRESS:PORT --local ADDRESS[,ADDRESS...] [--connections N] [--rounds N] [--gap-ms N]
//                    [--answer-within-ms N] [--rebind-at R,...] [--migrate-at R,...] [--pause-at R,...]
//                    [--own-id-length N] [--first-destination HEX] [--hello-bytes N] [--version HEX]
//
// CONFIG as in quic_lb_id.h; options as in quic_server.h and quic_client.h. SIGUSR1: the server goes on to its next
// config (--staged), the client to the next round after a pause. Exit 0; client 1 if a connection broke; 2 usage.
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>

#include "tests/peers/quic_client.h"
#include "tests/peers/quic_server.h"

namespace {

using peers::give_up;

volatile std::sig_atomic_t g_stop = 0;
volatile std::sig_atomic_t g_signals = 0;

// {option: values in order}; an option of `flags` has none.
std::multimap<std::string, std::string> read_options(int count, char** words,
                                                     const std::set<std::string>& flags) {
  std::multimap<std::string, std::string> options;
  for (int i = 2; i < count; i++) {
    const std::string word = words[i];
    if (flags.contains(word)) {
      options.emplace(word, "");
    } else if (i + 1 < count) {
      options.emplace(word, words[++i]);
    } else {
      give_up("no value for " + word);
    }
  }
  return options;
}

std::vector<std::string> list(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

std::set<uint64_t> rounds(const std::string& text) {
  std::set<uint64_t> numbers;
  for (const auto& part : list(text)) numbers.insert(std::strtoull(part.c_str(), nullptr, 10));
  return numbers;
}

peers::ServerOptions server_options(int count, char** words) {
  peers::ServerOptions options;
  for (const auto& [name, value] : read_options(count, words, {"--staged", "--retry"})) {
    if (name == "--listen") {
      options.listen = peers::Address::parse(value);
    } else if (name == "--name") {
      options.name = value;
    } else if (name == "--staged") {
      options.is_staged = true;
    } else if (name == "--retry") {
      options.wants_retry = true;
    } else if (name == "--config") {
      const auto config = peers::QuicLbConfig::parse(value);
      if (!config) give_up("no config: " + value);
      options.configs.push_back(*config);
      if (config->id_length() != options.configs[0].id_length())
        give_up("all ids of a server must be of one length");
    } else {
      give_up("unknown option " + name);
    }
  }
  if (options.configs.empty()) give_up("no --config");
  return options;
}

peers::ClientOptions client_options(int count, char** words) {
  peers::ClientOptions options;
  const auto number = [](const std::string& text) { return std::strtoull(text.c_str(), nullptr, 10); };
  const std::map<std::string, std::function<void(const std::string&)>> setters = {
      {"--connect", [&](auto& v) { options.server = peers::Address::parse(v); }},
      {"--local", [&](auto& v) { options.locals = list(v); }},
      {"--connections", [&](auto& v) { options.connections = number(v); }},
      {"--rounds", [&](auto& v) { options.rounds = number(v); }},
      {"--gap-ms", [&](auto& v) { options.gap_ms = number(v); }},
      {"--answer-within-ms", [&](auto& v) { options.answer_within_ms = number(v); }},
      {"--rebind-at", [&](auto& v) { options.rebind_at = rounds(v); }},
      {"--migrate-at", [&](auto& v) { options.migrate_at = rounds(v); }},
      {"--pause-at", [&](auto& v) { options.pause_at = rounds(v); }},
      {"--own-id-length", [&](auto& v) { options.own_id_length = number(v); }},
      {"--first-destination",
       [&](auto& v) { options.first_destination = peers::from_hex(v).value_or(peers::Bytes{}); }},
      {"--hello-bytes", [&](auto& v) { options.hello_bytes = number(v); }},
      {"--version",
       [&](auto& v) { options.version = static_cast<uint32_t>(std::strtoul(v.c_str(), nullptr, 16)); }},
  };
  for (const auto& [name, value] : read_options(count, words, {})) {
    const auto setter = setters.find(name);
    if (setter == setters.end()) give_up("unknown option " + name);
    setter->second(value);
  }
  if (options.locals.empty()) give_up("no --local");
  return options;
}

}  // namespace

int main(int count, char** words) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  for (const int number : {SIGINT, SIGTERM}) std::signal(number, [](int) { g_stop = 1; });
  std::signal(SIGUSR1, [](int) { g_signals = g_signals + 1; });
  const std::string side = count > 1 ? words[1] : "";
  if (side == "server") {
    peers::QuicServer(server_options(count, words)).run(g_stop, g_signals);
    return 0;
  }
  if (side == "client") return peers::run_client(client_options(count, words), g_stop, g_signals) > 0 ? 1 : 0;
  give_up("usage: quic-echo server|client OPTION...");
}
