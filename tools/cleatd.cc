// SPDX-License-Identifier: MIT
// cleatd: the load balancer's daemon. Reads the configuration, starts the dataplane, and runs the control thread.
// Exit codes: 0 after SIGTERM or SIGINT, 1 it cannot start, 2 usage or a wrong configuration; of --check: 0 nothing worse than
// notes, 1 warnings, 2 errors.
#include <boost/program_options.hpp>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <sstream>

#include "control/config.h"
#include "control/controller.h"
#include "control/log.h"
#include "control/notify.h"
#include "dataplane/clock.h"
#include "dataplane/dataplane.h"
#include "tools/cleatd_check.h"
#include "tools/cleatd_start.h"

#ifndef CLEAT_VERSION
#define CLEAT_VERSION "unknown"
#endif

namespace cleatd {
namespace {

namespace po = boost::program_options;

enum Exit : int { kOk = 0, kCannotStart = 1, kUsage = 2 };

struct Options {
  std::string config = "/etc/cleat/cleat.yaml";
  std::string log;
  std::string log_level = "info";
  std::string eal;
  bool check = false;
  bool json = false;
};

int usage(const std::string& why) {
  std::cerr << "cleatd: " << why << "; see cleatd --help\n";
  return kUsage;
}

std::optional<control::LogLevel> log_level_of(const std::string& name) {
  if (name == "debug") return control::LogLevel::kDebug;
  if (name == "info") return control::LogLevel::kInfo;
  if (name == "warning") return control::LogLevel::kWarning;
  if (name == "error") return control::LogLevel::kError;
  return std::nullopt;
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::string listed(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ",") + name;
  return all.empty() ? "none" : all;
}

void log_start(const dataplane::StartReport& report, const control::Config& config) {
  using control::LogLevel;
  if (!report.state_rejected.empty())
    control::log_event(LogLevel::kWarning, "state not taken over",
                       {{"file", config.dataplane.state},
                        {"kept_as", config.dataplane.state + ".rejected"},
                        {"reason", report.state_rejected}});
  if (report.mended)
    control::log_event(LogLevel::kInfo, "state taken over",
                       {{"file", config.dataplane.state},
                        {"flows", report.mended->flows},
                        {"slots", report.mended->slots},
                        {"entries_removed", report.mended->entries_removed},
                        {"entries_restored", report.mended->entries_restored},
                        {"slots_released", report.mended->slots_released}});
  for (const dataplane::PortReport& port : report.ports) {
    if (!port.fallback.empty())
      control::log_event(LogLevel::kWarning, "port on slower driver",
                         {{"port", port.name}, {"driver", port.driver}, {"reason", port.fallback}});
    if (!port.unspread.empty())
      control::log_event(LogLevel::kWarning, "port not spread",
                         {{"port", port.name}, {"reason", port.unspread}});
    const dataplane::Grant& grant = port.grant;
    control::log_event(LogLevel::kInfo, "port up",
                       {{"port", port.name},
                        {"driver", port.driver},
                        {"interface", port.interface},
                        {"mac", port.mac},
                        {"mtu", port.mtu},
                        {"vlan", port.vlan == 0 ? "none" : std::to_string(port.vlan)},
                        {"queues", port.queues},
                        {"wakes", port.wakes ? "yes" : "no"},
                        {"tap", port.tap},
                        {"numa_node", grant.numa_node},
                        {"rss_asked", listed(grant.rss_asked)},
                        {"rss", listed(grant.rss_granted)},
                        {"offloads_asked", listed(grant.offloads_asked)},
                        {"offloads", listed(grant.offloads_granted)}});
  }
}

int refuse(const std::string& why) {
  control::log_event(control::LogLevel::kError, "cannot start", {{"reason", why}});
  return kCannotStart;
}

// A second SIGTERM must not cut the end short: XDP programs and DPDK's folder would stay.
void ignore_signals() {
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) std::signal(number, SIG_IGN);
}

int check_all(const Options& options, const control::Config& config) {
  const auto found = check(config, dataplane_options(config, words_of(options.eal)));
  std::cout << (options.json ? findings_json(options.config, found) : findings_text(options.config, found));
  return exit_code_of(found);
}

// The file itself is wrong: the one line on stderr, and with --json on stdout as well.
int refuse_config(const Options& options, const std::string& line) {
  if (options.check && options.json)
    std::cout << findings_json(options.config, {{dataplane::Severity::kError, "configuration", line}});
  std::cerr << line << "\n";
  return kUsage;
}

int serve(const Options& options, control::Config config) {
  const auto taken = address_findings(config, dataplane::kernel_addresses());
  if (!taken.empty()) return refuse(taken.front().subject + ": " + one_line(taken.front()));
  auto started = dataplane::Dataplane::start(dataplane_options(config, words_of(options.eal)));
  if (!started) return refuse(started.error());
  const auto plane = std::move(started).value();
  log_start(plane->report(), config);

  boost::asio::io_context io(1);
  control::ControllerOptions controls;
  controls.version = CLEAT_VERSION;
  controls.notify = control::notify_target(std::getenv("NOTIFY_SOCKET"), std::getenv("WATCHDOG_USEC"),
                                           std::getenv("WATCHDOG_PID"));
  std::unique_ptr<control::Controller> controller;
  controls.on_stop = [&controller] {
    controller->stop();
    ignore_signals();
  };
  const control::Engine engine = engine_of(*plane, config);
  controller = std::make_unique<control::Controller>(io, std::move(config), engine, controls);
  if (const lb::Status begun = controller->start(); !begun) return refuse(begun.error());
  control::log_event(control::LogLevel::kInfo, "ready",
                     {{"version", CLEAT_VERSION},
                      {"workers", engine.workers.size()},
                      {"api", controller->config().api.unix_path}});
  io.run();
  controller.reset();
  control::log_event(control::LogLevel::kInfo, "stopped");
  return kOk;
}

int run(int argc, char** argv) {
  Options options;
  po::options_description all("cleatd [--config FILE] [options]");
  all.add_options()("config,c", po::value(&options.config)->value_name("FILE"),
                    ("configuration (default " + options.config + ", see docs/config.md)").c_str())(
      "check", po::bool_switch(&options.check),
      "look at the configuration and this machine, start nothing, say what is wrong and what mends it; exit: "
      "0 "
      "nothing worse than notes, 1 warnings, 2 errors")("json", po::bool_switch(&options.json),
                                                        "with --check: findings as JSON")(
      "log", po::value(&options.log)->value_name("FILE"), "write log lines there instead of to stderr")(
      "log-level", po::value(&options.log_level)->value_name("LEVEL"),
      "debug, info (default), warning or error")("eal", po::value(&options.eal)->value_name("\"ARGS\""),
                                                 "more arguments for DPDK's EAL")(
      "version", "print the version")("help,h", "print this help");
  po::variables_map given;
  try {
    const int style = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
    po::store(po::command_line_parser(argc, argv).options(all).positional({}).style(style).run(), given);
    po::notify(given);
  } catch (const po::error& error) {
    return usage(error.what());
  }
  if (given.count("help") != 0) {
    std::cout << all << "\nSignals: SIGHUP reads the configuration again, SIGTERM and SIGINT stop.\n"
              << "Exit code: 0 stopped, 1 cannot start, 2 usage or wrong configuration.\n";
    return kOk;
  }
  if (given.count("version") != 0) {
    std::cout << "cleatd " CLEAT_VERSION "\n";
    return kOk;
  }
  if (options.json && !options.check) return usage("--json goes with --check");
  const auto level = log_level_of(options.log_level);
  if (!level) return usage("--log-level " + options.log_level + ": debug, info, warning or error is wanted");

  auto config = control::load_config(options.config);
  if (!config) return refuse_config(options, config.error());
  if (const lb::Status compiles = dry_compile(config.value()); !compiles)
    return refuse_config(options, options.config + ": " + compiles.error());
  if (options.check) return check_all(options, config.value());
  if (const lb::Status opened = control::open_log(options.log, *level); !opened) {
    std::cerr << "cleatd: " << opened.error() << "\n";
    return kCannotStart;
  }
  return serve(options, std::move(config).value());
}

}  // namespace
}  // namespace cleatd

int main(int argc, char** argv) {
  try {
    return cleatd::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "cleatd: " << error.what() << "\n";
    return cleatd::kCannotStart;
  }
}
