// SPDX-License-Identifier: MIT
// Any bytes as one UDP payload into lb/srt_handshake.h, and what StreamID it has into lb/srt_stream_id.h. A payload that is no
// handshake is read a second time as a CONCLUSION with a StreamID.
#include "lb/srt_handshake.h"

#include <algorithm>

#include "lb/srt_stream_id.h"
#include "tests/fuzz/ask_watch.h"

namespace fuzz {
namespace {

void require_the_same_again(Octets payload, const lb::SrtHandshake& handshake) {
  auto packet = lb::build_srt_handshake(handshake);
  std::copy(payload.begin() + 2, payload.begin() + 8, packet.begin() + 2);  // what no reader asks for
  // ::ffff:a.b.c.d, and nothing else, is written in another way than it was read.
  require(handshake.peer.is_v4() || std::equal(packet.begin(), packet.end(), payload.begin()),
          "what Cleat writes is what it read");
  require(std::equal(packet.begin(), packet.begin() + 48, payload.begin()),
          "all but the address is written alike");
  const auto answer = lb::build_srt_handshake(lb::answer_srt_induction(handshake, 7, 8));
  require(lb::parse_srt_handshake(answer)->cookie == 7, "an answer carries the cookie");
  require(lb::parse_srt_handshake(answer)->destination == handshake.socket_id,
          "an answer goes to the caller");
}

void read(Octets payload) {
  const auto handshake = lb::parse_srt_handshake(payload);
  count(handshake.has_value());
  if (!handshake) return;
  require_the_same_again(payload, *handshake);
  const std::string_view id = handshake->stream_id.view();
  require(id.find('\0') == std::string_view::npos, "a StreamID ends with its first zero");
  static const std::string kName = "cam.example.com";
  static const lb::VhostList kVhosts = lb::VhostList::make({&kName, 1}).value();
  const lb::StreamAsk ask = lb::read_srt_ask(id, kVhosts);
  require_sound(ask, {});
}

}  // namespace
}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::Block payload({data, size});
  fuzz::read(payload.octets());
  if (size < sizeof(lb::SrtHandshakePacket)) return 0;
  lb::SrtHandshakePacket packet;
  std::memcpy(&packet, data, sizeof packet);
  packet.packet_type = lb::be16::of(lb::kSrtHandshake);
  packet.version = lb::be32::of(5);
  packet.extension = lb::be16::of(5);
  packet.type = lb::be32::of(static_cast<uint32_t>(lb::SrtHandshakeType::kConclusion));
  std::vector<uint8_t> again(data, data + size);
  std::memcpy(again.data(), &packet, sizeof packet);
  fuzz::read(fuzz::Block(again).octets());
  return 0;
}
