// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "engine/types.h"
#include "net/event_loop.h"
#include "net/websocket.h"
#include "relay/open_responses.h"
#include "relay/translate.h"
#include "relay/translate_session.h"
#include "relay/upstream.h"
#include "transport/live_session.h"

namespace parley::relay {

// What went through one session, for the metrics.
struct RelayCounters {
  std::int64_t client_events = 0;
  std::int64_t client_bytes = 0;
  std::int64_t server_events = 0;  // as sent to the client, our own included
  std::int64_t server_bytes = 0;
  std::int64_t input_audio_bytes = 0;   // decoded
  std::int64_t output_audio_bytes = 0;  // decoded
  std::int64_t responses = 0;           // begun
  std::int64_t responses_failed = 0;
  std::int64_t errors = 0;  // `error` events
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::optional<base::Duration> connect_time = {};  // until the upstream's session.created
};

struct RelaySetup {
  std::shared_ptr<const Upstream> upstream;
  Flavour client = Flavour::ga;              // the dialect that the client speaks
  SessionKind kind = SessionKind::realtime;  // as the client's address says (`intent`)
  // What the client calls the model: `session.model` as it sees it. Empty: the upstream's name.
  std::string model;
  // A client that lets more than this wait unread is closed with 1008.
  std::size_t send_queue_bytes_max = 32U << 20U;
  // An upstream that lets more than this wait unread has failed.
  std::size_t upstream_queue_bytes_max = 32U << 20U;
  // What a client may send before the upstream is connected; more is closed with 1008.
  std::size_t pending_bytes_max = 32U << 20U;
  base::Duration duration_max = std::chrono::minutes(60);
  // Each frame as the client said or heard it, for recording. Borrowed; may be empty.
  std::function<void(bool from_client, std::string_view frame)> on_frame = {};
  // Once, on the loop, when the client's connection is gone and the upstream's is being closed.
  // `detail` is empty, or why the session ended early (for the log; holds no key).
  std::function<void(std::string_view detail, const RelayCounters& counters)> on_closed = {};
};

// A session that an upstream realtime API holds, with Parley in front: the client was let in by our
// own authentication and limits, and the upstream by our key; neither sees the other's. Frames pass
// as they are where both speak one dialect, else as documents through a Translator.
//
//   connecting ──upstream open──► open ──either side closes, fails, or close()──► closing
//   (client frames are kept)      (frames pass)                                   (nothing passes)
//
// An upstream that cannot be reached, refuses, breaks off or falls silent ends the session: an
// `error` event that names the engine, response.done `failed` for each open response, then close
// 1011, or 1013 when trying again may help. Lives on the client socket's loop; keeps itself alive
// until both connections are closed.
class RelaySession final : public transport::LiveSession,
                           public std::enable_shared_from_this<RelaySession> {
 public:
  static std::shared_ptr<RelaySession> start(std::shared_ptr<net::WebSocket> client,
                                             RelaySetup setup);
  ~RelaySession() override;

  void close(net::CloseCode code, std::string reason) override;
  const RelayCounters& counters() const { return counters_; }

 private:
  enum class State : std::uint8_t { connecting, open, closing };

  RelaySession(std::shared_ptr<net::WebSocket> client, RelaySetup setup);

  void connect();
  void on_connected(base::Result<std::shared_ptr<net::WebSocket>> result);

  void on_client_text(std::string_view frame);
  void on_client_event(Value event, std::string_view frame);
  void on_client_closed();
  void reject(base::Error fault, std::string event_id);
  void send_upstream(std::string frame);

  void on_upstream_text(std::string_view frame);
  void on_audio(std::string_view type, std::string_view base64, std::string_view frame);
  void on_upstream_event(Value event, std::string_view frame);
  void on_upstream_closed(int code, std::string_view reason);
  bool check_session(Value& event);
  bool check_error(Value& event);
  bool check_response_done(Value& event);
  void follow_response(const Value& said);
  void send_client(std::string frame);

  void fail(const engine::Failure& failure);
  void expire();
  void watch();
  void stop(net::CloseCode code, std::string reason);
  std::string event_id();
  void say_error(std::string type, base::Error error, std::string client_event_id);

  // Given.
  const std::shared_ptr<net::WebSocket> client_;
  RelaySetup setup_;
  // Owned.
  std::shared_ptr<net::WebSocket> upstream_;
  Translator translator_;
  OpenResponses responses_;
  base::Random random_;
  std::deque<std::string> pending_;  // until the upstream is connected
  std::size_t pending_bytes_ = 0;
  net::Timer expiry_;
  net::Timer silence_;  // the upstream owes us its session, or a response
  // State.
  State state_ = State::connecting;
  bool begun_ = false;    // session.created came
  bool asked_ = false;    // for a response that has not begun
  bool told_ = false;     // the last thing the upstream said was an error of its own
  bool expired_ = false;  // the upstream said that its session's time is over
  base::Instant started_{};
  base::Instant heard_{};  // when the upstream last said something, or was asked
  RelayCounters counters_;
  std::string detail_;
};

}  // namespace parley::relay
