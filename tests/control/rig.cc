// SPDX-License-Identifier: MIT
// The control rig's bodies, compiled once for all tests.
#include "tests/control/rig.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "control/log.h"
#include "lb/compile.h"

namespace control::test {

TempFolder::TempFolder() {
  std::string name = "/tmp/cleat-control-XXXXXX";
  path_ = ::mkdtemp(name.data());
}

TempFolder::~TempFolder() { std::filesystem::remove_all(path_); }

void write_file(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

Json Reply::json() const { return Json::parse(body); }

ApiClient::ApiClient(asio::io_context& io, const std::string& path) : io_(io), socket_(io) {
  boost::system::error_code error;
  socket_.connect(asio::local::stream_protocol::endpoint(path), error);
  connected = !error;
  if (connected) read();
}

ApiClient::ApiClient(asio::io_context& io, const asio::ip::tcp::endpoint& address) : io_(io), socket_(io) {
  boost::system::error_code error;
  socket_.connect(address, error);
  connected = !error;
  if (connected) read();
}

ApiClient::~ApiClient() {
  boost::system::error_code ignored;
  socket_.close(ignored);
  // Waits for the aborted read, which still points here.
  run_until(io_, [this] { return closed; });
}

void ApiClient::send(std::string raw) {
  auto text = std::make_shared<std::string>(std::move(raw));
  asio::async_write(socket_, asio::buffer(*text), [text](const boost::system::error_code&, size_t) {});
}

Reply ApiClient::receive() {
  std::optional<Reply> reply;
  run_until(io_, [&] { return (reply = take()).has_value() || closed; });
  return reply.value_or(Reply{});
}

Reply ApiClient::ask(const std::string& method, const std::string& path, const std::string& body,
                     const std::string& headers) {
  send(method + " " + path + " HTTP/1.1\r\nHost: cleat\r\nContent-Length: " + std::to_string(body.size()) +
       "\r\n" + headers + "\r\n" + body);
  return receive();
}

void ApiClient::read() {
  closed = false;
  socket_.async_read_some(asio::buffer(place_), [this](const boost::system::error_code& error, size_t n) {
    received_.append(place_.data(), n);
    if (error)
      closed = true;
    else
      read();
  });
}

std::optional<Reply> ApiClient::take() {
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

std::string Rig::yaml(const std::string& socket, const std::string& pool_lines, const std::string& more) {
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

Rig::Rig() {
  engine.segment = &segment;
  engine.neighbours = &neighbours;
  engine.port_names = {"outside", "inside"};
  engine.workers = {&counters[0], &counters[1]};
  engine.tsc_hz = 2'000'000'000;
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

Rig::~Rig() {
  if (controller) controller->stop();
  io.restart();
  io.poll();
  EXPECT_TRUE(open_log("", LogLevel::kInfo).ok());
}

void Rig::make_unwritable() const {
  std::filesystem::remove_all(folder / "etc");
  write_file(folder / "etc", "no folder");
}

lb::Status Rig::start(bool signals) {
  auto config = load_config(file());
  if (!config) return lb::Error{config.error()};
  ControllerOptions options;
  options.version = "1.2.3";
  options.signals = signals;
  options.notify = notify;
  options.on_stop = [this] { ++stops; };
  controller = std::make_unique<Controller>(io, std::move(config).value(), engine, options);
  return controller->start();
}

lb::Status Rig::restart() {
  controller.reset();
  return start();
}

Reply Rig::ask(const std::string& method, const std::string& path, const std::string& body) {
  ApiClient client(io, socket());
  return client.ask(method, path, body);
}

Json Rig::get(const std::string& path) {
  const Reply reply = ask("GET", path);
  EXPECT_EQ(reply.status, 200u) << path << " " << reply.body;
  return reply.json();
}

Json Rig::backend(size_t i) { return get("/v1/pools/live").at("backends").at(i); }

uint32_t Rig::weight(const std::string& address) const {
  for (const lb::BackendSpec& b : spec.pools.at(0).backends)
    if (b.address == lb::IpAddress::parse(address)) return b.weight;
  return UINT32_MAX;
}

size_t Rig::logged(const std::string& text) const {
  std::ifstream in(log());
  size_t n = 0;
  for (std::string line; std::getline(in, line);) n += line.find(text) != std::string::npos;
  return n;
}

void Rig::open_flow(lb::LipIndex lip, uint16_t port, const char* client, uint16_t client_port) {
  const lb::SlotIndex index = lb::NatSlots::index(lip, lb::Protocol::kTcp, port);
  lb::NatSlot& slot = segment.slots().at(index);
  const lb::BackendId backend = snapshot->pools.at(0).entries.at(0).id;
  lb::NatSlots::fill(slot, backend, snapshot->services.at(0).listener, *lb::IpAddress::parse(client),
                     client_port, 1935, now.tick());
  lb::NatSlots::open(slot, now.tick());
}

}  // namespace control::test
