// SPDX-License-Identifier: MIT
#include "control/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace control {
namespace {

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::shared_ptr<spdlog::logger> make_logger(spdlog::sink_ptr sink, LogLevel least) {
  auto logger = std::make_shared<spdlog::logger>("cleat", std::move(sink));
  logger->set_level(level_of(least));
  // A line that is lost in a buffer when the process is killed is the one that was wanted.
  logger->flush_on(spdlog::level::debug);
  logger->set_formatter(std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %l %v",
                                                                    spdlog::pattern_time_type::utc));
  logger->set_error_handler([](const std::string&) {});
  return logger;
}

std::shared_ptr<spdlog::logger>& logger() {
  static auto instance = make_logger(std::make_shared<spdlog::sinks::stderr_sink_mt>(), LogLevel::kInfo);
  return instance;
}

bool needs_quotes(std::string_view value) {
  if (value.empty()) return true;
  for (const char c : value)
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) return true;
  return false;
}

void append_quoted(std::string& out, std::string_view value) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (const char c : value) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (u < 0x20 || u == 0x7f) {
      out += "\\x";
      out += kHex[u >> 4];
      out += kHex[u & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

lb::Status open_log(const std::string& file, LogLevel least) {
  try {
    spdlog::sink_ptr sink;
    if (file.empty())
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    else
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file);
    logger() = make_logger(std::move(sink), least);
  } catch (const spdlog::spdlog_ex& error) {
    return lb::Error{"log file: " + std::string(error.what())};
  }
  return lb::Nothing{};
}

std::string event_text(std::string_view event, std::initializer_list<LogField> fields) {
  std::string text(event);
  for (const LogField& field : fields) {
    text += ' ';
    text += field.key;
    text += '=';
    if (needs_quotes(field.value))
      append_quoted(text, field.value);
    else
      text += field.value;
  }
  return text;
}

void log_event(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  const auto spd = level_of(level);
  if (logger()->should_log(spd)) logger()->log(spd, spdlog::string_view_t(event_text(event, fields)));
}

}  // namespace control
