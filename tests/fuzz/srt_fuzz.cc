// SPDX-License-Identifier: MIT
// Anything that SRT callers, servers and strangers may say in any order, to a service with `affinity: srt`. A server gets no CONCLUSION
// without its own cookie and nothing of a stranger's; what it sends reaches an address of its own caller's; nobody is sent
// more than he sent before he proved his address; and of all that nothing is left.
//
//   input = record*
//   record = what (1 byte)          bits 0-3: below; bits 4-5: which caller
//            a, b (1 byte each)
#include <map>
#include <set>
#include <span>

#include "tests/fuzz/target.h"
#include "tests/lb/srt_rig.h"

namespace fuzz {
namespace {

using namespace lb;
using test::Bytes;
using test::FrameFields;
using test::Outcome;
using test::SrtRig;

constexpr unsigned kInputsPerWorld = 200;
constexpr const char* kStranger = "203.0.113.66:6666";

struct Caller {
  unsigned number = 0;
  uint32_t socket = 0, cookie = 0, server_socket = 0;
  std::string address;
  std::set<Endpoint> addresses;  // that it has spoken from
};

class World {
 public:
  World() {
    for (unsigned i = 0; i < callers_.size(); ++i) {
      callers_[i].number = i;
      callers_[i].socket = 0x1000 * (i + 1);
      go_to(callers_[i], 0);
    }
  }
  ~World() {
    rig_.wait_s(300);
    require(rig_.entries() == 0, "nothing is left");
  }

  void run(std::span<const uint8_t> input) {
    for (; input.size() >= 3; input = input.subspan(3)) step(input[0], input[1], input[2]);
  }

 private:
  struct Said {
    Endpoint server, lip;
    SrtHandshake handshake;
  };

  static void go_to(Caller& caller, unsigned place) {
    caller.address =
        "198.51.100." + std::to_string(10 + caller.number) + ":" + std::to_string(1000 + place % 4);
    caller.addresses.insert(test::endpoint(caller.address));
  }
  static std::string stream(uint8_t number) {
    return "#!::r=live/" + std::to_string(number % 8) + (number % 16 < 8 ? ",m=publish" : "");
  }

  void step(uint8_t what, uint8_t a, uint8_t b) {
    Caller& caller = callers_[what >> 4 & 3];
    const Bytes conclusion = test::srt_conclusion(caller.socket, caller.cookie, stream(a));
    switch (what & 15) {
      case 0:
        return say(caller, test::srt_induction(caller.socket));
      case 1:
      case 2:
        return say(caller, conclusion);
      case 3:
        return answer_all();
      case 4:
      case 5:
        return conclude_all((what & 15) == 4);
      case 6:
      case 7:
        return say(caller, test::srt_packet((what & 15) == 6 ? a : 0x8001, caller.server_socket));
      case 8:
        return go_to(caller, a);
      case 9:
        return say(caller, test::srt_packet(0x8005, caller.server_socket));
      case 10:
        return say_as_stranger(test::srt_packet(a, uint32_t{a} << 8 | b));
      case 11:
        return say_as_stranger(conclusion);
      case 12:
        return rig_.wait_ms(10U * a);
      case 13: {
        Bytes damaged = conclusion;
        damaged[a % damaged.size()] ^= b;
        return say(caller, damaged);
      }
      case 14:
        for (const auto& [lip, owner] : owners_) from_server(owner.server, lip, test::srt_packet(b, 1));
        return;
      default:
        ++caller.socket;
    }
  }

  void say(Caller& caller, const Bytes& payload) {
    const Outcome out = rig_.from(caller.address, payload);
    count(out.action != Action::kDrop);
    hear_own(&caller, payload.size());
    if (out.action == Action::kTx) hear_at_server(caller, out.fields());
  }
  void say_as_stranger(const Bytes& payload) {
    const Outcome out = rig_.from(kStranger, payload);
    require(out.action == Action::kDrop, "a stranger is not heard");
    hear_own(nullptr, payload.size());
  }

  void hear_own(Caller* caller, size_t most) {
    for (const auto& [port, frame] : rig_.own_frames()) {
      const FrameFields seen = test::fields_of(frame);
      require(seen.checksums_hold && seen.payload.size() <= most, "Cleat says no more than was said");
      require(caller != nullptr, "a stranger hears nothing");
      const auto said = parse_srt_handshake(seen.payload);
      require(said && said->type == SrtHandshakeType::kInduction, "Cleat itself says INDUCTION alone");
      if (port == test::kInside) {
        asked_.push_back({seen.destination, seen.source, *said});
        owners_[seen.source] = {caller->number, seen.destination};
      } else {
        require(seen.destination == test::endpoint(caller->address), "who asked is answered");
        if (said->destination == caller->socket) caller->cookie = said->cookie;
      }
    }
  }

  void hear_at_server(const Caller& caller, const FrameFields& seen) {
    require(seen.checksums_hold, "checksums stay right");
    require(owners_.contains(seen.source) && owners_[seen.source].caller == caller.number,
            "a LIP's port is one caller's");
    const auto said = parse_srt_handshake(seen.payload);
    if (!said || said->type != SrtHandshakeType::kConclusion || said->destination != 0) return;
    require(said->cookie == SrtRig::server_cookie(seen.source), "a server gets its own cookie");
    concluded_.push_back({seen.destination, seen.source, *said});
  }

  void answer_all() {
    for (const Said& said : std::exchange(asked_, {})) {
      const auto answer = answer_srt_induction(said.handshake, SrtRig::server_cookie(said.lip), 1);
      from_server(said.server, said.lip, test::srt_handshake(answer));
    }
  }
  void conclude_all(bool accepts) {
    for (const Said& said : std::exchange(concluded_, {})) {
      SrtHandshake answer = SrtRig::answer_conclusion(said.handshake, accepts ? ++last_socket_ : 0);
      if (!accepts) answer.type = static_cast<SrtHandshakeType>(1003);
      Caller& caller = callers_[owners_[said.lip].caller];
      if (accepts && caller.socket == said.handshake.socket_id) caller.server_socket = answer.socket_id;
      from_server(said.server, said.lip, test::srt_handshake(answer));
    }
  }

  void from_server(const Endpoint& server, const Endpoint& lip, const Bytes& payload) {
    const Outcome out = rig_.from_server(server, lip, payload);
    require(rig_.own_frames().empty(), "a server's words need no answer");
    if (out.action != Action::kTx) return;
    const FrameFields seen = out.fields();
    require(seen.checksums_hold, "checksums stay right");
    require(callers_[owners_[lip].caller].addresses.contains(seen.destination), "a caller's own address");
    Caller& caller = callers_[owners_[lip].caller];
    const auto said = parse_srt_handshake(seen.payload);
    if (said && said->type == SrtHandshakeType::kInduction && said->destination == caller.socket &&
        seen.destination == test::endpoint(caller.address))
      caller.cookie = said->cookie;
  }

  struct Owner {
    unsigned caller = 0;
    Endpoint server;
  };

  SrtRig rig_{[](SnapshotSpec& spec) {
    for (ServiceSpec& service : spec.services) service.idle_timeout_s = 60;
    for (PoolSpec& pool : spec.pools) pool.client_timeout_s = 60;
  }};
  std::array<Caller, 4> callers_;
  std::map<Endpoint, Owner> owners_;  // of LIPs' ports
  std::vector<Said> asked_, concluded_;
  uint32_t last_socket_ = 0x5000'0000;
};

}  // namespace
}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::run_in_a_world<fuzz::World>(data, size, fuzz::kInputsPerWorld);
  return 0;
}
