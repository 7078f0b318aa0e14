// SPDX-License-Identifier: MIT
// What the two ends of an ICE session say, for tests on the rig: checks, their answers, media.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <string_view>

#include "lb/mend.h"
#include "lb/stun.h"
#include "lb/stun_builder.h"
#include "tests/lb/rig.h"

namespace lb::test {

inline constexpr const char* kIceVip = "10.10.0.100:8000";
inline constexpr const char* kName = "srvufrag:CLI1";
inline constexpr const char* kServerPassword = "the-password-of-the-server-01234";

inline HmacSha1Key key_of(std::string_view password) {
  return HmacSha1Key({reinterpret_cast<const uint8_t*>(password.data()), password.size()});
}
inline TransactionId transaction(uint8_t number) { return {{9, 8, 7, number, 1, 2, 3, 4, 5, 6, 7, 8}}; }

// A connectivity check. password: the server's; null: unsigned.
struct CheckWords {
  std::string_view name = kName;
  const char* password = nullptr;
  bool nominates = false;
  uint8_t number = 1;  // of its transaction
};
inline Bytes check(const CheckWords& words = {}) {
  Bytes into(kMaxStunCheck);
  const HmacSha1Key key = key_of(words.password != nullptr ? words.password : "");
  const auto message = build_binding_request(into, {.transaction = transaction(words.number),
                                                    .username = words.name,
                                                    .priority = 1,
                                                    .tie_breaker = 2,
                                                    .controlling = true,
                                                    .use_candidate = words.nominates,
                                                    .key = words.password != nullptr ? &key : nullptr});
  return {message.begin(), message.end()};
}
inline Bytes success(uint8_t number) {
  Bytes into(kMaxStunAnswer);
  const auto message =
      build_binding_success(into, transaction(number), endpoint("10.20.0.100:1024"), nullptr);
  return {message.begin(), message.end()};
}
// An SRTCP receiver report of 8 + 24 encrypted bytes: index, then a tag (AES-CM), or a tag, then the index (AES-GCM).
inline Bytes srtcp(uint32_t index, bool gcm = false, uint32_t ssrc = 1) {
  Bytes bytes(32, 0xcc);
  bytes[0] = 0x80;
  bytes[1] = 201;
  const auto word = [&bytes](size_t at, uint32_t value) {
    for (unsigned i = 0; i < 4; ++i) bytes[at + i] = static_cast<uint8_t>(value >> (24 - 8 * i));
  };
  word(4, ssrc);
  bytes.resize(bytes.size() + (gcm ? 16 : 14), static_cast<uint8_t>(index * 37));
  word(gcm ? bytes.size() - 4 : bytes.size() - 14, 0x80000000U | index);
  return bytes;
}
inline Bytes rtp(uint32_t ssrc = 0x11223344, uint16_t sequence = 1) {
  Bytes bytes(60, 0xaa);
  bytes[0] = 0x80;
  bytes[1] = 96;
  bytes[2] = static_cast<uint8_t>(sequence >> 8);
  bytes[3] = static_cast<uint8_t>(sequence);
  for (unsigned i = 0; i < 4; ++i) bytes[8 + i] = static_cast<uint8_t>(ssrc >> (24 - 8 * i));
  return bytes;
}

struct Challenge {
  Endpoint to;
  Bytes message;

  [[nodiscard]] StunMessage parsed() const { return *parse_stun(message); }
  // What an ICE agent with that ice-pwd says (seen of Chromium): success, 401 to another signature, 400 to none.
  [[nodiscard]] Bytes answer(const char* password) const {
    const HmacSha1Key key = key_of(password);
    const StunMessage request = parsed();
    Bytes into(kMaxStunAnswer);
    const auto refuse = [&](StunError error) {
      return build_binding_error(into, request.transaction(), error, nullptr);
    };
    const auto message_out = !request.has_integrity()     ? refuse(StunError::kBadRequest)
                             : !request.integrity_ok(key) ? refuse(StunError::kUnauthenticated)
                                                          : build_binding_success(into, request.transaction(),
                                                                                  endpoint(kIceVip), &key);
    return {message_out.begin(), message_out.end()};
  }
};

class IceRig : public Rig {
 public:
  explicit IceRig(const Edit& edit = {}, unsigned workers = 1, const SegmentGeometry& geometry = kTinySegment)
      : Rig(
            [&edit](SnapshotSpec& spec) {
              for (const char* name : {"rtc", "rtc6"}) {
                service(spec, name).affinity = Affinity::kIce;
                service(spec, name).ice.ask = false;
              }
              if (edit) edit(spec);
            },
            workers, geometry) {}

  Outcome from(std::string_view client, const Bytes& payload, unsigned on_worker = 0) {
    return send(udp(client, kIceVip).payload(payload), kOutside, on_worker);
  }
  // The server of `request`'s answers, to whatever LIP and port the request came from.
  Outcome reply_to(const Outcome& request, const Bytes& payload, unsigned on_worker = 0) {
    const FrameFields seen = request.fields();
    return send(udp(seen.destination.to_string(), seen.source.to_string())
                    .from(seen.destination_mac)
                    .to(kInsideMac)
                    .payload(payload),
                kInside, on_worker);
  }
  // Challenges that Cleat has sent since it was asked last.
  std::vector<Challenge> challenges(unsigned of_worker = 0) {
    std::vector<Challenge> found;
    for (const auto& [port, frame] : own_frames(of_worker)) {
      const FrameFields fields = fields_of(frame);
      if (fields.protocol != static_cast<uint8_t>(Protocol::kUdp)) continue;
      EXPECT_EQ(port, kOutside);
      EXPECT_TRUE(fields.checksums_hold);
      EXPECT_EQ(fields.source, endpoint(kIceVip));
      found.push_back({fields.destination, fields.payload});
    }
    return found;
  }
  std::optional<SessionFound> session(std::string_view name = kName) {
    return segment().sessions().find(snapshot().pools[0].clients, name);
  }
  // What WHIP would teach: the session of that name is backend `host`'s, and its password.
  void learn(uint8_t host, const char* password, std::string_view name = kName,
             const char* client_password = nullptr) {
    BackendId backend = kNoBackendId;
    for (size_t id = 0; id < snapshot().backends.size(); ++id)
      if (snapshot().backends[id].address == ip("10.20.0." + std::to_string(host)))
        backend = static_cast<BackendId>(id);
    auto found = segment().sessions().learn(worker().free_session, snapshot().pools[0].clients, name, backend,
                                            Rung::kWhip, now());
    if (password != nullptr)
      Sessions::put_key(segment().sessions().sessions.at(found->index), found->control, KeyOf::kServer,
                        key_of(password));
    if (client_password != nullptr)
      Sessions::put_key(segment().sessions().sessions.at(found->index), found->control, KeyOf::kClient,
                        key_of(client_password));
  }
  IceCounters& ice(unsigned i = 0) { return counters(i).ice; }
  uint64_t refused(MoveRefusal why) { return ice().moves_refused[static_cast<unsigned>(why)].get(); }
  uint64_t opened(Rung rung) { return ice().sessions[static_cast<unsigned>(rung)].get(); }
};

}  // namespace lb::test
