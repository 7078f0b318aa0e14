// SPDX-License-Identifier: MIT
#include "lb/quic_lb.h"

#include <algorithm>

#include "lb/quic_lb_cipher.h"

namespace lb {
namespace {

Status same_length(const char* what, size_t given, unsigned wanted) {
  if (given == wanted) return Nothing{};
  return Error{std::string("quic-lb ") + what + " of " + std::to_string(given) +
               " octets: the configuration says " + std::to_string(wanted)};
}

}  // namespace

std::string_view unroutable_name(Unroutable reason) noexcept {
  switch (reason) {
    case Unroutable::kNo:
      return "";
    case Unroutable::kEmpty:
      return "empty";
    case Unroutable::kReserved:
      return "reserved";
    case Unroutable::kNoConfig:
      return "no_config";
    case Unroutable::kTooShort:
      return "too_short";
    case Unroutable::kLengthMismatch:
      return "length_mismatch";
    case Unroutable::kUnknownServer:
      return "unknown_server";
    case Unroutable::kMalformed:
      return "malformed";
  }
  return "";
}

Result<QuicLbConfigs> QuicLbConfigs::make(std::span<const QuicLbConfig> configs, bool instructions) {
  QuicLbConfigs made;
  for (const QuicLbConfig& config : configs) {
    if (const Status right = config.check(); !right) return Error{right.error()};
    auto& decoder = made.decoders_[config.config_id];
    if (decoder) return Error{"quic-lb config id " + std::to_string(config.config_id) + " is given twice"};
    decoder.emplace(config, instructions);
  }
  return made;
}

QuicLbId QuicLbConfigs::decode(std::span<const uint8_t> octets, CidEnd end) const noexcept {
  const SealedId sealed = find(octets, end);
  QuicLbId id;
  id.reason = sealed.reason;
  id.config_id = sealed.config_id;
  id.cid_length = sealed.cid_length;
  if (id.routable()) id.server_id = sealed.decoder->decode(sealed.body);
  return id;
}

Result<QuicCid> encode(const QuicLbConfig& config, std::span<const uint8_t> server_id,
                       std::span<const uint8_t> nonce, uint8_t low_bits) {
  if (const Status right = config.check(); !right) return Error{right.error()};
  if (const Status right = same_length("server id", server_id.size(), config.server_id_length); !right)
    return Error{right.error()};
  if (const Status right = same_length("nonce", nonce.size(), config.nonce_length); !right)
    return Error{right.error()};
  QuicCid cid;
  cid.length = static_cast<uint8_t>(config.cid_length());
  const unsigned low = config.encodes_length ? cid.length - 1U : low_bits & 0x1fU;
  cid.octets[0] = static_cast<uint8_t>(config.config_id << 5 | low);
  const auto text = std::span(cid.octets).subspan(1, cid.length - 1U);
  std::copy(server_id.begin(), server_id.end(), text.begin());
  std::copy(nonce.begin(), nonce.end(), text.begin() + config.server_id_length);
  if (config.key) quic_lb_encrypt(Aes128(*config.key), text);
  return cid;
}

}  // namespace lb
