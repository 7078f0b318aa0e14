// SPDX-License-Identifier: MIT
#include "lb/later_request.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "lb/http_ask.h"
#include "lb/place_stream.h"
#include "lb/reset_flow.h"
#include "lb/tcp_options.h"

namespace lb {
namespace {

constexpr std::string_view kEol = "\r\n";

// Of a head that goes on in the next segment, the lines that are whole: method, target and, from all that browsers are, the host.
AskState read_begun(std::string_view text, const VhostList& vhosts, StreamAsk& ask) {
  std::array<char, 2048> head;
  const size_t lines = text.substr(0, head.size() - kEol.size()).rfind(kEol);
  if (lines == std::string_view::npos) return AskState::kPartial;
  const auto end = std::copy_n(text.begin(), lines + kEol.size(), head.begin());
  std::copy(kEol.begin(), kEol.end(), end);
  return read_http_ask({head.data(), lines + 2 * kEol.size()}, vhosts, ask);
}

}  // namespace

bool is_for_another_server(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet,
                           NatSlot& slot) noexcept {
  const TcpHeader& tcp = tcp_of(packet);
  const size_t header = tcp_header_bytes(packet);
  const std::string_view text(reinterpret_cast<const char*>(packet.l4) + header, packet.l4_length - header);
  if (text.empty() || text[0] < 'A' || text[0] > 'Z') return false;
  const bool known = (slot.session_or_acknowledged.load(std::memory_order_relaxed) & kAcknowledged) != 0;
  const uint32_t sequence = tcp.sequence.host();
  // Whoever is not the client would have to guess that number.
  if (!known || sequence != awaited(slot, sequence) || !tcp_checksum_holds(packet)) return false;
  const VhostList& vhosts = snapshot.stream_rules[packet.service->stream_rules].vhosts();
  StreamAsk ask;
  AskState state = read_http_ask(text, vhosts, ask);
  if (state == AskState::kPartial) state = read_begun(text, vhosts, ask);
  if (state != AskState::kWhole || ask.role == StreamRole::kOther) return false;
  worker.counters.peeks.later_requests.add(1);
  const auto placed = place_stream(worker, snapshot, now, packet, ask);
  if (!placed || placed->backend == packet.backend || !reset_flow(worker, snapshot, now, packet, slot))
    return false;
  worker.counters.peeks.led_elsewhere.add(1);
  return true;
}

}  // namespace lb
