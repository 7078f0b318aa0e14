// SPDX-License-Identifier: MIT
// `health` of a pool: which check, what it asks, how often.
#include <algorithm>
#include <array>

#include "control/config_sections.h"
#include "control/payload.h"

namespace control {
namespace {

using Type = HealthConfig::Type;

struct Kind {
  const char* key;
  Type type;
};
constexpr std::array<Kind, 4> kKinds = {
    {{"tcp", Type::kTcp}, {"http", Type::kHttp}, {"udp", Type::kUdp}, {"icmp", Type::kIcmp}}};

// Fields that one kind of check alone has, and how this one is asked for.
struct Own {
  const char *kind, *wanted;
  std::array<const char*, 4> fields;
};
constexpr std::array<Own, 2> kOwn = {{{"http", "http: /PATH", {"status", "body"}},
                                      {"udp", "udp: true", {"send", "answer", "begins", "contains"}}}};

void read_kind(const YamlField& section, HealthConfig& check) {
  const char* given = nullptr;
  for (const Kind& kind : kKinds) {
    const YamlField field = section[kind.key];
    if (!field.given()) continue;
    if (given != nullptr) return field.refuse(std::string(given) + " is given, too; one of them is wanted");
    given = kind.key;
    check.type = kind.type;
    if (kind.type == Type::kHttp) continue;
    bool wanted = true;
    field.boolean(wanted);
    if (!wanted) field.refuse("false is not possible; leave it out, or health for no checks");
  }
  for (const Own& own : kOwn)
    for (const char* field : own.fields)
      if (field != nullptr && section[field].given() && !section[own.kind].given())
        section[field].refuse(std::string("only ") + own.kind + " checks have it; " + own.wanted +
                              " is missing");
}

void read_http(const YamlField& section, HealthConfig& check) {
  read_path(section["http"], "/api/v1/versions", check.path);
  section["status"].number(check.status, 100, 599);
  const YamlField body = section["body"];
  if (const auto text = body.scalar("a text")) {
    check.body = *text;
    if (text->empty()) body.refuse("an empty text is in every body; leave it out");
  }
}

void read_payload(const YamlField& field, std::string& into) {
  const std::string wanted = "a text, or hex: and an even number of hexadecimal digits,";
  const auto text = field.scalar(wanted);
  if (!text) return;
  const auto payload = parse_payload(*text);
  if (!payload) return field.refuse(quoted(*text) + " is no payload; " + wanted + " is wanted");
  if (payload->empty() || payload->size() > kMaxPayloadBytes)
    return field.refuse(std::to_string(payload->size()) + " bytes are not in 1.." +
                        std::to_string(kMaxPayloadBytes));
  into = *payload;
}

void read_udp(const YamlField& section, HealthConfig& check) {
  read_payload(section.need("send", "what to send, a text or hex:DIGITS,"), check.send);
  read_payload(section["begins"], check.begins);
  read_payload(section["contains"], check.contains);
  const bool looks_at_answer = !check.begins.empty() || !check.contains.empty();
  check.answer_required = looks_at_answer;
  const YamlField answer = section["answer"];
  answer.choice(check.answer_required, {{"required", true}, {"optional", false}});
  if (looks_at_answer && !check.answer_required)
    answer.refuse("begins and contains want an answer; leave this out");
}

}  // namespace

void read_path(const YamlField& field, const std::string& example, std::string& into) {
  const auto text = field.scalar("a path, as in " + example + ",");
  if (!text) return;
  if (!text->starts_with('/') ||
      std::any_of(text->begin(), text->end(), [](unsigned char c) { return c <= ' ' || c >= 0x7f; }))
    return field.refuse(quoted(*text) + " is no path; one as in " + example + ", without blanks, is wanted");
  into = *text;
}

HealthConfig read_health(const YamlField& section) {
  HealthConfig check;
  if (!section.is_map({"tcp", "http", "udp", "icmp", "port", "status", "body", "send", "answer", "begins",
                       "contains", "interval", "fast_interval", "timeout", "rise", "fall"}))
    return check;
  read_kind(section, check);
  read_http(section, check);
  if (check.type == Type::kUdp) read_udp(section, check);
  section["port"].number(check.port, 1, 65535);
  if (check.type == Type::kIcmp && section["port"].given())
    section["port"].refuse("icmp has no ports; leave it out");
  section["interval"].milliseconds(check.interval_ms, 100, 3'600'000);
  const YamlField fast = section["fast_interval"];
  check.fast_interval_ms = std::min(check.fast_interval_ms, check.interval_ms);
  fast.milliseconds(check.fast_interval_ms, 100, 3'600'000);
  if (check.fast_interval_ms > check.interval_ms)
    fast.refuse("longer than interval; it is for looking again sooner");
  section["timeout"].milliseconds(check.timeout_ms, 10, 60'000);
  section["rise"].number(check.rise, 1, 100);
  section["fall"].number(check.fall, 1, 100);
  return check;
}

}  // namespace control
