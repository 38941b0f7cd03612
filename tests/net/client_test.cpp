// SPDX-License-Identifier: MIT
// connect_websocket() against servers that refuse, break or never answer, and over TLS.
#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#include <filesystem>

#include "net/certificate.h"
#include "tests/net/harness.h"

using namespace parley;
using namespace parley::net;
using namespace parley::net::test;

namespace {

base::Error error_of(EventLoop& loop, WebSocketClientOptions options) {
  const auto result = connect(loop, std::move(options));
  return result ? base::Error{"none", {}, {}} : result.error();
}

base::Error error_of(EventLoop& loop, const std::string& url) {
  WebSocketClientOptions options;
  options.url = url;
  return error_of(loop, options);
}

}  // namespace

TEST_CASE("the client sends its headers and sub-protocols") {
  TestServer server;
  WebSocketClientOptions options;
  options.url = server.url("/v1/realtime?model=a%20b");
  options.headers = {{"Authorization", "Bearer key"}, {"OpenAI-Beta", "realtime=v1"}};
  options.subprotocols = {"realtime", "other"};
  REQUIRE(connect(server.pool.at(0), options));
  const auto seen = server.handler.requests.take();
  CHECK(seen.path == "/v1/realtime");
  CHECK(seen.query_value("model") == "a b");
  CHECK(seen.header("Authorization") == "Bearer key");
  CHECK(seen.header("OpenAI-Beta") == "realtime=v1");
  CHECK(seen.header("Host") == server.address());
  CHECK(seen.subprotocols() == std::vector<std::string>{"realtime", "other"});
}

TEST_CASE("the client closes with code and reason, and hears the server's") {
  TestServer server;
  RecordedSocket client = connected(server.pool.at(0), server.url("/record"));
  RecordedSocket other = server.handler.recorded.take();
  SUBCASE("the client first") {
    client.close(CloseCode::invalid_request, "mine");
    CHECK(other.take().code == 4000);
    const auto closed = client.take();
    CHECK(closed.code == 4000);
    CHECK(closed.data == "mine");
  }
  SUBCASE("the server first") {
    other.close(CloseCode::invalid_api_key, "yours");
    const auto closed = client.take();
    CHECK(closed.code == 3000);
    CHECK(closed.data == "yours");
    CHECK(other.take().code == 3000);
  }
}

TEST_CASE("a client's own limit closes with 1009") {
  TestServer server;
  WebSocketClientOptions options;
  options.url = server.url("/");
  options.message_bytes_max = 100;
  auto client = connect(server.pool.at(0), options);
  REQUIRE(client);
  client->send_text(std::string(101, 'x'));
  CHECK(client->take().code == 1009);
  CHECK(server.handler.closed.take().code == 1009);
}

TEST_CASE("a host name is resolved, and one that does not exist is told") {
  TestServer server;
  RecordedSocket client =
      connected(server.pool.at(0), "ws://localhost:" + std::to_string(server.port()) + "/");
  client.send_text("x");
  CHECK(client.take().data == "x");
  CHECK(error_of(server.pool.at(0), "ws://no-such-host.invalid/").code == "resolve_failed");
}

TEST_CASE("a bad URL is told on the loop, not inside the call") {
  LoopPool pool(1);
  pool.start();
  CHECK(error_of(pool.at(0), "http://127.0.0.1/").code == "invalid_url");
  WebSocketClientOptions options;
  options.url = "ws://127.0.0.1:1/";
  options.headers = {{"X", "a\r\nSmuggled: b"}};
  CHECK(error_of(pool.at(0), options).code == "upgrade_refused");
}

TEST_CASE("a refused connection is told") {
  LoopPool pool(1);
  pool.start();
  int port = 0;
  {
    TestServer gone;
    port = gone.port();
  }
  CHECK(error_of(pool.at(0), "ws://127.0.0.1:" + std::to_string(port) + "/").code ==
        "connect_failed");
}

TEST_CASE("a refused upgrade is told with status and body") {
  TestServer server;
  const auto error = error_of(server.pool.at(0), server.url("/refuse"));
  CHECK(error.code == "upgrade_refused");
  CHECK(error.message == R"(HTTP 401: {"error":"no key"})");
}

TEST_CASE("a server that accepts and never answers times out") {
  LoopPool never_started(1);  // the kernel takes the connection, nobody reads
  TestHandler handler;
  ServerOptions server_options;
  server_options.listen = {"127.0.0.1:0"};
  const auto server = Server::create(never_started, handler, server_options);
  REQUIRE(server);
  LoopPool pool(1);
  pool.start();
  WebSocketClientOptions options;
  options.timeout = std::chrono::milliseconds(20);
  options.url = "ws://" + (*server)->addresses().at(0) + "/";
  CHECK(error_of(pool.at(0), options).code == "timeout");
  options.url = "wss://" + (*server)->addresses().at(0) + "/";
  CHECK(error_of(pool.at(0), options).code == "timeout");
}

TEST_CASE("wss works with the local certificate, checked against its authority") {
  CertificateDirectory certificates;
  TestServer server(certificates.server_options());
  WebSocketClientOptions options;
  options.tls.ca_file = certificates.files.authority_file;
  for (const std::string host : {"127.0.0.1", "localhost"}) {
    options.url = "wss://" + host + ":" + std::to_string(server.port()) + "/";
    auto client = connect(server.pool.at(0), options);
    REQUIRE(client);
    CHECK(server.handler.requests.take().secure);
    const std::string message(1u << 20u, 'x');
    client->send_text(message);
    client->send_binary("small");
    CHECK(client->take().data == message);
    CHECK(client->take().data == "small");
    client->close(CloseCode::normal, "done");
    CHECK(client->take().code == 1000);
    CHECK(server.handler.closed.take().code == 1000);
  }
}

TEST_CASE("a certificate of an unknown authority is not accepted unless nobody asks") {
  CertificateDirectory certificates;
  CertificateDirectory others;
  TestServer server(certificates.server_options());
  WebSocketClientOptions options;
  options.url = server.url("/", "wss");
  const auto error = error_of(server.pool.at(0), options);
  CHECK(error.code == "tls_failed");
  CHECK(error.message.find("certificate") != std::string::npos);
  options.tls.ca_file = others.files.authority_file;
  CHECK(error_of(server.pool.at(0), options).code == "tls_failed");
  options.tls.ca_file = "/nonexistent.pem";
  CHECK(error_of(server.pool.at(0), options).code == "tls_failed");
  options.tls.ca_file.clear();
  options.tls.verify = false;
  CHECK(connect(server.pool.at(0), options));
}

TEST_CASE("a certificate for another host is not accepted") {
  CertificateDirectory certificates;
  ServerOptions server_options = certificates.server_options();
  server_options.listen = {"127.0.0.2:0"};  // not among the certificate's names
  TestServer server(server_options);
  WebSocketClientOptions options;
  options.url = server.url("/", "wss");
  options.tls.ca_file = certificates.files.authority_file;
  CHECK(error_of(server.pool.at(0), options).code == "tls_failed");
}

TEST_CASE("one port speaks both TLS and plain when it may") {
  CertificateDirectory certificates;
  ServerOptions server_options = certificates.server_options();
  server_options.tls.allow_plain = true;
  TestServer server(server_options);
  WebSocketClientOptions options;
  options.tls.ca_file = certificates.files.authority_file;
  for (const std::string scheme : {"ws", "wss"}) {
    options.url = server.url("/", scheme);
    auto client = connect(server.pool.at(0), options);
    REQUIRE(client);
    client->send_text(scheme);
    CHECK(client->take().data == scheme);
    CHECK(server.handler.requests.take().secure == (scheme == "wss"));
  }
  RawPeer peer(server.port());
  peer.send("GET / HTTP/1.1\r\n\r\n");
  CHECK(peer.read_response().ends_with("hello"));
}

TEST_CASE("requests follow each other over TLS as well") {
  CertificateDirectory certificates;
  TestServer server(certificates.server_options());
  const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  const std::shared_ptr<BIO> bio(BIO_new_ssl_connect(context.get()), BIO_free_all);
  BIO_set_conn_hostname(bio.get(), server.address().c_str());
  for (const std::string connection : {"keep-alive", "close"}) {
    const std::string request = "GET / HTTP/1.1\r\nConnection: " + connection + "\r\n\r\n";
    REQUIRE(BIO_write(bio.get(), request.data(), static_cast<int>(request.size())) > 0);
    std::string answer;
    while (!answer.ends_with("hello")) {
      char byte = 0;
      REQUIRE(BIO_read(bio.get(), &byte, 1) == 1);
      answer.push_back(byte);
    }
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(server.handler.requests.take().secure);
  }
  // An orderly end: close_notify, not just a broken connection.
  char byte = 0;
  CHECK(BIO_read(bio.get(), &byte, 1) == 0);
}

TEST_CASE("a plain request at a TLS port is told so") {
  CertificateDirectory certificates;
  TestServer server(certificates.server_options());
  RawPeer peer(server.port());
  peer.send("GET / HTTP/1.1\r\n\r\n");
  const std::string answer = peer.read_to_end();
  CHECK(answer.starts_with("HTTP/1.1 400 "));
  CHECK(answer.find("TLS") != std::string::npos);
  CHECK(error_of(server.pool.at(0), server.url("/")).code == "upgrade_refused");
  CHECK(server.handler.requests.empty());
}

TEST_CASE("a broken TLS handshake ends only its connection") {
  CertificateDirectory certificates;
  TestServer server(certificates.server_options());
  RawPeer peer(server.port());
  peer.send(std::string("\x16\x03\x01\x00\x05hello and some more", 24));
  peer.read_to_end();
  WebSocketClientOptions options;
  options.url = server.url("/", "wss");
  options.tls.verify = false;
  CHECK(connect(server.pool.at(0), options));
}

TEST_CASE("a TLS peer that does not read lets close end all the same") {
  CertificateDirectory certificates;
  TestServer server(certificates.server_options(), 2);
  WebSocketClientOptions options;
  options.url = server.url("/record", "wss");
  options.tls.verify = false;
  // Connected but not started: nobody reads on that side.
  Mailbox<std::shared_ptr<WebSocket>> sockets;
  server.pool.at(0).post([&] {
    connect_websocket(server.pool.at(0), options,
                      [&](auto result) { sockets.put(result.value_or(nullptr)); });
  });
  const auto unread = sockets.take();
  RecordedSocket socket = server.handler.recorded.take();
  on_loop(socket.loop(), [&] {
    for (int i = 0; i < 64; ++i) socket.socket().send_binary(std::string(1u << 20u, 'x'));
  });
  socket.close(CloseCode::try_again_later, "too slow");
  CHECK(socket.take().code == 1013);
}

TEST_CASE("stopping while clients are connecting and connected leaves nothing behind") {
  CertificateDirectory certificates;
  TestServer server(certificates.server_options(), 2);
  WebSocketClientOptions options;
  options.url = server.url("/", "wss");
  options.tls.verify = false;
  auto open = connect(server.pool.at(0), options);
  REQUIRE(open);
  for (int i = 0; i < 20; ++i) {
    server.pool.at(i % 2).post(
        [&server, options, i] { connect_websocket(server.pool.at(i % 2), options, [](auto) {}); });
  }
  open->send_text("x");
  CHECK(open->take().data == "x");
  server.stop();
}
