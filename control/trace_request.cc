// SPDX-License-Identifier: MIT
#include "control/trace_request.h"

#include <nlohmann/json.hpp>

#include "control/nearest.h"
#include "control/query_field.h"
#include "lb/drop_reason.h"
#include "lb/trace_record.h"

namespace control {
namespace {

using Json = nlohmann::ordered_json;

template <typename Number>
std::string set_number(const Json& value, uint64_t least, uint64_t most, Number& into) {
  if (!value.is_number_unsigned() || value.get<uint64_t>() < least || value.get<uint64_t>() > most)
    return "a whole number from " + std::to_string(least) + " to " + std::to_string(most) + " is wanted";
  into = static_cast<Number>(value.get<uint64_t>());
  return "";
}

std::string set_text(const Json& value, std::string (*read)(const std::string&, TraceRequest&),
                     TraceRequest& into) {
  return value.is_string() ? read(value.get<std::string>(), into) : "a string is wanted";
}

std::string read_client(const std::string& text, TraceRequest& into) {
  return read_address(text, into.filter.client);
}

// ADDRESS, ADDRESS:PORT, either with /tcp or /udp behind it.
std::string read_vip(const std::string& text, TraceRequest& into) {
  const size_t slash = text.find('/');
  if (slash != std::string::npos) {
    const std::string protocol = text.substr(slash + 1);
    if (protocol != "tcp" && protocol != "udp") return "ADDRESS:PORT/tcp or ADDRESS:PORT/udp is wanted";
    into.filter.protocol = protocol == "tcp" ? lb::Protocol::kTcp : lb::Protocol::kUdp;
  }
  return read_endpoint(text.substr(0, slash), into.filter.vip);
}

std::string read_backend(const std::string& text, TraceRequest& into) {
  return read_endpoint(text, into.filter.backend);
}

std::string read_reason(const std::string& text, TraceRequest& into) {
  std::vector<std::string> known;
  for (unsigned i = 0; i < lb::kDropReasonCount; ++i) {
    const auto reason = static_cast<lb::DropReason>(i);
    known.emplace_back(lb::drop_reason_name(reason));
    if (known.back() == text) into.filter.reason = reason;
  }
  return into.filter.reason ? "" : "no drop reason is called so; " + suggestion(text, known);
}

std::string read_service(const std::string& text, TraceRequest& into) {
  into.service = text;
  return "";
}

std::string set(const std::string& name, const Json& value, TraceRequest& into) {
  if (name == "client") return set_text(value, read_client, into);
  if (name == "port") return set_number(value, 1, 65535, into.filter.client_port);
  if (name == "vip") return set_text(value, read_vip, into);
  if (name == "service") return set_text(value, read_service, into);
  if (name == "backend") return set_text(value, read_backend, into);
  if (name == "reason") return set_text(value, read_reason, into);
  if (name == "packets") return set_number(value, 1, kMaxTracedPackets, into.packets);
  if (name == "seconds") return set_number(value, 1, kMaxTraceSeconds, into.seconds);
  if (name == "snaplen") return set_number(value, 0, lb::TraceRecord::kMaxBytes, into.filter.snaplen);
  if (name != "drops_only") return "unknown";
  if (!value.is_boolean()) return "true or false is wanted";
  into.filter.drops_only = value.get<bool>();
  return "";
}

}  // namespace

lb::Result<TraceRequest> TraceRequest::of(const Json& body, const lb::SnapshotSpec& spec) {
  TraceRequest request;
  for (const auto& [name, value] : body.items())
    if (const std::string why = value.is_null() ? "" : set(name, value, request); !why.empty())
      return lb::Error{name + ": " + why};
  if (request.filter.client_port != 0 && !request.filter.client)
    return lb::Error{"port: it is the client's; give client as well"};
  if (request.service.empty()) return request;
  std::vector<std::string> known;
  for (const lb::ServiceSpec& service : spec.services) {
    if (service.name == request.service) return request;
    known.push_back(service.name);
  }
  return lb::Error{"service: none is called \"" + request.service + "\"; " +
                   (known.empty() ? "there are none" : suggestion(request.service, known))};
}

}  // namespace control
