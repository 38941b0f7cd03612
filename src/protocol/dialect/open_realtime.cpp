// SPDX-License-Identifier: MIT
// open-realtime's dialect (its web client: realtime-playground): the beta's names, few of its
// events, 16 kHz both ways, spoken answers whatever `modalities` says, their words as text. Its
// client compares response ids as numbers and stops playing at `response.audio.cancel` only.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "protocol/dialect/openai.h"
#include "protocol/dialect/rewrite.h"
#include "protocol/json/append_scan.h"
#include "protocol/json/read_client_event.h"
#include "protocol/json/writer.h"

namespace parley::protocol {

namespace {

constexpr int kRateHz = 16000;
constexpr std::size_t kIdLengthMax = 64;  // its client's items are UUIDs

void use_rate(Patch<base::AudioFormat>& format) {
  if (format && format->encoding == base::AudioEncoding::pcm16) format->rate_hz = kRateHz;
}

class OpenRealtime final : public Dialect {
 public:
  base::Result<ClientEvent> parse(std::string_view frame, std::string& event_id_out) override {
    if (const auto append = json::scan_append(frame)) {
      event_id_out.assign(append->event_id);
      return ClientEvent{event_id_out, InputAudioBufferAppend{append->audio_base64}};
    }
    event_id_out.clear();
    auto document = json::parse(frame);
    if (!document) {
      return base::fail("invalid_json", "Invalid event: failed to parse JSON value. ");
    }
    if (rewrite::text_of(rewrite::member(*document, "type")) == "session.update") {
      if (json::Value* session = rewrite::member(*document, "session")) read_session(*session);
    }
    rewrite::name_content_parts(*document);
    std::optional<double> temperature;  // its clients choose from 0 on
    for (const char* settings : {"session", "response"}) {
      json::Value* given = rewrite::member(*document, settings);
      rewrite::fit_max_tokens(given);
      if (const auto taken = rewrite::take_temperature(given)) temperature = taken;
    }
    auto event =
        json::read_client_event(*document, json::Flavour::beta, event_id_out, audio_, kIdLengthMax);
    if (!event) return event;
    if (auto* update = std::get_if<SessionUpdate>(&event->body)) {
      use_rate(update->session.input_format);
      use_rate(update->session.output_format);
      if (temperature) update->session.temperature = temperature;
    } else if (auto* create = std::get_if<ResponseCreate>(&event->body)) {
      use_rate(create->output_format);
      create->output_modality.reset();
      if (temperature) create->temperature = temperature;
    }
    return event;
  }

  bool write(const ServerEvent& event, std::string& out) override {
    cancels_ = false;
    if (const auto* text = std::get_if<AudioTranscriptDelta>(&event.body)) {
      return beta_.write({event.event_id, TextDelta{text->ref, text->delta}}, out);
    }
    if (const auto* text = std::get_if<AudioTranscriptDone>(&event.body)) {
      return beta_.write({event.event_id, TextDone{text->ref, text->transcript}}, out);
    }
    if (std::holds_alternative<ContentPartAdded>(event.body) ||
        std::holds_alternative<ContentPartDone>(event.body) ||
        std::holds_alternative<TranscriptionDelta>(event.body) ||
        std::holds_alternative<RateLimitsUpdated>(event.body)) {
      return false;
    }
    if (const auto* error = std::get_if<ErrorEvent>(&event.body);
        error != nullptr && error->code == "response_cancel_not_active") {
      // The client may still play the answer that is over here.
      cancelled_us_ = last_us_;
      write_cancel(event.event_id, kExplicit, out);
      return true;
    }
    if (const auto* created = std::get_if<SessionCreated>(&event.body)) {
      return show_session(event.event_id, *created, out);
    }
    if (const auto* updated = std::get_if<SessionUpdated>(&event.body)) {
      return show_session(event.event_id, *updated, out);
    }
    note(event);
    return beta_.write(event, out);
  }

  // Playback stops when the user speaks, and when an answer was cancelled.
  bool write_more(std::string& out) override {
    if (!std::exchange(cancels_, false)) return false;
    write_cancel(cancel_event_id_, spoken_ ? "turn_detected" : kExplicit, out);
    return true;
  }

  std::string_view name() const override { return "open-realtime"; }

 private:
  static constexpr std::string_view kExplicit = "session_explicit_cancel_event";

  void write_cancel(const std::string& event_id, std::string_view reason, std::string& out) const {
    json::Writer w(out);
    w.begin_object();
    w.string("type", "response.audio.cancel");
    w.string("event_id", event_id);
    // Above every earlier response, below every later one: ids rise by two microseconds at least.
    w.string("response_id", numbered(cancelled_us_ + 1));
    w.string("item_id", item_id_);
    w.integer("output_index", 0);
    w.integer("content_index", 0);
    w.string("reason", reason);
    w.end_object();
  }

  void read_session(json::Value& session) {
    rewrite::take(session, "modalities");
    if (json::Value* detection = rewrite::member(session, "turn_detection")) {
      const bool* off = detection->boolean();
      if (off != nullptr && !*off) detection->data = std::monostate{};
    }
    for (const char* key : {"model", "tts_model"}) {
      auto given = rewrite::take(session, key);
      if (!given || given->string() == nullptr) continue;
      (key == std::string_view("model") ? model_ : tts_model_) = std::move(*given->string());
    }
  }

  // Shows again what its client sends and no session of ours holds.
  template <class T>
  bool show_session(const std::string& event_id, T event, std::string& out) {
    const auto& detection = event.config.turn_detection;
    interrupts_ = !detection || detection->interrupt_response;
    if (!model_.empty()) event.config.model = model_;
    std::string text;
    if (!beta_.write({event_id, std::move(event)}, text)) return false;
    constexpr std::string_view kOff = "\"turn_detection\":null";
    if (const auto off = text.find(kOff); off != std::string::npos) {
      text.replace(off, kOff.size(), "\"turn_detection\":false");
    }
    if (!tts_model_.empty()) {
      std::string more;
      json::append_text(json::Value{tts_model_}, more);
      rewrite::append_to_session(text, ",\"tts_model\":" + more);
    }
    out += text;
    return true;
  }

  void note(const ServerEvent& event) {
    if (const auto* created = std::get_if<ResponseCreated>(&event.body)) {
      last_us_ = microseconds(created->response.id);
      item_id_ = "unknown";
    } else if (const auto* added = std::get_if<OutputItemAdded>(&event.body)) {
      item_id_ = added->item.id;
    } else if (const auto* done = std::get_if<ResponseDone>(&event.body)) {
      cancels_ = done->response.status == ResponseStatus::cancelled;
      // A later one may be under way already, and goes on.
      cancelled_us_ = microseconds(done->response.id);
    } else if (std::holds_alternative<SpeechStarted>(event.body)) {
      cancels_ = interrupts_;
      cancelled_us_ = last_us_;
    }
    if (!cancels_) return;
    cancel_event_id_ = event.event_id + "_cancel";
    spoken_ = std::holds_alternative<SpeechStarted>(event.body);
  }

  // "resp_1750000000.000123" and back.
  static std::int64_t microseconds(const std::string& id) {
    const auto begin = id.find('_') + 1;
    const auto point = id.find('.', begin);
    if (point == std::string::npos) return 0;
    return std::strtoll(id.c_str() + begin, nullptr, 10) * 1'000'000 +
           std::strtoll(id.c_str() + point + 1, nullptr, 10);
  }
  static std::string numbered(std::int64_t us) {
    const std::string micros = std::to_string(us % 1'000'000);
    return "resp_" + std::to_string(us / 1'000'000) + '.' + std::string(6 - micros.size(), '0') +
           micros;
  }

  OpenAiDialect beta_{json::Flavour::beta, "openai-beta"};
  std::string audio_;  // what the last append borrows from
  std::string model_;  // as the client last said; empty: never
  std::string tts_model_;
  std::string item_id_ = "unknown";
  std::int64_t last_us_ = 0;       // of the newest response
  std::int64_t cancelled_us_ = 0;  // the last response that playback must stop at
  std::string cancel_event_id_;
  bool spoken_ = false;  // the user's voice cancels
  bool cancels_ = false;
  bool interrupts_ = true;  // speech stops playback
};

}  // namespace

std::unique_ptr<Dialect> make_open_realtime() { return std::make_unique<OpenRealtime>(); }

}  // namespace parley::protocol
