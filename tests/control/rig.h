// SPDX-License-Identifier: MIT
// A whole control thread on plain memory: a Controller with a configuration file, an Engine that compiles
// with lb::compile, a real unix socket and a client that speaks HTTP to it.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "control/controller.h"
#include "control/log.h"
#include "lb/compile.h"
#include "tests/control/origin_server.h"
#include "tests/lb/segment_memory.h"

namespace control::test {

using Json = nlohmann::ordered_json;

struct Reply {
  unsigned status = 0;
  std::string head, body;
  [[nodiscard]] Json json() const { return Json::parse(body); }
};

// A folder that goes with the object.
class TempFolder {
 public:
  TempFolder() {
    std::string name = "/tmp/cleat-control-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline void write_file(const std::string& path, const std::string& text) { std::ofstream(path) << text; }
inline std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// One connection to the API.
class ApiClient {
 public:
  ApiClient(asio::io_context& io, const std::string& path) : io_(io), socket_(io) {
    boost::system::error_code error;
    socket_.connect(asio::local::stream_protocol::endpoint(path), error);
    connected = !error;
    if (connected) read();
  }
  ApiClient(asio::io_context& io, const asio::ip::tcp::endpoint& address) : io_(io), socket_(io) {
    boost::system::error_code error;
    socket_.connect(address, error);
    connected = !error;
    if (connected) read();
  }
  ~ApiClient() {
    boost::system::error_code ignored;
    socket_.close(ignored);
    // Waits for the aborted read, which still points here.
    run_until(io_, [this] { return closed; });
  }

  void send(std::string raw) {
    auto text = std::make_shared<std::string>(std::move(raw));
    asio::async_write(socket_, asio::buffer(*text), [text](const boost::system::error_code&, size_t) {});
  }
  // Something has come that receive() has not taken yet.
  [[nodiscard]] bool answered() const { return !received_.empty(); }
  // The next answer; status 0 if the peer closed first.
  Reply receive() {
    std::optional<Reply> reply;
    run_until(io_, [&] { return (reply = take()).has_value() || closed; });
    return reply.value_or(Reply{});
  }
  Reply ask(const std::string& method, const std::string& path, const std::string& body = "",
            const std::string& headers = "") {
    send(method + " " + path + " HTTP/1.1\r\nHost: cleat\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + headers + "\r\n" + body);
    return receive();
  }

  bool connected = false, closed = true;

 private:
  void read() {
    closed = false;
    socket_.async_read_some(asio::buffer(place_), [this](const boost::system::error_code& error, size_t n) {
      received_.append(place_.data(), n);
      if (error)
        closed = true;
      else
        read();
    });
  }
  std::optional<Reply> take() {
    const size_t end = received_.find("\r\n\r\n");
    if (end == std::string::npos) return std::nullopt;
    Reply reply;
    reply.head = received_.substr(0, end + 2);
    reply.status = static_cast<unsigned>(std::stoul(reply.head.substr(9, 3)));
    const size_t at = reply.head.find("Content-Length: ");
    const size_t size = at == std::string::npos ? 0 : std::stoul(reply.head.substr(at + 16));
    if (received_.size() < end + 4 + size) return std::nullopt;
    reply.body = received_.substr(end + 4, size);
    received_.erase(0, end + 4 + size);
    return reply;
  }

  asio::io_context& io_;
  asio::generic::stream_protocol::socket socket_;
  std::array<char, 4096> place_{};
  std::string received_;
};

class Rig {
 public:
  // One pool "live" of 10.20.0.11 and .12 behind service
  // "rtmp"; `pool_lines` go into the pool, `more` to the end.
  static std::string yaml(const std::string& socket, const std::string& pool_lines = "",
                          const std::string& more = "") {
    return "dataplane:\n"
           "  workers: 2\n"
           "  ports:\n"
           "    - { name: outside, device: \"veth:eth1\", address: [10.10.0.2/24], gateway: 10.10.0.1 }\n"
           "    - { name: inside, device: \"veth:eth2\", address: [10.20.0.2/24] }\n"
           "nat: { addresses: [10.20.0.100/31] }\n"
           "pools:\n"
           "  live:\n" +
           pool_lines +
           "    backends:\n"
           "      - { address: 10.20.0.11, weight: 100 }\n"
           "      - { address: 10.20.0.12, weight: 100 }\n"
           "services:\n"
           "  - { name: rtmp, vip: 10.10.0.100, protocol: tcp, port: 1935, pool: live, forward: nat }\n"
           "api: { listen: \"unix:" +
           socket + "\" }\n" + more;
  }

  Rig() {
    engine.segment = &segment;
    engine.neighbours = &neighbours;
    engine.port_names = {"outside", "inside"};
    engine.workers = {&counters[0], &counters[1]};
    engine.now = [this] { return now; };
    engine.snapshot = [this] { return snapshot.get(); };
    engine.publish = [this](const lb::SnapshotSpec& wanted) -> lb::Result<uint64_t> {
      ++publishes;
      if (!publish_fails.empty()) return lb::Error{publish_fails};
      auto made = lb::compile(wanted, segment, generation + 1, now, engine.workers, snapshot.get());
      if (!made) return lb::Error{made.error()};
      snapshot = std::move(made).value();
      spec = wanted;
      return ++generation;
    };
    std::filesystem::create_directory(folder / "etc");
    configure(yaml(socket()));
    EXPECT_TRUE(open_log(log(), LogLevel::kInfo).ok());
  }
  ~Rig() {
    if (controller) controller->stop();
    io.restart();
    io.poll();
    EXPECT_TRUE(open_log("", LogLevel::kInfo).ok());
  }

  [[nodiscard]] std::string file() const { return folder / "etc/cleat.yaml"; }
  [[nodiscard]] std::string socket() const { return folder / "run/api.sock"; }
  [[nodiscard]] std::string log() const { return folder / "log"; }
  void configure(const std::string& text) const { write_file(file(), text); }

  // Nothing can be saved beside the configuration any more, not even by root.
  void make_unwritable() const {
    std::filesystem::remove_all(folder / "etc");
    write_file(folder / "etc", "no folder");
  }

  lb::Status start(bool signals = false) {
    auto config = load_config(file());
    if (!config) return lb::Error{config.error()};
    ControllerOptions options;
    options.version = "1.2.3";
    options.signals = signals;
    options.on_stop = [this] { ++stops; };
    controller = std::make_unique<Controller>(io, std::move(config).value(), engine, options);
    return controller->start();
  }
  // As a restart of the process: another Controller on the same files.
  lb::Status restart() {
    controller.reset();
    return start();
  }

  Reply ask(const std::string& method, const std::string& path, const std::string& body = "") {
    ApiClient client(io, socket());
    return client.ask(method, path, body);
  }
  Json get(const std::string& path) {
    const Reply reply = ask("GET", path);
    EXPECT_EQ(reply.status, 200u) << path << " " << reply.body;
    return reply.json();
  }
  // What `live` shows of its i-th backend.
  Json backend(size_t i) { return get("/v1/pools/live").at("backends").at(i); }
  // Effective weight in the snapshot's spec.
  [[nodiscard]] uint32_t weight(const std::string& address) const {
    for (const lb::BackendSpec& b : spec.pools.at(0).backends)
      if (b.address == lb::IpAddress::parse(address)) return b.weight;
    return UINT32_MAX;
  }
  [[nodiscard]] size_t logged(const std::string& text) const {
    std::ifstream in(log());
    size_t n = 0;
    for (std::string line; std::getline(in, line);) n += line.find(text) != std::string::npos;
    return n;
  }

  // A flow of "rtmp" through the first backend, on the first LIP's port.
  void open_flow(lb::LipIndex lip, uint16_t port, const char* client, uint16_t client_port) {
    const lb::SlotIndex index = lb::NatSlots::index(lip, lb::Protocol::kTcp, port);
    lb::NatSlot& slot = segment.slots().at(index);
    const lb::BackendId backend = snapshot->pools.at(0).entries.at(0).id;
    lb::NatSlots::fill(slot, backend, snapshot->services.at(0).listener, *lb::IpAddress::parse(client),
                       client_port, 1935, now.tick());
    lb::NatSlots::open(slot, now.tick());
  }

  TempFolder folder;
  asio::io_context io;
  lb::test::SegmentMemory memory{lb::test::kSmallSegment};
  lb::Now now{1'000'000};
  lb::Segment segment = memory.format(now);
  lb::Neighbours neighbours;
  lb::WorkerCounters counters[2];
  std::unique_ptr<const lb::Snapshot> snapshot;
  lb::SnapshotSpec spec;
  uint64_t generation = 0;
  unsigned publishes = 0, stops = 0;
  std::string publish_fails;
  Engine engine;
  std::unique_ptr<Controller> controller;
};

}  // namespace control::test
