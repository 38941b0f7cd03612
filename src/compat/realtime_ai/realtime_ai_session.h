// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "compat/realtime_ai/barge_in_gate.h"
#include "compat/realtime_ai/sound_frames.h"
#include "compat/realtime_ai/sound_queue.h"
#include "driver/session_driver.h"
#include "engine/ports.h"
#include "net/event_loop.h"
#include "net/websocket.h"
#include "protocol/json/value.h"
#include "session/session.h"
#include "transport/live_session.h"

namespace parley::compat {

struct RealtimeAiSetup {
  session::Options session;  // its formats and turn detection are ours to set
  engine::EngineSet engines;
  int rate_hz = 16000;        // of the audio, both ways
  int leading_pad_bytes = 0;  // zeros before the samples of each message, which the page cuts off
  int barge_in_level_permille = 0;  // what speech must reach to end an answer (barge_in_gate.h)
  base::Duration silence_max{};     // a client that sends nothing for so long is closed; 0: never
  std::size_t send_queue_bytes_max = 32u << 20u;
  std::function<void(std::string_view detail)> on_closed;  // once; empty, or why it ended early
};

// A session in realtime-ai's protocol, over the same core as every other: commands and sound come
// in, transcripts, the answer's text so far and its sound go out. Recognition runs from the begin;
// an interruption ends the answer and nothing else. Lives on the socket's loop; keeps itself alive
// until the connection is closed.
//
//   in   {"type" or "command": start | stop | reset | interrupt | clear_queues | text_input}, sound
//   out  status, partial_transcript, final_transcript, tts_stop, llm_status, subtitle,
//        llm_response, tts_start, sound, tts_end, stop_acknowledged, interrupt_acknowledged, error
class RealtimeAiSession final : public transport::LiveSession, private driver::SessionClient {
 public:
  static std::shared_ptr<RealtimeAiSession> start(std::shared_ptr<net::WebSocket> socket,
                                                  RealtimeAiSetup setup);
  ~RealtimeAiSession() override;

  void close(net::CloseCode code, std::string reason) override;

 private:
  RealtimeAiSession(std::shared_ptr<net::WebSocket> socket, RealtimeAiSetup setup);

  void begin();
  void on_text(std::string_view frame);
  void on_binary(std::string_view message);
  void complain(std::string_view message);
  void command(const std::string& name, protocol::json::Value& document);
  void say(std::string text);
  bool cancel_answer();
  bool stop_playback();
  void watch_silence();
  void on_event(const protocol::ServerEvent& event) override;
  void on_end(int code, std::string reason, std::string_view detail) override;
  void on_closed();

  void announce();
  void on_words(const std::string& delta);
  void on_sound(std::span<const std::uint8_t> bytes);
  void send_sound();
  void send_message(std::string_view samples);
  void end_sound();
  void end_answer(const protocol::Response& response);
  void finish_answer();
  void end_text();
  void send_status(std::string_view status);
  void send_error(std::string_view message);
  // {"type", `key`: `value` where given, "session_id"}
  void send_event(std::string_view type, std::string_view key = {}, std::string_view value = {});
  void send_text_so_far(std::string_view type, bool complete);
  void send(std::string frame);
  void check_queue();

  std::shared_ptr<net::WebSocket> socket_;
  RealtimeAiSetup setup_;
  session::Options session_options_;
  std::unique_ptr<driver::SessionDriver> driver_;
  base::Random random_;
  const std::string session_id_;
  SoundFrames frames_;
  BargeInGate gate_;
  std::vector<std::int16_t> passed_;  // by the gate, reused
  std::vector<std::uint8_t> audio_;   // what is appended, reused
  net::Timer silence_timer_;
  base::Instant last_message_at_;
  std::string heard_;  // of the utterance, so far
  bool listening_ = true;
  bool user_speaks_ = false;
  int complaints_left_;  // about sound, until more are granted
  base::Instant complained_at_;
  base::Instant interrupt_told_at_;
  bool turn_known_ = false;  // the client has the words that the next answer is for

  // Of the answer under way.
  bool answering_ = false;
  bool announced_ = true;  // tts_stop and llm_status were sent
  std::string text_;
  SoundQueue sound_;
  net::Timer sound_timer_;  // for what waits in `sound_`
  bool speaking_ = false;   // between tts_start and tts_end
  // It is made, but its sound is still on its way: what failed, if anything did.
  std::optional<std::string> ended_;
  bool closing_ = false;
  std::string detail_;
};

}  // namespace parley::compat
