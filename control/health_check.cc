// SPDX-License-Identifier: MIT
#include "control/health_check.h"

#include "control/asio.h"
// asio.h first, for <utility>.
#include <array>
#include <boost/beast/core/flat_static_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <limits>
#include <optional>

namespace control {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;
using Outcome = CheckResult::Outcome;

asio::ip::tcp::endpoint asio_endpoint(const lb::Endpoint& endpoint) {
  const uint8_t* bytes = endpoint.address.bytes();
  if (endpoint.address.is_v4()) {
    asio::ip::address_v4::bytes_type v4;
    std::copy_n(bytes + 12, v4.size(), v4.begin());
    return {asio::ip::address_v4(v4), endpoint.port};
  }
  asio::ip::address_v6::bytes_type v6;
  std::copy_n(bytes, v6.size(), v6.begin());
  return {asio::ip::address_v6(v6), endpoint.port};
}

bool is_own_fault(const error_code& error) {
  namespace errc = boost::system::errc;
  return error == errc::too_many_files_open || error == errc::too_many_files_open_in_system ||
         error == errc::not_enough_memory || error == errc::no_buffer_space ||
         error == errc::address_not_available;
}

std::string reason_of(const error_code& error) {
  namespace errc = boost::system::errc;
  if (error == errc::connection_refused) return "refused";
  if (error == errc::timed_out) return "timeout";
  if (error == errc::host_unreachable || error == errc::network_unreachable) return "unreachable";
  if (error == errc::address_not_available) return "no local address";
  if (error == errc::connection_reset || error == errc::broken_pipe) return "reset";
  if (error == http::error::end_of_stream || error == http::error::partial_message) return "closed early";
  if (error == http::error::header_limit || error == http::error::buffer_overflow) return "header too long";
  if (error.category() == http::make_error_code(http::error::bad_version).category()) return "not http";
  return error.message();
}

class Check final : public HealthCheck, public std::enable_shared_from_this<Check> {
 public:
  Check(asio::io_context& io, const HealthConfig& config, std::function<void(CheckResult)> done)
      : config_(config), done_(std::move(done)), socket_(io), timer_(io), started_(Clock::now()) {}

  void start(const lb::Endpoint& target, const std::string& host) {
    host_ = host;
    timer_.expires_after(std::chrono::milliseconds(config_.timeout_ms));
    timer_.async_wait([self = weak_from_this()](const error_code& error) {
      if (const auto check = self.lock(); check && !error) check->finish(Outcome::kFailed, "timeout");
    });
    // Opened by async_connect; its errors, too, come through the callback.
    socket_.async_connect(asio_endpoint(target), [self = weak_from_this()](const error_code& error) {
      if (const auto check = self.lock()) check->on_connect(error);
    });
  }

  void cancel() override {
    done_ = nullptr;
    close();
  }

 private:
  struct Exchange {
    http::request<http::empty_body> request;
    http::response_parser<http::buffer_body> parser;
    boost::beast::flat_static_buffer<8192> buffer;
    std::array<char, 2048> skipped{};
    std::string body;
    size_t body_bytes = 0;
  };

  void close() {
    error_code ignored;
    socket_.close(ignored);
    timer_.cancel();
  }

  void finish(Outcome outcome, std::string reason) {
    close();
    if (!done_) return;
    const auto done = std::exchange(done_, nullptr);
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started_);
    done({outcome, std::move(reason), static_cast<uint32_t>(took.count())});
  }

  void fail(const error_code& error) {
    finish(is_own_fault(error) ? Outcome::kNotDone : Outcome::kFailed, reason_of(error));
  }

  void on_connect(const error_code& error) {
    if (!done_) return;
    if (error) return fail(error);
    if (config_.type == HealthConfig::Type::kTcp) return finish(Outcome::kPassed, "");
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
    http::async_write(socket_, request, [self = shared_from_this()](const error_code& written, size_t) {
      self->on_written(written);
    });
  }

  void on_written(const error_code& error) {
    if (!done_) return;
    if (error) return fail(error);
    http::async_read_header(
        socket_, exchange_->buffer, exchange_->parser,
        [self = shared_from_this()](const error_code& read, size_t) { self->on_header(read); });
  }

  void on_header(const error_code& error) {
    if (!done_) return;
    if (error) return fail(error);
    const unsigned status = exchange_->parser.get().result_int();
    const bool expected = config_.status == 0 ? status >= 200 && status <= 299 : status == config_.status;
    if (!expected) return finish(Outcome::kFailed, "status " + std::to_string(status));
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
    http::async_read_some(
        socket_, exchange_->buffer, exchange_->parser,
        [self = shared_from_this()](const error_code& read, size_t) { self->on_body(read); });
  }

  void on_body(const error_code& error) {
    if (!done_) return;
    exchange_->body_bytes += offered_ - exchange_->parser.get().body().size;
    // need_buffer says that the place offered is full, which is no fault.
    if (error && error != http::error::need_buffer) return fail(error);
    read_body();
  }

  void judge_body() {
    const std::string_view seen(exchange_->body.data(),
                                std::min(exchange_->body_bytes, exchange_->body.size()));
    if (!config_.body.empty() && seen.find(config_.body) == std::string_view::npos)
      return finish(Outcome::kFailed, "body mismatch");
    finish(Outcome::kPassed, "");
  }

  const HealthConfig config_;
  std::string host_;
  std::function<void(CheckResult)> done_;
  asio::ip::tcp::socket socket_;
  asio::steady_timer timer_;
  const Clock::time_point started_;
  std::unique_ptr<Exchange> exchange_;  // http only
  size_t offered_ = 0;
};

}  // namespace

std::shared_ptr<HealthCheck> start_health_check(asio::io_context& io, const lb::Endpoint& target,
                                                const std::string& host, const HealthConfig& config,
                                                std::function<void(CheckResult)> done) {
  auto check = std::make_shared<Check>(io, config, std::move(done));
  check->start(target, host);
  return check;
}

}  // namespace control
