// SPDX-License-Identifier: MIT
#include "tools/cleatctl_trace.h"

#include <time.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "control/hex.h"
#include "lb/trace_record.h"
#include "tools/cleatctl_client.h"
#include "tools/cleatctl_json_table.h"
#include "tools/cleatctl_pcapng.h"

namespace cleatctl {
namespace {

using Json = nlohmann::ordered_json;

constexpr unsigned kDefaultSnaplen = 128;
constexpr long kPollNs = 100'000'000;

volatile std::sig_atomic_t asked_to_end = 0;

int refused(const std::string& why) {
  std::cerr << "cleatctl: " << why << "\n";
  return kRefused;
}
int usage(const std::string& why) {
  std::cerr << "cleatctl: " << why << "\n";
  return kUsage;
}

// UTC, as the log has it.
std::string time_of_day(uint64_t epoch_ms) {
  const auto seconds = static_cast<time_t>(epoch_ms / 1000);
  tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[48];
  std::snprintf(text, sizeof text, "%02d:%02d:%02d.%03u", parts.tm_hour, parts.tm_min, parts.tm_sec,
                static_cast<unsigned>(epoch_ms % 1000));
  return text;
}

// "outside 198.51.100.7:40000 > 10.10.0.100:8000", as far as it is known.
std::string ends_text(const Json& port, const Json& source, const Json& destination) {
  std::string out = text(port);
  if (!source.is_null()) out += (out.empty() ? "" : " ") + text(source) + " > " + text(destination);
  return out;
}

lb::Result<Json> ask_json(const std::string& socket, const std::string& method, const std::string& target,
                          const std::string& body) {
  const auto answer = ask(socket, method, target, body);
  if (!answer) return lb::Error{answer.error()};
  const Json json = Json::parse(answer.value().body, nullptr, false);
  if (answer.value().ok() && json.is_object()) return json;
  const bool says_why = json.is_object() && json.contains("error") && json["error"].is_string();
  return lb::Error{says_why ? json["error"].get<std::string>()
                            : "cleatd answered with status " + std::to_string(answer.value().status)};
}

// The request's body. error  a usage error
lb::Result<Json> request_of(const Options& options) {
  Json body = Json::object();
  for (const auto& [name, value] : options.values) {
    if (name == "write") continue;
    if (name == "drops-only") {
      body["drops_only"] = true;
    } else if (name == "port" || name == "packets" || name == "seconds" || name == "snaplen") {
      uint32_t number = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
      if (error != std::errc() || end != value.data() + value.size())
        return lb::Error{"--" + name + ": a whole number is wanted"};
      body[name] = number;
    } else {
      body[name] = value;
    }
  }
  const bool writes = options.values.contains("write");
  if (!writes && body.contains("snaplen") && !options.json)
    return lb::Error{"--snaplen: bytes are kept only with --write or --json"};
  if (writes && !body.contains("snaplen")) body["snaplen"] = kDefaultSnaplen;
  if (writes && body["snaplen"] == 0) return lb::Error{"--snaplen: at least 1 is wanted"};
  return body;
}

// Both sides of each port are interfaces of their own.
class Capture {
 public:
  lb::Status open(const std::string& path, const Json& trace) {
    std::vector<std::string> interfaces;
    for (const Json& port : trace.at("ports"))
      for (const char* side : {" in", " out"}) interfaces.push_back(text(port) + side);
    for (size_t i = 0; i < trace.at("ports").size(); ++i) ports_.push_back(text(trace.at("ports")[i]));
    auto made = PcapngFile::create(path, interfaces, trace.at("snaplen").get<uint32_t>());
    if (!made) return lb::Error{made.error()};
    file_.emplace(std::move(made).value());
    return lb::Nothing{};
  }

  lb::Status add(const Json& packets) {
    if (!file_) return lb::Nothing{};
    for (const Json& packet : packets) {
      add(packet, "port", "size_bytes", "bytes", PcapngFile::Direction::kIn);
      add(packet, "new_port", "new_size_bytes", "new_bytes", PcapngFile::Direction::kOut);
    }
    return file_->flush();
  }

 private:
  void add(const Json& packet, const char* port, const char* size, const char* bytes,
           PcapngFile::Direction direction) {
    if (packet.at(size).is_null()) return;
    const auto octets = control::from_hex(packet.at(bytes).get<std::string>());
    uint32_t interface = direction == PcapngFile::Direction::kIn ? 0 : 1;
    for (size_t i = 0; i < ports_.size(); ++i)
      if (ports_[i] == text(packet.at(port))) interface += static_cast<uint32_t>(2 * i);
    file_->add(interface, packet.at("time_ms").get<uint64_t>(), packet.at(size).get<uint32_t>(),
               octets.value_or(std::vector<uint8_t>{}), direction, trace_verdict(packet));
  }

  std::optional<PcapngFile> file_;
  std::vector<std::string> ports_;
};

std::string end_text(const std::string& ended) {
  if (ended == "packets") return "as many as asked for";
  if (ended == "seconds") return "its time is over";
  if (ended == "unread") return "nobody read it for a while";
  return "it was asked to end";
}

void wait_a_moment() {
  const timespec moment{0, kPollNs};
  ::nanosleep(&moment, nullptr);  // a signal cuts it short
}

int follow(const Options& options, Json trace) {
  Capture capture;
  const uint64_t id = trace.at("trace").get<uint64_t>();
  const std::string target = "/v1/trace?id=" + std::to_string(id);
  const auto give_up = [&](const std::string& why) {
    (void)ask(options.socket, "DELETE", target, "");
    return refused(why);
  };
  if (const auto file = options.values.find("write"); file != options.values.end())
    if (const lb::Status opened = capture.open(file->second, trace); !opened) return give_up(opened.error());
  uint64_t shown = 0;
  for (bool told_to_end = false;;) {
    const Json& packets = trace.at("packets");
    for (const Json& packet : packets)
      std::cout << (options.json ? packet.dump() : trace_line(packet)) << "\n";
    std::cout.flush();
    if (!std::cout) return give_up("the output is closed");
    if (const lb::Status written = capture.add(packets); !written) return give_up(written.error());
    shown += packets.size();
    if (!trace.at("ended").is_null()) break;
    if (asked_to_end != 0 && !std::exchange(told_to_end, true))
      (void)ask(options.socket, "DELETE", target, "");
    else if (packets.empty())
      wait_a_moment();
    auto next = ask_json(options.socket, "GET",
                         target + "&after=" + std::to_string(trace.at("next").get<uint64_t>()), "");
    if (!next) return refused(next.error());
    trace = std::move(next).value();
  }
  const auto not_kept = trace.at("not_kept").get<uint64_t>();
  std::cerr << "cleatctl: " << shown << " packets, " << end_text(text(trace.at("ended"))) << "; " << not_kept
            << " more were not kept\n";
  return kOk;
}

}  // namespace

std::string trace_verdict(const Json& packet) {
  const std::string verdict = text(packet.at("verdict")), way = text(packet.at("way"));
  const std::string left =
      ends_text(packet.at("new_port"), packet.at("new_source"), packet.at("new_destination"));
  if (verdict == "punted") return "punted to the kernel";
  if (verdict == "consumed") return "for Cleat itself";
  std::string out = verdict;
  if (verdict == "dropped") out += " as " + text(packet.at("reason"));
  if (verdict == "answered") return out;
  if (!left.empty()) out += (verdict == "dropped" ? ", of " : " ") + left;
  if (way == "in" && !packet.at("backend").is_null()) {
    out += verdict == "dropped" ? ", for backend " : " to backend ";
    out += text(packet.at("backend"));
    if (!packet.at("by").is_null()) out += " by " + text(packet.at("by"));
    if (!packet.at("rung").is_null()) out += " (rung " + text(packet.at("rung")) + ")";
  }
  if (way == "out" && !packet.at("client").is_null())
    out += (verdict == "dropped" ? ", for client " : " to client ") + text(packet.at("client"));
  return out;
}

std::string trace_line(const Json& packet) {
  std::string out = time_of_day(packet.at("time_ms").get<uint64_t>()) + " w" + text(packet.at("worker"));
  const std::string way = text(packet.at("way"));
  out += " " + (way.empty() ? std::string("-  ") : way == "in" ? "in " : "out") + " ";
  const std::string came = ends_text(packet.at("port"), packet.at("source"), packet.at("destination"));
  out += text(packet.at("protocol")) + " ";
  if (came.empty())
    out += "later:";
  else
    out += came + " " + text(packet.at("size_bytes"));
  if (!packet.at("tcp_flags").is_null()) out += " " + text(packet.at("tcp_flags"));
  return out + " " + trace_verdict(packet);
}

int trace_show(const Options& options, const std::vector<std::string>&) {
  const auto body = request_of(options);
  if (!body) return usage(body.error());
  for (const int number : {SIGINT, SIGTERM}) {
    struct sigaction action {};
    action.sa_handler = [](int) { asked_to_end = 1; };
    action.sa_flags = SA_RESTART;
    ::sigaction(number, &action, nullptr);
  }
  auto begun = ask_json(options.socket, "POST", "/v1/trace", body.value().dump());
  if (!begun) return refused(begun.error());
  try {
    return follow(options, std::move(begun).value());
  } catch (const Json::exception& error) {
    return refused(std::string("cleatd's answer is not understood (another version?): ") + error.what());
  }
}

}  // namespace cleatctl
