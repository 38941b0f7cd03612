// SPDX-License-Identifier: MIT
#include "net/detail/http_connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <utility>

#include "net/detail/address.h"
#include "net/detail/http_text.h"
#include "net/detail/stream.h"
#include "net/detail/websocket_connection.h"

namespace parley::net::detail {

namespace {

namespace http = beast::http;
namespace websocket = beast::websocket;
using Message = http::request<http::string_body>;

constexpr std::size_t kReadBytes = 16u << 10u;
// How much longer a silent WebSocket client may take that has something to take in.
constexpr int kSlowReaders = 5;
// What a client may send ahead while its answer is being made; then we stop reading.
constexpr std::size_t kReadAheadBytesMax = 64u << 10u;
// The first byte of a TLS connection: a handshake record (RFC 8446 §5.1). No HTTP method begins so.
constexpr unsigned char kTlsHandshakeByte = 0x16;

HttpResponse text_response(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(body);
  return response;
}

HttpResponse internal_error() { return text_response(500, "internal error\n"); }

HttpRequest to_request(Message& message) {
  HttpRequest request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  parse_target(request);
  for (const auto& field : message) {
    request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  request.body = std::move(message.body());
  return request;
}

HttpResponse fault_response(error_code error) {
  if (error == http::error::header_limit) return text_response(431, "request header too large\n");
  if (error == http::error::body_limit) return text_response(413, "request body too large\n");
  return text_response(400, "malformed request: " + error.message() + "\n");
}

class HttpConnection;

// The handler's end of one answer. Keeps the connection, which does not keep it.
class Responder final : public HttpResponder {
 public:
  Responder(std::shared_ptr<HttpConnection> connection, std::uint64_t request)
      : connection_(std::move(connection)), request_(request) {}
  ~Responder() override;
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;

  void respond(HttpResponse response) override;
  void begin(HttpResponse head) override;
  void write(std::string piece) override;
  void finish() override;
  void abort() override;
  void on_closed(std::function<void()> handler) override;
  std::size_t queued_bytes() const override;

 private:
  bool current() const;  // its request is the one being answered

  const std::shared_ptr<HttpConnection> connection_;
  const std::uint64_t request_;
};

// A member of its loop while an answer is owed: the responder keeps the connection, and the handler
// of on_closed() often keeps the responder.
class HttpConnection final : public std::enable_shared_from_this<HttpConnection>,
                             public LoopMember {
 public:
  HttpConnection(EventLoop& loop, Socket socket, std::shared_ptr<const ServerContext> server)
      : loop_(loop), server_(std::move(server)), stream_(std::move(socket)), deadline_(loop) {}
  ~HttpConnection() { loop_.impl().members.erase(this); }
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  void start();

  // ---- the answer to the request that is being handled, for its Responder
  std::uint64_t request() const { return request_; }
  bool answering() const { return answer_ == Answer::pending || answer_ == Answer::streaming; }
  void answer_whole(HttpResponse response);
  void begin_answer(const HttpResponse& head);
  void write_answer(const std::string& piece);
  void finish_answer();
  void break_off();  // the answer will not be whole
  void on_peer_gone(std::function<void()> handler) { peer_gone_ = std::move(handler); }
  std::uint64_t lost_request() const { return lost_request_; }
  EventLoop& loop() { return loop_; }
  std::size_t queued_bytes() const { return queued_bytes_; }

  void abandon() override;

 private:
  enum class Answer : std::uint8_t { none, pending, streaming, ended };

  void lose_peer();
  void forget_answer();
  void enqueue(std::string text);
  void pump();
  void expect_progress();
  void read();
  void on_read(error_code error, std::size_t bytes);
  bool settle_security();
  void shake_hands();
  void begin_request();
  void parse();
  void continue_request();
  void handle();
  void upgrade(const Message& message, HttpRequest request);
  void accept(const Message& message, HttpRequest request, std::string subprotocol);
  void respond(HttpResponse response);
  void on_responded();
  void send(void (HttpConnection::*then)());  // head_ and body_

  EventLoop& loop_;
  const std::shared_ptr<const ServerContext> server_;
  Stream stream_;
  Timer deadline_;
  std::string remote_address_;
  std::string incoming_;  // where a read puts its bytes
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::string head_;  // of the answer being sent
  std::string body_;
  bool security_settled_ = false;
  bool in_body_ = false;
  bool keep_alive_ = false;
  bool is_head_request_ = false;

  std::uint64_t request_ = 0;       // counts them
  std::uint64_t lost_request_ = 0;  // whose client went away before the answer was whole
  Answer answer_ = Answer::none;
  bool old_http_ = false;  // 1.0: no chunks
  bool chunked_ = false;
  bool reading_ = false;
  bool writing_ = false;           // whichever answer
  std::deque<std::string> queue_;  // of a streamed answer; the front is being sent
  std::size_t queued_bytes_ = 0;
  std::function<void()> peer_gone_;
};

void HttpConnection::start() {
  error_code error;
  const auto remote = stream_.socket().remote_endpoint(error);
  if (error) return;  // gone already
  remote_address_ = to_text(remote);
  stream_.socket().set_option(tcp::no_delay(true), error);
  security_settled_ = !server_->tls;
  expect_progress();
  begin_request();
  read();
}

// The peer gets `idle_timeout` for each step; then it is cut off, as there is nobody to answer.
void HttpConnection::expect_progress() {
  deadline_.arm(loop_.now() + server_->options.idle_timeout, [this] { stream_.close(); });
}

// Into a buffer of its own: the next request may be parsed while a read still waits, when it
// watched for the client's end.
void HttpConnection::read() {
  if (reading_) return;
  reading_ = true;
  incoming_.resize(kReadBytes);
  stream_.async_read_some(asio::buffer(incoming_),
                          [self = shared_from_this()](error_code error, std::size_t bytes) {
                            self->on_read(error, bytes);
                          });
}

void HttpConnection::on_read(error_code error, std::size_t bytes) {
  reading_ = false;
  if (error) {
    if (answering()) return lose_peer();
    keep_alive_ = false;
    return writing_ ? void() : stream_.finish();
  }
  buffer_.commit(asio::buffer_copy(buffer_.prepare(bytes), asio::buffer(incoming_, bytes)));
  if (answer_ != Answer::none || writing_) {
    // The next request waits for this answer's end. Reading on tells whether the client is there.
    if (buffer_.size() < kReadAheadBytesMax) read();
    return;
  }
  if (!security_settled_ && !settle_security()) return;
  parse();
}

// False when the bytes were not HTTP that we want, and the next step is under way.
bool HttpConnection::settle_security() {
  security_settled_ = true;
  const auto first = *static_cast<const unsigned char*>(buffer_.cdata().data());
  if (first == kTlsHandshakeByte) {
    shake_hands();
    return false;
  }
  if (server_->options.tls.allow_plain) return true;
  respond(text_response(400, "this port speaks TLS: use https:// or wss://\n"));
  return false;
}

void HttpConnection::shake_hands() {
  stream_.start_tls(server_->tls)
      .async_handshake(asio::ssl::stream_base::server, buffer_.cdata(),
                       [self = shared_from_this()](error_code error, std::size_t used) {
                         // Our alert is sent by then; closing at once could take it back.
                         if (error) return self->stream_.finish();
                         self->buffer_.consume(used);
                         self->expect_progress();
                         self->read();
                       });
}

void HttpConnection::begin_request() {
  keep_alive_ = false;
  is_head_request_ = false;
  parser_.emplace();
  parser_->eager(true);
  parser_->header_limit(static_cast<std::uint32_t>(server_->options.header_bytes_max));
  parser_->body_limit(server_->options.body_bytes_max);
  in_body_ = false;
}

void HttpConnection::parse() {
  error_code error;
  while (buffer_.size() > 0 && !parser_->is_done() && !error) {
    buffer_.consume(parser_->put(buffer_.cdata(), error));
  }
  if (error && error != http::error::need_more) {
    keep_alive_ = false;
    return respond(fault_response(error));
  }
  if (parser_->is_done()) return handle();
  if (parser_->is_header_done()) {
    expect_progress();  // the header as a whole has one deadline, a body may take its time
    if (!std::exchange(in_body_, true)) return continue_request();
  }
  read();
}

// curl asks before it sends a large body (RFC 9110 §10.1.1).
void HttpConnection::continue_request() {
  if (!equals_ignoring_case(std::string(parser_->get()[http::field::expect]), "100-continue")) {
    return read();
  }
  head_ = "HTTP/1.1 100 Continue\r\n\r\n";
  body_.clear();
  send(&HttpConnection::read);
}

void HttpConnection::handle() {
  Message message = parser_->release();
  keep_alive_ = message.keep_alive() && !server_->stopping;
  is_head_request_ = message.method() == http::verb::head;
  HttpRequest request = to_request(message);
  request.remote_address = remote_address_;
  request.secure = stream_.secure();
  deadline_.disarm();
  if (websocket::is_upgrade(message)) return upgrade(message, std::move(request));
  ++request_;
  answer_ = Answer::pending;
  old_http_ = message.version() < 11;
  auto responder = std::make_shared<Responder>(shared_from_this(), request_);
  try {
    server_->handler.on_request(loop_, std::move(request), std::move(responder));
  } catch (...) {
    if (answer_ == Answer::pending) answer_whole(internal_error());
  }
  if (!answering()) return;
  loop_.impl().members.insert(this);
  read();  // a client that goes away is noticed by reading
}

// ---- answers that take their time --------------------------------------------------------------

Responder::~Responder() {
  if (current()) connection_->break_off();
}
bool Responder::current() const {
  return connection_->request() == request_ && connection_->answering();
}
void Responder::respond(HttpResponse response) {
  if (current()) connection_->answer_whole(std::move(response));
}
void Responder::begin(HttpResponse head) {
  if (current()) connection_->begin_answer(head);
}
void Responder::write(std::string piece) {
  if (current()) connection_->write_answer(piece);
}
void Responder::finish() {
  if (current()) connection_->finish_answer();
}
void Responder::abort() {
  if (current()) connection_->break_off();
}
void Responder::on_closed(std::function<void()> handler) {
  if (current()) return connection_->on_peer_gone(std::move(handler));
  if (connection_->lost_request() == request_) connection_->loop().post(std::move(handler));
}
std::size_t Responder::queued_bytes() const { return current() ? connection_->queued_bytes() : 0; }

void HttpConnection::lose_peer() {
  if (answering()) lost_request_ = request_;
  forget_answer();
  stream_.close();
  if (const auto handler = std::exchange(peer_gone_, nullptr)) handler();
}

void HttpConnection::forget_answer() {
  answer_ = Answer::none;
  ++request_;  // the responder speaks of nothing now
  queue_.clear();
  queued_bytes_ = 0;
  loop_.impl().members.erase(this);
}

void HttpConnection::abandon() {
  const auto self = shared_from_this();  // the handler may hold the last responder
  forget_answer();
  stream_.abort();
  const auto dropped = std::exchange(peer_gone_, nullptr);
}

void HttpConnection::answer_whole(HttpResponse response) {
  if (answer_ == Answer::streaming) return;  // it has begun otherwise
  answer_ = Answer::none;
  loop_.impl().members.erase(this);
  const auto dropped = std::exchange(peer_gone_, nullptr);
  respond(std::move(response));
}

void HttpConnection::begin_answer(const HttpResponse& head) {
  if (answer_ != Answer::pending) return;
  answer_ = Answer::streaming;
  chunked_ = !old_http_;
  if (!chunked_) keep_alive_ = false;
  enqueue(stream_head(head, keep_alive_ ? Connection::keep_alive : Connection::close, chunked_));
  write_answer(head.body);
}

void HttpConnection::write_answer(const std::string& piece) {
  if (answer_ != Answer::streaming || is_head_request_ || piece.empty()) return;
  enqueue(chunked_ ? chunk(piece) : piece);
}

void HttpConnection::finish_answer() {
  if (answer_ != Answer::streaming) return;
  answer_ = Answer::ended;
  loop_.impl().members.erase(this);
  const auto dropped = std::exchange(peer_gone_, nullptr);
  if (chunked_ && !is_head_request_) enqueue(std::string(kLastChunk));
  if (!writing_) pump();
}

void HttpConnection::break_off() {
  if (answer_ == Answer::pending) return answer_whole(internal_error());
  const auto dropped = std::exchange(peer_gone_, nullptr);
  if (!chunked_) {
    // An orderly end would be the end of the answer, so this one is a reset.
    error_code ignored;
    stream_.socket().set_option(asio::socket_base::linger(true, 0), ignored);
  }
  forget_answer();
  stream_.close();
}

void HttpConnection::enqueue(std::string text) {
  queued_bytes_ += text.size();
  queue_.push_back(std::move(text));
  if (!writing_) pump();
}

void HttpConnection::pump() {
  if (queue_.empty()) {
    deadline_.disarm();
    if (answer_ != Answer::ended) return;
    answer_ = Answer::none;
    return on_responded();
  }
  writing_ = true;
  expect_progress();  // a client that does not read is cut off
  auto text = std::make_shared<std::string>(std::move(queue_.front()));
  queue_.pop_front();
  asio::async_write(stream_, asio::buffer(*text),
                    [self = shared_from_this(), text](error_code error, std::size_t) {
                      self->writing_ = false;
                      if (error) return self->lose_peer();
                      self->queued_bytes_ -= std::min(self->queued_bytes_, text->size());
                      self->pump();
                    });
}

void HttpConnection::upgrade(const Message& message, HttpRequest request) {
  if (message[http::field::sec_websocket_version] != "13") {
    HttpResponse refusal = text_response(426, "only WebSocket version 13 is spoken here\n");
    refusal.headers.emplace_back("Sec-WebSocket-Version", "13");
    return respond(std::move(refusal));
  }
  // A client must wait for our answer before it sends frames (RFC 6455 §4.1).
  if (message[http::field::sec_websocket_key].empty() || buffer_.size() > 0 || reading_) {
    keep_alive_ = false;
    return respond(text_response(400, "malformed WebSocket handshake\n"));
  }
  UpgradeDecision decision;
  try {
    decision = server_->handler.on_upgrade(loop_, request);
  } catch (...) {
    decision.accept = false;
    decision.refusal = internal_error();
  }
  if (!decision.accept) return respond(std::move(decision.refusal));
  accept(message, std::move(request), std::move(decision.subprotocol));
}

void HttpConnection::accept(const Message& message, HttpRequest request, std::string subprotocol) {
  WebSocketLimits limits;
  limits.message_bytes_max = server_->options.message_bytes_max;
  limits.handshake_timeout = server_->options.idle_timeout;
  limits.idle_timeout = server_->options.websocket_idle_timeout;
  limits.patience = kSlowReaders * limits.idle_timeout;
  auto connection = std::make_shared<WebSocketConnection>(loop_, stream_, limits);
  auto& wire = connection->wire();
  wire.set_option(websocket::stream_base::decorator(
      [subprotocol = std::move(subprotocol)](websocket::response_type& response) {
        response.set(http::field::server, "parley");
        if (!subprotocol.empty()) {
          response.set(http::field::sec_websocket_protocol, subprotocol);
        }
      }));
  wire.async_accept(message, [&loop = loop_, server = server_, request = std::move(request),
                              connection](error_code error) {
    if (error) return;
    try {
      server->handler.on_websocket(loop, request, connection);
    } catch (...) {
      connection->close(CloseCode::internal_error, "internal error");
    }
  });
}

void HttpConnection::respond(HttpResponse response) {
  const bool has_body = status_has_body(response.status) && !is_head_request_;
  head_ = response_head(response, keep_alive_ ? Connection::keep_alive : Connection::close);
  body_ = has_body ? std::move(response.body) : std::string();
  send(&HttpConnection::on_responded);
}

void HttpConnection::on_responded() {
  if (!keep_alive_) return stream_.finish();
  begin_request();
  expect_progress();
  if (buffer_.size() > 0) return parse();
  read();
}

void HttpConnection::send(void (HttpConnection::*then)()) {
  expect_progress();
  writing_ = true;
  const std::array<asio::const_buffer, 2> parts{asio::buffer(head_), asio::buffer(body_)};
  asio::async_write(stream_, parts,
                    [self = shared_from_this(), then](error_code error, std::size_t) {
                      self->writing_ = false;
                      if (error) return self->stream_.close();
                      self->expect_progress();
                      (*self.*then)();
                    });
}

}  // namespace

void serve_http(EventLoop& loop, Socket socket, std::shared_ptr<const ServerContext> server) {
  std::make_shared<HttpConnection>(loop, std::move(socket), std::move(server))->start();
}

}  // namespace parley::net::detail
