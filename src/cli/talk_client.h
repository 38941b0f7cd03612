// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/transcript_printer.h"
#include "net/event_loop.h"
#include "net/websocket.h"
#include "protocol/json/client_side.h"

namespace parley::cli {

inline constexpr int kTalkRateHz = 24000;  // PCM16, both directions

struct TalkRequest {
  net::WebSocketClientOptions connection;
  std::string text;                   // a text turn; empty: the question is spoken
  std::vector<std::int16_t> samples;  // the spoken question, mono, kTalkRateHz
  bool spoken_answer = true;
  std::string instructions;                            // empty: the server's
  std::string voice;                                   // empty: the server's
  base::Duration patience = std::chrono::seconds(30);  // for the server's next word
};

// Holds one conversation over the Realtime API: says the question (a text, or speech at the pace at
// which it was spoken, then silence so that the server can hear its end), prints the transcripts,
// and collects the spoken answer. Several turns in the speech get several answers. It is over when
// the question was said and no answer is under way. Everything happens on `loop`, which run() runs.
//
//   connecting ─► greeting ──session.created──► asking ──all said──► listening ──answered──► over
class TalkClient {
 public:
  TalkClient(net::EventLoop& loop, TalkRequest request, TranscriptPrinter& printer);
  ~TalkClient();
  TalkClient(const TalkClient&) = delete;
  TalkClient& operator=(const TalkClient&) = delete;

  // Blocks until the conversation is over. Errors: what the connection, the server or its answer
  // said.
  base::Result<void> run();
  // The answers so far, also after a failure: mono, kTalkRateHz.
  const std::vector<std::int16_t>& answer() const { return answer_; }

 private:
  enum class State : std::uint8_t { connecting, greeting, asking, listening, over };

  void on_connected(base::Result<std::shared_ptr<net::WebSocket>> connected);
  void on_frame(std::string_view frame);
  void on_message(const protocol::ServerMessage& message);
  bool on_user_message(const protocol::ServerMessage& message);
  bool on_answer_message(const protocol::ServerMessage& message);
  void on_response_done(const protocol::ServerMessage& message);
  void on_closed(int code, std::string_view reason);

  void begin();
  void say_due_frames();
  void send_frame();
  void watch();
  void finish_if_answered();
  void finish();
  void fail(base::Error error);

  net::EventLoop& loop_;
  const TalkRequest request_;
  TranscriptPrinter& printer_;

  State state_ = State::connecting;
  std::optional<base::Error> error_;
  std::shared_ptr<net::WebSocket> socket_;
  net::Timer frame_timer_;
  net::Timer watchdog_;
  base::Instant began_{};
  std::size_t frames_sent_ = 0;
  std::string frame_;  // reused

  bool turn_open_ = false;               // the user spoke and no answer has begun
  std::set<std::string> running_;        // responses, by id
  std::set<std::string> untranscribed_;  // committed user items whose words have not come
  std::set<std::string> shown_;          // of those, the ones with some words printed
  int answers_ = 0;
  std::optional<base::Error> answer_error_;  // of the last answer
  std::vector<std::int16_t> answer_;
};

}  // namespace parley::cli
