// SPDX-License-Identifier: MIT
#include "control/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>

#include "tests/control/rig.h"

namespace control {
namespace {

namespace asio = boost::asio;
using test::Rig;
using test::run_until;

// A service manager's end: a datagram socket at a path, or under an abstract name if it begins with '@'.
class Manager {
 public:
  explicit Manager(std::string name) : name_(std::move(name)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name_.copy(address.sun_path, sizeof address.sun_path - 1);
    if (name_[0] == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size), 0);
  }
  ~Manager() {
    ::close(fd_);
    if (name_[0] == '/') ::unlink(name_.c_str());
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  // The next message; "" if there is none.
  std::string next() const {
    char text[512];
    const ssize_t size = ::recv(fd_, text, sizeof text, 0);
    return size < 0 ? "" : std::string(text, static_cast<size_t>(size));
  }
  std::string await(asio::io_context& io) const {
    std::string text;
    run_until(io, [&] { return !(text = next()).empty(); });
    return text;
  }
  [[nodiscard]] NotifyTarget target(std::chrono::microseconds watchdog = {}) const {
    return {name_, watchdog};
  }

 private:
  std::string name_;
  int fd_ = -1;
};

std::string abstract_name() { return "@cleat-notify-test-" + std::to_string(::getpid()); }

TEST(Notify, SaysWhatItIsToldToAPath) {
  const test::TempFolder folder;
  const Manager manager(folder / "notify");

  Notify notify(manager.target());
  notify.ready();
  notify.status("two\nlines");
  notify.alive();

  EXPECT_EQ(manager.next(), "READY=1");
  EXPECT_EQ(manager.next(), "STATUS=two?lines");
  EXPECT_EQ(manager.next(), "WATCHDOG=1");
}

TEST(Notify, ReachesAnAbstractName) {
  const Manager manager(abstract_name());
  Notify(manager.target()).ready();
  EXPECT_EQ(manager.next(), "READY=1");
}

TEST(Notify, SaysAStatusOnceUntilItChanges) {
  const Manager manager(abstract_name());
  Notify notify(manager.target());
  for (const char* text : {"a", "a", "b"}) notify.status(text);
  EXPECT_EQ(manager.next(), "STATUS=a");
  EXPECT_EQ(manager.next(), "STATUS=b");
  EXPECT_EQ(manager.next(), "");
}

TEST(Notify, WhoIsNotReadyNeitherReloadsNorStops) {
  const Manager manager(abstract_name());
  Notify notify(manager.target());
  notify.reloading();
  notify.reloaded();
  notify.stopping();
  EXPECT_EQ(manager.next(), "");
}

TEST(Notify, StopsOnce) {
  const Manager manager(abstract_name());
  Notify notify(manager.target());
  notify.ready();
  notify.stopping();
  notify.stopping();
  EXPECT_EQ(manager.next(), "READY=1");
  EXPECT_EQ(manager.next(), "STOPPING=1");
  EXPECT_EQ(manager.next(), "");
}

TEST(Notify, AManagerThatDoesNotReadHoldsNobodyUpForLong) {
  const Manager manager(abstract_name());
  Notify notify(manager.target());
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 1000; ++i) {
    notify.alive();
    if (std::chrono::steady_clock::now() - begin > std::chrono::milliseconds(90)) break;
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST(Notify, WithoutAManagerItIsSilent) {
  for (const char* name : {"", "vsock:2:1", "/no/such/socket"}) {
    Notify notify({name, std::chrono::seconds(1)});
    notify.ready();
    notify.alive();
  }
  Notify notify({"/" + std::string(200, 'x'), {}});
  EXPECT_FALSE(notify.listened_to());
}

TEST(NotifyTarget, IsWhatTheEnvironmentSays) {
  const std::string own = std::to_string(::getpid());
  EXPECT_EQ(notify_target(nullptr, "5", nullptr).socket, "");
  EXPECT_EQ(notify_target("/run/s", "3000000", nullptr).watchdog, std::chrono::seconds(3));
  EXPECT_EQ(notify_target("/run/s", "3000000", own.c_str()).watchdog, std::chrono::seconds(3));
  for (const char* no : {"", "0", "-5", "3s", "99999999999999999999"})
    EXPECT_EQ(notify_target("/run/s", no, nullptr).watchdog.count(), 0) << no;
}

TEST(NotifyTarget, AnotherProcessWatchdogIsNotOurs) {
  EXPECT_EQ(notify_target("/run/s", "3000000", "1").watchdog.count(), 0);
  EXPECT_EQ(notify_target("/run/s", "3000000", "1").socket, "/run/s");
}

TEST(Notify, BeatsTwiceInTheTimeOfTheWatchdog) {
  EXPECT_EQ(Notify({abstract_name(), std::chrono::seconds(3)}).beat_interval(),
            std::chrono::milliseconds(1500));
  EXPECT_EQ(Notify({abstract_name(), {}}).beat_interval().count(), 0);
  EXPECT_EQ(Notify({"", std::chrono::seconds(3)}).beat_interval().count(), 0);
}

// A control thread that has a service manager.
class ManagedTest : public ::testing::Test {
 protected:
  void start(std::chrono::microseconds watchdog = {}) {
    rig.notify = manager.target(watchdog);
    ASSERT_TRUE(rig.start().ok());
  }

  Manager manager{abstract_name()};
  Rig rig;
};

TEST_F(ManagedTest, IsReadyOnceTheControlThreadRunsAndSaysHowThingsAre) {
  start();
  EXPECT_EQ(manager.next(), "") << "nothing is answered yet";
  EXPECT_EQ(manager.await(rig.io), "READY=1");
  EXPECT_EQ(manager.await(rig.io), "STATUS=1 service, 2 of 2 backends up");
}

TEST_F(ManagedTest, AStartThatFailsSaysNothing) {
  rig.publish_fails = "no room";
  rig.notify = manager.target();
  ASSERT_FALSE(rig.start().ok());
  rig.controller.reset();
  rig.io.poll();
  EXPECT_EQ(manager.next(), "");
}

TEST_F(ManagedTest, AReloadBeginsAndEnds) {
  start();
  ASSERT_EQ(rig.ask("POST", "/v1/reload").status, 200u);
  EXPECT_EQ(manager.next(), "READY=1");
  EXPECT_EQ(manager.next().rfind("STATUS=", 0), 0u);
  EXPECT_EQ(manager.next().rfind("RELOADING=1\nMONOTONIC_USEC=", 0), 0u);
  EXPECT_EQ(manager.next(), "READY=1");
}

TEST_F(ManagedTest, AReloadThatIsRefusedEndsTooAndTheStatusSaysWhy) {
  start();
  rig.configure("wrong: 1\n");
  ASSERT_EQ(rig.ask("POST", "/v1/reload").status, 422u);
  for (const char* begin : {"READY=1", "STATUS=", "RELOADING=1", "READY=1"})
    EXPECT_EQ(manager.next().rfind(begin, 0), 0u) << begin;
  EXPECT_NE(manager.next().find("; last reload refused: "), std::string::npos);
}

TEST_F(ManagedTest, AConfigurationThatTheApiBringsIsAReloadToo) {
  start();
  const std::string body = test::Json{{"text", test::read_file(rig.file())}}.dump();
  ASSERT_EQ(rig.ask("PUT", "/v1/config", body).status, 200u);
  for (const char* begin : {"READY=1", "STATUS=", "RELOADING=1", "READY=1"})
    EXPECT_EQ(manager.next().rfind(begin, 0), 0u) << begin;
}

TEST_F(ManagedTest, TheEndIsAnnounced) {
  start();
  EXPECT_EQ(manager.await(rig.io), "READY=1");
  (void)manager.await(rig.io);
  rig.controller->stop();
  EXPECT_EQ(manager.next(), "STOPPING=1");
}

TEST_F(ManagedTest, SignsOfLifeComeForAsLongAsTheControlThreadRuns) {
  start(std::chrono::milliseconds(20));
  unsigned beats = 0;
  run_until(rig.io, [&] { return (beats += manager.next() == "WATCHDOG=1") == 3; });
  EXPECT_EQ(beats, 3u);

  while (!manager.next().empty()) {
  }
  ::usleep(60'000);  // nobody runs the io_context meanwhile, and nobody says that it does
  EXPECT_EQ(manager.next(), "");
}

}  // namespace
}  // namespace control
