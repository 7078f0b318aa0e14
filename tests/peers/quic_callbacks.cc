// SPDX-License-Identifier: MIT
// libngtcp2's calls, passed on to the connection they belong to.
#include <algorithm>

#include "tests/peers/quic_connection.h"
#include "tests/peers/quic_tls.h"

namespace peers {
namespace {

Connection& connection_of(void* user_data) { return *static_cast<Connection*>(user_data); }

int take_stream_data(ngtcp2_conn* quic, uint32_t flags, int64_t id, uint64_t, const uint8_t* data,
                     size_t size, void* user_data, void*) {
  Stream& stream = connection_of(user_data).streams()[id];
  stream.in.append(reinterpret_cast<const char*>(data), size);
  ngtcp2_conn_extend_max_stream_offset(quic, id, size);
  ngtcp2_conn_extend_max_offset(quic, size);
  if ((flags & NGTCP2_STREAM_DATA_FLAG_FIN) && !stream.whole) {
    stream.whole = true;
    connection_of(user_data).on_whole(id, stream);
  }
  return 0;
}

int forget_stream(ngtcp2_conn* quic, uint32_t, int64_t id, uint64_t, void* user_data, void*) {
  connection_of(user_data).streams().erase(id);
  if (!ngtcp2_conn_is_local_stream(quic, id)) ngtcp2_conn_extend_max_streams_bidi(quic, 1);
  return 0;
}

int tell_of_path(ngtcp2_conn*, uint32_t, const ngtcp2_path* path, ngtcp2_path_validation_result result,
                 void* user_data) {
  connection_of(user_data).on_path(*path, result == NGTCP2_PATH_VALIDATION_RESULT_SUCCESS);
  return 0;
}

void add_crypto(ngtcp2_callbacks& calls) {
  calls.recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb;
  calls.encrypt = ngtcp2_crypto_encrypt_cb;
  calls.decrypt = ngtcp2_crypto_decrypt_cb;
  calls.hp_mask = ngtcp2_crypto_hp_mask_cb;
  calls.update_key = ngtcp2_crypto_update_key_cb;
  calls.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb;
  calls.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb;
  calls.get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb;
  calls.version_negotiation = ngtcp2_crypto_version_negotiation_cb;
  calls.rand = [](uint8_t* bytes, size_t size, const ngtcp2_rand_ctx*) { fill_random(bytes, size); };
}

}  // namespace

ngtcp2_callbacks Connection::callbacks(bool is_server) const {
  ngtcp2_callbacks calls{};
  if (is_server) {
    calls.recv_client_initial = ngtcp2_crypto_recv_client_initial_cb;
  } else {
    calls.client_initial = ngtcp2_crypto_client_initial_cb;
    calls.recv_retry = ngtcp2_crypto_recv_retry_cb;
  }
  add_crypto(calls);
  calls.handshake_completed = [](ngtcp2_conn*, void* user_data) {
    connection_of(user_data).on_handshake();
    return 0;
  };
  calls.get_new_connection_id = [](ngtcp2_conn*, ngtcp2_cid* id, uint8_t* token, size_t length,
                                   void* user_data) {
    connection_of(user_data).new_id(*id, token, length);
    return 0;
  };
  calls.remove_connection_id = [](ngtcp2_conn*, const ngtcp2_cid* id, void* user_data) {
    connection_of(user_data).id_is_gone(*id);
    return 0;
  };
  calls.path_validation = tell_of_path;
  calls.recv_stream_data = take_stream_data;
  calls.stream_close = forget_stream;
  return calls;
}

}  // namespace peers
