// SPDX-License-Identifier: MIT
// QUIC-LB connection ids: the server id that a server put into them, found again without any state
// (draft-ietf-quic-load-balancers, -19 and later; sections "Config Rotation", "Unroutable Connection IDs",
// "Load Balancer Actions"). Decoding is for packets; encoding is what servers do, for tools and tests.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "lb/quic_header.h"
#include "lb/quic_lb_config.h"
#include "lb/quic_lb_decoder.h"

namespace lb {

// Why a connection id names no server. That a server id belongs to no live server (R2.3) is for the caller's table to say.
enum class Unroutable : uint8_t {
  kNo,              // it is routable as far as the codec can tell
  kEmpty,           // zero octets (R2.7)
  kReserved,        // first bits 0b111: never routable, whatever is configured (R1.3)
  kNoConfig,        // no configuration has these bits (R1.4)
  kTooShort,        // fewer octets than server id and nonce need (R2.2, R2.6)
  kLengthMismatch,  // the first octet tells another length, and all servers tell theirs (R2.4)
  kUnknownServer,   // no backend has its server id (R2.3); for QuicRouter to say
  kMalformed,       // no QUIC packet, or no DTLS record with a connection id (R7.1); likewise
};

inline constexpr unsigned kUnroutableCount = 8;

// What operators see: "", "empty", "reserved", "no_config", "too_short", "length_mismatch", "unknown_server", "malformed".
std::string_view unroutable_name(Unroutable reason) noexcept;

struct QuicLbId {
  QuicServerId server_id;  // meaningful if routable
  Unroutable reason = Unroutable::kNo;
  uint8_t config_id =
      0;  // 0..7, of the first octet; count packets by it, to see when a configuration is idle (R1.7)
  uint8_t cid_length =
      0;  // octets, if routable: of the header, told by the first octet, or what decoding needs; 255 at most

  [[nodiscard]] bool routable() const noexcept { return reason == Unroutable::kNo; }
};

// A connection id in which a server id may be, not decoded yet.
struct SealedId {
  const QuicLbDecoder* decoder = nullptr;  // null: it is unroutable, for `reason`
  const uint8_t* body = nullptr;           // what the decoder reads: behind the first octet
  Unroutable reason = Unroutable::kNo;
  uint8_t config_id = 0, cid_length = 0;  // QuicLbId's
};

// A connection id as a server makes it.
struct QuicCid {
  std::array<uint8_t, 1 + kMaxServerIdAndNonceLength> octets{};
  uint8_t length = 0;  // 6..20
  [[nodiscard]] std::span<const uint8_t> view() const noexcept { return {octets.data(), length}; }
};

// The configurations that are live at once: up to seven, one for each value of the first octet's highest three bits.
// Immutable after make(); any thread may read it. One for each service (R1.13).
class QuicLbConfigs {
 public:
  // None: every connection id is unroutable (R1.4).
  QuicLbConfigs() = default;
  // Error: one of them is not allowed by the draft, or two have one id. Set-up only. `instructions` as for Aes128.
  static Result<QuicLbConfigs> make(std::span<const QuicLbConfig> configs,
                                    bool instructions = has_aes_instructions());

  // octets   begin with the connection id; any number of them, only read; the result points into them. See CidEnd
  // cost     no allocation; reads the first octet
  [[nodiscard]] SealedId find(std::span<const uint8_t> octets, CidEnd end) const noexcept;
  // Finds and decodes it.
  // cost     find()'s and QuicLbDecoder::decode()'s. Reads 20 octets at most
  [[nodiscard]] QuicLbId decode(std::span<const uint8_t> octets, CidEnd end) const noexcept;

  // Octets that ids of one configuration have at least; 0: there is none. config_id  0..6
  [[nodiscard]] unsigned cid_length(unsigned config_id) const noexcept {
    return decoders_[config_id] ? decoders_[config_id]->cid_length() : 0;
  }

 private:
  std::array<std::optional<QuicLbDecoder>, kQuicLbConfigCount> decoders_;
};

inline SealedId QuicLbConfigs::find(std::span<const uint8_t> octets, CidEnd end) const noexcept {
  SealedId id;
  const auto unroutable = [&id](Unroutable reason) {
    id.reason = reason;
    return id;
  };
  if (octets.empty()) return unroutable(Unroutable::kEmpty);
  id.config_id = octets[0] >> 5;
  if (id.config_id == kQuicLbUnroutableId) return unroutable(Unroutable::kReserved);
  const std::optional<QuicLbDecoder>& decoder = decoders_[id.config_id];
  if (!decoder) return unroutable(Unroutable::kNoConfig);
  const size_t needed = decoder->cid_length();
  if (octets.size() < needed) return unroutable(Unroutable::kTooShort);

  size_t length = end == CidEnd::kExact ? octets.size() : needed;
  if (decoder->encodes_length()) {
    const size_t told = 1U + (octets[0] & 0x1fU);
    if (end == CidEnd::kExact ? told != octets.size() : told > octets.size())
      return unroutable(Unroutable::kLengthMismatch);
    if (told < needed) return unroutable(Unroutable::kTooShort);
    length = told;
  }
  id.cid_length = static_cast<uint8_t>(std::min<size_t>(length, 255));
  id.decoder = &*decoder;
  id.body = octets.data() + 1;
  return id;
}

// What a server does. Not for packets: it expands the key each time.
// server_id, nonce  as many octets as `config` says. A nonce must not be used twice with one key (R11.4)
// low_bits          0..31: the rest of the first octet if servers do not tell the length there, best random; else not used
// error             the configuration or a length is wrong
Result<QuicCid> encode(const QuicLbConfig& config, std::span<const uint8_t> server_id,
                       std::span<const uint8_t> nonce, uint8_t low_bits = 0);

}  // namespace lb
