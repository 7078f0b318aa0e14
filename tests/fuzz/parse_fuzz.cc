// SPDX-License-Identifier: MIT
// Any bytes as a frame into lb/parse.h: the plain twin's answer, and every postcondition; into lb/parse_fast.h, whose plain twin
// that is. A frame whose IPv4 header
// checksum is wrong is read a second time with a right one.
#include "tests/fuzz/frames.h"
#include "tests/fuzz/plain_parser.h"
#include "tests/fuzz/target.h"
#include "tests/lb/parsed.h"

namespace fuzz {
namespace {

using lb::Kind;
using lb::Packet;
using lb::test::Parsed;

void require_postconditions(const Parsed& p) {
  const Packet& packet = p.packet;
  if (p.reason || packet.kind == Kind::kNone) return;
  require(packet.l3 == p.block.get() + 14, "l3 is behind the Ethernet header");
  if (packet.kind == Kind::kArp) return require(p.size >= 14U + 28U, "an ARP packet is whole");
  if (packet.l4 == nullptr) return;
  require(p.l4_offset() + size_t{packet.l4_length} <= p.size, "l4 ends in the frame");
  require(packet.l4_length >= (packet.protocol == lb::Protocol::kTcp ? 20 : 8), "l4 has its fixed header");
}

void require_same(const Bytes& frame, const Parsed& p, const Plain& plain) {
  require(p.reason == plain.reason, "the reason is the plain parser's");
  if (p.reason) return;
  const Packet& packet = p.packet;
  require(packet.kind == plain.kind, "the kind is the plain parser's");
  if (plain.kind != Kind::kIp) return;
  require(p.l4_offset() == plain.l4_offset, "l4 is where the plain parser finds it");
  require(static_cast<unsigned>(packet.protocol) == plain.protocol, "the protocol is the plain parser's");
  require(packet.piece == plain.piece, "a piece is what the plain parser takes for one");
  require(packet.src_port == plain.src_port, "the source port is the plain parser's");
  require(packet.dst_port == plain.dst_port, "the destination port is the plain parser's");
  require(packet.l4_length == plain.l4_length, "the l4 length is the plain parser's");
  const size_t skip = packet.v4 ? 12 : 0;
  require(Bytes(packet.src.bytes() + skip, packet.src.bytes() + 16) == plain.src, "the source is read right");
  require(Bytes(packet.dst.bytes() + skip, packet.dst.bytes() + 16) == plain.dst,
          "the destination is read right");
  require(packet.v4 == (frame[12] == 0x08), "the family is the frame's");
}

// What it takes, it reads as parse() does.
void require_fast(const Parsed& p) {
  Packet fast;
  if (!lb::parse_fast({p.block.get(), static_cast<uint16_t>(p.size), 0, 0}, fast)) return;
  require(!p.reason, "parse() would not drop it");
  require(lb::test::same(fast, p.packet), "parse() reads it likewise");
}

void parse_twice(const Bytes& frame) {
  const Parsed parsed(frame);
  require_postconditions(parsed);
  require_same(frame, parsed, parse_plainly(frame));
  require_fast(parsed);
  count(!parsed.reason);
}

}  // namespace
}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > UINT16_MAX) return 0;
  fuzz::Bytes frame(data, data + size);
  fuzz::parse_twice(frame);
  if (fuzz::mend_ip_checksum(frame)) fuzz::parse_twice(frame);
  return 0;
}
