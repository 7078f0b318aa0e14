// SPDX-License-Identifier: MIT
// Offers and answers of WHIP on connections that Cleat accepts itself: they find their stream's server, and teach it to the media.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/lb/ice_rig.h"
#include "tests/lb/peek_rig.h"

namespace lb::test {
namespace {

constexpr const char *kVip = "10.10.0.100:1935", *kSession = "0r85635k:Eo91";  // of the recorded exchange
constexpr const char* kPassword = "8198l5508ic003f8qyv702e50p0x2310";          // its server's

std::string recorded(const char* name) {
  std::ifstream file(std::string(WHIP_VECTORS) + "/" + name, std::ios::binary);
  std::stringstream words;
  words << file.rdbuf();
  EXPECT_FALSE(words.str().empty()) << name;
  return words.str();
}

void with_ice(SnapshotSpec& spec) {
  service(spec, "rtmp").reads_whip = true;
  service(spec, "rtc").affinity = Affinity::kIce;
  service(spec, "rtc").idle_timeout_s = 120;
  service(spec, "rtc").ice.ask = service(spec, "rtc").ice.hash = false;
}

std::optional<SessionFound> session(Rig& rig, std::string_view name = kSession) {
  return rig.segment().sessions().find(rig.snapshot().pools[0].clients, name);
}
bool has_keys(Rig& rig, std::string_view name = kSession) {
  const auto found = session(rig, name);
  return found && found->control.key(KeyOf::kServer) == KeyState::kThere &&
         found->control.key(KeyOf::kClient) == KeyState::kThere;
}

struct Net {
  const char* name;
  Faults faults;
  size_t most = 65535;
  unsigned workers = 1;
};
std::ostream& operator<<(std::ostream& stream, const Net& net) { return stream << net.name; }

class PeekWhip : public ::testing::TestWithParam<Net> {
 protected:
  void with_servers(uint32_t seed) {
    servers_.clear();
    net_ = std::make_unique<PeekRig>(with_ice, GetParam().workers, seed);
    net_->steer();
    net_->faults(GetParam().faults);
    for (unsigned n = 11; n <= 13; ++n)
      servers_.push_back(&net_->server(("10.20.0." + std::to_string(n) + ":1935").c_str(), n));
  }
  // The server that a new client's words came to.
  TcpPeer* say(unsigned client, std::string_view words) {
    TcpPeer& peer =
        net_->client(("198.51.100." + std::to_string(client) + ":40000").c_str(), {.most = GetParam().most});
    std::vector<size_t> before;
    for (const TcpPeer* server : servers_) before.push_back(server->heard().size());
    peer.connect(endpoint(kVip));
    peer.say(text(words));
    TcpPeer* found = nullptr;
    net_->run_until([&] {
      for (size_t i = 0; i < servers_.size(); ++i)
        if (servers_[i]->heard().size() >= before[i] + words.size()) found = servers_[i];
      return found != nullptr;
    });
    return found;
  }

  std::unique_ptr<PeekRig> net_;
  std::vector<TcpPeer*> servers_;
};

TEST_P(PeekWhip, OfferAndAnswerTeachTheServerAndBothPasswords) {
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    with_servers(seed);
    TcpPeer* const server = say(7, recorded("request.http"));
    ASSERT_NE(server, nullptr) << seed;
    server->say(text(recorded("response.http")));
    EXPECT_TRUE(net_->run_until([&] { return has_keys(net_->rig()); }, 200)) << seed;
    const auto found = session(net_->rig());
    ASSERT_TRUE(found) << seed;
    EXPECT_EQ(net_->rig().snapshot().backends[found->control.backend()].address, server->own().address)
        << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(All, PeekWhip,
                         ::testing::Values(Net{"Fair", {}}, Net{"Lossy", {.lost = 10}},
                                           Net{"Stormy", {.lost = 15, .doubled = 10, .late = 30}},
                                           Net{"SmallSegments", {.late = 30}, 100},
                                           Net{"TwoWorkers", {.lost = 5, .late = 20}, 700, 2}),
                         [](const auto& test) { return std::string(test.param.name); });

// A connection, frame by frame.
class PeekWhipFrames : public ::testing::Test {
 protected:
  static constexpr uint32_t kSegment = 1400;

  explicit PeekWhipFrames(unsigned workers = 1)
      : rig_(
            [](SnapshotSpec& spec) {
              service(spec, "rtmp").affinity = Affinity::kStream;
              with_ice(spec);
            },
            workers) {}

  // The last of Cleat's own segments through that port.
  std::optional<Bytes> own(PortIndex port) {
    std::optional<Bytes> last;
    for (auto& [through, frame] : rig_.own_frames())
      if (through == port && frame[23] == 6) last = frame;
    return last;
  }
  FrameBuilder client(uint32_t sequence) {
    return FrameBuilder(
        tcp("198.51.100.7:" + std::to_string(port_), kVip).sequence(sequence).acknowledge(number_));
  }
  // A new client says it, in segments. The SYN to its server.
  FrameFields ask(std::string_view words) {
    ++port_;
    rig_.send(tcp("198.51.100.7:" + std::to_string(port_), kVip).syn().sequence(4999));
    number_ = segment_of(*own(kOutside)).sequence + 1;
    std::optional<Bytes> syn;
    for (size_t at = 0; at < words.size(); at += kSegment) {
      rig_.send(client(5000 + static_cast<uint32_t>(at)).payload(words.substr(at, kSegment)));
      if (auto sent = own(kInside)) syn = sent;
    }
    EXPECT_TRUE(syn);
    return fields_of(syn.value());
  }
  FrameBuilder server(const FrameFields& syn, uint32_t sequence) {
    return FrameBuilder(tcp(syn.destination.to_string(), syn.source.to_string()))
        .from(syn.destination_mac)
        .to(kInsideMac)
        .sequence(sequence)
        .acknowledge(5000);
  }
  void accept(const FrameFields& syn) {
    rig_.send(server(syn, 77'777).syn_ack(), kInside, server_worker_);
    rig_.own_frames(server_worker_);
  }
  void answer(const FrameFields& syn, std::string_view words) {
    for (size_t at = 0; at < words.size(); at += kSegment)
      rig_.send(server(syn, 77'778 + static_cast<uint32_t>(at)).payload(words.substr(at, kSegment)), kInside,
                server_worker_);
  }
  void leave(size_t said) { rig_.send(client(5000 + static_cast<uint32_t>(said)).rst()); }

  Rig rig_;
  unsigned server_worker_ = 0;
  uint16_t port_ = 1024;
  uint32_t number_ = 0;
};

TEST_F(PeekWhipFrames, ASessionsEndReachesItsServerByItsNameAlone) {
  const FrameFields syn = ask(recorded("request.http"));
  accept(syn);
  answer(syn, recorded("response.http"));
  ASSERT_TRUE(session(rig_));
  for (int n = 0; n < 10; ++n) {
    const FrameFields end =
        ask("DELETE /rtc/v1/whip/?action=delete&token=1&session=" + std::string(kSession) +
            " HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(end.destination, syn.destination) << n;
  }
}

TEST_F(PeekWhipFrames, AnOfferWhoseRestComesWhenTheServerIsThereIsRead) {
  const std::string offer = recorded("request.http");
  const FrameFields syn = ask(offer.substr(0, kSegment));
  accept(syn);
  for (uint32_t at = kSegment; at < offer.size(); at += kSegment)
    rig_.send(client(5000 + at).payload(offer.substr(at, kSegment)));
  answer(syn, recorded("response.http"));
  EXPECT_TRUE(has_keys(rig_));
}

// SRS closes the connection behind its answer; the media goes on.
class PeekWhipStreams : public PeekWhipFrames {
 protected:
  void publish() {
    const std::string offer = recorded("request.http");
    const FrameFields syn = ask(offer);
    accept(syn);
    answer(syn, recorded("response.http"));
    leave(offer.size());
  }
  // The session's client checks each second, and its server answers if it is there.
  void checks(unsigned seconds, bool is_answered = true) {
    for (unsigned second = 0; second < seconds; ++second) {
      const Outcome asked =
          rig_.send(udp("203.0.113.9:6000", kIceVip)
                        .payload(check({.name = kSession, .password = kPassword, .number = 1})));
      ASSERT_EQ(to_string(asked), "tx");
      const FrameFields seen = asked.fields();
      if (is_answered)
        rig_.send(udp(seen.destination.to_string(), seen.source.to_string())
                      .from(seen.destination_mac)
                      .to(kInsideMac)
                      .payload(success(1)),
                  kInside);
      rig_.wait_s(1);
    }
  }
  std::optional<StreamView> stream() {
    return rig_.segment().streams().find(rig_.snapshot().pools[0].clients, *StreamKey::make("", "live", "w1"),
                                         rig_.now());
  }
};

TEST_F(PeekWhipStreams, AStreamIsPublishedForAsLongAsItsSessionLives) {
  publish();
  checks(100);
  ASSERT_TRUE(stream());
  EXPECT_TRUE(stream()->published);
  EXPECT_EQ(stream()->control.backend(), session(rig_)->control.backend());
}

TEST_F(PeekWhipStreams, OfAServerThatAnswersNoMoreItIsNotPublished) {
  publish();
  checks(20);
  checks(22, false);
  ASSERT_TRUE(stream());
  EXPECT_FALSE(stream()->published);
}

TEST_F(PeekWhipStreams, WithoutItsSessionItIsForgotten) {
  publish();
  checks(20);
  rig_.wait_s(200);
  EXPECT_FALSE(session(rig_));
  EXPECT_FALSE(stream());
}

class PeekWhipSmallShare : public PeekWhipFrames {
 protected:
  PeekWhipSmallShare() : PeekWhipFrames(kMaxWorkers) { server_worker_ = 1; }
};

TEST_F(PeekWhipSmallShare, TheNextConnectionOnASlotIsReadToo) {
  const std::string offer = recorded("request.http");
  const FrameFields first = ask(offer);
  accept(first);
  answer(first, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  leave(offer.size());
  FrameFields next = ask(offer);
  for (int n = 0; n < 3000 && next.source != first.source; ++n) {
    leave(offer.size());
    rig_.wait_ms(20);
    next = ask(offer);
  }
  ASSERT_EQ(next.source, first.source) << "the slot did not come back";
  accept(next);
  answer(next, recorded("response.http"));
  EXPECT_TRUE(has_keys(rig_));
}

}  // namespace
}  // namespace lb::test
