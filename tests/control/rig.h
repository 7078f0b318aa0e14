// SPDX-License-Identifier: MIT
// A whole control thread on plain memory: a Controller with a configuration file, an Engine that compiles
// with lb::compile, a real unix socket and a client that speaks HTTP to it.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "control/controller.h"
#include "tests/control/origin_server.h"
#include "tests/lb/segment_memory.h"

namespace control::test {

using Json = nlohmann::ordered_json;

struct Reply {
  unsigned status = 0;
  std::string head, body;
  [[nodiscard]] Json json() const;
};

// A folder that goes with the object.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

void write_file(const std::string& path, const std::string& text);
std::string read_file(const std::string& path);

// One connection to the API.
class ApiClient {
 public:
  ApiClient(asio::io_context& io, const std::string& path);
  ApiClient(asio::io_context& io, const asio::ip::tcp::endpoint& address);
  ~ApiClient();

  void send(std::string raw);
  // Something has come that receive() has not taken yet.
  [[nodiscard]] bool answered() const { return !received_.empty(); }
  // The next answer; status 0 if the peer closed first.
  Reply receive();
  Reply ask(const std::string& method, const std::string& path, const std::string& body = "",
            const std::string& headers = "");

  bool connected = false, closed = true;

 private:
  void read();
  std::optional<Reply> take();

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
                          const std::string& more = "");

  Rig();
  ~Rig();

  [[nodiscard]] std::string file() const { return folder / "etc/cleat.yaml"; }
  [[nodiscard]] std::string socket() const { return folder / "run/api.sock"; }
  [[nodiscard]] std::string log() const { return folder / "log"; }
  void configure(const std::string& text) const { write_file(file(), text); }

  // Nothing can be saved beside the configuration any more, not even by root.
  void make_unwritable() const;

  lb::Status start(bool signals = false);
  // As a restart of the process: another Controller on the same files.
  lb::Status restart();

  Reply ask(const std::string& method, const std::string& path, const std::string& body = "");
  Json get(const std::string& path);
  // What `live` shows of its i-th backend.
  Json backend(size_t i);
  // Effective weight in the snapshot's spec.
  [[nodiscard]] uint32_t weight(const std::string& address) const;
  [[nodiscard]] size_t logged(const std::string& text) const;

  // A flow of "rtmp" through the first backend, on the first LIP's port.
  void open_flow(lb::LipIndex lip, uint16_t port, const char* client, uint16_t client_port);

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
  NotifyTarget notify;
  std::unique_ptr<Controller> controller;
};

}  // namespace control::test
