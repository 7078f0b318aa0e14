// SPDX-License-Identifier: MIT
// cleatctl: the operator's client of cleatd.  cleatctl [--socket PATH] [--json] NOUN VERB [ARGUMENTS]
// Exit codes: 0 done, 1 refused or not reached (the reason on stderr), 2 usage, or a wrong file in
// `config check`.
#include <algorithm>
#include <boost/program_options.hpp>
#include <iostream>

#include "tools/cleatctl_commands.h"
#include "tools/cleatctl_table.h"

#ifndef CLEAT_VERSION
#define CLEAT_VERSION "unknown"
#endif

namespace cleatctl {
namespace {

namespace po = boost::program_options;

// Options that are handed on as they are, and those of them that take no value.
constexpr const char* kValues[] = {"service",
                                   "backend",
                                   "client",
                                   "lip",
                                   "lport",
                                   "limit",
                                   "username",
                                   "stream",
                                   "prefix",  // of `flow`, `session` and `stream`
                                   "sid",
                                   "nonce",
                                   "sid-len",
                                   "nonce-len",
                                   "key",
                                   "config-id",  // of `quic-lb`; key of `ufrag`
                                   "server",
                                   "count",  // of `ufrag`
                                   "server-password",
                                   "client-password",  // of `session tell`
                                   "port",
                                   "vip",
                                   "reason",
                                   "packets",
                                   "seconds",
                                   "snaplen",
                                   "write"};  // of `trace`
constexpr const char* kFlags[] = {"self-described", "drops-only"};

std::string help() {
  Table table({"command", "arguments", "what it does"});
  for (const Command& c : commands())
    table.add({std::string(c.noun) + " " + std::string(c.verb),
               c.arguments.empty() ? " " : std::string(c.arguments), std::string(c.what)});
  return "usage: cleatctl [--socket PATH] [--json] NOUN VERB [ARGUMENTS]\n\n" + table.text() +
         "\nENDPOINT is ADDRESS or ADDRESS:PORT, [ADDRESS]:PORT for IPv6.\n"
         "STREAM is /APP/STREAM, VHOST/APP/STREAM, or a URL as clients use it.\n"
         "KEY is 32 hexadecimal digits, or @FILE that holds them; P an ice-pwd, or @FILE that holds it.\n"
         "--socket PATH  cleatd's API socket (default /run/cleat/api.sock)\n"
         "--json         print the API's JSON\n"
         "--version      print the version\n"
         "exit code: 0 done, 1 refused, 2 usage\n";
}

int usage(const std::string& why) {
  std::cerr << "cleatctl: " << why << "; see cleatctl help\n";
  return kUsage;
}

// given  the verb's own options that were given
int dispatch(const std::vector<std::string>& words, const std::vector<std::string>& given,
             const Options& options) {
  if (words.size() < 2) return usage("a noun and a verb are wanted");
  for (const Command& command : commands()) {
    if (words[0] != command.noun || words[1] != command.verb) continue;
    const std::vector<std::string> arguments(words.begin() + 2, words.end());
    const std::string name = std::string(command.noun) + " " + std::string(command.verb);
    if (arguments.size() < command.least || arguments.size() > command.most)
      return usage("usage: cleatctl " + name + " " + std::string(command.arguments));
    for (const std::string& option : given)
      if ((" " + std::string(command.options)).find(" " + option + " ") == std::string::npos)
        return usage(name + " takes no --" + option);
    return command.run(options, arguments);
  }
  return usage("\"" + words[0] + " " + words[1] + "\" is no command");
}

int run(int argc, char** argv) {
  Options options;
  std::vector<std::string> words;
  // As signed numbers: Program_options would turn -1 into 4294967295 without a word.
  int64_t deadline_s = 0, weight = 0;
  po::options_description all;
  all.add_options()("help,h", "")("version", "")("json", po::bool_switch(&options.json))(
      "socket", po::value(&options.socket))("deadline", po::value(&deadline_s))("weight", po::value(&weight))(
      "words", po::value(&words));
  for (const char* name : kValues) all.add_options()(name, po::value<std::string>());
  for (const char* name : kFlags) all.add_options()(name, "");
  po::positional_options_description places;
  places.add("words", -1);
  po::variables_map given;
  try {
    // Abbreviated options would be a promise for ever.
    const int style = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
    po::store(po::command_line_parser(argc, argv).options(all).positional(places).style(style).run(), given);
    po::notify(given);
  } catch (const po::error& error) {
    return usage(error.what());
  }
  if (given.count("version") != 0) {
    std::cout << "cleatctl " CLEAT_VERSION "\n";
    return kOk;
  }
  if (given.count("help") != 0 || (words.size() == 1 && words[0] == "help")) {
    std::cout << help();
    return kOk;
  }
  if (words.size() == 1 && words[0] == "trace") words.emplace_back("show");
  std::vector<std::string> own;
  for (const char* name : {"deadline", "weight"})
    if (given.count(name) != 0) own.emplace_back(name);
  for (const char* name : kValues)
    if (given.count(name) != 0) {
      own.emplace_back(name);
      options.values[name] = given[name].as<std::string>();
    }
  for (const char* name : kFlags)
    if (given.count(name) != 0) {
      own.emplace_back(name);
      options.values[name] = "";
    }
  if (given.count("deadline") != 0) {
    if (deadline_s < 1 || deadline_s > UINT32_MAX)
      return usage("--deadline: seconds, at least 1, are wanted");
    options.deadline_s = static_cast<uint32_t>(deadline_s);
  }
  if (given.count("weight") != 0) {
    if (weight < 0 || weight > UINT32_MAX) return usage("--weight: a whole number from 0 to 10000 is wanted");
    options.weight = static_cast<uint32_t>(weight);
  }
  return dispatch(words, own, options);
}

}  // namespace
}  // namespace cleatctl

int main(int argc, char** argv) {
  try {
    return cleatctl::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "cleatctl: " << error.what() << "\n";
    return cleatctl::kRefused;
  }
}
