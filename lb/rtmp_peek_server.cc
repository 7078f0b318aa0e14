// SPDX-License-Identifier: MIT
// The server's side of lb/rtmp_peek.h: from the pick to the splice.
#include <algorithm>

#include "lb/rtmp_peek.h"

namespace lb {
namespace {

uint32_t be32_at(std::span<const uint8_t> bytes) {
  return reinterpret_cast<const be32*>(bytes.data())->host();
}

}  // namespace

RtmpPeek::State RtmpPeek::open(ByteSink& to_server) noexcept {
  if (state_ != State::kKeyKnown) return state_;
  step_ = Step::kVersion;
  step_bytes_ = 0;
  chunks_ = {};
  begin_rtmp_handshake(to_server);
  return state_ = State::kOpening;
}

size_t RtmpPeek::from_server(std::span<const uint8_t> bytes, ByteSink& to_server,
                             ByteSink& to_client) noexcept {
  const size_t given = bytes.size(), before = to_client.size();
  if (state_ == State::kOpening && step_ != Step::kMessages) read_server_handshake(bytes, to_server);
  while (state_ == State::kOpening) {
    const auto message = chunks_.next(bytes);
    if (!message) break;
    hear(*message, to_server, to_client);
  }
  if (state_ == State::kOpening && chunks_.fault() != RtmpFault::kNone) fail(chunks_.fault());
  if (to_server.overflowed() || to_client.overflowed()) fail(RtmpFault::kManyAnswers);
  const size_t taken = given - bytes.size();
  discarded_ += static_cast<uint32_t>(taken);
  written_ += static_cast<uint32_t>(to_client.size() - before);
  return taken;
}

void RtmpPeek::read_server_handshake(std::span<const uint8_t>& bytes, ByteSink& to_server) noexcept {
  while (!bytes.empty() && step_ != Step::kMessages) {
    if (step_ == Step::kVersion) {
      if (bytes[0] != kRtmpVersion) {
        fail(RtmpFault::kServerNotRtmp);
        return;
      }
      bytes = bytes.subspan(1);
      step_ = Step::kFirst;
      continue;
    }
    const size_t count = std::min(bytes.size(), kRtmpHandshake - step_bytes_);
    if (step_ == Step::kFirst) to_server.put(bytes.first(count));  // C2 is S1
    bytes = bytes.subspan(count);
    step_bytes_ = static_cast<uint16_t>(step_bytes_ + count);
    if (step_bytes_ < kRtmpHandshake) return;
    step_ = step_ == Step::kFirst ? Step::kSecond : Step::kMessages;
    step_bytes_ = 0;
    // Section 5.2.1: nothing else before S2 has come.
    if (step_ == Step::kMessages) to_server.put(raw().first(replay_end_));
  }
}

void RtmpPeek::hear(const RtmpMessage& message, ByteSink& to_server, ByteSink& to_client) noexcept {
  if (message.type == RtmpType::kWindowSize) {
    window_ = be32_at(message.payload);
  } else if (message.type == RtmpType::kPeerBandwidth) {
    bandwidth_ = be32_at(message.payload);
    bandwidth_limit_ = message.payload[sizeof(bandwidth_)];
  } else if (const auto command = read_rtmp_command(message)) {
    if (command->name == "_result")
      hear_result(*command, to_server, to_client);
    else if (command->name == "_error" &&
             (command->transaction == connect_transaction_ || command->transaction == stream_transaction_))
      fail(RtmpFault::kServerRefused);
  }
}

void RtmpPeek::hear_result(const RtmpCommand& command, ByteSink& to_server, ByteSink& to_client) noexcept {
  const auto stream_id = read_rtmp_stream_id(command.arguments);
  if (command.transaction != stream_transaction_ || !stream_id || --streams_ > 0) return;
  if (*stream_id != kRtmpStreamId)
    fail(RtmpFault::kServerStreamId);
  else if (!chunks_.is_between_messages())
    fail(RtmpFault::kServerInterleaved);
  else
    splice(to_server, to_client);
}

// The client has been told of a server that nobody knew yet: what it would get wrong is put right, the rest was as good.
void RtmpPeek::splice(ByteSink& to_server, ByteSink& to_client) noexcept {
  to_server.put(raw().subspan(replay_end_));
  if (window_ != kRtmpWindow) put_rtmp_window(to_client, window_);
  if (bandwidth_ != kRtmpWindow || bandwidth_limit_ != kRtmpDynamicLimit)
    put_rtmp_bandwidth(to_client, bandwidth_, bandwidth_limit_);
  if (chunks_.chunk_size() != RtmpChunks::kDefaultChunk) put_rtmp_chunk_size(to_client, chunks_.chunk_size());
  state_ = State::kSpliced;
}

}  // namespace lb
