// SPDX-License-Identifier: MIT
// One end of a TCP connection, written naively: it sends all that is not acknowledged again whenever it is told to, takes segments in
// any order, and knows nothing of Cleat. What it hears is what an application would read.
#pragma once

#include <map>
#include <optional>

#include "tests/lb/rig.h"
#include "tests/lb/splice_rig.h"

namespace lb::test {

struct TcpPeerOptions {
  uint32_t isn = 1000;
  uint16_t mss = 1460;
  std::optional<uint8_t> scale = 7;
  bool sack = true;
  size_t most = 65535;           // bytes of payload in a segment
  uint32_t window = 65535 << 7;  // bytes; in a SYN at most 65535
};

class TcpPeer {
 public:
  enum class State { kClosed, kSynSent, kOpen };

  TcpPeer(MacAddress own_mac, MacAddress balancer_mac, Endpoint own, const TcpPeerOptions& options)
      : own_mac_(own_mac), balancer_mac_(balancer_mac), own_(own), options_(options) {}

  void connect(const Endpoint& to) {
    other_ = to;
    state_ = State::kSynSent;
    queue_.push_back(syn(tcp_flag::kSyn));
  }
  // From now on, the bytes are part of what it sends until they are acknowledged.
  void say(const Bytes& bytes) { said_.insert(said_.end(), bytes.begin(), bytes.end()); }
  void hang_up() { hangs_up_ = true; }
  void reset() {
    queue_.push_back(segment(tcp_flag::kRst, options_.isn + 1 + static_cast<uint32_t>(acked_), {}));
    state_ = State::kClosed;
  }

  // Frames that it sends now; a repeat: also what it sent before and nobody acknowledged.
  std::vector<Bytes> talk(bool repeat) {
    std::vector<Bytes> frames = std::exchange(queue_, {});
    if (repeat && state_ == State::kSynSent) frames.push_back(syn(tcp_flag::kSyn));
    if (repeat && state_ == State::kOpen && half_open_)
      frames.push_back(syn(tcp_flag::kSyn | tcp_flag::kAck));
    if (state_ != State::kOpen || half_open_) return frames;
    const size_t room = std::min<size_t>(said_.size(), acked_ + window_);
    for (size_t at = repeat ? acked_ : sent_; at < room;) {
      const size_t count = std::min<size_t>({mss_, options_.most, room - at});
      const auto begin = said_.begin() + static_cast<ptrdiff_t>(at);
      frames.push_back(segment(tcp_flag::kAck | kPush, options_.isn + 1 + static_cast<uint32_t>(at),
                               Bytes(begin, begin + static_cast<ptrdiff_t>(count))));
      at += count;
      sent_ = std::max(sent_, at);
    }
    if (hangs_up_ && sent_ == said_.size() && (repeat || !fin_sent_) && !fin_acked_) {
      frames.push_back(segment(tcp_flag::kAck | tcp_flag::kFin,
                               options_.isn + 1 + static_cast<uint32_t>(said_.size()), {}));
      fin_sent_ = true;
    }
    return frames;
  }

  void take(const Bytes& frame) {
    const SegmentSeen seen = segment_of(frame);
    EXPECT_TRUE(seen.checksums_hold);
    ++segments_;
    if ((seen.flags & tcp_flag::kRst) != 0) {
      if (state_ != State::kClosed && (state_ == State::kSynSent || seen.sequence == next_)) reset_ = true;
      return;
    }
    if ((seen.flags & tcp_flag::kSyn) != 0) return take_syn(frame, seen);
    if (state_ != State::kOpen) return;
    take_acknowledgement(seen);
    if (!seen.payload.empty()) pieces_[seen.sequence - begin_] = seen.payload;
    if ((seen.flags & tcp_flag::kFin) != 0)
      fin_at_ = seen.sequence + static_cast<uint32_t>(seen.payload.size()) - begin_;
    const uint32_t before = next_;
    for (auto piece = pieces_.begin(); piece != pieces_.end() && piece->first <= heard_.size();
         piece = pieces_.erase(piece)) {
      const size_t known = heard_.size() - piece->first;
      if (known < piece->second.size())
        heard_.insert(heard_.end(), piece->second.begin() + static_cast<ptrdiff_t>(known),
                      piece->second.end());
    }
    next_ = begin_ + static_cast<uint32_t>(heard_.size());
    if (fin_at_ && *fin_at_ == heard_.size()) {
      ++next_;
      ended_ = true;
    }
    if (!seen.payload.empty() || (seen.flags & tcp_flag::kFin) != 0 || before != next_)
      queue_.push_back(
          segment(tcp_flag::kAck, options_.isn + 1 + static_cast<uint32_t>(sent_) + (fin_sent_ ? 1 : 0), {}));
  }

  [[nodiscard]] const Bytes& heard() const { return heard_; }
  [[nodiscard]] bool was_reset() const { return reset_; }
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] bool is_open() const { return state_ == State::kOpen && !half_open_; }
  [[nodiscard]] bool all_acknowledged() const { return acked_ == said_.size() && (!hangs_up_ || fin_acked_); }
  [[nodiscard]] const Endpoint& own() const { return own_; }
  [[nodiscard]] unsigned segments() const { return segments_; }
  [[nodiscard]] uint16_t mss() const { return mss_; }
  [[nodiscard]] uint64_t window() const { return window_; }

 private:
  [[nodiscard]] Bytes syn(uint8_t flags) const {
    Bytes options = {2, 4, static_cast<uint8_t>(options_.mss >> 8), static_cast<uint8_t>(options_.mss)};
    if (options_.sack) options.insert(options.end(), {1, 1, 4, 2});
    if (options_.scale) options.insert(options.end(), {1, 3, 3, *options_.scale});
    return head(flags, options_.isn)
        .tcp_options(options)
        .window(static_cast<uint16_t>(std::min<uint32_t>(options_.window, 0xffff)));
  }
  [[nodiscard]] FrameBuilder head(uint8_t flags, uint32_t sequence) const {
    FrameBuilder frame(Protocol::kTcp, own_, other_);
    frame.from(own_mac_).to(balancer_mac_).flags(flags).sequence(sequence);
    frame.acknowledge((flags & tcp_flag::kAck) != 0 ? next_ : 0);
    return frame;
  }
  [[nodiscard]] Bytes segment(uint8_t flags, uint32_t sequence, Bytes payload) const {
    const unsigned shift = scales_ ? *options_.scale : 0;
    return head(flags, sequence)
        .payload(std::move(payload))
        .window(static_cast<uint16_t>(std::min<uint32_t>(options_.window >> shift, 0xffff)));
  }

  void take_syn(const Bytes& frame, const SegmentSeen& seen) {
    if (state_ == State::kOpen && !half_open_) {  // it repeats: our acknowledgement was lost
      queue_.push_back(segment(tcp_flag::kAck, options_.isn + 1 + static_cast<uint32_t>(sent_), {}));
      return;
    }
    bool other_scales = false;
    mss_ = 536;
    unsigned shift = 0;
    for (size_t at = 0; at + 1 < seen.options.size();) {
      const uint8_t kind = seen.options[at];
      if (kind == 0) break;
      if (kind == 1) {
        ++at;
        continue;
      }
      if (kind == 2) mss_ = static_cast<uint16_t>(seen.options[at + 2] << 8 | seen.options[at + 3]);
      if (kind == 3) {
        other_scales = true;
        shift = seen.options[at + 2];
      }
      at += seen.options[at + 1];
    }
    scales_ = other_scales && options_.scale.has_value();
    other_shift_ = scales_ ? shift : 0;
    window_ = seen.window;
    begin_ = next_ = seen.sequence + 1;
    if ((seen.flags & tcp_flag::kAck) == 0) {
      other_ = fields_of(frame).source;
      half_open_ = true;
      state_ = State::kOpen;
      queue_.push_back(syn(tcp_flag::kSyn | tcp_flag::kAck));
    } else if (state_ == State::kSynSent && seen.acknowledgement == options_.isn + 1) {
      state_ = State::kOpen;
      queue_.push_back(segment(tcp_flag::kAck, options_.isn + 1, {}));
    }
  }

  void take_acknowledgement(const SegmentSeen& seen) {
    if ((seen.flags & tcp_flag::kAck) == 0) return;
    half_open_ = false;
    window_ = uint64_t{seen.window} << other_shift_;
    uint32_t acked = seen.acknowledgement - options_.isn - 1;
    if (fin_sent_ && acked == said_.size() + 1) {
      fin_acked_ = true;
      --acked;
    }
    if (acked <= sent_) acked_ = std::max<size_t>(acked_, acked);
  }

  const MacAddress own_mac_, balancer_mac_;
  const Endpoint own_;
  const TcpPeerOptions options_;
  Endpoint other_;
  State state_ = State::kClosed;
  bool half_open_ = false, scales_ = false, reset_ = false, ended_ = false;
  bool hangs_up_ = false, fin_sent_ = false, fin_acked_ = false;
  unsigned other_shift_ = 0, segments_ = 0;
  uint16_t mss_ = 536;
  uint64_t window_ = 0;
  uint32_t begin_ = 0, next_ = 0;
  Bytes said_, heard_;
  size_t sent_ = 0, acked_ = 0;
  std::map<uint32_t, Bytes> pieces_;
  std::optional<size_t> fin_at_;
  std::vector<Bytes> queue_;
};

}  // namespace lb::test
