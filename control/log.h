// SPDX-License-Identifier: MIT
// Log lines of the control thread: an event, then key=value. Workers count; they never log.
//   2026-03-01T12:00:00.123Z warning backend down pool=live backend=10.0.0.7 reason=timeout after_ms=3000
#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

#include "lb/result.h"

namespace control {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

struct LogField {
  std::string_view key;
  std::string value;

  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(v) {}
  LogField(std::string_view k, std::integral auto v) : key(k), value(std::to_string(v)) {}
};

// Sends later lines to `file` (appended) or, when it is empty, to stderr; lines below `least` are left out.
// Before the first call lines of kInfo and above go to stderr.
// error   the file cannot be opened; the former target stays
lb::Status open_log(const std::string& file, LogLevel least);

// Writes one line. A value that is empty or holds a space, quote, '=' or control character is quoted, the
// latter three escaped, so that a line stays one line. Any thread,
// but not while open_log() runs. Errors of the target are swallowed.
void log_event(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

// The line's text without its time and level.
std::string event_text(std::string_view event, std::initializer_list<LogField> fields);

}  // namespace control
