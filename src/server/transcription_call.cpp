// SPDX-License-Identifier: MIT
#include "server/transcription_call.h"

#include <algorithm>
#include <utility>

#include "audio/resampler.h"
#include "server/rest_api.h"
#include "turn/turn_detector.h"

namespace parley::server {

namespace {

constexpr double kRate = engine::kHearingRateHz;
constexpr double kWholeMaxS = 60;  // longer recordings are heard sentence by sentence
// Pieces are what is between longer silences; recognisers bound how much they take at once.
constexpr int kSilenceMs = 500;
constexpr int kPaddingMs = 200;
constexpr double kPieceMaxS = 60;
constexpr std::size_t kPushSamples = 3200;

bool wants_times(const std::string& format) {
  return format == "srt" || format == "vtt" || format == "verbose_json";
}

int status_of(const engine::Failure& failure) {
  switch (failure.kind) {
    case engine::FailureKind::rate_limited:
    case engine::FailureKind::quota:
      return 429;
    case engine::FailureKind::overloaded:
      return 503;
    case engine::FailureKind::timeout:
      return 504;
    case engine::FailureKind::invalid_request:
      return 400;
    default:
      return 502;
  }
}

}  // namespace

void TranscriptionCall::start(net::EventLoop& loop, engine::SttEngine& stt,
                              TranscriptionOptions options, audio::Recording recording,
                              std::shared_ptr<net::HttpResponder> responder) {
  const std::shared_ptr<TranscriptionCall> call(
      new TranscriptionCall(loop, stt, std::move(options), std::move(responder)));
  // The responder holds the call, and the call the responder, until one of them ends.
  call->responder_->on_closed([call] {
    call->job_.reset();
    call->responder_.reset();
  });
  call->listen(std::move(recording));
}

TranscriptionCall::TranscriptionCall(net::EventLoop& loop, engine::SttEngine& stt,
                                     TranscriptionOptions options,
                                     std::shared_ptr<net::HttpResponder> responder)
    : loop_(loop), stt_(stt), options_(std::move(options)), responder_(std::move(responder)) {}

void TranscriptionCall::listen(audio::Recording recording) {
  if (recording.rate_hz != engine::kHearingRateHz) {
    audio::Resampler resampler(recording.rate_hz, engine::kHearingRateHz);
    resampler.process(recording.samples, samples_);
    resampler.flush(samples_);
  } else {
    samples_ = std::move(recording.samples);
  }
  transcript_.seconds = static_cast<double>(samples_.size()) / kRate;
  transcript_.language = options_.request.language;
  if (options_.stream || wants_times(options_.format) || transcript_.seconds > kWholeMaxS) {
    cut_into_sentences();
  } else {
    pieces_.push_back({0, samples_.size()});
  }
  if (options_.stream) {
    net::HttpResponse head;
    head.content_type = "text/event-stream";
    head.headers = options_.headers;
    head.headers.emplace_back("Cache-Control", "no-cache");
    responder_->begin(std::move(head));
  }
  hear_next();
}

void TranscriptionCall::cut_into_sentences() {
  turn::TurnDetectorOptions options;
  options.prefix_padding_ms = kPaddingMs;
  options.silence_duration_ms = kSilenceMs;
  turn::TurnDetector detector(turn::make_vad({}), options);
  std::vector<turn::TurnEvent> events;
  detector.push(samples_, events);
  const auto add = [this](std::size_t begin, std::size_t end) {
    const auto most = static_cast<std::size_t>(kPieceMaxS * kRate);
    for (; begin < end; begin += most) pieces_.push_back({begin, std::min(end, begin + most)});
  };
  bool speaking = false;
  std::size_t begun = 0;
  for (const auto& event : events) {
    const auto at = static_cast<std::size_t>(event.at.samples);
    if (event.type == turn::TurnEventType::speech_started) {
      begun = at;
      speaking = true;
    } else if (event.type == turn::TurnEventType::speech_stopped && speaking) {
      add(begun, std::min(at, samples_.size()));
      speaking = false;
    }
  }
  if (speaking) add(begun, samples_.size());
}

void TranscriptionCall::hear_next() {
  if (next_ == pieces_.size()) return finish();
  const Piece& piece = pieces_[next_];
  job_ = stt_.start(options_.request, loop_, [self = shared_from_this()](engine::SttEvent event) {
    self->on_event(std::move(event));
  });
  for (std::size_t at = piece.begin; at < piece.end; at += kPushSamples) {
    job_->push(std::span(samples_).subspan(at, std::min(kPushSamples, piece.end - at)));
  }
  job_->finish();
}

void TranscriptionCall::on_event(engine::SttEvent event) {
  if (!responder_) return;  // the client has gone
  if (const auto* failure = std::get_if<engine::Failure>(&event)) return fail(*failure);
  const auto* final = std::get_if<engine::SttFinal>(&event);
  if (final == nullptr) return;
  take(final->text);
  ++next_;
  // In a task of its own: the job that ends is still on the stack.
  loop_.post([self = shared_from_this()] {
    if (self->responder_) self->hear_next();
  });
}

void TranscriptionCall::take(const std::string& text) {
  if (text.empty()) return;
  const Piece& piece = pieces_[next_];
  const std::string delta = (transcript_.text.empty() ? "" : " ") + text;
  transcript_.text += delta;
  transcript_.segments.push_back(
      {static_cast<double>(piece.begin) / kRate, static_cast<double>(piece.end) / kRate, text});
  if (options_.stream) responder_->write(protocol::transcript_delta_event(delta));
}

void TranscriptionCall::fail(const engine::Failure& failure) {
  const base::Error error{
      failure.code.empty() ? "server_error" : failure.code, failure.message, {}};
  // The job that failed is still on the stack, and holds this call.
  loop_.post([self = shared_from_this()] { self->job_.reset(); });
  const auto responder = std::exchange(responder_, nullptr);
  if (options_.stream) {
    responder->write(protocol::error_event(error));
    responder->finish();
  } else {
    auto response = error_response(status_of(failure), error);
    for (const auto& header : options_.headers) response.headers.push_back(header);
    responder->respond(std::move(response));
  }
}

void TranscriptionCall::finish() {
  job_.reset();
  const auto responder = std::exchange(responder_, nullptr);
  if (options_.stream) {
    responder->write(protocol::transcript_done_event(transcript_));
    responder->finish();
    return;
  }
  net::HttpResponse response;
  response.headers = options_.headers;
  if (options_.format == "json") {
    response.body = protocol::write_transcript(transcript_);
  } else if (options_.format == "verbose_json") {
    response.body = protocol::write_verbose_transcript(transcript_);
  } else {
    response.content_type =
        options_.format == "vtt" ? "text/vtt; charset=utf-8" : "text/plain; charset=utf-8";
    response.body = options_.format == "text"
                        ? transcript_.text + "\n"
                        : protocol::write_subtitles(transcript_, options_.format == "vtt");
  }
  responder->respond(std::move(response));
}

}  // namespace parley::server
