// SPDX-License-Identifier: MIT
// What must hold of every reader of asks (lb/stream_ask.h), whatever it reads.
#pragma once

#include <cstring>
#include <memory>
#include <span>
#include <string_view>

#include "lb/stream_ask.h"
#include "tests/fuzz/target.h"

namespace fuzz {

using Octets = std::span<const uint8_t>;

// Octets in a block of exactly their size, for AddressSanitizer.
class Block {
 public:
  explicit Block(Octets octets) : size_(octets.size()), data_(std::make_unique<uint8_t[]>(size_)) {
    if (size_ > 0) std::memcpy(data_.get(), octets.data(), size_);
  }
  [[nodiscard]] Octets octets() const { return {data_.get(), size_}; }

 private:
  size_t size_;
  std::unique_ptr<uint8_t[]> data_;
};

inline bool lies_in(std::string_view part, Octets whole) {
  const auto* begin = reinterpret_cast<const uint8_t*>(part.data());
  return part.empty() || (begin >= whole.data() && begin + part.size() <= whole.data() + whole.size());
}

inline void require_a_streams_key(const lb::StreamKey& key) {
  const std::string_view text = key.text();
  const size_t app = text.find('/'), stream = text.rfind('/');
  require(app != std::string_view::npos && app + 1 < stream && stream + 1 < text.size(),
          "a key has an app and a stream");
  require(text.find("//") == std::string_view::npos, "no part of a key is empty");
  for (const char c : text) require(static_cast<unsigned char>(c) > ' ' && c != 0x7f, "a key has no blank");
}

inline void require_sound(const lb::StreamAsk& ask, Octets read) {
  using lb::StreamRole;
  const bool has_key = !ask.key.text().empty();
  if (ask.role == StreamRole::kPublish || ask.role == StreamRole::kPlay) require_a_streams_key(ask.key);
  if (ask.role == StreamRole::kVhost) require(ask.key.text().ends_with('/'), "the key is of a whole vhost");
  if (ask.role == StreamRole::kSession && has_key) require_a_streams_key(ask.key);
  if (ask.role == StreamRole::kOther) require(!has_key, "who asks for no stream has no key");
  if (ask.other) require_a_streams_key(*ask.other);
  require(!ask.other || has_key, "the less likely reading is not the only one");
  require((ask.role == StreamRole::kSession) == !ask.session.empty(),
          "a session is named where one is asked for");
  require(lies_in(ask.session, read), "the session lies in what was read");
}

// read  (octets, ask) -> AskState
// cut   how much comes first
template <typename Read>
void require_sound_and_the_same_when_cut(Read read, Octets octets, size_t cut) {
  const Block whole(octets), first(octets.first(cut));
  lb::StreamAsk ask, early;
  const lb::AskState state = read(whole.octets(), ask), early_state = read(first.octets(), early);
  count(state == lb::AskState::kWhole);
  if (state == lb::AskState::kWhole) require_sound(ask, whole.octets());
  if (early_state == lb::AskState::kPartial) return;
  require(early_state == state, "more bytes do not change whether there is an ask");
  if (state != lb::AskState::kWhole) return;
  require(ask.role == early.role && ask.key == early.key && ask.other == early.other &&
              ask.session == early.session,
          "more bytes do not change an ask");
}

}  // namespace fuzz
