// SPDX-License-Identifier: MIT
#include "control/controller.h"

#include <csignal>
#include <optional>

#include "control/api.h"
#include "control/api_server.h"
#include "control/log.h"
#include "control/notify.h"
#include "control/operations.h"
#include "control/ports.h"
#include "control/status_line.h"

namespace control {

namespace asio = boost::asio;
using boost::system::error_code;

// Held by the Controller and by its own pending waits, so that none of them finds it gone.
class Controller::State : public std::enable_shared_from_this<Controller::State> {
 public:
  State(asio::io_context& io, Config config, Engine engine, ControllerOptions options)
      : io_(io),
        options_(std::move(options)),
        notify_(options_.notify),
        operations_(io, std::move(config), std::move(engine), options_.config_file, options_.version),
        server_(io, operations_.config().api.unix_path,
                [this](const ApiRequest& request) { return respond(operations_, request); }),
        signals_(io),
        clock_(io),
        watch_(io),
        beat_(io) {
    operations_.on_reload([this](bool begins) { begins ? notify_.reloading() : tell_reloaded(); });
    if (const auto& tcp = operations_.config().api.tcp)
      tcp_server_.emplace(io, *tcp,
                          [this](const ApiRequest& request) { return respond(operations_, request); });
  }

  lb::Status start() {
    if (lb::Status begun = operations_.begin(); !begun) return begun;
    if (options_.api)
      if (lb::Status listening = listen(); !listening) {
        stop_listening();
        operations_.end();
        return listening;
      }
    if (options_.signals) {
      for (const int signal : {SIGHUP, SIGINT, SIGTERM}) signals_.add(signal);
      wait_for_signal();
    }
    wait_for_tick();
    wait_to_watch();
    asio::post(io_, [self = shared_from_this()] {
      if (self->stopped_) return;
      self->notify_.ready();
      self->tell_status();
      self->wait_for_beat();
    });
    return lb::Nothing{};
  }

  void stop() {
    if (std::exchange(stopped_, true)) return;
    notify_.stopping();
    error_code ignored;
    signals_.cancel(ignored);
    signals_.clear(ignored);
    clock_.cancel();
    watch_.cancel();
    beat_.cancel();
    stop_listening();
    operations_.end();
  }

  Operations& operations() { return operations_; }

 private:
  lb::Status listen() {
    if (lb::Status listening = server_.start(); !listening || !tcp_server_) return listening;
    return tcp_server_->start();
  }
  void stop_listening() {
    server_.stop();
    if (tcp_server_) tcp_server_->stop();
  }

  void wait_for_signal() {
    signals_.async_wait([self = shared_from_this()](const error_code& error, int signal) {
      if (error || self->stopped_) return;
      self->wait_for_signal();
      if (signal == SIGHUP) {
        // Its error is logged and kept.
        (void)self->operations_.reload();
        return;
      }
      log_event(LogLevel::kInfo, "stop asked for", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
      if (const auto on_stop = std::exchange(self->options_.on_stop, nullptr)) on_stop();
    });
  }

  void wait_for_tick() {
    clock_.expires_after(std::chrono::seconds(1));
    clock_.async_wait([self = shared_from_this()](const error_code& error) {
      if (error || self->stopped_) return;
      self->operations_.tick();
      self->links_.look(self->operations_.engine());
      self->tell_status();
      self->wait_for_tick();
    });
  }

  void wait_to_watch() {
    watch_.expires_after(std::chrono::milliseconds(100));
    watch_.async_wait([self = shared_from_this()](const error_code& error) {
      if (error || self->stopped_) return;
      self->operations_.watch_traffic();
      self->wait_to_watch();
    });
  }

  // On this thread, so that a thread which is stuck falls silent.
  void wait_for_beat() {
    const auto interval = notify_.beat_interval();
    if (interval.count() == 0) return;
    notify_.alive();
    beat_.expires_after(interval);
    beat_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error && !self->stopped_) self->wait_for_beat();
    });
  }

  void tell_reloaded() {
    notify_.reloaded();
    tell_status();
  }
  void tell_status() {
    if (notify_.listened_to()) notify_.status(status_line(operations_));
  }

  asio::io_context& io_;
  ControllerOptions options_;
  Notify notify_;
  Operations operations_;
  LinkWatch links_;
  ApiServer server_;
  std::optional<ApiServer> tcp_server_;
  asio::signal_set signals_;
  asio::steady_timer clock_, watch_, beat_;
  bool stopped_ = false;
};

Controller::Controller(asio::io_context& io, Config config, Engine engine, ControllerOptions options) {
  if (options.config_file.empty()) options.config_file = config.file;
  state_ = std::make_shared<State>(io, std::move(config), std::move(engine), std::move(options));
}

Controller::~Controller() { stop(); }

lb::Status Controller::start() { return state_->start(); }
void Controller::stop() { state_->stop(); }
lb::Status Controller::reload() { return state_->operations().reload(); }
uint64_t Controller::generation() const { return state_->operations().generation(); }
const Config& Controller::config() const { return state_->operations().config(); }

}  // namespace control
