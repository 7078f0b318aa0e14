// SPDX-License-Identifier: MIT
#include "lb/srt_handshake.h"

#include <cstring>

namespace lb {
namespace {

constexpr uint16_t kHasConfig = 4;  // among the flags of a CONCLUSION
constexpr uint16_t kStreamId = 5;   // a type of extension
constexpr uint16_t kDatagrams = 2;  // in the place of the flags of an INDUCTION

IpAddress address_of(const std::array<uint32_t, 4>& peer) {
  std::array<be32, 4> words;
  for (size_t i = 0; i < words.size(); ++i) words[i] = be32::of(peer[i]);
  if ((peer[1] | peer[2] | peer[3]) == 0) return IpAddress::v4(words[0]);
  return IpAddress::v6(words.data());
}

std::array<uint32_t, 4> peer_of(const IpAddress& address) {
  if (address.is_v4()) return {address.as_v4().host(), 0, 0, 0};
  std::array<be32, 4> words;
  std::memcpy(words.data(), address.bytes(), sizeof words);
  return {words[0].host(), words[1].host(), words[2].host(), words[3].host()};
}

// Its characters lie in each word from the last to the first; zeros fill the last word.
bool read_stream_id(std::span<const uint8_t> content, ShortText<512>& text) {
  text.length = 0;
  if (content.size() > text.bytes.size()) return false;
  for (size_t i = 0; i < content.size(); ++i) {
    const uint8_t c = content[i ^ 3];
    if (c == 0) break;
    text.push(static_cast<char>(c));
  }
  return true;
}

bool read_extensions(std::span<const uint8_t> rest, SrtHandshake& handshake) {
  while (rest.size() >= sizeof(SrtExtensionHeader)) {
    const auto* header = reinterpret_cast<const SrtExtensionHeader*>(rest.data());
    const size_t size = header->words.host() * 4U;
    rest = rest.subspan(sizeof *header);
    if (size > rest.size()) return false;
    if (header->type.host() == kStreamId && !read_stream_id(rest.first(size), handshake.stream_id))
      return false;
    rest = rest.subspan(size);
  }
  return true;
}

}  // namespace

std::optional<SrtHandshake> parse_srt_handshake(std::span<const uint8_t> datagram) noexcept {
  if (datagram.size() < sizeof(SrtHandshakePacket)) return std::nullopt;
  const auto* packet = reinterpret_cast<const SrtHandshakePacket*>(datagram.data());
  if (packet->packet_type.host() != kSrtHandshake) return std::nullopt;
  SrtHandshake handshake{
      .timestamp_us = packet->timestamp_us.host(),
      .destination = packet->destination.host(),
      .version = packet->version.host(),
      .encryption = packet->encryption.host(),
      .extension = packet->extension.host(),
      .initial_sequence = packet->initial_sequence.host(),
      .mtu = packet->mtu.host(),
      .flow_window = packet->flow_window.host(),
      .type = static_cast<SrtHandshakeType>(packet->type.host()),
      .socket_id = packet->socket_id.host(),
      .cookie = packet->cookie.host(),
      .peer = address_of(packet->peer),
      .stream_id = {},
  };
  if (handshake.type == SrtHandshakeType::kConclusion && handshake.version >= 5 &&
      (handshake.extension & kHasConfig) != 0 &&
      !read_extensions(datagram.subspan(sizeof *packet), handshake))
    return std::nullopt;
  return handshake;
}

std::array<uint8_t, sizeof(SrtHandshakePacket)> build_srt_handshake(const SrtHandshake& handshake) noexcept {
  const SrtHandshakePacket packet{
      .packet_type = be16::of(kSrtHandshake),
      .subtype = {},
      .information = {},
      .timestamp_us = be32::of(handshake.timestamp_us),
      .destination = be32::of(handshake.destination),
      .version = be32::of(handshake.version),
      .encryption = be16::of(handshake.encryption),
      .extension = be16::of(handshake.extension),
      .initial_sequence = be32::of(handshake.initial_sequence),
      .mtu = be32::of(handshake.mtu),
      .flow_window = be32::of(handshake.flow_window),
      .type = be32::of(static_cast<uint32_t>(handshake.type)),
      .socket_id = be32::of(handshake.socket_id),
      .cookie = be32::of(handshake.cookie),
      .peer = peer_of(handshake.peer),
  };
  return std::bit_cast<std::array<uint8_t, sizeof packet>>(packet);
}

SrtHandshake answer_srt_induction(const SrtHandshake& asked, uint32_t cookie,
                                  uint32_t timestamp_us) noexcept {
  SrtHandshake answer = asked;
  answer.timestamp_us = timestamp_us;
  answer.destination = asked.socket_id;
  answer.version = 5;
  answer.encryption = 0;
  answer.extension = kSrtMagic;
  answer.cookie = cookie;
  return answer;
}

SrtHandshake srt_induction_before(const SrtHandshake& conclusion, const IpAddress& server) noexcept {
  SrtHandshake induction = conclusion;
  induction.type = SrtHandshakeType::kInduction;
  induction.version = 4;
  induction.encryption = 0;
  induction.extension = kDatagrams;
  induction.cookie = 0;
  induction.peer = server;
  return induction;
}

}  // namespace lb
