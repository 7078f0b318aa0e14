// SPDX-License-Identifier: MIT
// What is shown of ports, and that a change of a link is said once.
#include "control/ports.h"

#include "control/log.h"
#include "tests/control/rig.h"

namespace control {
namespace {

using Json = nlohmann::ordered_json;

PortState port(bool up, uint32_t speed_mbps) {
  PortState state;
  state.driver = "net_i40e";
  state.device = "pci:0000:3b:00.0";
  state.mac = "02:00:00:00:00:01";
  state.mtu = 9000;
  state.queues = 2;
  state.rss_asked = {"ipv4-tcp", "ipv4-udp"};
  state.rss_granted = {"ipv4-udp"};
  state.up = up;
  state.speed_mbps = speed_mbps;
  return state;
}

class PortsTest : public ::testing::Test {
 protected:
  PortsTest() {
    states = {port(true, 40000), port(true, 0)};
    rig.engine.ports = [this] { return states; };
  }
  test::Rig rig;
  std::vector<PortState> states;
};

TEST_F(PortsTest, TheApiShowsWhatTheDriverGranted) {
  ASSERT_TRUE(rig.start().ok());
  const Json ports = rig.get("/v1/ports").at("ports");
  ASSERT_EQ(ports.size(), 2u);
  EXPECT_EQ(ports[0].at("port"), "outside");
  EXPECT_EQ(ports[0].at("driver"), "net_i40e");
  EXPECT_EQ(ports[0].at("interface"), nullptr);
  EXPECT_EQ(ports[0].at("numa_node"), nullptr);
  EXPECT_EQ(ports[0].at("rss"), (Json{{"asked", {"ipv4-tcp", "ipv4-udp"}}, {"granted", {"ipv4-udp"}}}));
  EXPECT_EQ(ports[0].at("offloads").at("granted"), Json::array());
  EXPECT_EQ(ports[0].at("speed_mbps"), 40000);
  EXPECT_EQ(ports[1].at("speed_mbps"), nullptr);
}

TEST_F(PortsTest, MetricsShowALinkThatIsDown) {
  ASSERT_TRUE(rig.start().ok());
  states[1].up = false;
  const std::string text = rig.ask("GET", "/metrics").body;
  EXPECT_NE(text.find("cleat_port_up{port=\"outside\"} 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("cleat_port_up{port=\"inside\"} 0\n"), std::string::npos) << text;
}

TEST_F(PortsTest, AnEngineThatKnowsNothingOfPortsShowsNone) {
  rig.engine.ports = nullptr;
  ASSERT_TRUE(rig.start().ok());
  EXPECT_EQ(rig.get("/v1/ports").at("ports"), Json::array());
  LinkWatch().look(rig.engine);
}

class LinkWatchTest : public PortsTest {
 protected:
  LinkWatchTest() { EXPECT_TRUE(open_log(rig.folder / "log", LogLevel::kDebug).ok()); }
  ~LinkWatchTest() override { EXPECT_TRUE(open_log("", LogLevel::kInfo).ok()); }
  // Lines of `event` so far.
  size_t lines(const std::string& event) {
    const std::string text = test::read_file(rig.folder / "log");
    size_t count = 0;
    for (size_t at = text.find(event); at != std::string::npos; at = text.find(event, at + 1)) ++count;
    return count;
  }
  void look(unsigned times = 3) {
    for (unsigned i = 0; i < times; ++i) watch.look(rig.engine);
  }
  LinkWatch watch;
};

TEST_F(LinkWatchTest, EachChangeIsOneLineAtBothEdges) {
  look();
  EXPECT_EQ(lines("link "), 0u) << "all up from the start";
  states[0].up = false;
  states[0].speed_mbps = 0;
  look();
  EXPECT_EQ(lines("link down port=outside"), 1u);
  states[0] = port(true, 40000);
  look();
  EXPECT_EQ(lines("link up port=outside"), 1u);
  EXPECT_EQ(lines("link "), 2u) << "the other port is not touched";
}

TEST_F(LinkWatchTest, ALinkThatIsDownAtTheStartIsSaid) {
  states[1].up = false;
  look();
  EXPECT_EQ(lines("link down port=inside"), 1u);
}

TEST_F(LinkWatchTest, AnotherSpeedIsAChange) {
  look();
  states[0].speed_mbps = 10000;
  look();
  EXPECT_EQ(lines("speed_mbps=10000"), 1u);
}

}  // namespace
}  // namespace control
