// SPDX-License-Identifier: MIT
#include "tests/fuzz/plain_http.h"

#include <algorithm>
#include <cctype>
#include <map>

namespace fuzz {
namespace {

constexpr size_t kWindow = 8192;
constexpr long kLongest = 1L << 30;
const std::string kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", kDigits = "0123456789";
const std::string kIceChars = kUpper + "abcdefghijklmnopqrstuvwxyz" + kDigits + "+/";

bool only(const std::string& text, const std::string& of) {
  return text.find_first_not_of(of) == std::string::npos;
}
std::string lower(std::string text) {
  for (char& c : text)
    if (kUpper.find(c) != std::string::npos) c = static_cast<char>(std::tolower(c));
  return text;
}
std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.pop_back();
  while (!text.empty() && (text[0] == ' ' || text[0] == '\t')) text.erase(0, 1);
  return text;
}
long number(const std::string& text) {
  return text.empty() || text.size() > 15 || !only(text, kDigits) ? -1 : std::stol(text);
}

struct Head {
  PlainMessage message;
  long length = -1;
  bool chunked = false;
};

bool read_first_line(const std::string& line, PlainMessage& message) {
  if (line.starts_with("HTTP/1.")) {
    const long status = line.size() < 12 || line[8] != ' ' ? -1 : number(line.substr(9, 3));
    message.status = status < 0 ? 0 : static_cast<unsigned>(status);
    return status >= 100 && status <= 599;
  }
  message.request = true;
  message.method = line.substr(0, line.find(' '));
  return message.method.size() != line.size() && !message.method.empty() && message.method.size() <= 16 &&
         only(message.method, kUpper) && line.find(" HTTP/1.") != std::string::npos;
}

// text  a whole head without the blank line
std::optional<Head> read_head(std::string text) {
  Head head;
  bool first = true;
  for (text += "\r\n"; !text.empty(); first = false) {
    const std::string line = text.substr(0, text.find("\r\n"));
    text.erase(0, line.size() + 2);
    if (first) {
      if (!read_first_line(line, head.message)) return std::nullopt;
      continue;
    }
    const size_t colon = line.find(':');
    if (colon == std::string::npos || colon == 0) return std::nullopt;
    const std::string name = lower(line.substr(0, colon)), value = trimmed(line.substr(colon + 1));
    if (name == "location") head.message.location = value;
    if (name == "transfer-encoding") head.chunked = lower(value).ends_with("chunked");
    if (name != "content-length") continue;
    const long length = number(value);
    if (length < 0 || (head.length >= 0 && head.length != length)) return std::nullopt;
    head.length = length;
  }
  if (head.chunked) head.length = -1;
  const unsigned status = head.message.status;
  if (head.length < 0 && !head.chunked &&
      (head.message.request || status < 200 || status == 204 || status == 304))
    head.length = 0;
  return head;
}

std::optional<std::string> value_of(const std::string& body, const std::string& key, size_t longest) {
  const size_t at = body.find(key);
  if (at == std::string::npos) return std::nullopt;
  std::string rest = body.substr(at + key.size());
  for (size_t escaped = 0; (escaped = rest.find("\\/", escaped)) != std::string::npos; ++escaped)
    rest.erase(escaped, 1);
  const size_t end = rest.find_first_not_of(kIceChars);
  if (end == std::string::npos || end > longest) return std::nullopt;
  return rest.substr(0, end);
}

// The last one: what comes before may be an echo.
std::optional<std::string> behind(const std::string& text, const std::string& key) {
  const size_t at = text.rfind(key);
  if (at == std::string::npos || at + key.size() == text.size()) return std::nullopt;
  return text.substr(at + key.size());
}

// nullopt: a % without its two digits
std::optional<std::string> decoded(const std::string& text) {
  const std::string query = text.substr(0, text.find_first_of("&#"));
  std::string value;
  for (size_t i = 0; i < query.size(); ++i) {
    if (query[i] != '%' || i + 2 >= query.size()) {
      value += query[i];
      continue;
    }
    const std::string digits = query.substr(i + 1, 2);
    if (!only(lower(digits), kDigits + "abcdef")) return std::nullopt;
    value += static_cast<char>(std::stoi(digits, nullptr, 16));
    i += 2;
  }
  return value;
}

}  // namespace

std::vector<PlainMessage> read_http_plainly(const std::string& text) {
  std::vector<PlainMessage> found;
  for (size_t at = 0; at < text.size();) {
    const std::string window = text.substr(at, kWindow);
    const size_t blank = window.find("\r\n\r\n");
    if (!only(window.substr(0, 3), kUpper) || blank == std::string::npos) break;
    const auto head = read_head(window.substr(0, blank));
    if (!head || head->length > kLongest) break;
    PlainMessage message = head->message;
    message.body = window.substr(blank + 4);
    size_t total = blank + 4 + static_cast<size_t>(std::max(0L, head->length));
    bool last = false;
    if (head->length >= 0) {
      last = window.size() < total && window.size() < kWindow;
      message.body.resize(std::min(message.body.size(), static_cast<size_t>(head->length)));
    } else {
      // The last chunk may be the first one, too.
      const size_t end = head->chunked ? ("\r\n" + message.body).find("\r\n0\r\n\r\n") : std::string::npos;
      last = end == std::string::npos;
      if (!last) message.body.resize(end + 5);
      total += message.body.size();
    }
    const bool carries =
        message.request ? message.method == "POST" : message.status == 200 || message.status == 201;
    if (carries && !(last && head->length >= 0)) found.push_back(message);
    if (last) break;
    at += total;
  }
  return found;
}

std::optional<PlainCredentials> ice_credentials_plainly(const std::string& body) {
  const auto ufrag = value_of(body, "a=ice-ufrag:", 72), password = value_of(body, "a=ice-pwd:", 256);
  if (!ufrag || !password || ufrag->size() < 4 || password->size() < 22) return std::nullopt;
  return PlainCredentials{*ufrag, *password};
}

std::optional<std::string> named_session_plainly(const std::string& location, const std::string& body) {
  auto query = behind(location, "&session=");
  if (!query) query = behind(location, "?session=");
  std::string name;
  if (query) {
    const auto value = decoded(*query);
    if (!value) return std::nullopt;
    name = *value;
  } else {
    const auto json = behind(body, "\"sessionid\":\"");
    if (!json || json->find('"') == std::string::npos) return std::nullopt;
    name = json->substr(0, json->find('"'));
    std::erase(name, '\\');
  }
  const size_t colon = name.find(':');
  if (name.size() > 72 || colon == std::string::npos || colon < 4 || !only(name.substr(0, colon), kIceChars))
    return std::nullopt;
  return name;
}

}  // namespace fuzz
