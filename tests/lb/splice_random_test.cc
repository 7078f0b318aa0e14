// SPDX-License-Identifier: MIT
// Plain TCP on both sides of a splice, and a network that loses, doubles and overtakes: the server gets the header and the stream,
// and what he says to the client is always true of the client's own bytes.
#include <gtest/gtest.h>

#include "tests/lb/splice_twin.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

class Exchange {
 public:
  Exchange(const SpliceWay& way, uint32_t seed, uint32_t isn, uint32_t window)
      : random_(seed), s_(way, isn), window_(window), server_(window), client_(isn, random_bytes()) {}

  // "" or what went wrong.
  std::string run() {
    constexpr unsigned kMostSteps = 200'000;
    for (unsigned step = 0; step < kMostSteps && !client_.done(); ++step) {
      if (to_server_.size() < 8) client_speaks();
      // Now and then one of either direction arrives, whichever.
      if (auto frame = draw(to_server_)) deliver_to_server(*frame);
      if (auto frame = draw(to_client_)) deliver_to_client(*frame);
      if (!problem_.empty()) return problem_ + " at step " + std::to_string(step);
    }
    if (!client_.done())
      return "the client still waits after " + std::to_string(client_.acknowledged()) + " bytes";
    if (server_.beyond_window() != 0) return "bytes beyond the server's window";
    if (!server_.finished()) return "the server did not hear the end";
    return difference(server_.stream(), s_.header() + data_);
  }

 private:
  bool one_in(unsigned n) { return random_() % n == 0; }
  Bytes random_bytes() {
    data_.resize(1 + random_() % 3000);
    for (uint8_t& byte : data_) byte = static_cast<uint8_t>(random_());
    return data_;
  }
  void client_speaks() {
    if (!client_.connected()) return put(client_.syn(one_in(3) ? Bytes(1 + random_() % 20, 0xdd) : Bytes{}));
    if (one_in(20)) return put(client_.keep_alive());
    if (one_in(20)) return put(client_.ack());
    if (one_in(20)) return put(client_.before(1 + static_cast<uint32_t>(random_() % 80)));
    put(client_.data(one_in(3), 1 + random_() % 200));
  }
  void put(const PlainClient::Segment& segment) {
    send(to_server_, s_.client().sequence(segment.sequence).flags(segment.flags).payload(segment.payload));
  }
  void send(std::vector<Bytes>& into, const Bytes& frame) {
    for (unsigned copies = one_in(10) ? 2 : 1; copies > 0; --copies) into.push_back(frame);
  }
  std::optional<Bytes> draw(std::vector<Bytes>& from) {
    if (from.empty()) return std::nullopt;
    const size_t which = one_in(4) ? random_() % from.size() : 0;
    const Bytes frame = from[which];
    from.erase(from.begin() + static_cast<ptrdiff_t>(which));
    if (one_in(8)) return std::nullopt;
    return frame;
  }
  void deliver_to_server(const Bytes& frame) {
    const Outcome out = s_.to_server(frame);
    if (out.action == Action::kDrop && out.reason == DropReason::kNoFlow)
      return;  // before the SYN, or its answer
    if (out.action != Action::kTx) return fail(to_string(out));
    const SegmentSeen seen = segment_of(out.frame);
    if (!seen.checksums_hold) return fail("a wrong checksum to the server");
    const auto answer = server_.take(seen);
    if (!answer) return;
    Bytes options = answer->options;
    send(to_client_, s_.server()
                         .flags(answer->flags)
                         .acknowledge(answer->acknowledgement)
                         .window(static_cast<uint16_t>(window_))
                         .tcp_options(options));
  }
  void deliver_to_client(const Bytes& frame) {
    const Outcome out = s_.to_client(frame);
    if (out.action != Action::kTx) return fail(to_string(out));
    const SegmentSeen seen = segment_of(out.frame);
    if (!seen.checksums_hold) return fail("a wrong checksum to the client");
    if (const std::string problem = client_.take(seen); !problem.empty()) return fail(problem);
    const uint64_t before = s_.length();
    for (const Block& block : std::exchange(client_.held, {}))
      for (uint64_t n = block.left; n < block.right; ++n)
        if (!server_.holds(before + n)) return fail("a block of what the server does not hold");
    const uint64_t taken = std::min<uint64_t>(client_.acknowledged(), data_.size());
    if (taken > 0 && !server_.holds(before + taken - 1)) fail("an ACK of what the server does not hold");
  }
  void fail(const std::string& why) {
    if (problem_.empty()) problem_ = why;
  }

  std::mt19937 random_;
  Bytes data_;
  SpliceRig s_;
  const uint32_t window_;
  PlainServer server_;
  PlainClient client_;
  std::vector<Bytes> to_server_, to_client_;
  std::string problem_;
};

class SpliceRandom : public testing::TestWithParam<SpliceWay> {};
INSTANTIATE_TEST_SUITE_P(Ways, SpliceRandom, testing::ValuesIn(kSpliceWays),
                         [](const auto& way) { return way.param.name; });

TEST_P(SpliceRandom, TheServerGetsTheHeaderAndTheStreamWhateverTheNetworkDoes) {
  constexpr uint32_t kWindows[] = {60, 300, 20'000};
  for (uint32_t seed = 1; seed <= 40; ++seed)
    ASSERT_EQ(Exchange(GetParam(), seed, seed * 0x9e3779b9U, kWindows[seed % 3]).run(), "")
        << "seed " << seed;
}

TEST_P(SpliceRandom, AlsoWhenNumbersComeRound) {
  for (uint32_t seed = 1; seed <= 40; ++seed)
    ASSERT_EQ(Exchange(GetParam(), seed, 0U - seed * 40, 20'000).run(), "") << "seed " << seed;
}

}  // namespace
}  // namespace lb
