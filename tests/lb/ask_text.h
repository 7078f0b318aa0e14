// SPDX-License-Identifier: MIT
// Asks as text, and a reader of asks given its bytes one by one; on the packet path, where nothing may allocate.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "lb/stream_ask.h"
#include "tests/lb/packet_path.h"

namespace lb::test {

inline std::string text_of(const StreamAsk& ask) {
  static constexpr const char* kRoles[] = {"other", "publish", "play", "vhost", "session"};
  std::string text = kRoles[static_cast<size_t>(ask.role)];
  if (!ask.session.empty()) text += " " + std::string(ask.session);
  if (!ask.key.text().empty()) text += " " + std::string(ask.key.text());
  if (ask.other) text += " or " + std::string(ask.other->text());
  return text;
}

// read     (bytes, ask) -> AskState
// returns  the ask, "partial" or "not it"
template <typename Read, typename Bytes>
std::string ask_of(Read read, const Bytes& bytes) {
  StreamAsk ask;
  const AskState state = [&] {
    const OnPacketPath here("a reader of asks");
    return read(bytes, ask);
  }();
  return state == AskState::kWhole ? text_of(ask) : state == AskState::kPartial ? "partial" : "not it";
}

// What the first n bytes say stays the answer when there are more, for each n.
template <typename Read, typename Bytes>
void expect_the_same_however_it_is_cut(Read read, const Bytes& bytes) {
  const std::string whole = ask_of(read, bytes);
  for (size_t n = 0; n < bytes.size(); ++n) {
    const std::string cut = ask_of(read, Bytes(bytes.begin(), bytes.begin() + static_cast<long>(n)));
    if (cut == "partial") continue;
    ASSERT_EQ(cut, whole) << n;
  }
}

}  // namespace lb::test
