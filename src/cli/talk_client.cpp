// SPDX-License-Identifier: MIT
#include "cli/talk_client.h"

#include <algorithm>
#include <array>
#include <utility>

#include "audio/codec.h"

namespace parley::cli {

namespace {

constexpr base::Duration kFrame = base::Milliseconds(20);
constexpr std::size_t kFrameSamples = kTalkRateHz / 50;
constexpr std::size_t kTailFrames = 50;  // a second of silence: enough to hear the end of a turn
constexpr std::size_t kQueueBytesMax = 8u << 20u;
constexpr std::size_t kAnswerSamplesMax = std::size_t{kTalkRateHz} * 3600;
// An answer may be over before the words of the question have come.
constexpr base::Duration kTranscriptPatience = std::chrono::seconds(3);

protocol::SessionPatch session_patch(const TalkRequest& request) {
  protocol::SessionPatch patch;
  patch.output_modality =
      request.spoken_answer ? protocol::Modality::audio : protocol::Modality::text;
  patch.input_format = base::AudioFormat{base::AudioEncoding::pcm16, kTalkRateHz};
  patch.output_format = base::AudioFormat{base::AudioEncoding::pcm16, kTalkRateHz};
  if (request.text.empty()) {
    // Servers with one recogniser take any name; the hosted service wants one of its own.
    patch.transcription =
        protocol::Transcription{.model = "gpt-4o-mini-transcribe", .language = {}, .prompt = {}};
  }
  if (!request.instructions.empty()) patch.instructions = request.instructions;
  if (!request.voice.empty()) patch.voice = request.voice;
  return patch;
}

}  // namespace

TalkClient::TalkClient(net::EventLoop& loop, TalkRequest request, TranscriptPrinter& printer)
    : loop_(loop),
      request_(std::move(request)),
      printer_(printer),
      frame_timer_(loop),
      watchdog_(loop) {}

TalkClient::~TalkClient() = default;

base::Result<void> TalkClient::run() {
  net::connect_websocket(loop_, request_.connection,
                         [this](auto connected) { on_connected(std::move(connected)); });
  loop_.run();
  printer_.end_line();
  if (error_) return tl::unexpected(*error_);
  if (answer_error_) return tl::unexpected(*answer_error_);
  return {};
}

void TalkClient::on_connected(base::Result<std::shared_ptr<net::WebSocket>> connected) {
  if (!connected) {
    connected.error().message =
        "cannot connect to " + request_.connection.url + ": " + connected.error().message;
    return fail(std::move(connected.error()));
  }
  socket_ = std::move(*connected);
  state_ = State::greeting;
  watch();
  socket_->start(
      {.on_text = [this](std::string_view frame) { on_frame(frame); },
       .on_binary = [](std::string_view) {},
       .on_closed = [this](int code, std::string_view reason) { on_closed(code, reason); }});
}

void TalkClient::on_closed(int code, std::string_view reason) {
  if (state_ != State::over) {
    std::string message = "the server closed the connection, code " + std::to_string(code);
    if (!reason.empty()) message += ": " + std::string(reason);
    error_ = base::Error{"connection_closed", std::move(message), {}};
    state_ = State::over;
  }
  loop_.stop();
}

// ---- what the server says ----------------------------------------------------------------------

void TalkClient::on_frame(std::string_view frame) {
  if (state_ == State::over) return;
  const auto message = protocol::read_server_message(frame);
  if (!message) {
    return fail(
        {"invalid_event", "the server sent what is no event: " + message.error().message, {}});
  }
  on_message(*message);
  if (state_ == State::over) return;
  watch();
  finish_if_answered();
}

void TalkClient::on_message(const protocol::ServerMessage& message) {
  if (message.type == "session.created" && state_ == State::greeting) {
    begin();
  } else if (message.type == "error") {
    std::string text = "the server reports: " + message.error.message;
    if (!message.error.code.empty()) text += " (" + message.error.code + ')';
    fail({message.error.code, std::move(text), message.error.param});
  } else if (!on_user_message(message)) {
    on_answer_message(message);
  }
}

// Events about what the user said.
bool TalkClient::on_user_message(const protocol::ServerMessage& message) {
  constexpr std::string_view kTranscription = "conversation.item.input_audio_transcription.";
  const std::string_view type = message.type;
  if (type == "input_audio_buffer.speech_started") {
    turn_open_ = true;
  } else if (type == "input_audio_buffer.committed") {
    untranscribed_.insert(message.item_id);
  } else if (type.starts_with(kTranscription)) {
    const std::string_view what = type.substr(kTranscription.size());
    if (what == "delta") {
      if (!message.text.empty()) shown_.insert(message.item_id);
      printer_.delta(Voice::user, message.text);
      return true;
    }
    if (what == "failed") printer_.note("not understood: " + message.error.message);
    if (what == "completed") {
      if (!shown_.contains(message.item_id)) printer_.delta(Voice::user, message.text);
      printer_.end_line();
    }
    shown_.erase(message.item_id);
    untranscribed_.erase(message.item_id);
  } else {
    return false;
  }
  return true;
}

// Events about the answer.
bool TalkClient::on_answer_message(const protocol::ServerMessage& message) {
  const std::string_view type = message.type;
  if (type == "response.created") {
    turn_open_ = false;
    running_.insert(message.response_id);
  } else if (type == "response.output_text.delta" ||
             type == "response.output_audio_transcript.delta") {
    printer_.delta(Voice::assistant, message.text);
  } else if (type == "response.output_audio.delta") {
    if (message.audio.size() % 2 != 0 || answer_.size() > kAnswerSamplesMax) {
      fail({"invalid_event", "the server sent audio that cannot be used", {}});
      return true;
    }
    audio::decode(base::AudioEncoding::pcm16, message.audio, answer_);
  } else if (type == "response.function_call_arguments.done") {
    printer_.note("calls " + message.function_name + message.arguments);
  } else if (type == "response.done") {
    on_response_done(message);
  } else {
    return false;
  }
  return true;
}

void TalkClient::on_response_done(const protocol::ServerMessage& message) {
  printer_.end_line();
  running_.erase(message.response_id);
  if (message.status == "cancelled") return;  // the user spoke on: another answer follows
  ++answers_;
  answer_error_.reset();
  if (message.status != "failed") return;
  std::string text = "the answer failed";
  if (!message.error.message.empty()) text += ": " + message.error.message;
  answer_error_ = base::Error{message.error.code, std::move(text), {}};
}

// ---- what we say -------------------------------------------------------------------------------

void TalkClient::begin() {
  socket_->send_text(protocol::write_session_update(session_patch(request_)));
  if (!request_.text.empty()) {
    socket_->send_text(protocol::write_user_text(request_.text));
    socket_->send_text(protocol::write_response_create());
    state_ = State::listening;
    return;
  }
  state_ = State::asking;
  began_ = loop_.now();
  say_due_frames();
}

// Frames are due by the clock since the beginning, so that a late timer is made good at once.
void TalkClient::say_due_frames() {
  if (state_ == State::over) return;
  while (began_ + kFrame * static_cast<long>(frames_sent_) <= loop_.now()) send_frame();
  if (socket_->queued_bytes() > kQueueBytesMax) {
    return fail({"too_slow", "the server does not take the audio as fast as it is spoken", {}});
  }
  frame_timer_.arm(began_ + kFrame * static_cast<long>(frames_sent_), [this] { say_due_frames(); });
  const std::size_t speech_frames = (request_.samples.size() + kFrameSamples - 1) / kFrameSamples;
  if (state_ == State::asking && frames_sent_ >= speech_frames + kTailFrames) {
    state_ = State::listening;
    watch();
    finish_if_answered();
  }
}

void TalkClient::send_frame() {
  std::array<std::int16_t, kFrameSamples> samples{};  // silence after the end
  const std::size_t from = frames_sent_++ * kFrameSamples;
  if (from < request_.samples.size()) {
    const auto begin = request_.samples.begin() + static_cast<std::ptrdiff_t>(from);
    std::copy_n(begin, std::min(kFrameSamples, request_.samples.size() - from), samples.begin());
  }
  std::vector<std::uint8_t> bytes;
  audio::encode(base::AudioEncoding::pcm16, samples, bytes);
  frame_.clear();
  protocol::write_audio_append(bytes, frame_);
  socket_->send_text(frame_);
}

// ---- the end -----------------------------------------------------------------------------------

// While the question is being said the server may be silent for as long as the user is.
void TalkClient::watch() {
  if (state_ == State::asking) return watchdog_.disarm();
  const bool only_words_missing = state_ == State::listening && answers_ > 0 && !turn_open_ &&
                                  running_.empty() && !untranscribed_.empty();
  if (only_words_missing) {
    return watchdog_.arm(loop_.now() + std::min(kTranscriptPatience, request_.patience),
                         [this] { finish(); });
  }
  watchdog_.arm(loop_.now() + request_.patience, [this] {
    const bool heard = !request_.text.empty() || turn_open_ || answers_ > 0 || !running_.empty();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(request_.patience);
    if (state_ == State::listening && !heard) {
      return fail({"no_speech", "the server heard no speech in the recording", {}});
    }
    fail({"timeout", "no word from the server for " + std::to_string(seconds.count()) + " s", {}});
  });
}

void TalkClient::finish_if_answered() {
  if (state_ != State::listening || turn_open_ || !running_.empty()) return;
  if (answers_ > 0 && untranscribed_.empty()) finish();
}

void TalkClient::finish() {
  state_ = State::over;
  frame_timer_.disarm();
  watchdog_.disarm();
  socket_->close(net::CloseCode::normal, {});
}

void TalkClient::fail(base::Error error) {
  if (state_ == State::over) return;
  error_ = std::move(error);
  if (socket_) return finish();
  state_ = State::over;
  loop_.stop();
}

}  // namespace parley::cli
