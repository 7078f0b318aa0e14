// SPDX-License-Identifier: MIT
// Any bytes as an HTTP request into lb/http_ask.h.
//
//   input = where it is cut the first time (2 bytes), text
#include "lb/http_ask.h"
#include "tests/fuzz/ask_watch.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  static const std::string kName = "cam.example.com";
  static const lb::VhostList kVhosts = lb::VhostList::make({&kName, 1}).value();
  const auto read = [](fuzz::Octets octets, lb::StreamAsk& ask) {
    return lb::read_http_ask({reinterpret_cast<const char*>(octets.data()), octets.size()}, kVhosts, ask);
  };
  const fuzz::Octets text(data + 2, size - 2);
  fuzz::require_sound_and_the_same_when_cut(read, text, (data[0] * 256U + data[1]) % (text.size() + 1));
  return 0;
}
