// SPDX-License-Identifier: MIT
// The client's side: everything until the key is known.
#include "lb/rtmp_peek.h"

#include <algorithm>

namespace lb {
namespace {

// Commands that say which stream, once there is one to speak of. FMLE-like publishers and ffmpeg as a player name it before
// publish or play; whoever waits for the answer gets the server's.
bool names_what_to_publish(std::string_view command) {
  return command == "publish" || command == "FCPublish" || command == "releaseStream";
}
bool names_what_to_play(std::string_view command) {
  return command == "play" || command == "getStreamLength" || command == "FCSubscribe";
}

RtmpFault fault_of_version(uint8_t first) {
  switch (first) {
    case kRtmpVersion:
      return RtmpFault::kNone;
    case 6:     // RTMPE
    case 8:     // its other variant
    case 0x16:  // a TLS handshake (RFC 8446 section 5.1)
      return RtmpFault::kEncrypted;
    case 'P':
      return RtmpFault::kTunnelled;  // POST
    default:
      return RtmpFault::kNotRtmp;
  }
}

}  // namespace

RtmpPeek::State RtmpPeek::fail(RtmpFault fault) noexcept {
  fault_ = fault;
  return state_ = State::kFailed;
}

size_t RtmpPeek::room() const noexcept {
  if (state_ != State::kMore) return kRawBytes - raw_size_;
  switch (step_) {
    case Step::kVersion:
      return 1 + 2 * kRtmpHandshake + kRawBytes;
    case Step::kFirst:
      return 2 * kRtmpHandshake - step_bytes_ + kRawBytes;
    case Step::kSecond:
      return kRtmpHandshake - step_bytes_ + kRawBytes;
    default:
      return kRawBytes - raw_size_;
  }
}

RtmpPeek::State RtmpPeek::from_client(std::span<const uint8_t> bytes, ByteSink& to_client) noexcept {
  if (state_ == State::kFailed) return state_;
  if (bytes.size() > room()) return fail(RtmpFault::kRawFull);
  const size_t before = to_client.size();
  if (step_ != Step::kMessages && state_ == State::kMore) read_client_handshake(bytes, to_client);
  if (to_client.overflowed()) fail(RtmpFault::kManyAnswers);
  std::copy(bytes.begin(), bytes.end(), raw_.begin() + raw_size_);
  raw_size_ = static_cast<uint16_t>(raw_size_ + bytes.size());
  while (state_ == State::kMore) {
    const auto message = chunks_.next(bytes);
    if (!message) break;
    obey(*message, raw_size_ - bytes.size(), to_client);
    if (to_client.overflowed()) fail(RtmpFault::kManyAnswers);
  }
  written_ += static_cast<uint32_t>(to_client.size() - before);
  if (state_ == State::kFailed) return state_;
  if (chunks_.fault() != RtmpFault::kNone) return fail(chunks_.fault());
  if (state_ == State::kMore && room() == 0) return fail(RtmpFault::kRawFull);
  return state_;
}

void RtmpPeek::read_client_handshake(std::span<const uint8_t>& bytes, ByteSink& to_client) noexcept {
  while (!bytes.empty() && step_ != Step::kMessages) {
    if (step_ == Step::kVersion) {
      if (const RtmpFault fault = fault_of_version(bytes[0]); fault != RtmpFault::kNone) {
        fail(fault);
        bytes = {};
        return;
      }
      bytes = bytes.subspan(1);
      step_ = Step::kFirst;
      continue;
    }
    const size_t count = std::min(bytes.size(), kRtmpHandshake - step_bytes_);
    if (step_ == Step::kFirst) std::copy_n(bytes.begin(), count, raw_.begin() + step_bytes_);
    bytes = bytes.subspan(count);
    step_bytes_ = static_cast<uint16_t>(step_bytes_ + count);
    if (step_bytes_ < kRtmpHandshake) return;
    // C2 should be S1: no server looks, and some clients send something else.
    if (step_ == Step::kFirst)
      answer_rtmp_handshake(std::span(raw_).first<kRtmpHandshake>(), seed_, to_client);
    step_ = step_ == Step::kFirst ? Step::kSecond : Step::kMessages;
    step_bytes_ = 0;
  }
}

// ends_at  of raw_: where the message ends
void RtmpPeek::obey(const RtmpMessage& message, size_t ends_at, ByteSink& to_client) noexcept {
  if (message.type != RtmpType::kAmf0Command && message.type != RtmpType::kAmf3Command) return;
  const auto command = read_rtmp_command(message);
  if (!command) {
    fail(RtmpFault::kBadCommand);
  } else if (command->name == "connect") {
    connect(*command, to_client);
  } else if (!connected_) {
    fail(RtmpFault::kNoConnect);
  } else if (command->name == "createStream") {
    // SRS, too, calls a second one 1. Transactions may all have one number.
    streams_ = static_cast<uint16_t>(command->transaction == stream_transaction_ ? streams_ + 1 : 1);
    stream_transaction_ = command->transaction;
    replay_end_ = static_cast<uint16_t>(ends_at);
    put_rtmp_stream_result(to_client, command->transaction);
  } else if (streams_ == 0) {
    if (command->name == "publish" || command->name == "play") fail(RtmpFault::kNoStreamId);
    const bool is_answer = command->name.starts_with('_') && command->name != "_checkbw";
    if (command->transaction != 0 && !is_answer) put_rtmp_empty_result(to_client, command->transaction);
  } else if (names_what_to_publish(command->name) || names_what_to_play(command->name)) {
    learn_name(*command, names_what_to_publish(command->name));
  }
  // Whatever else comes behind createStream is behind the splice, and the server's to answer.
}

void RtmpPeek::connect(const RtmpCommand& command, ByteSink& to_client) noexcept {
  const auto connect = read_rtmp_connect(command.arguments);
  if (!connect || connected_) {
    fail(RtmpFault::kBadCommand);
    return;
  }
  if (!name_.connect(connect->app, connect->tc_url)) fail(RtmpFault::kBadName);
  connected_ = true;
  connect_transaction_ = command.transaction;
  put_rtmp_window(to_client, kRtmpWindow);
  put_rtmp_bandwidth(to_client, kRtmpWindow, kRtmpDynamicLimit);
  put_rtmp_connect_result(to_client, command.transaction, connect->object_encoding);
}

void RtmpPeek::learn_name(const RtmpCommand& command, bool publishes) noexcept {
  const auto name = read_rtmp_stream_name(command.arguments);
  if (!name || !name_.open(*name)) {
    fail(RtmpFault::kBadName);
    return;
  }
  publishes_ = publishes;
  state_ = State::kKeyKnown;
}

}  // namespace lb
