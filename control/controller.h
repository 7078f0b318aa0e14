// SPDX-License-Identifier: MIT
// The control thread's heart: holds the configuration, the operator's overrides and the backends' health,
// turns them into snapshots, and answers the API. Everything
// runs on one io_context by one thread; nothing here locks.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "control/asio.h"
#include "control/config.h"
#include "control/engine.h"
#include "control/notify.h"
#include "lb/result.h"

namespace control {

struct ControllerOptions {
  std::string config_file;        // read again by reload(); empty: Config::file
  std::string version;            // shown by GET /v1/status
  std::function<void()> on_stop;  // called once, on the control thread, at SIGTERM or SIGINT
  bool signals = true;            // false: SIGHUP, SIGTERM and SIGINT are left alone (tests)
  bool api = true;                // false: no unix socket
  NotifyTarget notify;            // the service manager, if there is one
};

// All calls from the thread that runs the io_context, or before it runs.
class Controller {
 public:
  // io       outlives the Controller
  // config   checked (load_config)
  // engine   its pointers and callbacks outlive the Controller
  Controller(boost::asio::io_context& io, Config config, Engine engine, ControllerOptions options);
  ~Controller();  // as stop()
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  // Reads the operator's overrides, publishes the first snapshot, opens the API socket, starts health checks,
  // the once-a-second clock and the signals. The service manager hears that all is ready from the io_context, so that
  // it is a running one that says so. REQUIRES: called once.
  // error   one line; nothing is left running and the socket is gone. Whoever called ends the process
  lb::Status start();

  // Ends checks, API, timers and signals, and removes the socket; then io.run() returns if nobody else works
  // there. Traffic goes on with the last snapshot. Twice is harmless.
  void stop();

  // Reads the configuration file again and puts it in force, whole or not at all.
  // error   one line, also logged and kept for GET /v1/status: unreadable or wrong file, a field that needs a
  //         restart, or a snapshot that could not be published. The configuration in force goes on.
  // cost    as lb::compile(); blocks the control thread so long
  lb::Status reload();

  // Of the snapshot in force; 0 before start().
  [[nodiscard]] uint64_t generation() const;
  [[nodiscard]] const Config& config() const;

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace control
