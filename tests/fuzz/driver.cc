// SPDX-License-Identifier: MIT
// Runs one fuzz target without a fuzzer: its seeds, then seeded random damage to them. Prints TAP.
//
//   <name>_fuzz RUNS SEEDS...     SEEDS: files, or folders of them
//
//   CLEAT_FUZZ_RUNS   damaged inputs instead of RUNS; 0: the seeds only
//   CLEAT_FUZZ_SEED   number that the damage is made from (1)
// Inputs run in a child process, so that whatever ends it, the input that did is printed.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include "tests/fuzz/mutator.h"
#include "tests/fuzz/target.h"
#include "tests/lb/sanitizers.h"

namespace fuzz {
namespace {

constexpr unsigned kMaxSecondsPerInput = 60;

// What the parent sees of its child: where it is and what it found.
struct Progress {
  uint64_t number;
  Tally tally;
  size_t size;
  uint8_t input[kMaxInputBytes];
};

std::vector<Bytes> read_seeds(char** begin, char** end) {
  namespace fs = std::filesystem;
  std::vector<fs::path> files;
  for (char** name = begin; name != end; ++name) {
    if (!fs::is_directory(*name)) files.emplace_back(*name);
    if (fs::is_directory(*name))
      for (const auto& entry : fs::recursive_directory_iterator(*name))
        if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Bytes> seeds;
  for (const fs::path& file : files) {
    std::ifstream in(file, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    seeds.back().resize(std::min(seeds.back().size(), kMaxInputBytes));
  }
  return seeds;
}

class Driver {
 public:
  Driver() {
    void* shared =
        ::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_SHARED, -1, 0);
    if (shared == MAP_FAILED) std::abort();
    progress_ = static_cast<Progress*>(shared);
  }

  // Runs inputs 1..count, each made by `make`, in a child.
  void run(const std::string& what, uint64_t count, const std::function<Bytes(uint64_t)>& make) {
    progress_->number = 0;
    std::fflush(stdout);
    const pid_t child = ::fork();
    if (child == 0) {
      for (uint64_t i = 0; i < count; ++i) one(i + 1, make(i));
      progress_->tally.taken += tally.taken;
      progress_->tally.refused += tally.refused;
      std::exit(0);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    check(what, status == 0);
    if (status == 0) return;
    if (WIFSIGNALED(status)) std::printf("# %s\n", ::strsignal(WTERMSIG(status)));
    std::printf("# input %llu of %llu, %zu bytes (xxd -r -p makes a file of it):\n# ",
                static_cast<unsigned long long>(progress_->number), static_cast<unsigned long long>(count),
                progress_->size);
    for (size_t i = 0; i < progress_->size; ++i) std::printf("%02x", progress_->input[i]);
    std::printf("\n");
  }

  void check(const std::string& what, bool right) {
    std::printf("%sok %u - %s\n", right ? "" : "not ", ++points_, what.c_str());
    failed_ += right ? 0 : 1;
  }

  int end() const {
    std::printf("1..%u\n", points_);
    return failed_ == 0 ? 0 : 1;
  }
  [[nodiscard]] const Tally& tally_of_all() const { return progress_->tally; }

 private:
  void one(uint64_t number, const Bytes& input) {
    progress_->number = number;
    progress_->size = input.size();
    std::copy(input.begin(), input.end(), progress_->input);
    ::alarm(kMaxSecondsPerInput);
    // A block of just this size, so that AddressSanitizer sees a byte read too many.
    const std::unique_ptr<uint8_t[]> block(new uint8_t[input.size()]);
    std::copy(input.begin(), input.end(), block.get());
    LLVMFuzzerTestOneInput(block.get(), input.size());
  }

  Progress* progress_;
  unsigned points_ = 0, failed_ = 0;
};

uint64_t number_of(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

int main(int argc, char** argv) {
  const std::vector<Bytes> seeds = read_seeds(argv + std::min(argc, 2), argv + argc);
  if (seeds.empty()) {
    std::fprintf(stderr, "usage: %s RUNS SEEDS...\n", argv[0]);
    return 2;
  }
  const uint64_t runs = number_of("CLEAT_FUZZ_RUNS", lb::test::rounds(std::strtoull(argv[1], nullptr, 10)));
  const uint64_t seed = number_of("CLEAT_FUZZ_SEED", 1);
  Driver driver;
  driver.run("its " + std::to_string(seeds.size()) + " seeds", seeds.size(),
             [&seeds](uint64_t i) { return seeds[i]; });
  if (runs > 0) {
    Mutator mutator(seeds, seed);
    driver.run(std::to_string(runs) + " damaged inputs, CLEAT_FUZZ_SEED=" + std::to_string(seed), runs,
               [&mutator](uint64_t) { return mutator.next(); });
    const auto [taken, refused] = driver.tally_of_all();
    std::printf("# taken %llu, refused %llu\n", static_cast<unsigned long long>(taken),
                static_cast<unsigned long long>(refused));
    driver.check("at least one in fifty is taken, one in fifty refused",
                 std::min(taken, refused) * 50 >= taken + refused);
  }
  return driver.end();
}

}  // namespace
}  // namespace fuzz

int main(int argc, char** argv) { return fuzz::main(argc, argv); }
