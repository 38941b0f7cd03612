// SPDX-License-Identifier: MIT
#include "providers/openai/speech_job.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audio/base64.h"
#include "engine/job_channel.h"
#include "net/sse.h"
#include "providers/openai/speech_stream.h"
#include "providers/remote/error_body.h"
#include "providers/remote/json_access.h"
#include "providers/remote/retry.h"

namespace parley::providers::openai {

namespace {

using engine::Failure;
using engine::FailureKind;

constexpr std::size_t kBodyBytesMax = 64u << 20u;      // more than ten minutes of sound
constexpr std::size_t kDocumentBytesMax = 64u << 10u;  // of an error
constexpr std::array<std::string_view, 6> kCompressed = {
    "audio/mpeg", "audio/mp3", "audio/ogg", "audio/opus", "audio/flac", "audio/x-flac"};
constexpr std::array<std::string_view, 2> kUnreadable = {"audio/aac", "audio/webm"};

template <std::size_t kCount>
bool holds(const std::array<std::string_view, kCount>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// "audio/pcm;rate=22050" -> 22050
int rate_in(std::string_view type, int otherwise) {
  constexpr std::string_view kRate = "rate=";
  const std::size_t at = type.find(kRate);
  if (at == std::string_view::npos) return otherwise;
  std::string_view digits = type.substr(at + kRate.size());
  if (digits.starts_with('"')) digits.remove_prefix(1);
  int rate = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), rate);
  return read.ec == std::errc() ? rate : otherwise;
}

// What is wrong with an answer of this type; nothing: it may be sound.
std::string objection_to(std::string_view type, bool may_be_compressed) {
  const std::string_view name = type.substr(0, type.find_first_of("; \t"));
  if (name.empty() || name == "application/octet-stream") return {};
  if (name == "text/html") return "answered with a web page: is the address right?";
  if (!name.starts_with("audio/")) return "answered with " + std::string(name) + ", not with sound";
  if (!holds(kUnreadable, name) && (may_be_compressed || !holds(kCompressed, name))) return {};
  return "answered with " + std::string(name) + ", which was not asked for";
}

class Job final : public engine::TtsJob {
 public:
  Job(SpeechPlan plan, base::Executor& loop, engine::Sink<engine::TtsEvent> sink)
      : endpoint_(std::move(plan.endpoint)),
        channel_(std::make_shared<engine::JobChannel<engine::TtsEvent>>(loop, std::move(sink))),
        pcm_rate_hz_(plan.pcm_rate_hz),
        may_be_compressed_(plan.may_be_compressed),
        stream_(pcm_rate_hz_, may_be_compressed_) {
    remote::RemoteHandlers handlers;
    handlers.on_accepted = [this](const net::HeaderList& headers) { on_accepted(headers); };
    handlers.on_body = [this](std::string_view piece) { on_body(piece); };
    handlers.on_done = [this] { on_done(); };
    handlers.on_failure = [this](Failure failure) { on_failure(std::move(failure)); };
    call_ =
        remote::RemoteCall::start(loop, endpoint_, std::move(plan.request), std::move(handlers));
  }
  ~Job() override { channel_->close(); }
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

 private:
  enum class Form : std::uint8_t { sound, events, document };

  void on_accepted(const net::HeaderList& headers) {
    const std::string type = lower(remote::header_value(headers, "content-type"));
    if (type.starts_with("text/event-stream")) {
      form_ = Form::events;
    } else if (type.starts_with("application/json")) {
      form_ = Form::document;  // an error in spite of its status: what does it say?
    } else if (const std::string objection = objection_to(type, may_be_compressed_);
               !objection.empty()) {
      return fail(FailureKind::protocol, objection);
    }
    stream_ = SpeechStream(rate_in(type, pcm_rate_hz_), may_be_compressed_);
  }

  void on_body(std::string_view piece) {
    if (over_) return;
    body_bytes_ += piece.size();
    if (body_bytes_ > kBodyBytesMax) {
      return fail(FailureKind::protocol, "answered with far too much");
    }
    switch (form_) {
      case Form::sound:
        return pass_on(stream_.push(piece));
      case Form::events:
        if (!parser_.feed(piece, [this](const net::SseEvent& event) { on_event(event.data); })) {
          fail(FailureKind::protocol, "sent an event that is far too long");
        }
        return;
      case Form::document:
        document_.append(piece.substr(0, kDocumentBytesMax - document_.size()));
        return;
    }
  }

  // `stream_format` "sse": {"type":"speech.audio.delta","audio":"<base64>"}, then "…done".
  void on_event(std::string_view data) {
    if (over_ || data.empty() || data == "[DONE]") return;
    const nlohmann::json event = remote::parse_json(data);
    if (!event.is_object()) return fail(FailureKind::protocol, "sent an event that is no JSON");
    const std::string_view type = remote::member_text(event, "type");
    if (type == "speech.audio.delta") {
      std::vector<std::uint8_t> bytes;
      if (!audio::base64_decode(remote::member_text(event, "audio"), bytes)) {
        return fail(FailureKind::protocol, "sent sound that is not base64");
      }
      pass_on(stream_.push(std::string(bytes.begin(), bytes.end())));
    } else if (type == "speech.audio.done") {
      finish();
      if (call_) call_->let_finish();
    } else if (remote::find_member(event, "error") != nullptr) {
      fail_with(remote::failure_of_error(*endpoint_, remote::read_error_body(data),
                                         FailureKind::unavailable));
    }
  }

  void on_done() {
    if (over_) return;
    // A service in trouble, rather than one of another kind.
    if (body_bytes_ == 0) return fail(FailureKind::unavailable, "answered with nothing");
    if (form_ == Form::document) {
      const bool object = document_.starts_with('{');
      const auto error = object ? remote::read_error_body(document_) : remote::ErrorBody();
      if (error.message.empty() && error.code.empty()) {
        return fail(FailureKind::protocol, "answered with application/json, not with sound");
      }
      return fail_with(remote::failure_of_error(*endpoint_, error, FailureKind::unavailable));
    }
    if (form_ == Form::events) {
      parser_.finish([this](const net::SseEvent& event) { on_event(event.data); });
      if (!over_) fail(FailureKind::unavailable, "ended its answer too early");
      return;
    }
    finish();
  }

  void finish() {
    pass_on(stream_.finish());
    if (std::exchange(over_, true)) return;
    channel_->emit(engine::TtsDone{});
  }

  void on_failure(Failure failure) {
    if (std::exchange(over_, true)) return;
    channel_->emit(std::move(failure));
  }

  void pass_on(base::Result<engine::TtsAudio> sound) {
    if (!sound) return fail(FailureKind::protocol, sound.error().message);
    if (!sound->samples.empty()) channel_->emit(std::move(*sound));
  }

  void fail(FailureKind kind, std::string_view what) {
    fail_with(remote::make_failure(*endpoint_, kind, what));
  }

  void fail_with(Failure failure) {
    over_ = true;
    call_->blame(failure);
    call_.reset();
    channel_->emit(std::move(failure));
  }

  const std::shared_ptr<const remote::Endpoint> endpoint_;
  const std::shared_ptr<engine::JobChannel<engine::TtsEvent>> channel_;
  const int pcm_rate_hz_;
  const bool may_be_compressed_;
  SpeechStream stream_;
  Form form_ = Form::sound;
  net::SseParser parser_;
  std::string document_;
  std::unique_ptr<remote::RemoteCall> call_;
  std::size_t body_bytes_ = 0;
  bool over_ = false;
};

}  // namespace

std::unique_ptr<engine::TtsJob> start_speech(SpeechPlan plan, base::Executor& loop,
                                             engine::Sink<engine::TtsEvent> sink) {
  return std::make_unique<Job>(std::move(plan), loop, std::move(sink));
}

}  // namespace parley::providers::openai
