// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <thread>

#include "control/icmp_echo.h"
#include "lb/checksum.h"
#include "tests/control/health_rig.h"

namespace control {
namespace {

lb::Endpoint host(const char* address) { return {*lb::IpAddress::parse(address), 0}; }

std::string ping(const char* address, uint32_t timeout_ms = 5000) {
  HealthConfig check;
  check.type = HealthConfig::Type::kIcmp;
  check.timeout_ms = timeout_ms;
  test::Probe probe;
  return test::Probe::verdict(probe.run(host(address), check));
}

// A thread in a network of its own, whose rules a test may change without harm to others. As root only.
class OwnNetwork {
 public:
  static bool possible() { return ::geteuid() == 0; }

  template <typename Body>
  static void run(Body body) {
    std::thread([&body] {
      if (::unshare(CLONE_NEWNET) != 0) {
        ADD_FAILURE() << "no network namespace";
        return;
      }
      body();
    }).join();
  }
  static void loopback_up() {
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq request{};
    std::string("lo").copy(request.ifr_name, sizeof request.ifr_name - 1);
    request.ifr_flags = IFF_UP;
    EXPECT_EQ(::ioctl(fd, SIOCSIFFLAGS, &request), 0);
    ::close(fd);
  }
  static void set(const std::string& key, const std::string& value) {
    const int fd = ::open(("/proc/sys/net/" + key).c_str(), O_WRONLY | O_CLOEXEC);
    EXPECT_EQ(::write(fd, value.data(), value.size()), static_cast<ssize_t>(value.size())) << key;
    ::close(fd);
  }
  // Of this thread alone, which is why not by the C library.
  static void become_nobody() { EXPECT_EQ(::syscall(SYS_setresuid, 65534, 65534, 65534), 0); }
};

class IcmpCheckTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!OwnNetwork::possible()) GTEST_SKIP() << "only root makes networks";
  }
};

TEST_F(IcmpCheckTest, PassesOnAReplyOfEitherFamily) {
  OwnNetwork::run([] {
    OwnNetwork::loopback_up();
    EXPECT_EQ(ping("127.0.0.1"), "passed");
    EXPECT_EQ(ping("::1"), "passed");
  });
}

TEST_F(IcmpCheckTest, SilenceFails) {
  OwnNetwork::run([] {
    OwnNetwork::loopback_up();
    OwnNetwork::set("ipv4/icmp_echo_ignore_all", "1");
    EXPECT_EQ(ping("127.0.0.1", 100), "timeout");
  });
}

TEST_F(IcmpCheckTest, WithoutARouteItIsUnreachable) {
  OwnNetwork::run([] { EXPECT_EQ(ping("192.0.2.1"), "unreachable"); });
}

TEST_F(IcmpCheckTest, WithoutRawSocketsThePingSocketsOfTheKernelServe) {
  OwnNetwork::run([] {
    OwnNetwork::loopback_up();
    OwnNetwork::set("ipv4/ping_group_range", "0 2147483647");
    OwnNetwork::become_nobody();
    EXPECT_EQ(ping("127.0.0.1"), "passed");
    EXPECT_EQ(ping("::1"), "passed");
  });
}

TEST_F(IcmpCheckTest, WithoutPermissionItSaysWhatIsWanted) {
  OwnNetwork::run([] {
    OwnNetwork::loopback_up();
    OwnNetwork::become_nobody();
    HealthConfig check;
    check.type = HealthConfig::Type::kIcmp;
    test::Probe probe;
    const CheckResult result = probe.run(host("127.0.0.1"), check);
    EXPECT_EQ(result.outcome, CheckResult::Outcome::kNotDone);
    EXPECT_EQ(result.reason, "no permission for icmp; CAP_NET_RAW or net.ipv4.ping_group_range is wanted");
  });
}

TEST(IcmpEcho, RequestHasTheChecksumOfRfc1071) {
  const auto request = echo_request({0x1234, 7, 0x0102030405060708}, true);
  EXPECT_EQ(request[0], 8);
  EXPECT_EQ(lb::fold_sum(lb::add_bytes(0, request.data(), request.size())), 0xffff);
  EXPECT_EQ(echo_request({0x1234, 7, 1}, false)[0], 128);
}

// A raw IPv4 socket gets the IP header, too; options make it longer.
std::vector<uint8_t> raw_v4_reply(const Echo& echo, size_t header_bytes) {
  std::vector<uint8_t> bytes(header_bytes);
  bytes[0] = static_cast<uint8_t>(0x40 | header_bytes / 4);
  std::vector<uint8_t> message = echo_request(echo, true);
  message[0] = 0;
  bytes.insert(bytes.end(), message.begin(), message.end());
  return bytes;
}

TEST(IcmpEcho, ReplyMustHaveIdSequenceAndData) {
  const Echo echo{0x1234, 7, 42};
  const auto answers = [&](const Echo& other) {
    return answers_echo(raw_v4_reply(other, 20), echo, true, EchoSocket::kRaw);
  };
  EXPECT_TRUE(answers(echo));
  EXPECT_TRUE(answers_echo(raw_v4_reply(echo, 24), echo, true, EchoSocket::kRaw));
  EXPECT_FALSE(answers({0x1235, 7, 42}));
  EXPECT_FALSE(answers({0x1234, 8, 42}));
  EXPECT_FALSE(answers({0x1234, 7, 43}));
  std::vector<uint8_t> request = raw_v4_reply(echo, 20);
  request[20] = 8;
  EXPECT_FALSE(answers_echo(request, echo, true, EchoSocket::kRaw)) << "a request is no reply";
}

TEST(IcmpEcho, APingSocketHasAnIdOfItsOwn) {
  std::vector<uint8_t> reply = echo_request({0x9999, 7, 42}, false);
  reply[0] = 129;
  EXPECT_TRUE(answers_echo(reply, {0x1234, 7, 42}, false, EchoSocket::kPing));
  EXPECT_FALSE(answers_echo(reply, {0x1234, 7, 42}, false, EchoSocket::kRaw));
}

TEST(IcmpEcho, NoLengthIsReadTooFar) {
  const Echo echo{0x1234, 7, 42};
  const std::vector<uint8_t> whole = raw_v4_reply(echo, 60);
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::vector<uint8_t> cut(whole.begin(), whole.begin() + static_cast<long>(size));
    EXPECT_FALSE(answers_echo(cut, echo, true, EchoSocket::kRaw)) << size;
    EXPECT_FALSE(answers_echo(cut, echo, false, EchoSocket::kPing)) << size;
  }
}

}  // namespace
}  // namespace control
