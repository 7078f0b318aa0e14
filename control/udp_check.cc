// SPDX-License-Identifier: MIT
// A check over UDP: one datagram, and what answers it. Silence is no proof of anything with UDP (the port may be open,
// or a filter may swallow what comes), so that it passes unless an answer was asked for.
#include <algorithm>
#include <string_view>

#include "control/check_kinds.h"
#include "control/datagram_check.h"

namespace control {
namespace {

class UdpCheck final : public DatagramCheck {
 public:
  UdpCheck(boost::asio::io_context& io, const lb::Endpoint& target, const HealthConfig& config,
           std::function<void(CheckResult)> done)
      : DatagramCheck(io, target, config.timeout_ms, std::move(done)), config_(config) {}

 private:
  int open_socket() override {
    return ::socket(is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  }

  std::vector<uint8_t> datagram() override { return {config_.send.begin(), config_.send.end()}; }

  Judgement judge(std::span<const uint8_t> answer) override {
    const std::string_view text(reinterpret_cast<const char*>(answer.data()), answer.size());
    const bool right =
        text.starts_with(config_.begins) && text.find(config_.contains) != std::string_view::npos;
    return right ? Judgement::kRight : Judgement::kWrong;
  }

  void on_error(const boost::system::error_code& error) override {
    if (error == boost::system::errc::connection_refused) return fail("port unreachable");
    fail(error);
  }

  void on_timeout() override {
    if (config_.answer_required) return fail("timeout");
    pass();
  }

  const HealthConfig config_;
};

}  // namespace

std::shared_ptr<TimedCheck> udp_check(boost::asio::io_context& io, const lb::Endpoint& target,
                                      const HealthConfig& config, std::function<void(CheckResult)> done) {
  return std::make_shared<UdpCheck>(io, target, config, std::move(done));
}

}  // namespace control
