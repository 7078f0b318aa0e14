// SPDX-License-Identifier: MIT
// An address and port as Asio takes them, and the socket API by data() and size().
#pragma once

#include <algorithm>

#include "control/asio.h"
#include "lb/address.h"

namespace control {

// Protocol  boost::asio::ip::tcp or udp
template <typename Protocol>
typename Protocol::endpoint asio_endpoint(const lb::Endpoint& endpoint) {
  namespace ip = boost::asio::ip;
  const uint8_t* bytes = endpoint.address.bytes();
  if (endpoint.address.is_v4()) {
    ip::address_v4::bytes_type v4;
    std::copy_n(bytes + 12, v4.size(), v4.begin());
    return {ip::address_v4(v4), endpoint.port};
  }
  ip::address_v6::bytes_type v6;
  std::copy_n(bytes, v6.size(), v6.begin());
  return {ip::address_v6(v6), endpoint.port};
}

}  // namespace control
