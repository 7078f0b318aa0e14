// SPDX-License-Identifier: MIT
// A service with `affinity: srt` between callers and the three servers of a pool, each of which says what libsrt says.
#pragma once

#include <gtest/gtest.h>

#include "lb/srt_handshake.h"
#include "tests/lb/rig.h"

namespace lb::test {

inline constexpr const char *kSrtVip = "10.10.0.100:8000", *kSrtVip6 = "[2001:db8:10::100]:8000";

// The StreamID as an extension: the characters of each word from the last to the first.
inline Bytes srt_handshake(const SrtHandshake& said, std::string_view stream_id = {}) {
  const auto fixed = build_srt_handshake(said);
  Bytes bytes(fixed.begin(), fixed.end());
  if (stream_id.empty()) return bytes;
  const size_t words = (stream_id.size() + 3) / 4, begin = bytes.size() + 4;
  for (const size_t octet : {size_t{0}, size_t{5}, words >> 8, words & 0xff})
    bytes.push_back(static_cast<uint8_t>(octet));
  bytes.resize(begin + words * 4);
  for (size_t i = 0; i < stream_id.size(); ++i) bytes[begin + (i ^ 3)] = static_cast<uint8_t>(stream_id[i]);
  return bytes;
}

inline Bytes srt_induction(uint32_t socket, uint32_t timestamp_us = 0x87) {
  return srt_handshake({.timestamp_us = timestamp_us,
                        .version = 4,
                        .extension = 2,
                        .initial_sequence = 77,
                        .mtu = 1500,
                        .flow_window = 8192,
                        .type = SrtHandshakeType::kInduction,
                        .socket_id = socket,
                        .peer = ip("10.10.0.100"),
                        .stream_id = {}});
}

inline Bytes srt_conclusion(uint32_t socket, uint32_t cookie, std::string_view stream_id) {
  return srt_handshake({.timestamp_us = 0x99,
                        .version = 5,
                        .extension = static_cast<uint16_t>(stream_id.empty() ? 0 : 4),
                        .initial_sequence = 77,
                        .mtu = 1500,
                        .flow_window = 8192,
                        .type = SrtHandshakeType::kConclusion,
                        .socket_id = socket,
                        .cookie = cookie,
                        .peer = ip("10.10.0.100"),
                        .stream_id = {}},
                       stream_id);
}

// A packet behind the handshake. type  0x8001 KEEPALIVE, 0x8005 SHUTDOWN; below 0x8000: data
inline Bytes srt_packet(uint16_t type, uint32_t destination) {
  Bytes bytes(24, 0x5a);
  bytes[0] = static_cast<uint8_t>(type >> 8);
  bytes[1] = static_cast<uint8_t>(type);
  for (unsigned i = 0; i < 4; ++i) bytes[12 + i] = static_cast<uint8_t>(destination >> (24 - 8 * i));
  return bytes;
}

inline SrtHandshake read_srt(const Bytes& payload) {
  const auto said = parse_srt_handshake(payload);
  EXPECT_TRUE(said);
  return said.value_or(SrtHandshake{});
}

// A connection as both ends know it.
struct SrtConnection {
  Endpoint server, lip;
  uint32_t server_socket = 0;
};

class SrtRig : public Rig {
 public:
  explicit SrtRig(const Edit& edit = {}, unsigned workers = 1)
      : Rig(
            [&edit](SnapshotSpec& spec) {
              for (const char* name : {"rtc", "rtc6"}) service(spec, name).affinity = Affinity::kSrt;
              if (edit) edit(spec);
            },
            workers) {
    headroom = 64;  // IPv6 callers of IPv4 servers
  }

  Outcome from(const std::string& client, const Bytes& payload, unsigned worker = 0) {
    const bool v6 = client[0] == '[';
    return send(udp(client, v6 ? kSrtVip6 : kSrtVip).payload(payload), kOutside, worker);
  }
  Outcome from_server(const Endpoint& server, const Endpoint& lip, const Bytes& payload,
                      unsigned worker = 0) {
    return send(FrameBuilder(Protocol::kUdp, server, lip).to(kInsideMac).payload(payload), kInside, worker);
  }
  // What Cleat itself sent since the last call, if it was one frame.
  FrameFields own(unsigned worker = 0) {
    const auto frames = own_frames(worker);
    EXPECT_EQ(frames.size(), 1U);
    return frames.empty() ? FrameFields{} : fields_of(frames.back().second);
  }

  // The cookie that Cleat gives to a caller.
  uint32_t cookie(const std::string& client, uint32_t socket) {
    EXPECT_EQ(to_string(from(client, srt_induction(socket))), "consumed");
    return read_srt(own().payload).cookie;
  }
  // A server's cookie is its own secret; it is one for each address that it hears from.
  static uint32_t server_cookie(const Endpoint& lip) { return 0xc0de0000U + lip.port; }
  static SrtHandshake answer_conclusion(const SrtHandshake& said, uint32_t server_socket) {
    SrtHandshake answer = said;
    answer.destination = said.socket_id;
    answer.socket_id = server_socket;
    return answer;
  }

  // As far as the server's answer to the INDUCTION that Cleat sent it. returns  where that one went
  SrtConnection ask(const std::string& client, uint32_t socket, std::string_view stream_id,
                    uint32_t given_cookie) {
    EXPECT_EQ(to_string(from(client, srt_conclusion(socket, given_cookie, stream_id))), "consumed");
    const FrameFields asked = own();
    return {asked.destination, asked.source, 0};
  }
  Outcome answer_ask(const SrtConnection& connection, uint32_t socket) {
    SrtHandshake asked = read_srt(srt_induction(socket));
    return from_server(connection.server, connection.lip,
                       srt_handshake(answer_srt_induction(asked, server_cookie(connection.lip), 12345)));
  }

  // All of a handshake.
  SrtConnection connect(const std::string& client, uint32_t socket, std::string_view stream_id,
                        uint32_t server_socket) {
    const uint32_t given = cookie(client, socket);
    SrtConnection made = ask(client, socket, stream_id, given);
    const Outcome again = answer_ask(made, socket);
    EXPECT_EQ(to_string(again), "tx");
    const Bytes concluded = srt_conclusion(socket, read_srt(again.fields().payload).cookie, stream_id);
    const Outcome out = from(client, concluded);
    EXPECT_EQ(to_string(out), "tx");
    EXPECT_EQ(out.fields().destination, made.server);
    EXPECT_EQ(read_srt(out.fields().payload).cookie, server_cookie(made.lip));
    made.server_socket = server_socket;
    const auto answer = answer_conclusion(read_srt(concluded), server_socket);
    EXPECT_EQ(to_string(from_server(made.server, made.lip, srt_handshake(answer))), "tx");
    return made;
  }

  // Where the server's packets go.
  Endpoint replies_go_to(const SrtConnection& connection) {
    const Outcome out = from_server(connection.server, connection.lip, srt_packet(0x8001, 1));
    return out.action == Action::kTx ? out.fields().destination : Endpoint{};
  }
  // Entries of the flow tables.
  [[nodiscard]] unsigned entries() {
    unsigned count = 0;
    const auto add = [&count](auto& table) {
      for (uint64_t bucket = 0; bucket < table.buckets(); ++bucket)
        table.visit(bucket, [&count](const auto&, const auto&) { ++count; });
    };
    add(segment().flows().narrow);
    add(segment().flows().wide);
    return count;
  }
};

}  // namespace lb::test
