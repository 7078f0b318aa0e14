// SPDX-License-Identifier: MIT
// cleat-replay: captures in, captures and verdicts out. The same lb as in cleatd, without DPDK, a NIC or root.
// Exit codes: 0 done, 1 a file could not be read or written, 2 usage or a wrong configuration.
#include <boost/program_options.hpp>
#include <fstream>
#include <iostream>
#include <map>

#include "control/config.h"
#include "control/desired.h"
#include "tools/replay_capture.h"
#include "tools/replay_engine.h"
#include "tools/replay_summary.h"

#ifndef CLEAT_VERSION
#define CLEAT_VERSION "unknown"
#endif

namespace replay {
namespace {

namespace po = boost::program_options;

constexpr int kOk = 0, kFailed = 1, kUsage = 2;

struct Options {
  std::string config, verdicts;
  std::vector<std::string> in, out, mac;  // PORT=VALUE
  int64_t workers = 1, start_ms = 1'000'000;
  bool quiet_start = false;
};

int fail(int code, const std::string& why) {
  std::cerr << "cleat-replay: " << why << "\n";
  return code;
}

// "PORT=VALUE" split, the port looked up.
struct Assignment {
  lb::PortIndex port;
  std::string value;
};

lb::Result<Assignment> assignment(const control::Config& config, const std::string& option,
                                  const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
    return lb::Error{option + " " + text + ": PORT=VALUE is wanted, for example " + option +
                     " outside=client.pcap"};
  const std::string name = text.substr(0, equals);
  std::string known;
  for (size_t i = 0; i < config.dataplane.ports.size(); ++i) {
    if (config.dataplane.ports[i].name == name)
      return Assignment{static_cast<lb::PortIndex>(i), text.substr(equals + 1)};
    known += (known.empty() ? "" : ", ") + config.dataplane.ports[i].name;
  }
  return lb::Error{option + " " + text + ": " + config.file + " has no port \"" + name + "\", only " + known};
}

// As DPDK's net_pcap numbers its devices: 02:"pcap":index.
std::array<lb::MacAddress, lb::kMaxPorts> default_macs() {
  std::array<lb::MacAddress, lb::kMaxPorts> macs{};
  for (unsigned i = 0; i < lb::kMaxPorts; ++i)
    macs[i] = lb::MacAddress{{0x02, 'p', 'c', 'a', 'p', static_cast<uint8_t>(i)}};
  return macs;
}

lb::Result<EngineOptions> engine_options(const Options& options, const control::Config& config) {
  EngineOptions engine;
  engine.workers = static_cast<unsigned>(options.workers);
  engine.start_ms = static_cast<uint64_t>(options.start_ms);
  engine.announce = !options.quiet_start;
  engine.macs = default_macs();
  engine.geometry.flows_v4 = config.dataplane.flows_v4;
  engine.geometry.flows_wide = config.dataplane.flows_wide;
  engine.geometry.sessions = config.dataplane.sessions;
  engine.geometry.lips = std::max<uint32_t>(1, static_cast<uint32_t>(config.lips.size()));
  for (const std::string& text : options.mac) {
    const auto given = assignment(config, "--mac", text);
    if (!given) return lb::Error{given.error()};
    const auto mac = lb::MacAddress::parse(given.value().value);
    if (!mac || mac->is_group())
      return lb::Error{"--mac " + text +
                       ": a station's MAC address is wanted, for example 02:00:00:00:00:01"};
    engine.macs[given.value().port] = *mac;
  }
  const std::vector<lb::PortSpec> ports = control::port_specs(config);
  for (size_t i = 0; i < ports.size(); ++i) engine.macs[i] = engine.macs[ports[i].tag.device];
  return engine;
}

using Writers = std::map<lb::PortIndex, std::unique_ptr<CaptureWriter>>;

// Opens what was asked for. error  with the code that the process shall end with
struct OpenError {
  int code;
  std::string why;
};

std::optional<OpenError> open_captures(const Options& options, const control::Config& config,
                                       CaptureReader& reader, Writers& writers) {
  for (const std::string& text : options.in) {
    const auto in = assignment(config, "--in", text);
    if (!in) return OpenError{kUsage, in.error()};
    if (const lb::Status added = reader.add(in.value().port, in.value().value); !added)
      return OpenError{kFailed, added.error()};
  }
  std::map<std::string, std::string> taken;
  for (const std::string& text : options.in) taken[text.substr(text.find('=') + 1)] = "--in " + text;
  for (const std::string& text : options.out) {
    const auto out = assignment(config, "--out", text);
    if (!out) return OpenError{kUsage, out.error()};
    const auto [former, is_new] = taken.emplace(out.value().value, "--out " + text);
    if (!is_new) return OpenError{kUsage, "--out " + text + " would overwrite " + former->second};
    if (writers.contains(out.value().port))
      return OpenError{kUsage, "--out " + text + ": its port has one already"};
    auto writer = CaptureWriter::create(out.value().value);
    if (!writer) return OpenError{kFailed, writer.error()};
    writers[out.value().port] = std::move(writer).value();
  }
  return std::nullopt;
}

// Runs everything through and writes everything down.
int replay(const Options& options, const control::Config& config) {
  const auto engine_with = engine_options(options, config);
  if (!engine_with) return fail(kUsage, engine_with.error());
  CaptureReader reader;
  Writers writers;
  if (const auto error = open_captures(options, config, reader, writers))
    return fail(error->code, error->why);
  std::ofstream verdict_file;
  const bool to_stdout = options.verdicts == "-";
  if (!options.verdicts.empty() && !to_stdout) {
    verdict_file.open(options.verdicts);
    if (!verdict_file) return fail(kFailed, options.verdicts + ": cannot write: " + std::strerror(errno));
  }
  std::ostream& lines = to_stdout ? std::cout : verdict_file;

  const lb::SnapshotSpec spec =
      control::desired_state(config, {}, [](const std::string&, const lb::Endpoint&) {
        return control::Standing{};
      }).spec;
  Summary summary;
  auto engine = Engine::make(
      spec, engine_with.value(),
      [&](const Outcome& outcome) {
        summary.add(outcome);
        if (!options.verdicts.empty()) lines << verdict_line(spec, outcome) << "\n";
      },
      [&](lb::PortIndex port, uint64_t time_ns, std::span<const uint8_t> frame) {
        if (const auto writer = writers.find(port); writer != writers.end())
          writer->second->write(time_ns, frame);
      });
  if (!engine) return fail(kUsage, config.file + ": " + engine.error());
  for (CapturedFrame frame; reader.next(frame);) engine.value()->feed(frame);
  engine.value()->finish();

  // With verdicts on standard output the summary must not end up between them for a program that reads it.
  (to_stdout ? std::cerr : std::cout) << summary.text(spec, *engine.value());
  for (auto& [port, writer] : writers)
    if (const lb::Status closed = writer->close(); !closed) return fail(kFailed, closed.error());
  if (lines.flush(); !options.verdicts.empty() && !lines)
    return fail(kFailed, options.verdicts + ": cannot write");
  if (!reader.error().empty()) return fail(kFailed, reader.error());
  if (!engine.value()->conserved()) return fail(kFailed, "frames are not conserved: this is a bug in Cleat");
  return kOk;
}

int usage(const std::string& why) { return fail(kUsage, why + "; see cleat-replay --help"); }

int run(int argc, char** argv) {
  Options options;
  po::options_description all("usage: cleat-replay --config FILE --in PORT=FILE [OPTION...]", 100);
  const auto list = [](std::vector<std::string>& values, const char* name) {
    return po::value(&values)->composing()->value_name(name);
  };
  all.add_options()("config", po::value(&options.config)->value_name("FILE"),
                    "the configuration, as for cleatd")(
      "in", list(options.in, "PORT=FILE"),
      "capture of what comes in on a port of the configuration; repeatable")(
      "out", list(options.out, "PORT=FILE"), "write what leaves a port; repeatable")(
      "verdicts", po::value(&options.verdicts)->value_name("FILE"),
      "write one line per frame; - is standard output")("workers",
                                                        po::value(&options.workers)->value_name("N"),
                                                        "workers that share the traffic, 1..64 (default 1)")(
      "start-ms", po::value(&options.start_ms)->value_name("N"),
      "Cleat's clock at the first frame (default 1000000)")(
      "mac", list(options.mac, "PORT=MAC"), "a port's MAC address (default 02:70:63:61:70:00 and on)")(
      "no-announce", po::bool_switch(&options.quiet_start), "do not announce VIPs and LIPs at the start")(
      "version", "print the version")("help,h", "print this");
  po::variables_map given;
  try {
    // Abbreviated options would be a promise for ever.
    const int style = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
    po::store(po::command_line_parser(argc, argv).options(all).positional({}).style(style).run(), given);
    po::notify(given);
  } catch (const po::error& error) {
    return usage(error.what());
  }
  if (given.count("version") != 0) {
    std::cout << "cleat-replay " CLEAT_VERSION "\n";
    return kOk;
  }
  if (given.count("help") != 0) {
    std::cout << all
              << "exit code: 0 done, 1 a file could not be read or written, 2 usage or configuration\n";
    return kOk;
  }
  if (options.config.empty()) return usage("--config is missing");
  if (options.in.empty()) return usage("--in is missing");
  if (options.workers < 1 || options.workers > lb::kMaxWorkers) return usage("--workers: 1 to 64 are wanted");
  if (options.start_ms < 1) return usage("--start-ms: a time of at least 1 is wanted");
  const auto config = control::load_config(options.config);
  if (!config) return fail(kUsage, config.error());
  return replay(options, config.value());
}

}  // namespace
}  // namespace replay

int main(int argc, char** argv) {
  try {
    return replay::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "cleat-replay: " << error.what() << "\n";
    return replay::kFailed;
  }
}
