// SPDX-License-Identifier: MIT
// Any talk of clients, servers and strangers to a service with `affinity: ice` on tests/lb's rig: checks right, damaged and
// made of any bytes, media, answers to challenges, replies, while servers are drained and passwords are learned.
//
//   input = step*
//   step  = what (1 byte, modulo kSteps) | who | which | detail | bytes, for steps that take some: length (1), bytes
//
// The world goes on for kInputsPerWorld inputs. A finding that its input alone does not show again needs the whole run again,
// with its seed.
#include <algorithm>
#include <deque>
#include <span>

#include "lb/server_ufrag.h"
#include "tests/fuzz/ice_watch.h"
#include "tests/fuzz/target.h"
#include "tests/lb/ice_rig.h"

namespace fuzz {
namespace {

using namespace lb;
using test::Outcome;

constexpr unsigned kInputsPerWorld = 16;
constexpr const char* kClients[] = {"198.51.100.7:40000", "198.51.100.7:40001",   "203.0.113.9:50000",
                                    "192.0.2.66:666",     "[2001:db8:c::7]:4000", "[2001:db8:d::9]:5000"};
constexpr const char *kVip = "10.10.0.100:8000", *kVip6 = "[2001:db8:10::100]:8000";
constexpr const char *kServer = "the-password-of-the-server-01234", *kClient = "the-password-of-the-client",
                     *kWrong = "nobody's";
const AesKey kUfragKey{1, 2, 3};

std::string name_of(unsigned which) {
  const ServerUfrag ours = encode_ufrag(Aes128(kUfragKey), 12, {static_cast<uint8_t>(which)});
  switch (which % 8) {
    case 0:
      return "abcd:";
    case 1:
      return std::string(ours.data(), ours.size()) + ":CLI1";
    case 2:
      return std::string(36, 'u') + ":" + std::string(kMaxSessionName - 37, 'c');
    case 3:
      return std::string(60, 'u') + ":" + std::string(kMaxSessionName, 'c');
    default:
      return "name" + std::to_string(which) + ":CLI1";
  }
}

void set_up(SnapshotSpec& spec) {
  UfragSpec ufrag{kUfragKey, {}};
  for (const BackendSpec& each : test::pool(spec, "srs").backends)
    ufrag.servers.push_back({each.address.bytes()[15], {each.address, each.port}});
  test::pool(spec, "srs").ufrag = ufrag;
}

constexpr SegmentGeometry kGeometry{
    .flows_v4 = 1U << 12, .flows_wide = 1U << 12, .lips = 2, .sessions = 1024};

struct Step {
  unsigned who, which, detail;
};

class World {
 public:
  void run(std::span<const uint8_t> input) {
    kept_house_ms_ = ++inputs_ % 16 == 0 ? 60'000 : 2000;
    while (input.size() >= 4) {
      const Step step{input[1], input[2], input[3]};
      const unsigned what = input[0] % kSteps;
      input = input.subspan(4);
      std::span<const uint8_t> bytes;
      if (takes_bytes(what) && !input.empty()) {
        bytes = input.subspan(1, std::min<size_t>(input[0], input.size() - 1));
        input = input.subspan(1 + bytes.size());
      }
      take(what, step, bytes);
      watch_.require_sessions_hold();
    }
    watch_.require_tables_agree();
  }

 private:
  enum What : uint8_t {
    kWait,
    kCheck,
    kDamagedCheck,
    kRtp,
    kSrtcp,
    kPayload,
    kStun,
    kAnswer,
    kReply,
    kReplyPayload,
    kLearn,
    kReload,
    kCrowd,
    kSteps
  };
  static bool takes_bytes(unsigned what) {
    return what == kPayload || what == kStun || what == kReplyPayload;
  }

  void take(unsigned what, const Step& step, std::span<const uint8_t> bytes) {
    switch (what) {
      case kWait:
        return wait(uint64_t{1} << step.detail % 15);
      case kCheck:
        return client(step, check(step));
      case kDamagedCheck: {
        Bytes payload = check(step);
        payload[step.who * 7 % payload.size()] ^= static_cast<uint8_t>(step.detail | 1);
        return client(step, payload);
      }
      case kRtp:
        return client(step, test::rtp(step.which % 4, static_cast<uint16_t>(step.detail * 64)));
      case kSrtcp:
        return client(step, test::srtcp(step.detail, (step.which & 1) != 0, step.which / 2 % 2));
      case kPayload:
        return client(step, Bytes(bytes.begin(), bytes.end()));
      case kStun:
        return client(step, stun(step, bytes));
      case kAnswer:
        return answer(step);
      case kReply:
        return reply(step, step.which % 4 == 0   ? test::rtp(step.which)
                           : step.which % 4 == 1 ? test::srtcp(step.which)
                                                 : test::success(static_cast<uint8_t>(step.detail % 4)));
      case kReplyPayload:
        return reply(step, {bytes.begin(), bytes.end()});
      case kLearn:
        return learn(step);
      case kReload:
        return reload(step);
      default:
        for (unsigned n = 0; n < 32; ++n) {
          const std::string number = std::to_string(10000 + crowd_++ % 50000);
          client("198.18.0.1:" + number, test::check({.name = "crowd" + number + ":CLI1"}));
          if ((step.detail & 1) != 0) reply({0, 0, 0}, test::success(1));
        }
    }
  }

  // Housekeeping takes longer than all else: most inputs have two seconds of it, and the clock goes on alone.
  void wait(uint64_t ms) {
    const uint64_t kept = std::min<uint64_t>(ms, kept_house_ms_);
    kept_house_ms_ -= kept;
    rig_.jump_ms(ms - kept);
    rig_.wait_ms(kept);
  }

  static Bytes check(const Step& step) {
    const char* const passwords[] = {nullptr, kServer, kServer, kWrong};
    return test::check({.name = name_of(step.which),
                        .password = passwords[step.detail % 4],
                        .nominates = (step.detail & 4) != 0,
                        .number = static_cast<uint8_t>(step.detail >> 3 & 3)});
  }
  // Any attributes, under a right header.
  static Bytes stun(const Step& step, std::span<const uint8_t> attributes) {
    Bytes bytes = check(step);
    bytes.resize(kStunHeaderBytes);
    bytes.insert(bytes.end(), attributes.begin(), attributes.end());
    bytes.resize((bytes.size() + 3) / 4 * 4);
    bytes[0] = static_cast<uint8_t>(step.detail >> 7);
    bytes[1] = (step.detail & 0x40) != 0 ? 0x11 : 0x01;
    bytes[2] = static_cast<uint8_t>((bytes.size() - kStunHeaderBytes) >> 8);
    bytes[3] = static_cast<uint8_t>(bytes.size() - kStunHeaderBytes);
    return bytes;
  }

  void client(const Step& step, const Bytes& payload) {
    client(kClients[step.who % std::size(kClients)], payload);
  }
  void client(const std::string& from, const Bytes& payload) {
    const Bytes frame = test::udp(from, from[0] == '[' ? kVip6 : kVip).payload(payload);
    const Outcome out = send(frame, test::kOutside);
    watch_.client_said(test::endpoint(from), payload.size(), out);
    if (out.action == Action::kTx) {
      requests_.push_front(out.fields());
      requests_.resize(std::min<size_t>(requests_.size(), 8));
    }
    settle();
  }

  // To the LIP and port of one of the latest requests; from its server, or from another.
  void reply(const Step& step, const Bytes& payload) {
    if (requests_.empty()) return;
    const test::FrameFields& seen = requests_[step.who % requests_.size()];
    Endpoint server = seen.destination;
    if (step.detail >= 0xc0)
      server.address = test::ip((server.address.is_v4() ? "10.20.0.1" : "2001:db8:20::1") +
                                std::to_string(1 + step.detail % 3));
    const Outcome out = send(test::udp(server.to_string(), seen.source.to_string())
                                 .from(seen.destination_mac)
                                 .to(test::kInsideMac)
                                 .payload(payload),
                             test::kInside);
    watch_.server_said(seen.source, out);
    settle();
  }

  void answer(const Step& step) {
    if (challenges_.empty()) return;
    const test::Challenge challenge = challenges_[step.which % challenges_.size()];
    const bool elsewhere = (step.detail & 4) != 0;
    const char* from = kClients[step.who % std::size(kClients)];
    const Endpoint to = elsewhere ? test::endpoint(from) : challenge.to;
    if (to == challenge.to) watch_.answered(to);
    client(to.to_string(), challenge.answer(step.detail % 2 == 0 ? kClient : kWrong));
  }

  void learn(const Step& step) {
    const std::string name = name_of(step.which | 4);
    if (rig_.session(name) || !has_room()) return;
    rig_.learn(static_cast<uint8_t>(11 + step.who % 3), (step.detail & 1) != 0 ? kServer : nullptr, name,
               (step.detail & 2) != 0 ? kClient : nullptr);
  }

  void reload(const Step& step) {
    const bool done = rig_.reload([&step](SnapshotSpec& spec) {
      for (const char* name : {"srs", "srs6"})
        test::pool(spec, name).backends[step.who % 3].weight = (step.which & 1) != 0 ? 100 : 0;
      for (const char* name : {"rtc", "rtc6"}) {
        IceSpec& ice = test::service(spec, name).ice;
        ice.ask = (step.detail & 1) != 0;
        ice.hash = (step.detail & 2) == 0;
        ice.servers_check_integrity = (step.detail & 4) != 0;
      }
    });
    require(done, "the specification compiles");
  }

  Outcome send(const Bytes& frame, PortIndex port) {
    const Outcome out = rig_.send(frame, port);
    ++balance_.seen;
    if (out.action == Action::kTx) ++balance_.sent;
    count(out.action == Action::kTx);
    require(out.action == Action::kTx || out.action == Action::kDrop || out.action == Action::kConsumed,
            "it is sent, dropped or consumed");
    if (out.action == Action::kTx) require_whole(rig_, out, frame);
    balance_.require_even(rig_, out);
    return out;
  }

  // Frames of Cleat's own: challenges to clients, checks to servers that are asked.
  void settle() {
    for (const auto& [port, frame] : rig_.own_frames()) {
      const test::FrameFields fields = test::fields_of(frame);
      if (fields.protocol != static_cast<uint8_t>(Protocol::kUdp)) continue;
      require(fields.checksums_hold, "a frame of Cleat's own has right checksums");
      if (port != test::kOutside) continue;
      watch_.cleat_said(fields.destination, fields.payload.size());
      challenges_.push_front({fields.destination, fields.payload});
      challenges_.resize(std::min<size_t>(challenges_.size(), 8));
    }
  }

  bool has_room() {
    const Sessions& sessions = rig_.segment().sessions().sessions;
    for (unsigned look = 0; look < Sessions::kLooks; ++look)
      if (SessionControl(sessions.at((rig_.worker().free_session + look) % sessions.count()).control.load())
              .state() == SessionState::kFree)
        return true;
    return false;
  }

  test::IceRig rig_{set_up, 1, kGeometry};
  IceWatch watch_{rig_};
  Balance balance_;
  std::deque<test::FrameFields> requests_;
  std::deque<test::Challenge> challenges_;
  uint64_t crowd_ = 0, inputs_ = 0, kept_house_ms_ = 0;
};

}  // namespace
}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::run_in_a_world<fuzz::World>(data, size, fuzz::kInputsPerWorld);
  return 0;
}
