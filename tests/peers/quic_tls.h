// SPDX-License-Identifier: MIT
// TLS 1.3 for the QUIC peers, by GnuTLS: credentials, sessions, and a ClientHello of any size.
#pragma once

#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2_crypto.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace peers {

void fill_random(uint8_t* bytes, size_t size);

class TlsCredentials {
 public:
  TlsCredentials();                                  // a client's: trusts everybody
  explicit TlsCredentials(const std::string& name);  // a server's: a new key, signed by itself
  TlsCredentials(const TlsCredentials&) = delete;
  ~TlsCredentials();

  gnutls_certificate_credentials_t get() const { return credentials_; }

 private:
  gnutls_certificate_credentials_t credentials_ = nullptr;
};

// The session of one QUIC connection, ALPN qlb-echo.
//
// reference    what libngtcp2's TLS glue finds the connection by; outlives the session
// hello_bytes  client: an extension of that size that no server knows makes the ClientHello longer
// returns      to be freed by gnutls_deinit()
gnutls_session_t server_session(const TlsCredentials& credentials, ngtcp2_crypto_conn_ref* reference);
gnutls_session_t client_session(const TlsCredentials& credentials, ngtcp2_crypto_conn_ref* reference,
                                size_t hello_bytes);

}  // namespace peers
