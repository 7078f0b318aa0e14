// SPDX-License-Identifier: MIT
#include "tests/peers/quic_tls.h"

#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>

#include <ctime>
#include <vector>

#include "tests/peers/udp_socket.h"

namespace peers {
namespace {

constexpr char kAlpn[] = "qlb-echo";
constexpr char kPriority[] =
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:+CHACHA20-POLY1305:"
    "-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:%DISABLE_TLS13_COMPAT_MODE";
constexpr int kUnknownExtension = 0xfe50;  // of the range for private use
constexpr time_t kDay_s = 86400;

gnutls_session_t session(unsigned flags, const TlsCredentials& credentials,
                         ngtcp2_crypto_conn_ref* reference) {
  gnutls_session_t tls = nullptr;
  gnutls_init(&tls, flags);
  if (gnutls_priority_set_direct(tls, kPriority, nullptr) != 0) give_up("GnuTLS refuses its priorities");
  std::string name = kAlpn;
  const gnutls_datum_t alpn{reinterpret_cast<uint8_t*>(name.data()), static_cast<unsigned>(name.size())};
  gnutls_alpn_set_protocols(tls, &alpn, 1, GNUTLS_ALPN_MANDATORY);
  gnutls_credentials_set(tls, GNUTLS_CRD_CERTIFICATE, credentials.get());
  gnutls_session_set_ptr(tls, reference);
  return tls;
}

int append_filling(gnutls_session_t tls, gnutls_buffer_t data) {
  gnutls_ext_priv_data_t bytes = nullptr;
  gnutls_ext_get_data(tls, kUnknownExtension, &bytes);
  const std::vector<uint8_t> filling(reinterpret_cast<uintptr_t>(bytes));
  gnutls_buffer_append_data(data, filling.data(), filling.size());
  return static_cast<int>(filling.size());
}

int ignore_filling(gnutls_session_t, const unsigned char*, size_t) { return 0; }

}  // namespace

void fill_random(uint8_t* bytes, size_t size) { gnutls_rnd(GNUTLS_RND_RANDOM, bytes, size); }

TlsCredentials::TlsCredentials() { gnutls_certificate_allocate_credentials(&credentials_); }

TlsCredentials::TlsCredentials(const std::string& name) : TlsCredentials() {
  gnutls_x509_privkey_t key;
  gnutls_x509_crt_t certificate;
  gnutls_x509_privkey_init(&key);
  gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
  gnutls_x509_crt_init(&certificate);
  gnutls_x509_crt_set_version(certificate, 3);
  gnutls_x509_crt_set_serial(certificate, "\x01", 1);
  gnutls_x509_crt_set_activation_time(certificate, time(nullptr) - kDay_s);
  gnutls_x509_crt_set_expiration_time(certificate, time(nullptr) + kDay_s);
  gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, name.data(),
                                static_cast<unsigned>(name.size()));
  gnutls_x509_crt_set_key(certificate, key);
  gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0);
  const int refused = gnutls_certificate_set_x509_key(credentials_, &certificate, 1, key);
  gnutls_x509_crt_deinit(certificate);
  gnutls_x509_privkey_deinit(key);
  if (refused != 0) give_up("GnuTLS refuses its own certificate");
}

TlsCredentials::~TlsCredentials() { gnutls_certificate_free_credentials(credentials_); }

gnutls_session_t server_session(const TlsCredentials& credentials, ngtcp2_crypto_conn_ref* reference) {
  const gnutls_session_t tls = session(GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET, credentials, reference);
  if (ngtcp2_crypto_gnutls_configure_server_session(tls) != 0) give_up("no TLS session");
  return tls;
}

gnutls_session_t client_session(const TlsCredentials& credentials, ngtcp2_crypto_conn_ref* reference,
                                size_t hello_bytes) {
  const gnutls_session_t tls = session(GNUTLS_CLIENT, credentials, reference);
  if (ngtcp2_crypto_gnutls_configure_client_session(tls) != 0) give_up("no TLS session");
  if (hello_bytes == 0) return tls;
  if (gnutls_session_ext_register(tls, "filling", kUnknownExtension, GNUTLS_EXT_TLS, ignore_filling,
                                  append_filling, nullptr, nullptr, nullptr,
                                  GNUTLS_EXT_FLAG_CLIENT_HELLO | GNUTLS_EXT_FLAG_TLS) != 0) {
    give_up("GnuTLS takes no extension");
  }
  gnutls_ext_set_data(tls, kUnknownExtension, reinterpret_cast<gnutls_ext_priv_data_t>(hello_bytes));
  return tls;
}

}  // namespace peers
