// SPDX-License-Identifier: MIT
#include "tools/bench_payload.h"

#include <cstring>
#include <string>

#include "lb/stun_builder.h"
#include "lb/wire.h"

namespace bench {
namespace {

constexpr size_t kPlainBytes = 18, kRtpBytes = 172, kVideoBytes = 1200, kQuicBytes = 40,
                 kQuicAnswerBytes = 1252;
constexpr size_t kSrtcpBytes = 46;  // a report with its index and tag
constexpr size_t kSrtcpIndexAt = kSrtcpBytes - 14;

const lb::HmacSha1Key& password() {
  static constexpr std::array<uint8_t, 32> kText{'p', 'w'};  // SRS's ice-pwd has 32 characters
  static const lb::HmacSha1Key key{kText};
  return key;
}

lb::TransactionId transaction(uint64_t number) {
  lb::TransactionId id{};
  std::memcpy(id.bytes.data(), &number, sizeof(number));
  id.bytes[11] = 1;
  return id;
}

void put_word(uint8_t* at, uint64_t word) {
  const lb::be32 value = lb::be32::of(static_cast<uint32_t>(word));
  std::memcpy(at, &value, sizeof(value));
}

std::span<const uint8_t> check_of(PayloadRoom& room, uint64_t number) {
  const std::string name = "sv" + std::to_string(10'000'000 + number) + ":CLI1";
  return lb::build_binding_request(room, {.transaction = transaction(number),
                                          .username = name,
                                          .priority = 1,
                                          .tie_breaker = number,
                                          .controlling = true,
                                          .key = &password()});
}

std::span<const uint8_t> media_of(PayloadRoom& room, uint64_t number, size_t bytes) {
  room[0] = 0x80;
  room[1] = 111;
  room[2] = room[3] = 1;
  put_word(&room[8], number + 1);
  return std::span(room).first(bytes);
}

std::span<const uint8_t> report_of(PayloadRoom& room, uint64_t number) {
  room[0] = 0x80;
  room[1] = 201;
  put_word(&room[4], 1);
  put_word(&room[kSrtcpIndexAt], number * 16);
  return std::span(room).first(kSrtcpBytes);
}

Content udp(std::span<const uint8_t> payload) { return {lb::Protocol::kUdp, 0, payload}; }
Content tcp(uint8_t flags, std::span<const uint8_t> payload = {}) {
  return {lb::Protocol::kTcp, flags, payload};
}

}  // namespace

Content write_payload(PayloadRoom& room, Payload what, const Owner& owner) {
  namespace flag = lb::tcp_flag;
  room.fill(0xaa);
  switch (what) {
    case Payload::kPlain:
      return udp(std::span(room).first(kPlainBytes));
    case Payload::kCheck:
      return udp(check_of(room, owner.number));
    case Payload::kSuccess:
      return udp(lb::build_binding_success(room, transaction(owner.number), {lb::IpAddress::v4({}), 1},
                                           &password()));
    case Payload::kRtp:
      return udp(media_of(room, owner.number, kRtpBytes));
    case Payload::kVideo:
      return udp(media_of(room, owner.number, kVideoBytes));
    case Payload::kSrtcp:
      return udp(report_of(room, owner.number));
    case Payload::kQuic:
      write_short_header(room, owner.cids, owner.server, owner.number);
      return udp(std::span(room).first(kQuicBytes));
    case Payload::kQuicAnswer:
      room[0] = 0x40;
      return udp(std::span(room).first(kQuicAnswerBytes));
    case Payload::kSyn:
      return tcp(flag::kSyn);
    case Payload::kSynAck:
      return tcp(flag::kSyn | flag::kAck);
    case Payload::kAck:
      return tcp(flag::kAck);
    case Payload::kSegment:
      return tcp(flag::kAck, room);
    case Payload::kFin:
      return tcp(flag::kFin | flag::kAck);
  }
  return {};
}

}  // namespace bench
