// SPDX-License-Identifier: MIT
#include "lb/quic_lb_config.h"

namespace lb {
namespace {

std::string outside(const char* what, unsigned value, unsigned least, unsigned most) {
  return std::string("quic-lb ") + what + " " + std::to_string(value) + ": from " + std::to_string(least) +
         " to " + std::to_string(most) + " is wanted";
}

}  // namespace

Status QuicLbConfig::check() const {
  if (config_id == kQuicLbUnroutableId)
    return Error{"quic-lb config id 7: it marks connection ids that no balancer can route; 0 to 6 is wanted"};
  if (config_id >= kQuicLbConfigCount)
    return Error{outside("config id", config_id, 0, kQuicLbConfigCount - 1)};
  if (server_id_length < kMinServerIdLength || server_id_length > kMaxServerIdLength)
    return Error{outside("server id length", server_id_length, kMinServerIdLength, kMaxServerIdLength)};
  if (nonce_length < kMinNonceLength || nonce_length > kMaxNonceLength)
    return Error{outside("nonce length", nonce_length, kMinNonceLength, kMaxNonceLength)};
  if (server_id_length + nonce_length > kMaxServerIdAndNonceLength)
    return Error{"quic-lb server id and nonce are " + std::to_string(server_id_length + nonce_length) +
                 " octets together: 19 at most are wanted"};
  return Nothing{};
}

}  // namespace lb
