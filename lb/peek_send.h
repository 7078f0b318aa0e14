// SPDX-License-Identifier: MIT
// What Cleat itself says on a connection that it accepted (lb/peek.h), to the client and to the server, and says again until it is
// acknowledged.
#pragma once

#include "lb/packet.h"
#include "lb/peeks.h"
#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// By how many bits Cleat scales its window down for a client that scales, as most servers do.
inline constexpr uint8_t kOwnScale = 7;

// When what was sent first is sent again; a local network's servers answer sooner.
inline constexpr uint64_t kFirstRepeatMs = 250;

// The SYN-ACK to a client's SYN. own_number  Cleat's, a cookie; agreed  what the client's SYN says
void answer_syn(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet, uint32_t own_number,
                const SynOptions& agreed) noexcept;

// The client is told that it may say more.
bool has_room(const Peek& peek) noexcept;

// An acknowledgement of all that came in order; with it what Cleat has to say and did not say yet, or all of it again.
// flags  beside ACK
void say_to_client(Worker& worker, const Snapshot& snapshot, Now now, Peek& peek, uint8_t flags = 0) noexcept;
void say_again_to_client(Worker& worker, const Snapshot& snapshot, Now now, const Peek& peek) noexcept;

// The SYN that opens the connection to the server: in the client's name, with its number and its options.
void say_syn_to_server(Worker& worker, const Snapshot& snapshot, Now now, const Peek& peek) noexcept;
// What the client said, as far as it is given and not acknowledged, within the server's window.
void give_to_server(Worker& worker, const Snapshot& snapshot, Now now, const Peek& peek) noexcept;

// The end of it, at once. The slot is the sweep's to take back; the caller ends the peek.
void reset_client(Worker& worker, const Snapshot& snapshot, Now now, const Peek& peek) noexcept;
// It speaks of a former connection from that LIP and port: that one ends, and the next SYN is heard (RFC 9293 section 3.10.7.3).
void refute_server(Worker& worker, const Snapshot& snapshot, Now now, const Peek& peek,
                   uint32_t acknowledged) noexcept;
void reset_server(Worker& worker, const Snapshot& snapshot, Now now, const Peek& peek) noexcept;

}  // namespace lb
