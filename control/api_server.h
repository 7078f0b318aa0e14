// SPDX-License-Identifier: MIT
// HTTP/1.1 (RFC 9112) over a unix socket, or over TCP for whoever shows a token: takes requests in, hands them to one
// function, writes what it answers.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "control/asio.h"
#include "control/config.h"
#include "lb/result.h"

namespace control {

inline constexpr unsigned kMaxApiConnections = 64;  // more wait in the kernel's queue until one is free
// A configuration of kMaxConfigBytes fits in, as JSON text.
inline constexpr size_t kMaxApiBodyBytes = 2U << 20;
// To send a request, to take an answer, or idle between two.
inline constexpr std::chrono::milliseconds kApiTimeout{10'000};

struct ApiRequest {
  std::string method;  // "GET"
  std::string path;    // as sent, percent-encoded, without a query
  std::string body;
  std::string query;  // what stood behind '?', as sent
};

struct ApiResponse {
  unsigned status = 200;
  std::string body;
  std::string allow;  // with 405: the methods that would do
  std::string type = "application/json";
};

// One thread, that of the io_context.
class ApiServer {
 public:
  using Respond = std::function<ApiResponse(const ApiRequest&)>;

  // path  of a unix socket, up to 107 bytes; its mode says who may use it
  ApiServer(boost::asio::io_context& io, std::string path, Respond respond,
            std::chrono::milliseconds timeout = kApiTimeout);
  // token_file  what each request must show (control/api_tcp.h), read by start(); all others get 401
  ApiServer(boost::asio::io_context& io, const ApiTcpConfig& tcp, Respond respond,
            std::chrono::milliseconds timeout = kApiTimeout);
  ~ApiServer();  // as stop()
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;

  // A unix socket: makes the parent folder if need be, replaces a socket on which nobody listens, listens with mode 0660.
  // error   one line: another process listens there, the path is no socket, no permission, or no token
  lb::Status start();

  // Closes all connections and removes the socket, if it is still this server's. Twice is harmless.
  void stop();

  [[nodiscard]] unsigned connections() const;

 private:
  class Listener;
  std::shared_ptr<Listener> listener_;
};

}  // namespace control
