// SPDX-License-Identifier: MIT
// Any requests, one after the other, to the API's routes (docs/api.md): each is answered with JSON and a status of the
// list, and what was changed can be read again after a restart.
//
//   input = request*            parted by empty lines
//   request = METHOD ' ' target '\n' body
#include <memory>
#include <set>
#include <string>

#include "control/api.h"
#include "control/config_text.h"
#include "tests/control/stream_rig.h"
#include "tests/fuzz/target.h"

namespace fuzz {
namespace {

using control::test::Json;

// 413 is the server's, and 500 needs a disk that fails.
const std::set<unsigned> kStatuses = {200, 400, 404, 405, 422};

control::ApiRequest request_of(const std::string& text) {
  const size_t line = std::min(text.find('\n'), text.size()), blank = std::min(text.find(' '), line);
  const std::string target = text.substr(std::min(blank + 1, line), line - std::min(blank + 1, line));
  const size_t mark = std::min(target.find('?'), target.size());
  control::ApiRequest request;
  request.method = text.substr(0, blank);
  request.path = target.substr(0, mark);
  request.query = mark < target.size() ? target.substr(mark + 1) : "";
  request.body = line < text.size() ? text.substr(line + 1) : "";
  return request;
}

class World {
 public:
  World() {
    rig_.open_flow(0, 40000, "192.0.2.7", 5555);
    require(begun_, "the world begins");
  }

  void ask(const std::string& text) {
    const control::ApiResponse answer = control::respond(operations_, request_of(text));
    if (kStatuses.count(answer.status) == 0)
      std::fprintf(stderr, "%u %s\n", answer.status, answer.body.c_str());
    require(kStatuses.count(answer.status) == 1, "the status is one of docs/api.md");
    const Json body = Json::parse(answer.body, nullptr, false);
    require(body.is_object(), "the body is a JSON object");
    count(answer.status == 200);
    require((answer.status == 405) == !answer.allow.empty(), "405, and only that, says what is allowed");
    if (answer.status == 200) return;
    const std::string error = body.value("error", "");
    require(!error.empty() && error.find('\n') == std::string::npos, "an error is one line");
  }

  [[nodiscard]] bool changed() const { return operations_.generation() != 1 || operations_.last_reload(); }

  void require_restart_finds_the_same() {
    const auto overrides = control::load_overrides(control::overrides_file(rig_.file()));
    require(overrides.ok() && overrides.value() == operations_.overrides(), "overrides are read as written");
    const auto config = control::load_config(rig_.file());
    require(config.ok(), "the configuration file is read again");
    require(control::config_as_json(config.value()) == control::config_as_json(operations_.config()),
            "the file says what is in force");
  }

 private:
  // With a service that knows of streams.
  struct Place : control::test::Rig {
    Place() { configure(control::test::stream_yaml(*this)); }
  } rig_;
  control::Operations operations_{rig_.io, control::load_config(rig_.file()).value(), rig_.engine,
                                  rig_.file(), "1.2.3"};
  const bool begun_ = operations_.begin().ok();
};

}  // namespace
}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto world = std::make_unique<fuzz::World>();
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find("\n\n", begin), text.size());
    world->ask(text.substr(begin, end - begin));
    begin = end + 2;
  }
  if (world->changed()) {
    world->require_restart_finds_the_same();
    world.reset();
    world = std::make_unique<fuzz::World>();
  }
  return 0;
}
