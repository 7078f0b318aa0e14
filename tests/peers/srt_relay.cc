// SPDX-License-Identifier: MIT
// srt-relay: an SRT server that gives what is published to it as a stream to all who play that stream, as SRS does. On Debian's libsrt.
// It prints a JSON object a line (json_line.h): accepted, refused, ended.
//
//   srt-relay ADDRESS PORT
//
// A StreamID is `#!::r=NAME,m=publish` or, to play, `#!::r=NAME` or NAME. What is called closed/... is refused with 1403. A peer that is silent for 15 s
// is given up. SIGTERM ends it.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <srt/access_control.h>
#include <srt/srt.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "tests/peers/json_line.h"

namespace {

using peers::JsonLine;

volatile std::sig_atomic_t g_stop = 0;

void require(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "srt-relay: %s: %s\n", what, srt_getlasterror_str());
  std::exit(2);
}

struct Stream {
  std::string name;
  bool publishes = false;

  static Stream of(std::string_view id) {
    constexpr std::string_view kKeys = "#!::";
    if (!id.starts_with(kKeys)) return {std::string(id)};
    Stream stream;
    for (id.remove_prefix(kKeys.size()); !id.empty();) {
      const std::string_view pair = id.substr(0, id.find(','));
      id.remove_prefix(std::min(pair.size() + 1, id.size()));
      if (pair.starts_with("r=")) stream.name = pair.substr(2);
      if (pair == "m=publish") stream.publishes = true;
    }
    return stream;
  }
};

int refuse_closed(void*, SRTSOCKET socket, int, const sockaddr*, const char* id) {
  const Stream stream = Stream::of(id != nullptr ? id : "");
  if (!stream.name.starts_with("closed/")) return 0;
  JsonLine("refused").text("stream", stream.name).print();
  srt_setrejectreason(socket, SRT_REJX_FORBIDDEN);
  return -1;
}

class Relay {
 public:
  Relay(const char* address, uint16_t port) : listener_(srt_create_socket()), epoll_(srt_epoll_create()) {
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_port = htons(port);
    require(inet_pton(AF_INET, address, &own.sin_addr) == 1, "address");
    const int no = 0, patience_ms = 15'000;
    require(srt_setsockflag(listener_, SRTO_RCVSYN, &no, sizeof no) == 0, "RCVSYN");
    require(srt_setsockflag(listener_, SRTO_SNDSYN, &no, sizeof no) == 0, "SNDSYN");
    require(srt_setsockflag(listener_, SRTO_PEERIDLETIMEO, &patience_ms, sizeof patience_ms) == 0,
            "PEERIDLETIMEO");
    require(srt_bind(listener_, reinterpret_cast<sockaddr*>(&own), sizeof own) == 0, "bind");
    require(srt_listen_callback(listener_, refuse_closed, nullptr) == 0, "callback");
    require(srt_listen(listener_, 64) == 0, "listen");
    watch(listener_);
  }

  void run() {
    constexpr int kWaitMs = 200;
    std::array<SRT_EPOLL_EVENT, 64> events;
    while (g_stop == 0) {
      const int ready = srt_epoll_uwait(epoll_, events.data(), events.size(), kWaitMs);
      for (int i = 0; i < ready; ++i) take(events[static_cast<size_t>(i)].fd);
    }
  }

 private:
  void watch(SRTSOCKET socket) {
    const int events = SRT_EPOLL_IN | SRT_EPOLL_ERR;
    require(srt_epoll_add_usock(epoll_, socket, &events) == 0, "epoll");
  }

  void take(SRTSOCKET socket) {
    if (socket == listener_) return accept();
    const auto peer = peers_.find(socket);
    if (peer == peers_.end()) return;
    relay(socket, peer->second);
    if (srt_getsockstate(socket) > SRTS_CONNECTED) end(socket);
  }

  void accept() {
    sockaddr_in from{};
    int length = sizeof from;
    const SRTSOCKET socket = srt_accept(listener_, reinterpret_cast<sockaddr*>(&from), &length);
    if (socket == SRT_INVALID_SOCK) return;
    std::array<char, 513> id{};
    int size = id.size() - 1;
    srt_getsockflag(socket, SRTO_STREAMID, id.data(), &size);
    const Stream& stream = peers_[socket] = Stream::of(id.data());
    watch(socket);
    std::array<char, INET_ADDRSTRLEN> address{};
    inet_ntop(AF_INET, &from.sin_addr, address.data(), address.size());
    JsonLine("accepted")
        .text("stream", stream.name)
        .truth("publishes", stream.publishes)
        .text("peer", std::string(address.data()) + ':' + std::to_string(ntohs(from.sin_port)))
        .print();
  }

  // What came is passed on before the next is read; a player that does not keep up loses it.
  void relay(SRTSOCKET publisher, const Stream& stream) {
    std::array<char, 1500> message;
    int size = 0;
    while ((size = srt_recvmsg(publisher, message.data(), message.size())) > 0)
      for (const auto& [player, wanted] : peers_)
        if (!wanted.publishes && wanted.name == stream.name) srt_sendmsg(player, message.data(), size, -1, 1);
  }

  void end(SRTSOCKET socket) {
    const Stream& stream = peers_[socket];
    JsonLine("ended").text("stream", stream.name).truth("publishes", stream.publishes).print();
    peers_.erase(socket);
    srt_close(socket);
  }

  const SRTSOCKET listener_;
  const int epoll_;
  std::map<SRTSOCKET, Stream> peers_;
};

}  // namespace

int main(int count, char** words) {
  if (count != 3) {
    std::fprintf(stderr, "usage: srt-relay ADDRESS PORT\n");
    return 2;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  std::signal(SIGTERM, [](int) { g_stop = 1; });
  require(srt_startup() >= 0, "startup");
  Relay(words[1], static_cast<uint16_t>(std::atoi(words[2]))).run();
  srt_cleanup();
  return 0;
}
