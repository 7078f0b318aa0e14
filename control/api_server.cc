// SPDX-License-Identifier: MIT
#include "control/api_server.h"

#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <optional>
#include <set>

#include "control/api_socket.h"
#include "control/api_tcp.h"

namespace control {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::generic::stream_protocol;  // a unix or a TCP socket
using boost::system::error_code;
using Stream = boost::beast::basic_stream<stream_protocol>;

constexpr uint32_t kMaxHeaderBytes = 16 * 1024;

}  // namespace

class ApiServer::Listener : public std::enable_shared_from_this<ApiServer::Listener> {
 public:
  Listener(asio::io_context& io, std::string path, std::optional<ApiTcpConfig> tcp, Respond respond,
           std::chrono::milliseconds timeout)
      : io_(io),
        path_(std::move(path)),
        tcp_(std::move(tcp)),
        respond_(std::move(respond)),
        timeout_(timeout),
        acceptor_(io),
        pause_(io) {}

  lb::Status start();
  void stop();
  [[nodiscard]] unsigned connections() const { return static_cast<unsigned>(sessions_.size()); }

 private:
  class Session;
  lb::Result<int> open();
  // Whether who asks with this header may.
  [[nodiscard]] bool allows(std::string_view authorization) const {
    return !tcp_ || bears_token(authorization, token_);
  }
  void accept();
  void accept_later();
  void leave(Session* session);

  asio::io_context& io_;
  const std::string path_;
  const std::optional<ApiTcpConfig> tcp_;  // instead of the path
  std::string token_;
  Respond respond_;
  const std::chrono::milliseconds timeout_;
  asio::basic_socket_acceptor<stream_protocol> acceptor_;
  asio::steady_timer pause_;
  std::set<Session*> sessions_;
  std::optional<ApiSocket> file_;
  bool accepting_ = false;
};

class ApiServer::Listener::Session : public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<Listener> listener, stream_protocol::socket socket)
      : listener_(std::move(listener)), stream_(std::move(socket)) {
    listener_->sessions_.insert(this);
  }
  ~Session() { listener_->leave(this); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void close() { stream_.close(); }

  void read() {
    parser_.emplace();
    parser_->body_limit(kMaxApiBodyBytes);
    parser_->header_limit(kMaxHeaderBytes);
    stream_.expires_after(listener_->timeout_);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](const error_code& error, size_t) { self->on_read(error); });
  }

 private:
  void on_read(const error_code& error) {
    if (error == http::error::body_limit)
      return write({413, R"({"error":"the body is longer than 2 MiB; send less"})", ""}, false);
    if (error.category() == http::make_error_code(http::error::bad_method).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message)
      return write({400, R"({"error":"this is not an HTTP/1.1 request"})", ""}, false);
    if (error || !listener_->acceptor_.is_open()) return;
    const auto& request = parser_->get();
    const auto shown = request[http::field::authorization];
    if (!listener_->allows({shown.data(), shown.size()}))
      return write(
          {401, R"({"error":"Authorization: Bearer TOKEN is wanted, that of api.tcp.token_file"})", ""},
          request.keep_alive());
    const std::string target(request.target());
    const size_t mark = std::min(target.find('?'), target.size());
    const std::string query = mark < target.size() ? target.substr(mark + 1) : "";
    const std::string method(request.method_string());
    write(listener_->respond_({method, target.substr(0, mark), request.body(), query}), request.keep_alive());
  }

  void write(const ApiResponse& answer, bool keep_alive) {
    response_ = {};
    response_.result(answer.status);
    response_.set(http::field::server, "cleat");
    response_.set(http::field::content_type, answer.type);
    if (answer.status == 401) response_.set(http::field::www_authenticate, "Bearer");
    if (!answer.allow.empty()) response_.set(http::field::allow, answer.allow);
    response_.keep_alive(keep_alive);
    response_.body() = answer.body + "\n";
    response_.prepare_payload();
    stream_.expires_after(listener_->timeout_);
    http::async_write(stream_, response_, [self = shared_from_this()](const error_code& error, size_t) {
      if (error) return;
      if (self->response_.keep_alive()) return self->read();
      self->finish();
    });
  }

  // Takes in what the peer still sends, so that it reads the answer rather than a broken pipe.
  void finish() {
    error_code ignored;
    stream_.socket().shutdown(stream_protocol::socket::shutdown_send, ignored);
    stream_.expires_after(listener_->timeout_);
    swallow();
  }
  void swallow() {
    stream_.async_read_some(asio::buffer(swallowed_),
                            [self = shared_from_this()](const error_code& error, size_t) {
                              if (!error) self->swallow();
                            });
  }

  std::shared_ptr<Listener> listener_;
  Stream stream_;
  boost::beast::flat_buffer buffer_{kMaxHeaderBytes + kMaxApiBodyBytes};
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  std::array<char, 4096> swallowed_{};
};

lb::Result<int> ApiServer::Listener::open() {
  if (tcp_) {
    auto token = read_token(tcp_->token_file);
    if (!token) return lb::Error{token.error()};
    token_ = std::move(token).value();
    return listen_on_tcp(tcp_->listen);
  }
  auto file = ApiSocket::bind(path_);
  if (!file) return lb::Error{file.error()};
  file_.emplace(std::move(file).value());
  return file_->release_fd();
}

lb::Status ApiServer::Listener::start() {
  const auto fd = open();
  if (!fd) return lb::Error{fd.error()};
  const int family = !tcp_ ? AF_UNIX : tcp_->listen.address.is_v4() ? AF_INET : AF_INET6;
  error_code error;
  acceptor_.assign(stream_protocol(family, 0), fd.value(), error);
  if (error) return lb::Error{"api: " + error.message()};
  accept();
  return lb::Nothing{};
}

void ApiServer::Listener::stop() {
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  for (Session* session : sessions_) session->close();
  file_.reset();
}

void ApiServer::Listener::accept() {
  if (accepting_ || !acceptor_.is_open() || sessions_.size() >= kMaxApiConnections) return;
  accepting_ = true;
  acceptor_.async_accept(
      [self = shared_from_this()](const error_code& error, stream_protocol::socket socket) {
        self->accepting_ = false;
        if (error) return self->accept_later();
        std::make_shared<Session>(self, std::move(socket))->read();
        self->accept();
      });
}

// Out of descriptors, most likely: at once it would fail again.
void ApiServer::Listener::accept_later() {
  pause_.expires_after(std::chrono::milliseconds(100));
  pause_.async_wait([self = shared_from_this()](const error_code&) { self->accept(); });
}

void ApiServer::Listener::leave(Session* session) {
  sessions_.erase(session);
  accept();
}

ApiServer::ApiServer(asio::io_context& io, std::string path, Respond respond,
                     std::chrono::milliseconds timeout)
    : listener_(std::make_shared<Listener>(io, std::move(path), std::nullopt, std::move(respond), timeout)) {}
ApiServer::ApiServer(asio::io_context& io, const ApiTcpConfig& tcp, Respond respond,
                     std::chrono::milliseconds timeout)
    : listener_(std::make_shared<Listener>(io, "", tcp, std::move(respond), timeout)) {}

ApiServer::~ApiServer() { stop(); }

lb::Status ApiServer::start() { return listener_->start(); }
void ApiServer::stop() { listener_->stop(); }
unsigned ApiServer::connections() const { return listener_->connections(); }

}  // namespace control
