// SPDX-License-Identifier: MIT
#include "dataplane/nap.h"

#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

namespace dataplane {
namespace {

constexpr long kAloneNs = 50'000;

}  // namespace

std::vector<int> af_xdp_sockets() {
  std::vector<int> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", ignored)) {
    const std::string name = entry.path().filename();
    int file = -1, domain = 0;
    socklen_t length = sizeof domain;
    std::from_chars(name.data(), name.data() + name.size(), file);
    if (::getsockopt(file, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && domain == AF_XDP)
      found.push_back(file);
  }
  std::sort(found.begin(), found.end());
  return found;
}

Nap::Nap(const std::vector<int>& files, bool all) : all_(all) {
  for (const int file : files)
    if (count_ < files_.size()) files_[count_++] = {file, POLLIN, 0};
}

void Nap::take(long ns, bool in_vain) noexcept {
  const bool alone = woken_ && in_vain;
  const timespec most{0, alone ? std::min(ns, kAloneNs) : ns};
  woken_ = ::ppoll(files_.data(), alone ? 0 : count_, &most, nullptr) > 0;
  if (!woken_) return;
  // What is broken is always ready; it tells no more of frames, and their queue is looked at after each sleep.
  for (nfds_t i = 0; i < count_; ++i)
    if ((files_[i].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) {
      files_[i].fd = -1;
      all_ = false;
    }
}

}  // namespace dataplane
