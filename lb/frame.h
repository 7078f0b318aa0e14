// SPDX-License-Identifier: MIT
// What goes into the pipeline and what comes out of it. lb knows no mbuf: a frame is bytes and a port.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>

#include "lb/address.h"
#include "lb/drop_reason.h"
#include "lb/limits.h"

namespace lb {

using PortIndex = uint8_t;

// One Ethernet frame without its FCS. The bytes belong to the caller, and lb may rewrite them in place.
struct Frame {
  uint8_t* data = nullptr;
  uint16_t length = 0;    // bytes from `data`
  uint16_t headroom = 0;  // writable bytes before `data` (tunnels will use them)
  PortIndex port = 0;     // where it came in
};

enum class Action : uint8_t {
  kUndecided,  // inside the pipeline only
  kTx,         // send on Verdict::port; the frame is complete
  kHold,  // park it, and ask resume() (lb/pipeline.h): it is complete but for the destination MAC of `next_hop`, or a piece
          // of a datagram whose first piece has not come
  kPunt,  // to the kernel's tap of the port it came in on
  kDrop,  // for `reason`, already counted
  kConsumed,  // it spoke to Cleat itself (ARP, ND); nothing to send on
};

struct Verdict {
  Action action = Action::kUndecided;
  DropReason reason = DropReason::kCount;  // meaningful for kDrop only
  PortIndex port = 0;           // egress, for kTx and kHold; where it came in, if it waits for a first piece
  IpAddress next_hop;           // for kHold
  uint64_t first_piece_ms = 0;  // for kHold: since when it waits for a first piece; 0: it waits for next_hop
};

// What a frame gets that lacks but the MAC of that next hop on `port`.
inline Verdict waits_for(PortIndex port, const IpAddress& next_hop) {
  Verdict verdict;
  verdict.action = Action::kHold;
  verdict.port = port;
  verdict.next_hop = next_hop;
  return verdict;
}

// Frames that Cleat itself sends (ARP requests, neighbour solicitations, answers, challenges): a fixed arena per worker,
// emptied by the caller after each burst. Full: the frame is not sent and `refused` counts it.
class OutFrames {
 public:
  static constexpr unsigned kCapacity = 256;
  static constexpr unsigned kMaxBytes = 14 + 1280;  // an ICMPv6 error (RFC 4443 section 2.4)

  struct Out {
    PortIndex port;
    uint16_t length;
    IpAddress next_hop;  // set: it lacks that one's MAC, and waits for it as a frame with kHold does
    std::array<uint8_t, kMaxBytes> bytes;
  };

  // frame  14..kMaxBytes bytes, copied. False if it is refused
  bool push(PortIndex port, std::span<const uint8_t> frame, const IpAddress& next_hop = {}) noexcept {
    if (count_ == kCapacity || frame.size() > kMaxBytes) {
      ++refused_;
      return false;
    }
    Out& out = frames_[count_++];
    out.port = port;
    out.length = static_cast<uint16_t>(frame.size());
    out.next_hop = next_hop;
    std::memcpy(out.bytes.data(), frame.data(), frame.size());
    return true;
  }
  [[nodiscard]] std::span<const Out> frames() const noexcept { return {frames_.data(), count_}; }
  [[nodiscard]] uint64_t refused() const noexcept { return refused_; }
  void clear() noexcept { count_ = 0; }

 private:
  std::array<Out, kCapacity> frames_;
  unsigned count_ = 0;
  uint64_t refused_ = 0;
};

}  // namespace lb
