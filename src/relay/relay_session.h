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
#include "relay/backpressure.h"
#include "relay/history.h"
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
  // Asked in this order when the one before cannot begin a session.
  std::vector<std::shared_ptr<const Upstream>> fallback = {};
  Flavour client = Flavour::ga;              // the dialect that the client speaks
  SessionKind kind = SessionKind::realtime;  // as the client's address says (`intent`)
  // How its sessions begin, as a session.update's `session` in the GA dialect. Empty: as the
  // upstream has it.
  std::string settings = {};
  // What the client calls the model: `session.model` as it sees it. Empty: the upstream's name.
  std::string model;
  // A client that lets more than this wait unread is closed with 1008; more than an eighth holds
  // the upstream back.
  std::size_t send_queue_bytes_max = 32U << 20U;
  // An upstream that lets more than this wait unread has failed; likewise.
  std::size_t upstream_queue_bytes_max = 32U << 20U;
  // How long one side may hold the other back at a time, until it is given up as above.
  base::Duration slow_reader_time = BackpressureLimits{}.patience;
  // What a client may send before the upstream holds a session; more is closed with 1008.
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
//   connecting ──session.created──► open ──the client leaves, all tries failed, close()──► closing
//   (client frames are kept)        (frames pass)                                  (nothing passes)
//        ▲                            └──upstream breaks off, falls silent──┐
//        └────────────── another connection, the history told again ◄───────┘
//
// An upstream that fails in the middle is told of in an `error` event that names the engine, and
// response.done `failed` for each open response; the session goes on over a new connection. One
// that fails while connecting is tried again, then replaced by the next of `fallback`. The last
// one's failure is told, too, and ends the session with 1011, or 1013 when trying again may help.
// Lives on the client socket's loop; keeps itself alive until both connections are closed.
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

  using Connected = tl::expected<std::shared_ptr<net::WebSocket>, net::ConnectError>;

  RelaySession(std::shared_ptr<net::WebSocket> client, RelaySetup setup);

  void connect();
  void on_connected(Connected result);
  void open();

  void on_client_text(std::string_view frame);
  void keep(std::deque<std::string>& frames, std::string_view frame);
  void take_client_frame(std::string_view frame);
  void on_client_event(Value event, std::string_view frame);
  void on_client_closed();
  void reject(base::Error fault, std::string event_id);
  void send_upstream(std::string frame);
  void on_upstream_took();
  void on_slow_upstream();

  void on_upstream_text(std::string_view frame);
  void forget_unheard();
  void take_upstream_frame(std::string_view frame);
  void on_audio(std::string_view type, std::string_view base64, std::string_view frame);
  void on_upstream_event(Value event, std::string_view frame);
  void on_upstream_closed(int code, std::string_view reason);
  bool check_session(Value& event);
  bool check_error(Value& event);
  bool check_response_done(Value& event);
  void tell_client(const Value& said, std::string frame);
  void follow_response(const Value& said);
  void send_client(std::string frame);
  void on_client_took();
  void on_slow_client();

  void fail(const engine::Failure& failure);
  void tell(const engine::Failure& failure);
  bool go_on_after(const engine::Failure& failure);
  void connect_in(base::Duration wait);
  bool fall_back(const engine::Failure& failure);
  void expire();
  void watch();
  void leave_upstream();
  void stop(net::CloseCode code, std::string reason);
  std::string event_id();
  void say_error(std::string type, base::Error error, std::string client_event_id);

  // Given.
  const std::shared_ptr<net::WebSocket> client_;
  RelaySetup setup_;
  // Owned.
  std::weak_ptr<net::ConnectAttempt> attempt_;
  std::shared_ptr<net::WebSocket> upstream_;
  Translator translator_;
  OpenResponses responses_;
  History history_;
  base::Random random_;
  std::deque<std::string> pending_;  // the client's frames, until the upstream holds a session
  std::size_t pending_bytes_ = 0;
  std::deque<std::string>
      unheard_;  // those said after the upstream's own error, often its last word
  net::Timer expiry_;
  net::Timer silence_;  // the upstream owes us its session, or a response
  net::Timer retry_;
  Backpressure to_client_;
  Backpressure to_upstream_;
  // State.
  State state_ = State::connecting;
  int tries_ = 0;           // to connect, since an upstream last did well
  bool announced_ = false;  // the client has its session.created
  bool begun_ = false;      // this upstream's session.created came
  bool asked_ = false;      // for a response that has not begun
  bool told_ = false;       // the last thing the upstream said was an error of its own
  bool expired_ = false;    // the upstream said that its session's time is over
  base::Instant started_{};
  base::Instant open_since_{};
  base::Instant heard_{};  // when the upstream last said something, or was asked
  RelayCounters counters_;
  std::string detail_;
};

}  // namespace parley::relay
