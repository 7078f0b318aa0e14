// SPDX-License-Identifier: MIT
#include "control/api_tcp.h"

#include <netinet/in.h>
#include <openssl/crypto.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "control/asio_endpoint.h"
#include "control/safe_file.h"

namespace control {
namespace {

constexpr uint64_t kMaxFileBytes = 4096;
constexpr std::string_view kBearer = "Bearer ";

}  // namespace

lb::Result<int> listen_on_tcp(const lb::Endpoint& address) {
  const auto where = asio_endpoint<boost::asio::ip::tcp>(address);
  const auto failed = [&](int fd) {
    const int error = errno;
    if (fd >= 0) ::close(fd);
    return lb::Error{"api.tcp: " + address.to_string() + ": " + std::strerror(error)};
  };
  const int fd = ::socket(where.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return failed(fd);
  const int on = 1;
  if (::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof on) != 0 ||
      ::bind(fd, where.data(), static_cast<socklen_t>(where.size())) != 0 || ::listen(fd, 128) != 0)
    return failed(fd);
  return fd;
}

lb::Result<std::string> read_token(const std::string& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) == 0 && (info.st_mode & S_IROTH) != 0)
    return lb::Error{"api.tcp.token_file: every user may read " + file +
                     "; chmod o-r it and take another token"};
  const auto text = read_file(file, kMaxFileBytes);
  if (!text) return lb::Error{"api.tcp.token_file: " + text.error()};
  constexpr const char* kSpace = " \t\r\n";
  const std::string& all = text.value();
  const size_t begin = std::min(all.find_first_not_of(kSpace), all.size());
  const std::string token = all.substr(begin, all.find_last_not_of(kSpace) + 1 - begin);
  const auto visible = [](char c) { return c > ' ' && c < 0x7f; };
  if (token.size() < kLeastToken || token.size() > kLongestToken ||
      !std::all_of(token.begin(), token.end(), visible))
    return lb::Error{"api.tcp.token_file: " + file + ": one line of " + std::to_string(kLeastToken) + " to " +
                     std::to_string(kLongestToken) +
                     " visible characters is wanted, as openssl rand -hex 16 prints"};
  return token;
}

bool bears_token(std::string_view authorization, const std::string& token) {
  if (authorization.size() != kBearer.size() + token.size()) return false;
  std::string scheme(authorization.substr(0, kBearer.size()));
  std::transform(scheme.begin(), scheme.end(), scheme.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return scheme == "bearer " &&
         CRYPTO_memcmp(authorization.data() + kBearer.size(), token.data(), token.size()) == 0;
}

}  // namespace control
