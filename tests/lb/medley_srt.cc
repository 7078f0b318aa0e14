// SPDX-License-Identifier: MIT
#include "tests/lb/medley.h"
#include "tests/lb/medley_services.h"
#include "tests/lb/srt_rig.h"

namespace lb::test {
namespace {

const std::string kVip = "10.10.0.100:" + std::to_string(kSrtPort);
constexpr const char* kStream = "#!::r=live/cam";

}  // namespace

// Handshakes with all that may go wrong, media both ways, a move to another address, and the end.
void Medley::srt() {
  kind("SRT");
  for (unsigned n = 0; n < 40; ++n) {
    const uint32_t socket = 1000 * round_ + n, server = 0x7000'0000 + socket;
    const std::string home = client(n), away = client(2000 + n), stream = kStream + std::to_string(n / 2);
    const auto say = [&](const std::string& from, const Bytes& payload) {
      return send(udp(from, kVip).payload(payload));
    };
    rig_.own_frames();
    say(home, srt_induction(socket));
    const auto answers = rig_.own_frames();
    if (answers.empty()) continue;
    const uint32_t cookie = read_srt(fields_of(answers[0].second).payload).cookie;
    say(home, srt_conclusion(socket, cookie ^ 1, stream));
    const Bytes conclusion = srt_conclusion(socket, cookie, stream + (n % 2 == 0 ? ",m=publish" : ""));
    say(home, conclusion);
    const auto asked = rig_.own_frames();
    if (asked.empty()) continue;
    Outcome to_server;
    to_server.action = Action::kTx;
    to_server.frame = asked[0].second;
    reply(to_server, srt_handshake(answer_srt_induction(read_srt(srt_induction(socket)), 77, 1)));
    say(home, conclusion);
    SrtHandshake accepted = read_srt(conclusion);
    accepted.destination = socket;
    accepted.socket_id = server;
    reply(to_server, srt_handshake(accepted));
    for (const std::string& from : {home, away}) {
      for (unsigned i = 0; i < 10; ++i) {
        say(from, srt_packet(static_cast<uint16_t>(i), server));
        reply(to_server, srt_packet(0x8002, socket));
      }
      say(from, srt_packet(0x8001, server + 1));
      rig_.wait_ms(1600);
    }
    if (n % 2 == 0) say(away, srt_packet(0x8005, server));
  }
}

}  // namespace lb::test
