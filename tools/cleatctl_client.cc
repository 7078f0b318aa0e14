// SPDX-License-Identifier: MIT
#include "tools/cleatctl_client.h"

#include "control/asio.h"
// asio.h first, for <utility>.
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <cctype>
#include <chrono>

namespace cleatctl {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using Stream = boost::beast::basic_stream<asio::local::stream_protocol>;

constexpr std::chrono::seconds kTimeout{30};
// A busy balancer has thousands of backends; some hundred bytes each.
constexpr uint64_t kMaxAnswerBytes = 64U << 20;

std::string mend_of(const error_code& error) {
  if (error == boost::system::errc::no_such_file_or_directory ||
      error == boost::system::errc::connection_refused)
    return "is cleatd running? --socket PATH names another socket";
  if (error == boost::system::errc::permission_denied) return "root or the socket's group may use it";
  if (error == boost::beast::error::timeout) return "cleatd is busy or hangs; see its log";
  return "see cleatd's log";
}

// Runs one asynchronous step to its end: only those know time-outs.
template <typename Step>
error_code run(asio::io_context& io, Step step) {
  error_code result;
  step([&result](const error_code& error, size_t = 0) { result = error; });
  io.restart();
  io.run();
  return result;
}

}  // namespace

lb::Result<Answer> ask(const std::string& socket, const std::string& method, const std::string& target,
                       const std::string& body) {
  const auto failed = [&socket](const error_code& error) {
    return lb::Error{"cannot talk to cleatd at " + socket + ": " + error.message() + "; " + mend_of(error)};
  };
  if (socket.empty() || socket.size() > 107) return lb::Error{"--socket: a path of 1 to 107 bytes is wanted"};
  asio::io_context io;
  Stream stream(io);
  stream.expires_after(kTimeout);
  const asio::local::stream_protocol::endpoint endpoint(socket);
  if (const auto error = run(io, [&](auto done) { stream.async_connect(endpoint, done); }))
    return failed(error);

  http::request<http::string_body> request(http::string_to_verb(method), target, 11);
  request.set(http::field::host, "cleatd");
  request.set(http::field::user_agent, "cleatctl");
  request.keep_alive(false);
  if (!body.empty()) {
    request.set(http::field::content_type, "application/json");
    request.body() = body;
  }
  request.prepare_payload();
  if (const auto error = run(io, [&](auto done) { http::async_write(stream, request, done); }))
    return failed(error);

  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(kMaxAnswerBytes);
  if (const auto error = run(io, [&](auto done) { http::async_read(stream, buffer, parser, done); }))
    return failed(error);
  return Answer{parser.get().result_int(), parser.get().body()};
}

std::string encode_segment(const std::string& text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if ((u < 0x80 && std::isalnum(u) != 0) || c == '-' || c == '.' || c == '_' || c == '~' || c == ':') {
      out += c;
    } else {
      out += '%';
      out += kHex[u >> 4];
      out += kHex[u & 15];
    }
  }
  return out;
}

}  // namespace cleatctl
