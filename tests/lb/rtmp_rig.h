// SPDX-License-Identifier: MIT
// An RtmpPeek between a client and a server that are byte streams, with sinks as the caller's would be. What it does is watched
// as the packet path's work is (tests/lb/quiet.h).
#pragma once

#include <gtest/gtest.h>

#include "lb/rtmp_peek.h"
#include "tests/lb/packet_path.h"
#include "tests/lb/rtmp_writer.h"

namespace lb::test {

using State = RtmpPeek::State;

class RtmpRig {
 public:
  explicit RtmpRig(size_t room_to_client = RtmpPeek::kMostToClient)
      : client_room_(room_to_client), server_room_(RtmpPeek::kMostToServer) {}

  // piece  bytes given at a time
  State from_client(const Octets& octets, size_t piece = SIZE_MAX) {
    for (size_t at = 0; at < octets.size(); at += std::min(piece, octets.size() - at)) {
      const ExactOctets exact({octets.data() + at, std::min(piece, octets.size() - at)});
      const OnPacketPath path("from_client()");
      peek_.from_client(exact.view(), to_client_);
    }
    return peek_.state();
  }
  State open() { return peek_.open(to_server_); }
  State from_server(const Octets& octets, size_t piece = SIZE_MAX) {
    for (size_t at = 0; at < octets.size(); at += std::min(piece, octets.size() - at)) {
      const ExactOctets exact({octets.data() + at, std::min(piece, octets.size() - at)});
      size_t taken = 0;
      if (peek_.state() == State::kOpening) {
        const OnPacketPath path("from_server()");
        taken = peek_.from_server(exact.view(), to_server_, to_client_);
      }
      // What the caller does from the splice on.
      const auto rest = exact.view().subspan(taken);
      if (peek_.state() == State::kSpliced) behind_.insert(behind_.end(), rest.begin(), rest.end());
    }
    return peek_.state();
  }

  [[nodiscard]] const RtmpPeek& peek() const { return peek_; }
  [[nodiscard]] Octets to_client() const { return {to_client_.bytes().begin(), to_client_.bytes().end()}; }
  [[nodiscard]] Octets to_server() const { return {to_server_.bytes().begin(), to_server_.bytes().end()}; }
  // What the server said behind the splice.
  [[nodiscard]] const Octets& behind() const { return behind_; }
  [[nodiscard]] std::string fault() const { return std::string(rtmp_fault_name(peek_.fault())); }
  [[nodiscard]] std::string name() const {
    const RtmpName& name = peek_.name();
    return std::string(name.host()) + "|" + std::string(name.app()) + "|" + std::string(name.stream());
  }

 private:
  RtmpPeek peek_{7};
  Octets client_room_, server_room_, behind_;
  ByteSink to_client_{client_room_}, to_server_{server_room_};
};

// The commands of both sides, as chunk stream 3 carries them.
inline Octets say(const Octets& payload) { return message({}, payload); }
inline Octets connect_command(std::string_view tc_url = "rtmp://cdn.example/live", double transaction = 1) {
  return say(command("connect", transaction,
                     {amf_object({amf_key("app"), amf("live"), amf_key("flashVer"), amf("LNX 9,0,124,2"),
                                  amf_key("tcUrl"), amf(tc_url), amf_key("objectEncoding"), amf(3.0)})}));
}
inline Octets create_stream(double transaction = 2) {
  return say(command("createStream", transaction, {amf_null()}));
}
inline Octets publish(const char* name = "cam") {
  return message({.chunk_stream = 8, .stream_id = 1},
                 command("publish", 3, {amf_null(), amf(name), amf("live")}));
}
inline Octets play(const char* name = "cam") {
  return message({.chunk_stream = 8, .stream_id = 1}, command("play", 3, {amf_null(), amf(name)}));
}
inline Octets connect_result(double transaction = 1) {
  return say(
      command("_result", transaction, {amf_object({}), amf_object({amf_key("level"), amf("status")})}));
}
inline Octets stream_result(double transaction = 2, double id = 1) {
  return say(command("_result", transaction, {amf_null(), amf(id)}));
}

}  // namespace lb::test
