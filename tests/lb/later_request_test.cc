// SPDX-License-Identifier: MIT
#include "lb/later_request.h"

#include <gtest/gtest.h>

#include "lb/place_stream.h"
#include "tests/lb/peek_rig.h"
#include "tests/lb/rtmp_writer.h"

namespace lb::test {
namespace {

const Bytes kAnswer = text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");

std::string target(unsigned n) { return "/live/cam" + std::to_string(n) + ".m3u8"; }
Bytes get(const std::string& target, const std::string& more = "") {
  return text("GET " + target + " HTTP/1.1\r\nHost: media.example\r\n" + more + "\r\n");
}

class LaterRequest : public ::testing::Test {
 protected:
  LaterRequest() {
    for (unsigned n = 11; n <= 13; ++n)
      servers_.push_back(&net_.server(("10.20.0." + std::to_string(n) + ":1935").c_str(), n));
  }
  // Asks for the stream on a connection of its own. The server that got it, ready for the next one.
  TcpPeer& ask(TcpPeer& client, const Bytes& request) {
    client.connect(endpoint("10.10.0.100:1935"));
    client.say(request);
    TcpPeer* found = nullptr;
    EXPECT_TRUE(net_.run_until([&] {
      for (TcpPeer* server : servers_)
        if (server->is_open() && server->heard() == request) found = server;
      return found != nullptr;
    }));
    if (found == nullptr) throw std::runtime_error("no server was asked");
    answer(*found, client, kAnswer);
    return *found;
  }
  void answer(TcpPeer& server, TcpPeer& client, const Bytes& all) {
    server.say(kAnswer);
    EXPECT_TRUE(net_.run_until([&] { return client.heard() == all; }));
  }
  // A stream that somebody has there already.
  std::string known_at(const TcpPeer& server) {
    return known([&](const IpAddress& a) { return a == server.own().address; });
  }
  std::string known_elsewhere(const TcpPeer& server) {
    return known([&](const IpAddress& a) { return a != server.own().address; });
  }
  template <typename Wanted>
  std::string known(Wanted&& wanted) {
    const Snapshot& snapshot = net_.rig().snapshot();
    const auto service = std::find_if(
        snapshot.services.begin(), snapshot.services.end(),
        [](const Service& each) { return each.affinity == Affinity::kStream && each.vip.is_v4(); });
    const Pool& pool = snapshot.pools[service->pool];
    const auto member = std::find_if(pool.members.begin(), pool.members.end(),
                                     [&](BackendId each) { return wanted(snapshot.backends[each].address); });
    const unsigned number = ++streams_;
    const auto key = StreamKey::make("", "live", "cam" + std::to_string(number));
    EXPECT_TRUE(net_.rig().segment().streams().learn(pool.clients, *key, *member, net_.rig().now()));
    return target(number);
  }
  [[nodiscard]] const PeekCounters& counters() { return net_.rig().counters().peeks; }

  PeekRig net_;
  unsigned streams_ = 1;
  std::vector<TcpPeer*> servers_;
};

TEST_F(LaterRequest, OfTheSameServersStreamIsPassedOn) {
  TcpPeer& client = net_.client("198.51.100.7:40000");
  TcpPeer& server = ask(client, get(target(1)));
  const Bytes again = get(known_at(server));
  client.say(again);
  EXPECT_TRUE(net_.run_until([&] { return server.heard() == joined({get(target(1)), again}); }));
  answer(server, client, joined({kAnswer, kAnswer}));
  EXPECT_EQ(counters().later_requests.get(), 1U);
  EXPECT_EQ(counters().led_elsewhere.get(), 0U);
}

TEST_F(LaterRequest, OfAnothersStreamEndsTheConnectionAndMayBeMadeAgain) {
  TcpPeer& client = net_.client("198.51.100.7:40000");
  TcpPeer& server = ask(client, get(target(1)));
  const Bytes other = get(known_elsewhere(server));
  client.say(other);
  EXPECT_TRUE(net_.run_until([&] { return client.was_reset() && server.was_reset(); }));
  EXPECT_EQ(server.heard(), get(target(1))) << "nothing of the other request came to the first server";
  EXPECT_EQ(counters().led_elsewhere.get(), 1U);
  TcpPeer& second = net_.client("198.51.100.7:40001");
  EXPECT_NE(&ask(second, other), &server);
}

TEST_F(LaterRequest, WhoseHeadGoesOnInTheNextSegmentIsKnownByItsFirstLines) {
  TcpPeer& client = net_.client("198.51.100.7:40000");
  TcpPeer& server = ask(client, get(target(1)));
  client.say(get(known_elsewhere(server), "Cookie: " + std::string(3000, 'c') + "\r\n"));
  EXPECT_TRUE(net_.run_until([&] { return client.was_reset(); }));
}

TEST_F(LaterRequest, WhatIsNoRequestOfAStreamIsPassedOn) {
  TcpPeer& client = net_.client("198.51.100.7:40000");
  TcpPeer& server = ask(client, get(target(1)));
  const Bytes more = joined({get("/favicon.ico"), text("GET then something else")});
  client.say(more);
  EXPECT_TRUE(net_.run_until([&] { return server.heard() == joined({get(target(1)), more}); }));
  EXPECT_EQ(counters().later_requests.get(), 0U);
}

TEST_F(LaterRequest, FromWhoCannotSeeTheConnectionIsNotBelieved) {
  TcpPeer& client = net_.client("198.51.100.7:40000");
  TcpPeer& server = ask(client, get(target(1)));
  const std::string other = known_elsewhere(server);
  const auto next = static_cast<uint32_t>(1001 + get(target(1)).size());
  for (const uint32_t sequence : {next - 1, next + 1, next + (1U << 20)}) {
    const Bytes request = get(other);
    net_.rig().send(tcp("198.51.100.7:40000", "10.10.0.100:1935")
                        .sequence(sequence)
                        .acknowledge(1)
                        .payload(std::string(request.begin(), request.end())));
  }
  EXPECT_EQ(counters().led_elsewhere.get(), 0U);
  const Bytes again = get(target(1));
  client.say(again);
  EXPECT_TRUE(net_.run_until([&] { return server.heard() == joined({again, again}); }));
}

TEST_F(LaterRequest, OfAPublishersBodyNothingIsRead) {
  TcpPeer& client = net_.client("198.51.100.7:40000");
  const Bytes begin =
      text("POST /live/cam1.flv HTTP/1.1\r\nHost: media.example\r\nContent-Length: 1000000\r\n\r\n");
  TcpPeer& server = ask(client, begin);
  const Bytes body = get(known_elsewhere(server));
  client.say(body);
  EXPECT_TRUE(net_.run_until([&] { return server.heard() == joined({begin, body}); }));
  EXPECT_EQ(counters().later_requests.get(), 0U);
}

}  // namespace
}  // namespace lb::test
