// SPDX-License-Identifier: MIT
// ICMP errors about packets of live flows, whose quotes are damaged: what they say reaches only the client or the server of a
// flow they quote, whole and with its checksums right; all else is dropped by name.
//
//   input = which (1 byte)   bits 0-1 flow; bit 2 about its reply (an error to the VIP) or its request (to the LIP)
//           type, code (1 byte each), rest (4 bytes)
//           cut (1 byte)     so many bytes of the quote are missing
//           bytes            xored over the quoted packet; more than it has follow it
#include <algorithm>
#include <set>
#include <span>

#include "tests/fuzz/plain_parser.h"
#include "tests/fuzz/target.h"
#include "tests/fuzz/verdicts.h"
#include "tests/lb/rig.h"

namespace fuzz {
namespace {

using namespace lb;
using test::Bytes;
using test::Outcome;

constexpr unsigned kInputsPerWorld = 512;
constexpr size_t kHead = 8;
constexpr size_t kMostQuoted = 1900;  // more than a frame of 1500 bytes holds

class World {
 public:
  World() {
    rig_.headroom = 64;
    for (const auto& [client, vip] : {std::pair("198.51.100.7:40000", "10.10.0.100:1935"),
                                      std::pair("198.51.100.7:40000", "10.10.0.100:8000"),
                                      std::pair("[2001:db8:c::7]:40000", "[2001:db8:10::100]:1935"),
                                      std::pair("[2001:db8:c::7]:40000", "[2001:db8:10::100]:8000")}) {
      const bool udp = std::string_view(vip).ends_with("8000");
      const Bytes request =
          udp ? test::udp(client, vip).payload("media") : test::tcp(client, vip).syn().payload("media");
      Flow& flow = flows_.emplace_back();
      flow.to_server = sent(request, test::kOutside);
      const test::FrameFields seen = flow.to_server.fields();
      const std::string server = seen.destination.to_string(), lip = seen.source.to_string();
      const Bytes reply = udp ? test::udp(server, lip).to(test::kInsideMac).payload("answer")
                              : test::tcp(server, lip).to(test::kInsideMac).syn_ack().payload("answer");
      flow.to_client = sent(reply, test::kInside);
      known_.insert({flow.to_client.fields().destination.address, seen.destination.address});
    }
  }

  void run(std::span<const uint8_t> input) {
    if (input.size() < kHead) return;
    const Flow& flow = flows_[input[0] & 3];
    const bool of_reply = (input[0] & 4) != 0;
    const Outcome& about = of_reply ? flow.to_client : flow.to_server;
    Bytes quote(about.frame.begin() + 14, about.frame.end());
    const auto damage = input.subspan(kHead);
    if (quote.size() < damage.size()) quote.resize(std::min(damage.size(), kMostQuoted));
    for (size_t i = 0; i < std::min(quote.size(), damage.size()); ++i) quote[i] ^= damage[i];
    quote.erase(quote.end() - static_cast<ptrdiff_t>(std::min<size_t>(quote.size(), input[7])), quote.end());
    const IpAddress to = about.fields().source.address;
    const bool v4 = to.is_v4();
    const std::string router =
        of_reply ? (v4 ? "192.0.2.1" : "2001:db8:2::1") : (v4 ? "10.20.0.254" : "2001:db8:20::fe");
    send(test::ping(router, to.to_string())
             .icmp(input[1], input[2])
             .icmp_rest(uint32_t{input[3]} << 24 | uint32_t{input[4]} << 16 | uint32_t{input[5]} << 8 |
                        input[6])
             .to(of_reply ? test::kOutsideMac : test::kInsideMac)
             .payload(quote),
         of_reply ? test::kOutside : test::kInside);
    if (++inputs_ % 900 == 0) rig_.jump_ms(1000);  // within what is passed on in a second
  }

 private:
  struct Flow {
    Outcome to_server, to_client;
  };

  Outcome sent(const Bytes& frame, PortIndex port) {
    const Outcome out = rig_.send(frame, port);
    ++balance_.seen;
    ++balance_.sent;
    require(out.action == Action::kTx, "the flow stands");
    return out;
  }

  void send(const Bytes& frame, PortIndex port) {
    const Outcome out = rig_.send(frame, port);
    ++balance_.seen;
    count(out.action == Action::kConsumed);
    if (out.action == Action::kTx) ++balance_.sent;  // an echo that was answered
    require(out.action != Action::kUndecided && out.action != Action::kHold,
            "an error has its verdict at once");
    if (out.action == Action::kDrop) require(out.reason != DropReason::kCount, "a drop has a reason");
    balance_.require_even(rig_, out);
    const auto own = rig_.own_frames();
    require(own.size() <= 1, "an error is passed on once");
    for (const auto& [to, message] : own) {
      require(!parse_plainly(message).reason, "what is passed on is well formed");
      const test::FrameFields fields = test::fields_of(message);
      require(fields.checksums_hold, "what is passed on has the right checksums");
      require(known_.contains(fields.destination.address), "an error goes only to whose packet it quotes");
    }
  }

  // IPv6 clients have IPv4 servers: their errors are translated.
  test::Rig rig_{[](SnapshotSpec& spec) {
                   test::service(spec, "rtc6").pool = "srs";
                   test::service(spec, "rtmp").pool = "srs6";
                   test::service(spec, "rtmp6").proxy_protocol = true;
                 },
                 1,
                 {.flows_v4 = 1U << 10, .flows_wide = 1U << 10, .lips = 2}};
  std::vector<Flow> flows_;
  std::set<IpAddress> known_;
  Balance balance_;
  unsigned inputs_ = 0;
};

}  // namespace
}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::run_in_a_world<fuzz::World>(data, size, fuzz::kInputsPerWorld);
  return 0;
}
