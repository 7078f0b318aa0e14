// SPDX-License-Identifier: MIT
// Two plain TCP ends, for a splice between them: a client who keeps to the window he is told, and a server who puts bytes together.
// Neither knows of the other's numbers. Sequence numbers are counted on in 64 bits from the first.
#pragma once

#include <map>
#include <random>

#include "tests/lb/splice_rig.h"

namespace lb::test {

// A number on the wire, as the 64-bit one that is nearest to `near`.
inline uint64_t unwrap(uint32_t number, uint64_t near) {
  return near + static_cast<uint64_t>(
                    static_cast<int64_t>(static_cast<int32_t>(number - static_cast<uint32_t>(near))));
}

struct Block {
  uint64_t left, right;
};
// The blocks of a selective ACK; options hold nothing else.
inline std::vector<Block> blocks_of(const Bytes& options, uint64_t near) {
  std::vector<Block> blocks;
  size_t at = 0;
  while (at < options.size() && options[at] == 1) ++at;
  if (at + 2 > options.size() || options[at] != 5) return blocks;
  const auto get = [&](size_t i) {
    return static_cast<uint32_t>(options[i] << 24 | options[i + 1] << 16 | options[i + 2] << 8 |
                                 options[i + 3]);
  };
  for (size_t i = at + 2; i + 8 <= at + options[at + 1]; i += 8)
    blocks.push_back({unwrap(get(i), near), unwrap(get(i + 4), near)});
  return blocks;
}

// Bytes are numbered from 0, the first behind the SYN.
class PlainServer {
 public:
  PlainServer(uint32_t window) : window_(window) {}

  [[nodiscard]] bool heard_syn() const { return origin_.has_value(); }
  [[nodiscard]] const Bytes& stream() const { return stream_; }
  [[nodiscard]] bool finished() const { return fin_at_ && *fin_at_ == stream_.size(); }
  [[nodiscard]] bool holds(uint64_t n) const { return n < stream_.size() || apart_.contains(n); }
  [[nodiscard]] uint64_t beyond_window() const { return beyond_window_; }

  // What it answers: acknowledgement, options; nullopt for nothing.
  struct Answer {
    uint8_t flags;
    uint32_t acknowledgement;
    Bytes options;
  };
  std::optional<Answer> take(const SegmentSeen& segment) {
    if ((segment.flags & tcp_flag::kSyn) != 0) {
      if (!origin_) origin_ = segment.sequence + 1;
      if (stream_.empty() && !established_) return Answer{tcp_flag::kSyn | tcp_flag::kAck, *origin_, {}};
      return answer({});
    }
    if (!origin_) return std::nullopt;
    established_ = true;
    const uint64_t at = unwrap(segment.sequence - *origin_, next());
    const uint64_t end = at + segment.payload.size();
    std::optional<Block> twice;
    for (size_t i = 0; i < segment.payload.size(); ++i) {
      const uint64_t n = at + i;
      if (static_cast<int64_t>(n) < 0) continue;
      if (holds(n)) {
        if (!twice) twice = Block{n, n};
        if (twice->right == n) twice->right = n + 1;
      } else if (n >= stream_.size() + window_) {
        ++beyond_window_;
      } else {
        apart_[n] = segment.payload[i];
      }
    }
    if ((segment.flags & tcp_flag::kFin) != 0) fin_at_ = end;
    while (!apart_.empty() && apart_.begin()->first == stream_.size()) {
      stream_.push_back(apart_.begin()->second);
      apart_.erase(apart_.begin());
    }
    if (segment.payload.empty() && (segment.flags & tcp_flag::kFin) == 0 && at == next()) return std::nullopt;
    return answer(twice);
  }

 private:
  [[nodiscard]] uint64_t next() const { return stream_.size() + (finished() ? 1 : 0); }
  void put(Bytes& out, uint64_t n) const {
    const uint32_t wire = static_cast<uint32_t>(*origin_ + n);
    for (const int shift : {24, 16, 8, 0}) out.push_back(static_cast<uint8_t>(wire >> shift));
  }
  [[nodiscard]] Answer answer(std::optional<Block> twice) const {
    std::vector<Block> blocks;
    if (twice) blocks.push_back(*twice);
    for (const auto& [n, byte] : apart_) {
      if (!blocks.empty() && blocks.back().right == n && (!twice || blocks.size() > 1)) {
        ++blocks.back().right;
      } else {
        if (blocks.size() == 4) break;
        blocks.push_back({n, n + 1});
      }
    }
    Bytes options;
    if (!blocks.empty()) {
      options = {1, 1, 5, static_cast<uint8_t>(2 + 8 * blocks.size())};
      for (const Block& block : blocks) put(options, block.left), put(options, block.right);
    }
    return {tcp_flag::kAck, static_cast<uint32_t>(*origin_ + next()), options};
  }

  const uint32_t window_;
  std::optional<uint32_t> origin_;
  bool established_ = false;
  Bytes stream_;
  std::map<uint64_t, uint8_t> apart_;
  std::optional<uint64_t> fin_at_;
  uint64_t beyond_window_ = 0;
};

// Sends `data` and a FIN.
class PlainClient {
 public:
  PlainClient(uint32_t isn, Bytes data) : base_(isn + 1), data_(std::move(data)) {}

  [[nodiscard]] bool done() const { return acknowledged_ == data_.size() + 1; }
  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] uint64_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] uint64_t sent() const { return sent_; }

  struct Segment {
    uint32_t sequence;
    uint8_t flags;
    Bytes payload;
  };
  Segment syn(Bytes with) const { return {base_ - 1, tcp_flag::kSyn, std::move(with)}; }
  [[nodiscard]] Segment keep_alive() const { return {number(acknowledged_) - 1, tcp_flag::kAck, {}}; }
  [[nodiscard]] Segment ack() const { return {number(sent_), tcp_flag::kAck, {}}; }
  // Something that no honest client sends: bytes that end before the stream begins.
  Segment before(uint32_t bytes) const { return {base_ - bytes, tcp_flag::kAck, Bytes(bytes, 0xee)}; }
  // At most `bytes` from the first that is not acknowledged, or from the first that was not sent; no more than the window takes.
  Segment data(bool again, size_t bytes) {
    const uint64_t at = again ? acknowledged_ : std::min<uint64_t>(sent_, data_.size());
    const uint64_t end = std::min({at + bytes, uint64_t{data_.size()}, std::max(edge_, at)});
    Segment segment{number(at), tcp_flag::kAck, {}};
    if (at < end)
      segment.payload.assign(data_.begin() + static_cast<ptrdiff_t>(at),
                             data_.begin() + static_cast<ptrdiff_t>(end));
    if (end == data_.size()) segment.flags |= tcp_flag::kFin;
    sent_ = std::max(sent_, end + (end == data_.size() ? 1 : 0));
    return segment;
  }

  // "" or what is impossible in what a server says.
  std::string take(const SegmentSeen& segment) {
    const uint64_t said = unwrap(segment.acknowledgement - base_, acknowledged_);
    if (said > sent_)
      return "acknowledges " + std::to_string(static_cast<int64_t>(said)) + " of " + std::to_string(sent_);
    if ((segment.flags & tcp_flag::kSyn) != 0) {
      if (said != 0) return "the SYN-ACK acknowledges " + std::to_string(said);
      connected_ = true;
    }
    for (const Block& block : blocks_of(segment.options, acknowledged_ + base_)) {
      const Block own{block.left - base_, block.right - base_};
      if (own.left >= own.right || own.right > sent_)
        return "a block " + std::to_string(own.left) + ".." + std::to_string(own.right);
      held.push_back(own);
    }
    acknowledged_ = std::max(acknowledged_, said);
    edge_ = std::max(edge_, said + segment.window);
    return "";
  }
  std::vector<Block> held;  // what blocks said since it was emptied

 private:
  [[nodiscard]] uint32_t number(uint64_t n) const { return static_cast<uint32_t>(base_ + n); }
  const uint32_t base_;
  const Bytes data_;
  bool connected_ = false;
  uint64_t acknowledged_ = 0, sent_ = 0, edge_ = 0;
};

}  // namespace lb::test
