// SPDX-License-Identifier: MIT
// Any bytes as the beginning of a TLS connection into lb/client_hello.h.
//
//   input = where it is cut the first time (2 bytes), records
#include "lb/client_hello.h"
#include "tests/fuzz/ask_watch.h"

namespace fuzz {
namespace {

// The same message in records of one byte each says the same.
void require_the_same_in_small_records(Octets octets, const lb::ClientHello& hello) {
  std::vector<uint8_t> small;
  for (size_t at = 0; at + 5 < octets.size();) {
    const size_t length = octets[at + 3] * 256U + octets[at + 4];
    for (size_t i = 0; i < length && at + 5 + i < octets.size(); ++i)
      small.insert(small.end(), {22, 3, octets[at + 2], 0, 1, octets[at + 5 + i]});
    at += 5 + length;
  }
  lb::ClientHello again;
  require(parse_client_hello(small, again) == lb::AskState::kWhole, "a hello is one in records of any size");
  require(again.server_name.view() == hello.server_name.view(),
          "the name is the same in records of any size");
  require(again.protocol_count == hello.protocol_count, "the protocols are the same in records of any size");
}

}  // namespace
}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  static const std::string kName = "cam.example.com";
  static const lb::VhostList kVhosts = lb::VhostList::make({&kName, 1}).value();
  const fuzz::Block records({data + 2, size - 2});
  const auto read = [](fuzz::Octets octets, lb::StreamAsk& ask) {
    return lb::read_tls_ask(octets, kVhosts, ask);
  };
  fuzz::require_sound_and_the_same_when_cut(read, records.octets(),
                                            (data[0] * 256U + data[1]) % (records.octets().size() + 1));
  lb::ClientHello hello;
  if (parse_client_hello(records.octets(), hello) == lb::AskState::kWhole)
    fuzz::require_the_same_in_small_records(records.octets(), hello);
  return 0;
}
