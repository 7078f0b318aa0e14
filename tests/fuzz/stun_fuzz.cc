// SPDX-License-Identifier: MIT
// Any bytes as one UDP payload into lb/stun.h: a fault with a name, or a message whose accessors stay inside it. A payload
// whose length field is wrong is read a second time with a right one.
#include <cstring>
#include <memory>

#include "lb/stun.h"
#include "lb/stun_builder.h"
#include "tests/fuzz/target.h"

namespace fuzz {
namespace {

constexpr uint8_t kPassword[] = "0123456789abcdefghijkl";
const lb::HmacSha1Key kKey{kPassword};

void require_inside(std::span<const uint8_t> payload, std::string_view text) {
  const auto* begin = reinterpret_cast<const uint8_t*>(text.data());
  require(begin >= payload.data() && begin + text.size() <= payload.data() + payload.size(),
          "what is read lies in the payload");
}

// The challenge that Cleat would send to whoever sent this.
void require_challenge_reads_back(const lb::StunMessage& message) {
  std::array<uint8_t, lb::kMaxStunCheck> room;
  lb::StunCheck check{.transaction = message.transaction(), .username = *message.username(), .key = &kKey};
  check.priority = message.priority().value_or(0);
  const auto again = lb::parse_stun(lb::build_binding_request(room, check));
  require(bool(again), "what Cleat writes is a message");
  require(again->integrity_ok(kKey) && again->fingerprint_ok(), "it is signed");
  require(again->username() == message.username(), "the name is kept");
  require(again->priority() == check.priority, "the priority is kept");
}

void read(std::span<const uint8_t> payload) {
  const lb::StunParsed stun = lb::parse_stun(payload);
  count(bool(stun));
  if (!stun) return require(!lb::stun_fault_name(stun.fault()).empty(), "a fault has a name");
  const lb::StunMessage& message = *stun;
  require(message.bytes().size() == payload.size() && payload.size() % 4 == 0, "the message is the payload");
  if (const auto name = message.username()) require_inside(payload, *name);
  if (const auto ufrags = message.ufrags()) {
    require(message.is_binding(lb::StunClass::kRequest), "only Binding requests route");
    require(ufrags->server.size() >= 4 && ufrags->server.size() <= 256, "a ufrag has 4..256 characters");
    require_inside(payload, ufrags->server);
    require_inside(payload, ufrags->client);
    require_challenge_reads_back(message);
  }
  if (const auto code = message.error_code())
    require(*code >= 300 && *code <= 699, "error codes are 300..699");
  require(message.has_fingerprint() || !message.fingerprint_ok(), "no FINGERPRINT is right if there is none");
  require(message.has_integrity() || !message.integrity_ok(kKey), "no signature is right if there is none");
  (void)message.xor_mapped_address();
  (void)message.controlling();
  (void)message.controlled();
  (void)message.use_candidate();
}

}  // namespace
}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // of exactly its size, for AddressSanitizer
  const auto block = std::make_unique<uint8_t[]>(size);
  if (size > 0) std::memcpy(block.get(), data, size);
  fuzz::read({block.get(), size});
  if (size < lb::kStunHeaderBytes || size > 65507) return 0;
  const size_t length = size - lb::kStunHeaderBytes;
  if (block[2] == length >> 8 && block[3] == (length & 0xff)) return 0;
  block[2] = static_cast<uint8_t>(length >> 8);
  block[3] = static_cast<uint8_t>(length);
  fuzz::read({block.get(), size});
  return 0;
}
