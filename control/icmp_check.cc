// SPDX-License-Identifier: MIT
// A check by ICMP echo (RFC 792; RFC 4443 section 4): from a raw socket, which CAP_NET_RAW opens, or else from one of the
// kernel's ping sockets, which net.ipv4.ping_group_range opens.
#include <netinet/icmp6.h>
#include <netinet/in.h>

#include <cerrno>
#include <random>

#include "control/check_kinds.h"
#include "control/datagram_check.h"
#include "control/icmp_echo.h"

namespace control {
namespace {

// Replies only: a raw socket gets every ICMP message of its peer otherwise.
void filter_replies(int fd, bool is_v4) {
  if (is_v4) {
    // ICMP_FILTER of linux/icmp.h, whose own includes clash with those of Asio.
    constexpr int kSolRaw = 255, kIcmpFilter = 1;
    constexpr uint32_t kBlocked = ~1U;  // a bit for each type; 0 is the echo reply's
    ::setsockopt(fd, kSolRaw, kIcmpFilter, &kBlocked, sizeof kBlocked);
  } else {
    icmp6_filter filter{};
    ICMP6_FILTER_SETBLOCKALL(&filter);
    ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
    ::setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter);
  }
}

class IcmpCheck final : public DatagramCheck {
 public:
  IcmpCheck(boost::asio::io_context& io, const lb::Endpoint& target, uint32_t timeout_ms,
            std::function<void(CheckResult)> done)
      : DatagramCheck(io, {target.address, 0}, timeout_ms, std::move(done)) {
    // Another process's replies must not be taken for ours: both may ping the same backend.
    thread_local std::mt19937_64 random{std::random_device{}()};
    echo_.id = static_cast<uint16_t>(random());
    echo_.sequence = static_cast<uint16_t>(random());
    echo_.token = random();
  }

 private:
  int open_socket() override {
    const int family = is_v4() ? AF_INET : AF_INET6,
              protocol = is_v4() ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6};
    int fd = ::socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    raw_ = fd >= 0;
    if (raw_) filter_replies(fd, is_v4());
    if (fd < 0 && errno == EPERM) fd = ::socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    return fd;
  }

  std::vector<uint8_t> datagram() override { return echo_request(echo_, is_v4()); }

  Judgement judge(std::span<const uint8_t> answer) override {
    const EchoSocket socket = raw_ ? EchoSocket::kRaw : EchoSocket::kPing;
    return answers_echo(answer, echo_, is_v4(), socket) ? Judgement::kRight : Judgement::kNotOurs;
  }

  void on_error(const boost::system::error_code& error) override {
    if (error == boost::system::errc::permission_denied ||
        error == boost::system::errc::operation_not_permitted)
      return not_done("no permission for icmp; CAP_NET_RAW or net.ipv4.ping_group_range is wanted");
    fail(error);
  }

  Echo echo_;
  bool raw_ = false;
};

}  // namespace

std::shared_ptr<TimedCheck> icmp_check(boost::asio::io_context& io, const lb::Endpoint& target,
                                       const HealthConfig& config, std::function<void(CheckResult)> done) {
  return std::make_shared<IcmpCheck>(io, target, config.timeout_ms, std::move(done));
}

}  // namespace control
