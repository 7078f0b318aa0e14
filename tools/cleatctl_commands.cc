// SPDX-License-Identifier: MIT
#include "tools/cleatctl_commands.h"

#include <algorithm>
#include <charconv>
#include <iostream>
#include <nlohmann/json.hpp>

#include "control/config.h"
#include "control/flows.h"
#include "control/hidden_keys.h"
#include "control/safe_file.h"
#include "control/sessions.h"
#include "control/streams.h"
#include "tools/cleatctl_client.h"
#include "tools/cleatctl_json_table.h"
#include "tools/cleatctl_key.h"
#include "tools/cleatctl_quic_lb.h"
#include "tools/cleatctl_show.h"
#include "tools/cleatctl_trace.h"
#include "tools/cleatctl_ufrag.h"

namespace cleatctl {
namespace {

using Json = nlohmann::ordered_json;
using Arguments = std::vector<std::string>;
constexpr uint64_t kShown = 100;  // of a list, unless --limit says otherwise
constexpr uint64_t kShownAtOnce =
    std::min({control::kMaxFlowsShown, control::kMaxSessionsShown, control::kMaxStreamsShown});

using Show = std::string (*)(const Json&);

int refused(const std::string& why) {
  std::cerr << "cleatctl: " << why << "\n";
  return kRefused;
}

std::string error_of(const Answer& answer) {
  const Json body = Json::parse(answer.body, nullptr, false);
  if (body.is_object() && body.contains("error") && body["error"].is_string())
    return body["error"].get<std::string>();
  return "cleatd answered with status " + std::to_string(answer.status);
}

// The answer's JSON as it is, or by `show`.
int print(const Options& options, const Answer& answer, Show show) {
  if (options.json) {
    std::cout << answer.body;
    return kOk;
  }
  try {
    std::cout << show(Json::parse(answer.body));
  } catch (const Json::exception& error) {
    return refused(std::string("cleatd's answer is not understood (another version?): ") + error.what());
  }
  return kOk;
}

// Asks, and prints the answer; without `show` nothing but JSON is printed on success.
int request(const Options& options, const std::string& method, const std::string& target, const Json& body,
            Show show) {
  const auto answer = ask(options.socket, method, target, body.is_null() ? "" : body.dump());
  if (!answer) return refused(answer.error());
  if (!answer.value().ok()) return refused(error_of(answer.value()));
  return options.json || show != nullptr ? print(options, answer.value(), show) : kOk;
}

int get(const Options& options, const std::string& target, Show show) {
  return request(options, "GET", target, nullptr, show);
}

std::string pool_path(const std::string& pool) { return "/v1/pools/" + encode_segment(pool); }
std::string backend_path(const Arguments& a) { return pool_path(a[0]) + "/backends/" + encode_segment(a[1]); }

// One pool in the shape of all.
std::string one(const Json& pool, Show show) { return show({{"pools", Json::array({pool})}}); }
std::string show_pool(const Json& pool) { return one(pool, show_pools) + "\n" + one(pool, show_backends); }
std::string show_pool_backends(const Json& pool) { return one(pool, show_backends); }

int status_show(const Options& o, const Arguments&) { return get(o, "/v1/status", show_status); }
int service_show(const Options& o, const Arguments&) { return get(o, "/v1/services", show_services); }
int pool_show(const Options& o, const Arguments& a) {
  return a.empty() ? get(o, "/v1/pools", show_pools) : get(o, pool_path(a[0]), show_pool);
}
int backend_show(const Options& o, const Arguments& a) {
  return a.empty() ? get(o, "/v1/pools", show_backends) : get(o, pool_path(a[0]), show_pool_backends);
}
int stats_show(const Options& o, const Arguments&) { return get(o, "/v1/stats", show_stats); }
int port_show(const Options& o, const Arguments&) { return get(o, "/v1/ports", show_ports); }
int neighbour_show(const Options& o, const Arguments&) { return get(o, "/v1/neighbours", show_neighbours); }
int config_show(const Options& o, const Arguments&) { return get(o, "/v1/config", show_config); }
int config_reload(const Options& o, const Arguments&) {
  return request(o, "POST", "/v1/reload", nullptr, nullptr);
}

int backend_weight(const Options& o, const Arguments& a) {
  uint32_t weight = 0;
  const auto [end, error] = std::from_chars(a[2].data(), a[2].data() + a[2].size(), weight);
  if (error != std::errc() || end != a[2].data() + a[2].size()) {
    std::cerr << "cleatctl: weight \"" << a[2] << "\": a whole number from 0 to 10000 is wanted\n";
    return kUsage;
  }
  return request(o, "PATCH", backend_path(a), {{"weight", weight}}, nullptr);
}
int backend_drain(const Options& o, const Arguments& a) {
  Json body = Json::object();
  if (o.deadline_s) body["deadline_s"] = *o.deadline_s;
  return request(o, "POST", backend_path(a) + "/drain", body, nullptr);
}
int backend_undrain(const Options& o, const Arguments& a) {
  return request(o, "POST", backend_path(a) + "/undrain", nullptr, nullptr);
}
int backend_add(const Options& o, const Arguments& a) {
  Json body{{"address", a[1]}};
  if (o.weight) body["weight"] = *o.weight;
  return request(o, "POST", pool_path(a[0]) + "/backends", body, nullptr);
}
int backend_remove(const Options& o, const Arguments& a) {
  return request(o, "DELETE", backend_path(a), nullptr, nullptr);
}
int backend_reset(const Options& o, const Arguments& a) {
  if (a.empty()) return request(o, "POST", "/v1/reset", nullptr, nullptr);
  if (a.size() == 1) return request(o, "POST", pool_path(a[0]) + "/reset", nullptr, nullptr);
  return request(o, "POST", backend_path(a) + "/reset", nullptr, nullptr);
}

// A file that `config show` wrote is as good as any; its keys are known to cleatd.
lb::Result<control::Config> read_config(const std::string& file, std::string& text) {
  auto read = control::read_file(file, control::kMaxConfigBytes);
  if (!read) return lb::Error{read.error()};
  text = std::move(read).value();
  return control::parse_config(control::fill_hidden_keys(text, control::any_key()), file);
}

int config_check(const Options& o, const Arguments& a) {
  std::string text;
  const auto config = read_config(a[0], text);
  if (!config) {
    std::cerr << config.error() << "\n";
    return kUsage;
  }
  const control::Config& c = config.value();
  size_t backends = 0;
  for (const control::PoolConfig& pool : c.pools) backends += pool.backends.size();
  const Json counts{{"file", a[0]},
                    {"services", c.services.size()},
                    {"pools", c.pools.size()},
                    {"backends", backends},
                    {"ports", c.dataplane.ports.size()}};
  if (o.json)
    std::cout << counts.dump() << "\n";
  else
    std::cout << a[0] << ": right; " << c.services.size() << " services, " << c.pools.size() << " pools, "
              << backends << " backends, " << c.dataplane.ports.size() << " ports\n";
  return kOk;
}

std::string show_changes(const Json& answer) {
  const Json& changes = answer.at("changes");
  std::string out =
      "applied, " + std::to_string(changes.size()) + (changes.size() == 1 ? " change" : " changes") + "\n";
  for (const Json& change : changes) out += "  " + text(change) + "\n";
  return out;
}

int config_apply(const Options& o, const Arguments& a) {
  std::string text;
  const auto config = read_config(a[0], text);
  if (!config) {
    std::cerr << config.error() << "\n";
    return kUsage;
  }
  return request(o, "PUT", "/v1/config", {{"text", text}}, show_changes);
}

// Asks again where an answer left off, until the limit is reached or all of the table was looked at.
int list(const Options& o, const std::string& what, Show show) {
  std::string query;
  for (const auto& [name, value] : o.values)
    if (name != "limit") query += "&" + name + "=" + encode_segment(value);
  uint64_t limit = kShown, after = 0;
  if (const auto given = o.values.find("limit"); given != o.values.end()) {
    const auto [end, error] =
        std::from_chars(given->second.data(), given->second.data() + given->second.size(), limit);
    if (error != std::errc() || *end != 0 || limit == 0) {
      std::cerr << "cleatctl: --limit: a whole number, at least 1, is wanted\n";
      return kUsage;
    }
  }
  Json all{{what, Json::array()}, {"next", nullptr}};
  do {
    const uint64_t wanted = std::min<uint64_t>(limit - all[what].size(), kShownAtOnce);
    const auto answer = ask(
        o.socket, "GET",
        "/v1/" + what + "?limit=" + std::to_string(wanted) + "&after=" + std::to_string(after) + query, "");
    if (!answer) return refused(answer.error());
    if (!answer.value().ok()) return refused(error_of(answer.value()));
    const Json part = Json::parse(answer.value().body, nullptr, false);
    if (!part.is_object() || !part.contains(what) || !part.contains("next"))
      return refused("cleatd's answer is not understood (another version?)");
    for (const Json& row : part[what]) all[what].push_back(row);
    all["next"] = part["next"];
    after = part["next"].is_number_unsigned() ? part["next"].get<uint64_t>() : 0;
  } while (!all["next"].is_null() && all[what].size() < limit);
  std::cout << (o.json ? all.dump() + "\n" : show(all));
  return kOk;
}

int flow_show(const Options& o, const Arguments&) { return list(o, "flows", show_flows); }
int flow_why(const Options& o, const Arguments& a) {
  const size_t slash = a[1].find('/');
  std::string target =
      "/v1/flows/why?client=" + encode_segment(a[0]) + "&vip=" + encode_segment(a[1].substr(0, slash));
  if (slash != std::string::npos) target += "&protocol=" + encode_segment(a[1].substr(slash + 1));
  return get(o, target, why_flow);
}
int trace_end(const Options& o, const Arguments&) {
  return request(o, "DELETE", "/v1/trace", nullptr, nullptr);
}
int session_show(const Options& o, const Arguments&) { return list(o, "sessions", show_sessions); }
int session_why(const Options& o, const Arguments& a) {
  const auto answer = ask(o.socket, "GET", "/v1/sessions?username=" + encode_segment(a[0]), "");
  if (!answer) return refused(answer.error());
  if (!answer.value().ok()) return refused(error_of(answer.value()));
  const Json sessions = Json::parse(answer.value().body, nullptr, false);
  if (sessions.is_object() && sessions.contains("sessions") && sessions["sessions"].empty())
    return refused("no session has this USERNAME: it ended, or no check with it came by this Cleat");
  return print(o, answer.value(), why_sessions);
}
int session_tell(const Options& o, const Arguments& a) {
  Json body{{"pool", a[0]}, {"username", a[1]}, {"backend", a[2]}};
  for (const auto& [option, field] :
       {std::pair("server-password", "server_password"), std::pair("client-password", "client_password")}) {
    const auto given = o.values.find(option);
    if (given == o.values.end()) continue;
    const auto password = secret_of(std::string("--") + option, given->second);
    if (!password) return usage_error(password.error());
    body[field] = password.value();
  }
  return request(o, "POST", "/v1/sessions", body, nullptr);
}

int stream_show(const Options& o, const Arguments&) { return list(o, "streams", show_streams); }
int stream_where(const Options& o, const Arguments& a) {
  return get(o, "/v1/streams/where?service=" + encode_segment(a[0]) + "&stream=" + encode_segment(a[1]),
             where_stream);
}
int stream_move(const Options& o, const Arguments& a) {
  return request(o, "POST", "/v1/streams/move", {{"service", a[0]}, {"stream", a[1]}, {"backend", a[2]}},
                 nullptr);
}
int stream_forget(const Options& o, const Arguments& a) {
  return request(o, "POST", "/v1/streams/forget", {{"service", a[0]}, {"stream", a[1]}}, nullptr);
}

constexpr std::string_view kFlowFilters = "service stream backend client lip lport limit ";
constexpr std::string_view kTraceOptions =
    "client port vip service backend reason drops-only packets seconds write snaplen ";
constexpr std::string_view kSessionFilters = "service backend username limit ";
constexpr std::string_view kStreamFilters = "service backend prefix limit ";

constexpr size_t kAnyNumber = SIZE_MAX;

constexpr Command kCommands[] = {
    {"status", "show", "", "version, generation, uptime, last reload", 0, 0, "", status_show},
    {"service", "show", "", "services with their traffic", 0, 0, "", service_show},
    {"pool", "show", "[POOL]", "pools, or one with its backends", 0, 1, "", pool_show},
    {"backend", "show", "[POOL]", "backends: weight, health, flows, drain", 0, 1, "", backend_show},
    {"backend", "weight", "POOL ENDPOINT N", "set the weight, 0 to 10000", 3, 3, "", backend_weight},
    {"backend", "drain", "POOL ENDPOINT [--deadline S]", "no new sessions; flows go on", 2, 2, "deadline ",
     backend_drain},
    {"backend", "undrain", "POOL ENDPOINT", "take new sessions again", 2, 2, "", backend_undrain},
    {"backend", "add", "POOL ENDPOINT [--weight N]", "add a backend that the file does not have", 2, 2,
     "weight ", backend_add},
    {"backend", "remove", "POOL ENDPOINT", "remove a backend", 2, 2, "", backend_remove},
    {"backend", "reset", "[POOL [ENDPOINT]]", "undo changes: back to the file", 0, 2, "", backend_reset},
    {"config", "check", "FILE", "check a file, without cleatd", 1, 1, "", config_check},
    {"config", "apply", "FILE", "check, put in the file's place, reload; or all as before", 1, 1, "",
     config_apply},
    {"config", "show", "", "running configuration and changes beside it", 0, 0, "", config_show},
    {"config", "reload", "", "read the file again, whole or not at all", 0, 0, "", config_reload},
    {"flow", "show",
     "[--service S] [--stream STREAM] [--backend E] [--client IP] [--lip IP] [--lport N] [--limit N]",
     "flows through nat: who is behind a LIP and port, who plays a stream", 0, 0, kFlowFilters, flow_show},
    {"flow", "why", "CLIENT:PORT VIP:PORT[/PROTOCOL]", "why a flow is on its backend, or whom a new one gets",
     2, 2, "", flow_why},
    {"session", "show", "[--service S] [--backend E] [--username U] [--limit N]",
     "ICE sessions: server, client's addresses, moves", 0, 0, kSessionFilters, session_show},
    {"session", "why", "USERNAME", "how its server was found, to where replies go", 1, 1, "", session_why},
    {"session", "tell", "POOL USERNAME ENDPOINT [--server-password P] [--client-password P]",
     "whose a session is, before its client comes", 3, 3, "server-password client-password ", session_tell},
    {"stream", "show", "[--service S] [--backend E] [--prefix NAME] [--limit N]",
     "streams: which backend has each, who publishes", 0, 0, kStreamFilters, stream_show},
    {"stream", "where", "SERVICE STREAM", "where its next publisher and player would go, and why", 2, 2, "",
     stream_where},
    {"stream", "move", "SERVICE STREAM ENDPOINT", "its next connections go there; those that are there stay",
     3, 3, "", stream_move},
    {"stream", "forget", "SERVICE STREAM", "its next connection goes where a new stream's would", 2, 2, "",
     stream_forget},
    {"trace", "show",
     "[--client IP [--port N]] [--vip V] [--service S] [--backend E] [--drops-only] [--reason R] [--packets "
     "N] "
     "[--seconds N] [--write FILE] [--snaplen N]",
     "packets with their verdicts while they pass; `cleatctl trace` is enough", 0, 0, kTraceOptions,
     trace_show},
    {"trace", "end", "", "end whoever's trace runs", 0, 0, "", trace_end},
    {"stats", "show", "", "counters: ports, workers and their load, services, backends, drops", 0, 0, "",
     stats_show},
    {"port", "show", "", "devices: driver, link, queues, what was granted", 0, 0, "", port_show},
    {"neighbour", "show", "", "next hops and their MAC addresses", 0, 0, "", neighbour_show},
    {"quic-lb", "encode", "--sid HEX [--nonce HEX | --nonce-len N] [--key KEY] [--config-id N]",
     "a connection id as a server makes it, without cleatd", 0, 0,
     "sid sid-len nonce nonce-len key config-id ", quic_lb_encode},
    {"quic-lb", "decode", "--sid-len N --nonce-len N [--key KEY] [--config-id N] [--self-described] CID...",
     "server ids in connection ids, without cleatd", 1, kAnyNumber,
     "sid-len nonce-len key config-id self-described ", quic_lb_decode},
    {"quic-lb", "keygen", "", "a random key for quic-lb", 0, 0, "", keygen},
    {"ufrag", "encode", "--key KEY --server N [--count N]",
     "ICE ufrags that hold a server's number, without cleatd", 0, 0, "key server count ", ufrag_encode},
    {"ufrag", "decode", "--key KEY UFRAG...", "the server's number in each, or foreign; without cleatd", 1,
     kAnyNumber, "key ", ufrag_decode},
    {"ufrag", "keygen", "", "a random key for ufrag", 0, 0, "", keygen},
};

}  // namespace

std::span<const Command> commands() { return kCommands; }

}  // namespace cleatctl
