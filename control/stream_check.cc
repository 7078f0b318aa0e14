// SPDX-License-Identifier: MIT
// Checks over TCP: the connect alone, or one HTTP GET (RFC 9112) whose status and body are looked at.
#include "control/asio.h"
#include "control/asio_endpoint.h"
#include "control/check_kinds.h"
#include "control/timed_check.h"
// asio.h first, for <utility>.
#include <array>
#include <boost/beast/core/flat_static_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <limits>
#include <optional>

namespace control {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

class StreamCheck final : public TimedCheck {
 public:
  StreamCheck(asio::io_context& io, const lb::Endpoint& target, std::string host, const HealthConfig& config,
              std::function<void(CheckResult)> done)
      : TimedCheck(io, config.timeout_ms, std::move(done)),
        config_(config),
        target_(asio_endpoint<asio::ip::tcp>(target)),
        host_(std::move(host)),
        socket_(io) {}

 private:
  struct Exchange {
    http::request<http::empty_body> request;
    http::response_parser<http::buffer_body> parser;
    boost::beast::flat_static_buffer<8192> buffer;
    std::array<char, 2048> skipped{};
    std::string body;
    size_t body_bytes = 0;
  };

  std::shared_ptr<StreamCheck> self() { return std::static_pointer_cast<StreamCheck>(shared_from_this()); }

  void begin() override {
    // Opened by async_connect; its errors, too, come through the callback.
    socket_.async_connect(target_, [self = self()](const error_code& error) { self->on_connect(error); });
  }

  void close() override {
    error_code ignored;
    socket_.close(ignored);
  }

  void on_connect(const error_code& error) {
    if (over()) return;
    if (error) return fail(error);
    if (config_.type == HealthConfig::Type::kTcp) return pass();
    exchange_ = std::make_unique<Exchange>();
    auto& request = exchange_->request;
    request.method(http::verb::get);
    request.target(config_.path);
    request.set(http::field::host, host_);
    request.set(http::field::user_agent, "cleat");
    request.set(http::field::accept, "*/*");
    request.set(http::field::connection, "close");
    // Not boost::none: Boost 1.74 takes that for zero once there is a Content-Length.
    exchange_->parser.body_limit(std::numeric_limits<uint64_t>::max());
    http::async_write(socket_, request,
                      [self = self()](const error_code& written, size_t) { self->on_written(written); });
  }

  void on_written(const error_code& error) {
    if (over()) return;
    if (error) return fail(error);
    http::async_read_header(socket_, exchange_->buffer, exchange_->parser,
                            [self = self()](const error_code& read, size_t) { self->on_header(read); });
  }

  void on_header(const error_code& error) {
    if (over()) return;
    if (error) return fail(error);
    const unsigned status = exchange_->parser.get().result_int();
    const bool expected = config_.status == 0 ? status >= 200 && status <= 299 : status == config_.status;
    if (!expected) return fail("status " + std::to_string(status));
    if (!config_.body.empty()) exchange_->body.resize(kMaxCheckedBodyBytes);
    read_body();
  }

  void read_body() {
    if (exchange_->parser.is_done() || exchange_->body_bytes >= kMaxCheckedBodyBytes) return judge_body();
    auto& place = exchange_->parser.get().body();
    if (config_.body.empty()) {
      place.data = exchange_->skipped.data();
      place.size = std::min(exchange_->skipped.size(), kMaxCheckedBodyBytes - exchange_->body_bytes);
    } else {
      place.data = exchange_->body.data() + exchange_->body_bytes;
      place.size = kMaxCheckedBodyBytes - exchange_->body_bytes;
    }
    offered_ = place.size;
    http::async_read_some(socket_, exchange_->buffer, exchange_->parser,
                          [self = self()](const error_code& read, size_t) { self->on_body(read); });
  }

  void on_body(const error_code& error) {
    if (over()) return;
    exchange_->body_bytes += offered_ - exchange_->parser.get().body().size;
    // need_buffer says that the place offered is full, which is no fault.
    if (error && error != http::error::need_buffer) return fail(error);
    read_body();
  }

  void judge_body() {
    const std::string_view seen(exchange_->body.data(),
                                std::min(exchange_->body_bytes, exchange_->body.size()));
    if (!config_.body.empty() && seen.find(config_.body) == std::string_view::npos)
      return fail("body mismatch");
    pass();
  }

  const HealthConfig config_;
  const asio::ip::tcp::endpoint target_;
  const std::string host_;
  asio::ip::tcp::socket socket_;
  std::unique_ptr<Exchange> exchange_;  // http only
  size_t offered_ = 0;
};

}  // namespace

std::shared_ptr<TimedCheck> stream_check(asio::io_context& io, const lb::Endpoint& target,
                                         const std::string& host, const HealthConfig& config,
                                         std::function<void(CheckResult)> done) {
  return std::make_shared<StreamCheck>(io, target, host, config, std::move(done));
}

}  // namespace control
