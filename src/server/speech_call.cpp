// SPDX-License-Identifier: MIT
#include "server/speech_call.h"

#include <algorithm>
#include <utility>

#include "server/rest_api.h"
#include "session/clause_splitter.h"
#include "session/tokens.h"

namespace parley::server {

namespace {

std::string content_type(const std::string& format) {
  if (format == "mp3") return "audio/mpeg";
  if (format == "opus") return "audio/ogg";
  return "audio/" + format;
}

bool is_blank(const std::string& text) {
  return text.find_first_not_of(" \t\r\n") == std::string::npos;
}

}  // namespace

void SpeechCall::start(net::EventLoop& loop, engine::TtsEngine& tts,
                       protocol::SpeechRequest request, std::unique_ptr<audio::SoundWriter> writer,
                       net::HeaderList headers, std::shared_ptr<net::HttpResponder> responder) {
  const std::shared_ptr<SpeechCall> call(new SpeechCall(
      loop, tts, std::move(request), std::move(writer), std::move(headers), std::move(responder)));
  // The responder holds the call, and the call the responder, until one of them ends.
  call->responder_->on_closed([call] {
    call->job_.reset();
    call->responder_.reset();
  });
  call->say_next();
}

SpeechCall::SpeechCall(net::EventLoop& loop, engine::TtsEngine& tts,
                       protocol::SpeechRequest request, std::unique_ptr<audio::SoundWriter> writer,
                       net::HeaderList headers, std::shared_ptr<net::HttpResponder> responder)
    : loop_(loop),
      tts_(tts),
      request_(std::move(request)),
      writer_(std::move(writer)),
      headers_(std::move(headers)),
      responder_(std::move(responder)) {
  session::ClauseSplitter splitter;
  splitter.push(request_.input, clauses_);
  splitter.finish(clauses_);
  std::erase_if(clauses_, is_blank);
}

void SpeechCall::say_next() {
  if (next_ == clauses_.size()) return finish();
  engine::TtsRequest request{clauses_[next_], request_.voice, request_.speed};
  if (next_ > 0) request.previous_text = clauses_[next_ - 1];
  ++next_;
  job_ = tts_.start(std::move(request), loop_, [self = shared_from_this()](engine::TtsEvent event) {
    self->on_event(std::move(event));
  });
}

void SpeechCall::on_event(engine::TtsEvent event) {
  if (!responder_) return;  // the client has gone
  if (const auto* failure = std::get_if<engine::Failure>(&event)) return fail(*failure);
  if (const auto* audio = std::get_if<engine::TtsAudio>(&event)) return take(*audio);
  if (!std::holds_alternative<engine::TtsDone>(event)) return;
  end_clause();
  // In a task of its own: the job that ends is still on the stack.
  loop_.post([self = shared_from_this()] {
    if (self->responder_) self->say_next();
  });
}

void SpeechCall::take(const engine::TtsAudio& audio) {
  samples_.clear();
  if (audio.rate_hz == kRateHz) {
    samples_ = audio.samples;
  } else {
    if (!resampler_) resampler_.emplace(audio.rate_hz, kRateHz);
    resampler_->process(audio.samples, samples_);
  }
  samples_sent_ += std::ssize(samples_);
  std::string piece;
  writer_->write(samples_, piece);
  send(std::move(piece));
}

// Each clause is a recording of its own.
void SpeechCall::end_clause() {
  if (!resampler_) return;
  samples_.clear();
  resampler_->flush(samples_);
  resampler_.reset();
  samples_sent_ += std::ssize(samples_);
  std::string piece;
  writer_->write(samples_, piece);
  send(std::move(piece));
}

void SpeechCall::send(std::string piece) {
  if (!std::exchange(begun_, true)) {
    net::HttpResponse head;
    head.content_type = request_.events ? "text/event-stream" : content_type(request_.format);
    head.headers = headers_;
    responder_->begin(std::move(head));
  }
  if (piece.empty()) return;
  responder_->write(request_.events ? protocol::speech_delta_event(piece) : std::move(piece));
}

void SpeechCall::fail(const engine::Failure& failure) {
  // The job that failed is still on the stack, and holds this call.
  loop_.post([self = shared_from_this()] { self->job_.reset(); });
  const auto responder = std::exchange(responder_, nullptr);
  if (begun_) return responder->abort();
  auto response =
      error_response(failure.kind == engine::FailureKind::rate_limited ? 429 : 502,
                     {failure.code.empty() ? "server_error" : failure.code, failure.message, {}});
  for (const auto& header : headers_) response.headers.push_back(header);
  responder->respond(std::move(response));
}

void SpeechCall::finish() {
  job_.reset();
  std::string piece;
  writer_->finish(piece);
  send(std::move(piece));
  const auto responder = std::exchange(responder_, nullptr);
  if (request_.events) {
    responder->write(protocol::speech_done_event(
        session::text_tokens(request_.input),
        session::assistant_audio_tokens(samples_sent_ * 1000 / kRateHz)));
  }
  responder->finish();
}

}  // namespace parley::server
