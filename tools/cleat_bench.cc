// SPDX-License-Identifier: MIT
// cleat-bench: nanoseconds per packet of the whole pipeline and of each stage, at 1, 65,536 and 1,048,576 flows or as many
// as are asked for, of mixes, of many services and backends, of ICE sessions, at 1,024 and 65,536, and of connection ids; and
// milliseconds per snapshot.
// Options that begin with --benchmark_ are Google Benchmark's.
#include <boost/program_options.hpp>
#include <charconv>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "tools/bench_case.h"
#include "tools/bench_cases.h"
#include "tools/bench_machine.h"

namespace po = boost::program_options;

namespace {

constexpr uint64_t kMostFlows = uint64_t{1} << 30;

// "1,1024": ascending numbers. Throws po::error.
std::vector<uint64_t> parse_flows(const std::string& text) {
  std::vector<uint64_t> flows;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    uint64_t number = 0;
    const auto [rest, error] = std::from_chars(at, end, number);
    const bool ascends = number > (flows.empty() ? 0 : flows.back());
    if (error != std::errc() || !ascends || number > kMostFlows || (rest != end && *rest != ','))
      throw po::error("--flows is a list of ascending numbers, 1 to 1073741824, with commas between them");
    flows.push_back(number);
    if (rest == end) return flows;
    at = rest + 1;
  }
}

bench::Scale scale_of(bool smoke, bool huge) {
  if (smoke) return {{1, 8192}, {1, 100}, {1, 16}, huge};
  return {{1, 65536, 1048576}, {1, 10, 100, 1000, 10000}, {1, 4, 16, 64, 256, 1024, 4096}, huge};
}

}  // namespace

int main(int argc, char** argv) {
  std::string pages, flows;
  bench::Scale scale;
  po::options_description options(
      "cleat-bench [options] [--benchmark_filter=REGEX] [--benchmark_format=json] ...");
  options.add_options()("help", "this text")(
      "smoke", "a fraction of a second per case, and small tables: does it work?")(
      "pages", po::value(&pages)->default_value("4k"),
      "pages under flow tables, slots and frames: 4k or huge")(
      "flows", po::value(&flows), "sizes of flow tables in flows, ascending: 1,65536,1048576");
  po::variables_map given;
  std::vector<std::string> rest;
  try {
    const auto parsed = po::command_line_parser(argc, argv).options(options).allow_unregistered().run();
    po::store(parsed, given);
    po::notify(given);
    rest = po::collect_unrecognized(parsed.options, po::include_positional);
    if (pages != "4k" && pages != "huge") throw po::error("--pages is 4k or huge");
    scale = scale_of(given.count("smoke") != 0, pages == "huge");
    if (given.count("flows") != 0) scale.flows = parse_flows(flows);
  } catch (const po::error& error) {
    std::cerr << "cleat-bench: " << error.what() << "; see cleat-bench --help\n";
    return 2;
  }
  if (given.count("help") != 0) {
    std::cout << options;
    return 0;
  }
  if (given.count("smoke") != 0) rest.insert(rest.begin(), "--benchmark_min_time=0.01");
  std::vector<char*> arguments{argv[0]};
  for (std::string& each : rest) arguments.push_back(each.data());
  int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;

  bench::describe_machine(pages.c_str());
  bench::register_pipeline_cases(scale);
  bench::register_workers_cases(scale);
  bench::register_stage_cases(scale);
  bench::register_quic_lb_cases();
  bench::register_stun_cases();
  bench::register_compile_cases();
  return benchmark::RunSpecifiedBenchmarks() == 0 || bench::any_case_failed() ? 1 : 0;
}
