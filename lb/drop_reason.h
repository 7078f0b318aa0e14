// SPDX-License-Identifier: MIT
// Every reason for which a frame is dropped, by the stage that drops it. The names are what operators see in
// `cleatctl stats show`, in the API and in the metrics; each is caused by a test.
#pragma once

#include <cstdint>
#include <string_view>

namespace lb {

// clang-format off
#define CLEAT_DROP_REASONS(X)                                                                       \
  X(kFrameTruncated,       "frame_truncated",        "a header or a length reaches beyond the frame")   \
  X(kBadIpHeader,          "bad_ip_header",          "IP version, header length or total length is impossible") \
  X(kBadIpChecksum,        "bad_ip_checksum",        "the IPv4 header checksum is wrong")              \
  X(kBadL4Header,          "bad_l4_header",          "TCP data offset or UDP length is impossible")    \
  X(kBadSource,            "bad_source",             "source address is a group, loopback or unset address") \
  X(kFragment,             "fragment",               "a piece of ICMP, or one that would have to get a header or, for IPv6, a checksum") \
  X(kFragmentOverlap,      "fragment_overlap",       "a piece of a datagram that overlaps another")    \
  X(kFragmentLost,         "fragment_lost",          "the datagram's first piece did not come")        \
  X(kFragmentQueueFull,    "fragment_queue_full",    "too many pieces wait for first pieces")          \
  X(kExtensionHeaders,     "extension_headers",      "IPv6 extension headers beyond what is walked")   \
  X(kUnknownVlan,          "unknown_vlan",           "a VLAN tag, or none, that no port of the device has") \
  X(kOtherStation,         "other_station",          "unicast frame to another station's MAC address") \
  X(kNoService,            "no_service",             "no service on this VIP, protocol and port")      \
  X(kIcmpNotForwarded,     "icmp_not_forwarded",     "ICMP to a VIP or LIP that is neither echo nor an error for somebody") \
  X(kBadIcmp,              "bad_icmp",               "ICMP error with a wrong checksum, or that quotes no packet") \
  X(kIcmpNoFlow,           "icmp_no_flow",           "ICMP error about a packet of no known flow")     \
  X(kIcmpLimited,          "icmp_limited",           "more ICMP errors than are passed on")            \
  X(kTooBig,               "too_big",                "the packet does not fit into its tunnel, or through its port") \
  X(kNoHeadroom,           "no_headroom",            "the driver left no room before the frame for a header of Cleat's") \
  X(kTtlExpired,           "ttl_expired",            "TTL or hop limit is used up")                    \
  X(kNoBackend,            "no_backend",             "no backend of the pool takes new sessions")      \
  X(kNoFlow,               "no_flow",                "TCP segment of no known flow and not a SYN")     \
  X(kTableFull,            "table_full",             "the flow table has no room for a new flow")      \
  X(kLipPortsExhausted,    "lip_ports_exhausted",    "no LIP port is free for a new flow")             \
  X(kReplyWithoutSlot,     "reply_without_slot",     "packet to a LIP port that no flow uses")         \
  X(kReplyFromStranger,    "reply_from_stranger",    "packet to a LIP port from another than its backend") \
  X(kConnectionIdFlood,    "connection_id_flood",    "connection ids of several servers from one address and port, within a second") \
  X(kNoSession,            "no_session",             "of no known ICE session, and no check that could open one") \
  X(kBadStun,              "bad_stun",               "malformed STUN message, or one of a new address without its FINGERPRINT") \
  X(kStunIntegrity,        "stun_integrity",         "check for a known ICE session, not signed with its password") \
  X(kBadTcpChecksum,       "bad_tcp_checksum",       "of a connection that Cleat accepts or opens itself: the TCP checksum is wrong") \
  X(kPeekBusy,             "peek_busy",              "another worker is at work on the connection whose first bytes Cleat reads") \
  X(kPeekTableFull,        "peek_table_full",        "too many clients at once have not said yet which stream they want") \
  X(kBadSrt,               "bad_srt",                "malformed SRT handshake or packet, or one with a wrong UDP checksum") \
  X(kSrtCookie,            "srt_cookie",             "SRT CONCLUSION without a cookie that Cleat gave to its sender within a minute") \
  X(kSrtRendezvous,        "srt_rendezvous",         "SRT handshake in rendezvous mode, of which no server can be picked") \
  X(kSrtUnknown,           "srt_unknown",            "SRT packet from a new address, for a socket that no server has") \
  X(kSrtNotSilent,         "srt_not_silent",         "SRT packet from a new address of a connection whose client was heard at its former one just now") \
  X(kSrtGuesses,           "srt_guesses",            "SRT packet from a new address, not looked up: too many for unknown sockets in this second") \
  X(kSessionTableFull,     "session_table_full",     "no room for a new ICE session")                  \
  X(kServerSilent,         "server_silent",          "segment of a flow that was reset, for its server does not answer") \
  X(kFamilyMismatch,       "family_mismatch",        "client and backend are of different families")   \
  X(kNoRoute,              "no_route",               "no on-link network and no gateway for the next hop") \
  X(kNextHopUnresolved,    "next_hop_unresolved",    "the next hop does not answer ARP or neighbour discovery") \
  X(kNextHopQueueFull,     "next_hop_queue_full",    "too many packets wait for next hops")            \
  X(kNeighbourTableFull,   "neighbour_table_full",   "too many on-link neighbours")                    \
  X(kTxFull,               "tx_full",                "the port's transmit queue is full")              \
  X(kKernelTxFull,         "kernel_tx_full",         "a frame of the kernel's own found the port's transmit queue full") \
  X(kPuntFull,             "punt_full",              "the kernel does not take punted packets fast enough") \
  X(kSegmented,            "segmented",              "the frame came in more than one buffer (turn off GRO/LRO)") \
  X(kBadArp,               "bad_arp",                "malformed ARP packet")                           \
  X(kBadNeighbourDiscovery,"bad_neighbour_discovery","malformed or off-link neighbour discovery packet")
// clang-format on

enum class DropReason : uint8_t {
#define X(id, name, text) id,
  CLEAT_DROP_REASONS(X)
#undef X
      kCount
};

inline constexpr unsigned kDropReasonCount = static_cast<unsigned>(DropReason::kCount);

// The name that operators see, e.g. "no_backend".
std::string_view drop_reason_name(DropReason reason);
// One line that explains it.
std::string_view drop_reason_text(DropReason reason);

}  // namespace lb
