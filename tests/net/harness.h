// SPDX-License-Identifier: MIT
// What the tests of net/ share: a mailbox between threads, a server to talk to, a client that
// records, and a peer that writes whatever bytes a test likes. Everything on 127.0.0.1, port 0.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "net/certificate.h"
#include "net/event_loop.h"
#include "net/server.h"
#include "net/websocket.h"

namespace parley::net::test {

// Hands values from one thread to another. take() waits for an event, never for a time: the limit
// only ends a test that hangs.
template <class T>
class Mailbox {
 public:
  void put(T value) {
    const std::lock_guard lock(mutex_);
    values_.push_back(std::move(value));
    arrived_.notify_all();
  }
  T take() {
    std::unique_lock lock(mutex_);
    if (!arrived_.wait_for(lock, std::chrono::seconds(60), [this] { return !values_.empty(); })) {
      throw std::runtime_error("nothing came into the mailbox");
    }
    T value = std::move(values_.front());
    values_.pop_front();
    return value;
  }
  bool empty() {
    const std::lock_guard lock(mutex_);
    return values_.empty();
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<T> values_;
};

// Runs `task` on the loop and waits for its result.
template <class Task>
auto on_loop(EventLoop& loop, Task task) {
  using Value = decltype(task());
  if constexpr (std::is_void_v<Value>) {
    Mailbox<bool> done;
    loop.post([&] {
      task();
      done.put(true);
    });
    done.take();
  } else {
    Mailbox<Value> done;
    loop.post([&] { done.put(task()); });
    return done.take();
  }
}

struct SocketEvent {
  enum class Kind { text, binary, closed };
  Kind kind;
  std::string data;  // the frame, or the reason
  int code = 0;
};

// A WebSocket whose events land in a mailbox. Usable from the test's thread.
class RecordedSocket {
 public:
  explicit RecordedSocket(std::shared_ptr<WebSocket> socket) : socket_(std::move(socket)) {}

  void start();  // on the loop
  void send_text(std::string frame);
  void send_binary(std::string frame);
  void close(CloseCode code, std::string reason);
  SocketEvent take() { return events_->take(); }
  bool idle() { return events_->empty(); }
  EventLoop& loop() { return socket_->loop(); }
  WebSocket& socket() { return *socket_; }

 private:
  std::shared_ptr<WebSocket> socket_;
  std::shared_ptr<Mailbox<SocketEvent>> events_ = std::make_shared<Mailbox<SocketEvent>>();
};

// Answers GET / with "hello", /echo with the body, /throw with an exception, /hold not at all (the
// responder is handed to the test), anything else with 404. Upgrades everywhere but on /refuse
// (401) and /throw; selects the sub-protocol "realtime". Sockets echo, except on /record, where
// (and below) they are handed to the test, and /throw-frame.
class TestHandler : public ServerHandler {
 public:
  void on_request(EventLoop& loop, HttpRequest request,
                  std::shared_ptr<HttpResponder> responder) override;
  UpgradeDecision on_upgrade(EventLoop& loop, const HttpRequest& request) override;
  void on_websocket(EventLoop& loop, const HttpRequest& request,
                    std::shared_ptr<WebSocket> socket) override;

  Mailbox<HttpRequest> requests;                   // as seen by on_request and on_upgrade
  Mailbox<SocketEvent> closed;                     // of echoing sockets
  Mailbox<RecordedSocket> recorded;                // of /record, started
  Mailbox<std::shared_ptr<HttpResponder>> held;    // of /hold: the test answers
  std::function<void(EventLoop&)> on_socket_loop;  // called for each socket
};

// A running server on a pool of loops; stops before it goes away.
class TestServer {
 public:
  explicit TestServer(ServerOptions options = {}, int loops = 1);
  ~TestServer() { stop(); }
  void stop() { pool.stop_and_join(); }

  std::string address() const { return server->addresses().at(0); }
  int port() const;
  std::string url(const std::string& target, const std::string& scheme = "ws") const {
    return scheme + "://" + address() + target;
  }

  TestHandler handler;
  LoopPool pool;
  std::unique_ptr<Server> server;
};

// connect_websocket() on `loop`, waited for; a socket is started at once.
base::Result<RecordedSocket> connect(EventLoop& loop, WebSocketClientOptions options);
// The same when it must work.
RecordedSocket connected(EventLoop& loop, const std::string& url);

// A blocking TCP connection in the test's hands.
class RawPeer {
 public:
  explicit RawPeer(int port);
  static RawPeer from_socket(int fd);  // takes it over
  RawPeer(RawPeer&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~RawPeer();
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  void send(std::string_view bytes);
  bool try_send(std::string_view bytes);  // false once the connection is broken
  std::string read_exactly(std::size_t bytes);
  std::string read_head();      // up to and including the empty line
  std::string read_response();  // with its body, by Content-Length
  std::string read_to_end();    // until the other side closes; also when it resets
  bool read_to_reset();         // false when the other side closes in order
  void reset();                 // RST instead of FIN

  // WebSocket, unmasked side of it read and masked side (with a zero key) written.
  void upgrade(const std::string& target, const std::string& more_headers = {});
  void send_frame(int opcode, std::string_view payload, bool final = true);
  struct Frame {
    int opcode;
    std::string payload;
  };
  Frame read_frame();

 private:
  RawPeer() = default;

  int fd_ = -1;
};

// A directory with a local certificate, gone with the object.
struct CertificateDirectory {
  CertificateDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "parley-net-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
    auto made = ensure_local_certificate(path + "/tls", {});
    if (!made) throw std::runtime_error(made.error().message);
    files = *made;
  }
  ~CertificateDirectory() { std::filesystem::remove_all(path); }
  ServerOptions server_options() const {
    ServerOptions options;
    options.tls.certificate_file = files.certificate_file;
    options.tls.key_file = files.key_file;
    return options;
  }
  std::string path;
  LocalCertificate files;
};

// A variable of the environment, put back afterwards. Not while loops run.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* const old = std::getenv(name)) old_ = old;
    set(value);
  }
  ~Variable() { set(old_ ? old_->c_str() : nullptr); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  void set(const char* value) {
    if (value == nullptr) {
      ::unsetenv(name_);
    } else {
      ::setenv(name_, value, 1);
    }
  }
  const char* name_;
  std::optional<std::string> old_;
};

// The close code at the start of a close frame's payload.
int close_code(const RawPeer::Frame& frame);

}  // namespace parley::net::test
