// SPDX-License-Identifier: MIT
// Fuzz target: connection ids in a UDP payload. The first octets choose the
// configuration, the rest is the payload.
#include "lb/dtls_cid.h"
#include "lb/quic_header.h"
#include "lb/quic_lb.h"
#include "tests/fuzz/target.h"

namespace fuzz {
namespace {

using Octets = std::span<const uint8_t>;

bool lies_in(Octets part, Octets whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

lb::QuicLbConfig config_of(Octets choice) {
  lb::QuicLbConfig config;
  config.config_id = choice[0] % 7;
  config.encodes_length = (choice[0] & 0x80) != 0;
  config.server_id_length = static_cast<uint8_t>(1 + choice[1] % 15);
  config.nonce_length = static_cast<uint8_t>(4 + choice[2] % (16 - config.server_id_length));
  if ((choice[0] & 0x40) != 0) config.key.emplace().fill(choice[2]);
  return config;
}

void route(const lb::QuicLbConfig& config, Octets octets, lb::CidEnd end) {
  const auto fast = lb::QuicLbConfigs::make({&config, 1}).value().decode(octets, end);
  const auto plain = lb::QuicLbConfigs::make({&config, 1}, false).value().decode(octets, end);
  count(fast.routable());
  require(fast.reason == plain.reason, "the reason does not depend on the CPU");
  require(fast.server_id == plain.server_id, "the server id does not depend on the CPU");
  if (!fast.routable()) return;
  require(octets[0] >> 5 == config.config_id, "the configuration is the one that the first octet names");
  require(fast.server_id.length == config.server_id_length, "the server id is as long as configured");
  require(fast.cid_length >= config.cid_length(), "the connection id is long enough to decode");
  require(fast.cid_length <= octets.size(), "the connection id lies in the payload");
}

void read_quic(const lb::QuicLbConfig& config, Octets datagram) {
  const auto header = lb::parse_quic(datagram);
  if (!header) return;
  require(lies_in(header->dcid, datagram), "the destination id lies in the payload");
  route(config, header->dcid, header->dcid_end());
  if (!header->long_form) return;
  require(lies_in(header->scid, datagram), "the source id lies in the payload");
  route(config, header->scid, lb::CidEnd::kExact);
}

void read_dtls(const lb::QuicLbConfig& config, Octets datagram) {
  for (const size_t length : {size_t{1}, size_t{config.cid_length()}, size_t{255}}) {
    const auto cid = lb::find_dtls_cid(datagram, length);
    if (!cid) continue;
    require(cid->size() == length && lies_in(*cid, datagram), "a DTLS connection id lies in the payload");
    route(config, *cid, lb::CidEnd::kExact);
  }
}

}  // namespace
}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kChoice = 3;
  if (size < kChoice) return 0;
  const fuzz::Octets choice(data, kChoice), datagram(data + kChoice, size - kChoice);
  const lb::QuicLbConfig config = fuzz::config_of(choice);
  fuzz::require(config.check().ok(), "the draft allows the configuration");
  fuzz::read_quic(config, datagram);
  fuzz::read_dtls(config, datagram);
  return 0;
}
