// SPDX-License-Identifier: MIT
#include "control/http_get.h"

#include "control/asio.h"
#include "control/asio_endpoint.h"
#include "control/timed_check.h"
// asio.h first, for <utility>.
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

namespace control {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

class Get final : public TimedCheck {
 public:
  Get(asio::io_context& io, const HttpGet& get, std::function<void(CheckResult, std::string)> done)
      : TimedCheck(io, get.timeout_ms,
                   [this, done = std::move(done)](CheckResult result) {
                     done(std::move(result), std::move(parser_.get().body()));
                   }),
        target_(asio_endpoint<asio::ip::tcp>(get.target)),
        socket_(io) {
    request_.method(http::verb::get);
    request_.target(get.path);
    request_.set(http::field::host, get.target.to_string());
    request_.set(http::field::user_agent, "cleat");
    request_.set(http::field::accept, "application/json");
    request_.set(http::field::connection, "close");
    parser_.body_limit(get.most_bytes);
  }

 private:
  std::shared_ptr<Get> self() { return std::static_pointer_cast<Get>(shared_from_this()); }

  void begin() override {
    socket_.async_connect(target_, [self = self()](const error_code& error) { self->on_connect(error); });
  }
  void close() override {
    error_code ignored;
    socket_.close(ignored);
  }

  void on_connect(const error_code& error) {
    if (over()) return;
    if (error) return fail(error);
    http::async_write(socket_, request_,
                      [self = self()](const error_code& written, size_t) { self->on_written(written); });
  }
  void on_written(const error_code& error) {
    if (over()) return;
    if (error) return fail(error);
    // By itself: read with its body at once, Boost 1.74 looks at the limit only of a body that does not say its length.
    http::async_read_header(socket_, buffer_, parser_,
                            [self = self()](const error_code& read, size_t) { self->on_header(read); });
  }
  void on_header(const error_code& error) {
    if (over()) return;
    if (error) return fail_on(error);
    const unsigned status = parser_.get().result_int();
    if (status < 200 || status > 299) return fail("status " + std::to_string(status));
    http::async_read(socket_, buffer_, parser_,
                     [self = self()](const error_code& read, size_t) { self->on_body(read); });
  }
  void on_body(const error_code& error) {
    if (over()) return;
    if (error) return fail_on(error);
    pass();
  }
  void fail_on(const error_code& error) {
    error == http::error::body_limit ? fail("body too long") : fail(error);
  }

  const asio::ip::tcp::endpoint target_;
  asio::ip::tcp::socket socket_;
  http::request<http::empty_body> request_;
  http::response_parser<http::string_body> parser_;
  boost::beast::flat_buffer buffer_{8192};
};

}  // namespace

std::shared_ptr<HealthCheck> start_http_get(asio::io_context& io, const HttpGet& get,
                                            std::function<void(CheckResult, std::string)> done) {
  auto check = std::make_shared<Get>(io, get, std::move(done));
  check->start();
  return check;
}

}  // namespace control
