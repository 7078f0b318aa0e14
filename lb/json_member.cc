// SPDX-License-Identifier: MIT
#include "lb/json_member.h"

#include "lb/url.h"

namespace lb {
namespace {

enum class Read : uint8_t { kOk, kPartial, kBroken };

constexpr uint32_t kHighSurrogates = 0xd800, kLowSurrogates = 0xdc00, kBehindSurrogates = 0xe000;

// What does not fit is left out, and remembered.
struct Sink {
  JsonText text;
  bool fits = true;

  void push(uint32_t byte) { fits = text.push(static_cast<char>(byte)) && fits; }
  void push_code_point(uint32_t code) {  // RFC 3629
    if (code < 0x80) return push(code);
    if (code < 0x800) {
      push(0xc0 | code >> 6);
    } else {
      if (code < 0x10000) {
        push(0xe0 | code >> 12);
      } else {
        push(0xf0 | code >> 18);
        push(0x80 | (code >> 12 & 0x3f));
      }
      push(0x80 | (code >> 6 & 0x3f));
    }
    push(0x80 | (code & 0x3f));
  }
};

class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  // The next character that is not blank; '\0' at the end.
  char peek() {
    const size_t at = rest_.find_first_not_of(" \t\r\n");
    rest_ = at == std::string_view::npos ? std::string_view() : rest_.substr(at);
    return rest_.empty() ? '\0' : rest_[0];
  }
  [[nodiscard]] Read missing() const { return rest_.empty() ? Read::kPartial : Read::kBroken; }
  Read take(char wanted) {
    if (peek() != wanted) return missing();
    rest_.remove_prefix(1);
    return Read::kOk;
  }

  Read string(Sink& sink) {
    if (const Read open = take('"'); open != Read::kOk) return open;
    while (!rest_.empty()) {
      const char c = next();
      if (c == '"') return Read::kOk;
      if (c != '\\') {
        sink.push(static_cast<unsigned char>(c));
      } else if (const Read escaped = escape(sink); escaped != Read::kOk) {
        return escaped;
      }
    }
    return Read::kPartial;
  }

  // An object or array by its brackets, whatever they enclose; else what stands up to the next comma or bracket.
  Read skip_value() {
    for (size_t depth = 0;;) {
      const char c = peek();
      if (rest_.empty()) return Read::kPartial;
      if (depth == 0 && (c == ',' || c == '}' || c == ']')) return Read::kOk;
      if (c == '"') {
        Sink ignored;
        if (const Read read = string(ignored); read != Read::kOk) return read;
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      rest_.remove_prefix(1);
    }
  }

 private:
  char next() {
    const char c = rest_[0];
    rest_.remove_prefix(1);
    return c;
  }

  // Four digits. kPartial only if all there are may be the beginning of it, so that more text changes no answer.
  Read unit(uint32_t& code) {
    code = 0;
    for (unsigned i = 0; i < 4; ++i) {
      if (rest_.empty()) return Read::kPartial;
      const int digit = hex_digit(next());
      if (digit < 0) return Read::kBroken;
      code = code * 16 + static_cast<uint32_t>(digit);
    }
    return Read::kOk;
  }

  Read low_surrogate(uint32_t& code) {
    for (const char wanted : {'\\', 'u'}) {
      if (rest_.empty()) return Read::kPartial;
      if (next() != wanted) return Read::kBroken;
    }
    uint32_t low = 0;
    if (const Read read = unit(low); read != Read::kOk) return read;
    if (low < kLowSurrogates || low >= kBehindSurrogates) return Read::kBroken;
    code = 0x10000 + ((code - kHighSurrogates) << 10) + (low - kLowSurrogates);
    return Read::kOk;
  }

  Read escape(Sink& sink) {
    if (rest_.empty()) return Read::kPartial;
    constexpr std::string_view kNames = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    const char c = next();
    if (const size_t at = kNames.find(c); at != std::string_view::npos) {
      sink.push(static_cast<unsigned char>(kMeanings[at]));
      return Read::kOk;
    }
    if (c != 'u') return Read::kBroken;
    uint32_t code = 0;
    if (const Read read = unit(code); read != Read::kOk) return read;
    if (code >= kLowSurrogates && code < kBehindSurrogates) return Read::kBroken;
    if (code >= kHighSurrogates && code < kLowSurrogates)
      if (const Read read = low_surrogate(code); read != Read::kOk) return read;
    sink.push_code_point(code);
    return Read::kOk;
  }

  std::string_view rest_;
};

JsonFind not_found(Read why) { return why == Read::kPartial ? JsonFind::kPartial : JsonFind::kAbsent; }

}  // namespace

JsonFind find_json_string(std::string_view text, std::string_view name, JsonText& value) noexcept {
  Cursor cursor(text);
  for (char before = '{';; before = ',') {
    if (const Read read = cursor.take(before); read != Read::kOk) return not_found(read);
    Sink key;
    if (const Read read = cursor.string(key); read != Read::kOk) return not_found(read);
    if (const Read read = cursor.take(':'); read != Read::kOk) return not_found(read);
    if (key.text.view() == name) {
      Sink found;
      if (const Read read = cursor.string(found); read != Read::kOk) return not_found(read);
      value = found.text;
      return found.fits ? JsonFind::kFound : JsonFind::kAbsent;
    }
    if (const Read read = cursor.skip_value(); read != Read::kOk) return not_found(read);
  }
}

}  // namespace lb
