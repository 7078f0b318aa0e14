// SPDX-License-Identifier: MIT
// cleat-bench: nanoseconds per packet of the whole pipeline and of each stage, at 1, 65,536 and 1,048,576 flows, of mixes, of
// ICE sessions, at 1,024 and 65,536, and of connection ids; and milliseconds per snapshot.
// Options that begin with --benchmark_ are Google Benchmark's.
#include <boost/program_options.hpp>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "tools/bench_case.h"
#include "tools/bench_cases.h"
#include "tools/bench_machine.h"

namespace po = boost::program_options;

int main(int argc, char** argv) {
  std::string pages;
  po::options_description options(
      "cleat-bench [options] [--benchmark_filter=REGEX] [--benchmark_format=json] ...");
  options.add_options()("help", "this text")(
      "smoke", "a fraction of a second per case, and small tables: does it work?")(
      "pages", po::value(&pages)->default_value("4k"),
      "pages under flow tables, slots and frames: 4k or huge");
  po::variables_map given;
  std::vector<std::string> rest;
  try {
    const auto parsed = po::command_line_parser(argc, argv).options(options).allow_unregistered().run();
    po::store(parsed, given);
    po::notify(given);
    rest = po::collect_unrecognized(parsed.options, po::include_positional);
    if (pages != "4k" && pages != "huge") throw po::error("--pages is 4k or huge");
  } catch (const po::error& error) {
    std::cerr << "cleat-bench: " << error.what() << "; see cleat-bench --help\n";
    return 2;
  }
  if (given.count("help") != 0) {
    std::cout << options;
    return 0;
  }
  const bool smoke = given.count("smoke") != 0;
  if (smoke) rest.insert(rest.begin(), "--benchmark_min_time=0.01");
  std::vector<char*> arguments{argv[0]};
  for (std::string& each : rest) arguments.push_back(each.data());
  int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;

  bench::Scale scale{{1, 65536, 1048576}, pages == "huge"};
  if (smoke) scale.flows = {1, 8192};
  bench::describe_machine(pages.c_str());
  bench::register_pipeline_cases(scale);
  bench::register_workers_cases(scale);
  bench::register_stage_cases(scale);
  bench::register_quic_lb_cases();
  bench::register_stun_cases();
  bench::register_compile_cases();
  return benchmark::RunSpecifiedBenchmarks() == 0 || bench::any_case_failed() ? 1 : 0;
}
