// SPDX-License-Identifier: MIT
#include "control/timed_check.h"

#include <boost/beast/http/error.hpp>

namespace control {
namespace {

using boost::system::error_code;
namespace errc = boost::system::errc;
namespace http = boost::beast::http;

bool is_own_fault(const error_code& error) {
  return error == errc::too_many_files_open || error == errc::too_many_files_open_in_system ||
         error == errc::not_enough_memory || error == errc::no_buffer_space ||
         error == errc::address_not_available || error == errc::operation_not_permitted ||
         error == errc::permission_denied;
}

std::string reason_of(const error_code& error) {
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

}  // namespace

void TimedCheck::start() {
  timer_.expires_after(std::chrono::milliseconds(timeout_ms_));
  timer_.async_wait([self = weak_from_this()](const error_code& error) {
    if (const auto check = self.lock(); check && !error && !check->over()) check->on_timeout();
  });
  beginning_ = true;
  begin();
  beginning_ = false;
}

void TimedCheck::cancel() {
  done_ = nullptr;
  timer_.cancel();
  close();
}

void TimedCheck::fail(const error_code& error) {
  finish(is_own_fault(error) ? CheckResult::Outcome::kNotDone : CheckResult::Outcome::kFailed,
         reason_of(error));
}

void TimedCheck::finish(CheckResult::Outcome outcome, std::string reason) {
  if (beginning_) {
    boost::asio::post(io_, [self = shared_from_this(), outcome, reason = std::move(reason)]() mutable {
      self->finish(outcome, std::move(reason));
    });
    return;
  }
  timer_.cancel();
  close();
  if (!done_) return;
  const auto done = std::exchange(done_, nullptr);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started_);
  done({outcome, std::move(reason), static_cast<uint32_t>(took.count())});
}

}  // namespace control
