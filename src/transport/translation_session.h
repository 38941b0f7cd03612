// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "driver/session_driver.h"
#include "engine/ports.h"
#include "net/websocket.h"
#include "protocol/dialect/dialect.h"
#include "protocol/json/translation.h"
#include "session/session.h"
#include "transport/live_session.h"

namespace parley::transport {

struct TranslationSetup {
  protocol::TranslationConfig config;
  session::Options session;  // adjusted: turns are found, nothing answers or interrupts by itself
  engine::EngineSet engines;
  std::size_t send_queue_bytes_max = 32u << 20u;
  std::function<void(std::string_view detail)> on_closed;  // as SessionSetup's
};

// A translation session over one WebSocket: what the user says goes in without turns of its own,
// and comes out in another language. Inside, the session core finds the sentences; each becomes a
// response out of band that the language model is told to translate, one after the other, so that
// nothing is lost while the speaker goes on. Lives on the socket's loop; keeps itself alive until
// the connection is closed.
class TranslationSession final : public LiveSession,
                                 public std::enable_shared_from_this<TranslationSession>,
                                 private driver::SessionClient {
 public:
  static std::shared_ptr<TranslationSession> start(std::shared_ptr<net::WebSocket> socket,
                                                   TranslationSetup setup);
  ~TranslationSession() override;

  void close(net::CloseCode code, std::string reason) override;

 private:
  TranslationSession(std::shared_ptr<net::WebSocket> socket, TranslationSetup setup);

  void on_text(std::string_view frame);
  void on_append(std::string_view base64, std::string event_id);
  void update(const protocol::TranslationUpdate& update);
  void flush();
  void translate_next();
  void end_if_flushed();
  void reject(base::Error fault, std::string event_id);
  void on_event(const protocol::ServerEvent& event) override;
  void on_end(int code, std::string reason, std::string_view detail) override;
  void on_closed();
  void send(std::string frame);
  void soon(std::function<void()> task);  // outside of the driver's call
  std::string event_id();
  std::int64_t elapsed_ms() const;

  std::shared_ptr<net::WebSocket> socket_;
  TranslationSetup setup_;
  std::unique_ptr<driver::SessionDriver> driver_;
  const std::unique_ptr<protocol::Dialect> dialect_;  // for errors, which are GA's
  base::Random random_;
  protocol::SessionInfo info_;
  std::vector<std::uint8_t> audio_;    // decoded append, reused
  std::string appended_;               // what an append borrows from
  std::deque<std::string> sentences_;  // items that wait for their translation
  std::int64_t heard_bytes_ = 0;
  bool translating_ = false;
  bool speaking_ = false;
  bool first_source_delta_ = true;
  bool first_output_delta_ = true;
  bool begins_sentence_ = true;
  bool flushing_ = false;
  bool closing_ = false;
  std::string detail_;
};

}  // namespace parley::transport
