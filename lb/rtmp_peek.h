// SPDX-License-Identifier: MIT
// One RTMP connection up to the point where a server can take it over (Adobe's RTMP 1.0): towards the client a server, until
// it names its stream; then towards the picked server that client, until both know the same; then two streams of bytes that
// go through untouched.
//
//     client                     Cleat                              server
//     C0 C1, C2          ->      kept: from behind C2 on
//                        <-      S0 S1 S2
//     connect            ->
//                        <-      window, bandwidth, _result
//     createStream       ->
//                        <-      _result: stream 1
//     publish or play    ->      kKeyKnown; the caller picks; open()
//     media              ->      kept as far as room()  C0 C1  ->
//                                                              <-   S0 S1 S2
//                                C2, what was kept up to createStream  ->
//                                from_server() discards        <-   what the client was told already
//                        <-      its chunk size, if not 128    <-   _result: stream 1
//                                kSpliced; the rest of what was kept  ->
//     media              ->      ->                                 onStatus, media, ...
//
// A client's bytes reach the server as they came, and as many, for both handshakes are of equal length: the server reads
// the client's chunk streams from their first byte on, and sequence numbers towards it change by nothing but their origin.
// Towards the client they change by written() - discarded(), once; so do the counts in its Acknowledgement messages (section
// 5.4.3), which servers take for a sign of life and no more.
// Server's chunks behind the splice are understood by a client that never saw those before, as long as the first one of each
// chunk stream has a whole header: so do SRS and Node-Media-Server with each message, and nginx-rtmp with all commands
// and the first message of each kind.
//
// Plain data without pointers, to lie wherever the connection's record lies. No function allocates, throws or reads a clock.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <type_traits>

#include "lb/byte_sink.h"
#include "lb/rtmp_answers.h"
#include "lb/rtmp_chunks.h"
#include "lb/rtmp_command.h"
#include "lb/rtmp_fault.h"
#include "lb/rtmp_handshake.h"
#include "lb/rtmp_name.h"

namespace lb {

class RtmpPeek {
 public:
  enum class State : uint8_t {
    kMore,      // the client has not named its stream yet
    kKeyKnown,  // name() and publishes() say what it wants; open() goes on
    kOpening,   // the server has not come to createStream yet
    kSpliced,   // all that follows, on both sides, goes to the other one untouched
    kFailed,    // fault() says why: both connections are to be ended
  };

  // What the client may say behind its handshake before the splice.
  static constexpr size_t kRawBytes = 4096;
  // Room that each sink needs over a connection's life.
  static constexpr size_t kMostToClient = 1 + 2 * kRtmpHandshake + 1024;
  static constexpr size_t kMostToServer = 1 + 2 * kRtmpHandshake + kRawBytes;

  // seed  for the handshake's random bytes
  explicit RtmpPeek(uint64_t seed) noexcept : seed_(seed) {}

  // How many bytes from_client() takes at most: what the client's TCP window may be. 0 in kKeyKnown and kOpening is no fault.
  [[nodiscard]] size_t room() const noexcept;

  // bytes      the client's next, at most room(); all are taken, some are kept
  // to_client  gets what the client is to be told
  // cost       parses each byte once; four times 24 blocks of SHA-256 at the end of C1
  // Not to be called once kSpliced or kFailed.
  State from_client(std::span<const uint8_t> bytes, ByteSink& to_client) noexcept;

  // Valid from kKeyKnown on.
  [[nodiscard]] const RtmpName& name() const noexcept { return name_; }
  [[nodiscard]] bool publishes() const noexcept { return publishes_; }

  // Begins towards the picked server. kKeyKnown only, once.
  State open(ByteSink& to_server) noexcept;

  // bytes    the server's next. In kOpening only
  // returns  how many of them were meant for Cleat; what is behind them, if state() is kSpliced, is the client's, behind what
  //          to_client has got
  size_t from_server(std::span<const uint8_t> bytes, ByteSink& to_server, ByteSink& to_client) noexcept;

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] RtmpFault fault() const noexcept { return fault_; }
  // Bytes of the server that the client does not get, and bytes that the client got from Cleat.
  [[nodiscard]] uint32_t discarded() const noexcept { return discarded_; }
  [[nodiscard]] uint32_t written() const noexcept { return written_; }

 private:
  enum class Step : uint8_t {
    kVersion,
    kFirst,
    kSecond,
    kMessages
  };  // C0 or S0, C1 or S1, C2 or S2, what follows

  State fail(RtmpFault fault) noexcept;
  // Both take their bytes from the front.
  void read_client_handshake(std::span<const uint8_t>& bytes, ByteSink& to_client) noexcept;
  void read_server_handshake(std::span<const uint8_t>& bytes, ByteSink& to_server) noexcept;
  void obey(const RtmpMessage& message, size_t ends_at, ByteSink& to_client) noexcept;
  void connect(const RtmpCommand& command, ByteSink& to_client) noexcept;
  void learn_name(const RtmpCommand& command, bool publishes) noexcept;
  void hear(const RtmpMessage& message, ByteSink& to_server, ByteSink& to_client) noexcept;
  void hear_result(const RtmpCommand& command, ByteSink& to_server, ByteSink& to_client) noexcept;
  void splice(ByteSink& to_server, ByteSink& to_client) noexcept;
  [[nodiscard]] std::span<const uint8_t> raw() const noexcept { return std::span(raw_).first(raw_size_); }

  uint64_t seed_;
  State state_ = State::kMore;
  RtmpFault fault_ = RtmpFault::kNone;
  Step step_ = Step::kVersion;  // with the client until the key is known, then with the server
  bool connected_ = false, publishes_ = false;
  uint8_t bandwidth_limit_ = kRtmpDynamicLimit;  // the server's
  uint16_t step_bytes_ = 0;                      // of C1, C2, S1 or S2
  uint16_t raw_size_ = 0;
  uint16_t replay_end_ = 0;  // of raw_: behind the last createStream
  uint16_t streams_ =
      0;  // createStream answers with stream_transaction_ that are still to come from the server
  double connect_transaction_ = 0, stream_transaction_ = 0;
  uint32_t window_ = kRtmpWindow, bandwidth_ = kRtmpWindow;  // the server's
  uint32_t discarded_ = 0, written_ = 0;
  RtmpName name_;
  RtmpChunks chunks_;                   // the client's, then the server's
  std::array<uint8_t, kRawBytes> raw_;  // C1; then the client's bytes behind C2
};
static_assert(sizeof(RtmpPeek) <= 7424 && std::is_trivially_copyable_v<RtmpPeek>);

}  // namespace lb
