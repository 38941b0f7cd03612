// SPDX-License-Identifier: MIT
// Realtime Speech Bridge's dialect: audio by the beta's names, text by GA's, a session of its own
// shape with a detector of its own fields, and `response.cancelled`.
#include <algorithm>
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

using json::Value;
using json::Writer;

constexpr std::size_t kIdLengthMax = 64;

// A number as its clients may write it, clamped as it was there; nullopt: not given.
std::optional<int> number(Value& object, std::initializer_list<const char*> keys, int min,
                          int max) {
  for (const char* key : keys) {
    const Value* value = rewrite::member(object, key);
    if (value == nullptr) continue;
    if (const auto* whole = std::get_if<std::int64_t>(&value->data)) {
      return static_cast<int>(std::clamp<std::int64_t>(*whole, min, max));
    }
    if (const auto* real = std::get_if<double>(&value->data)) {
      return static_cast<int>(std::clamp(*real, static_cast<double>(min), double(max)));
    }
  }
  return std::nullopt;
}

bool truth(Value& object, const char* key, bool otherwise) {
  Value* value = rewrite::member(object, key);
  const bool* given = value == nullptr ? nullptr : value->boolean();
  return given == nullptr ? otherwise : *given;
}

class SpeechBridge final : public Dialect {
 public:
  explicit SpeechBridge(SpeechBridgeOptions options) : options_(std::move(options)) {}

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
    const std::string type = rewrite::text_of(rewrite::member(*document, "type"));
    std::optional<Value> detection;
    if (type == "session.update") {
      if (Value* session = rewrite::member(*document, "session")) {
        detection = keep_own_fields(*session);
      }
    } else if (type == "response.cancel") {
      // The id may stand in a `response` as well.
      Value* id = rewrite::member(rewrite::member(*document, "response"), "id");
      if (id != nullptr) rewrite::set(*document, "response_id", *id);
    }
    rewrite::name_content_parts(*document);
    std::optional<double> temperature;  // no value was an error there
    for (const char* settings : {"session", "response"}) {
      Value* given = rewrite::member(*document, settings);
      rewrite::fit_max_tokens(given);
      if (const auto taken = rewrite::take_temperature(given)) temperature = taken;
    }
    auto event =
        json::read_client_event(*document, json::Flavour::beta, event_id_out, audio_, kIdLengthMax);
    if (!event) return event;
    if (auto* update = std::get_if<SessionUpdate>(&event->body)) {
      // Only these were taken there; a session goes on speaking and hearing as it does.
      update->session.output_modality.reset();
      update->session.model.reset();
      if (detection) update->session.turn_detection = read_detection(*detection);
      if (temperature) update->session.temperature = temperature;
    } else if (auto* create = std::get_if<ResponseCreate>(&event->body)) {
      if (temperature) create->temperature = temperature;
    }
    return event;
  }

  bool write(const ServerEvent& event, std::string& out) override {
    cancelled_.clear();
    if (const auto* created = std::get_if<SessionCreated>(&event.body)) {
      return session("session.created", event.event_id, created->info, created->config, out);
    }
    if (const auto* updated = std::get_if<SessionUpdated>(&event.body)) {
      return session("session.updated", event.event_id, updated->info, updated->config, out);
    }
    if (const auto* text = std::get_if<AudioTranscriptDelta>(&event.body)) {
      return words("response.output_text.delta", event.event_id, text->ref, "delta", text->delta,
                   out);
    }
    if (const auto* text = std::get_if<TextDelta>(&event.body)) {
      return words("response.output_text.delta", event.event_id, text->ref, "delta", text->delta,
                   out);
    }
    if (const auto* text = std::get_if<AudioTranscriptDone>(&event.body)) {
      return words("response.output_text.done", event.event_id, text->ref, "text", text->transcript,
                   out);
    }
    if (const auto* text = std::get_if<TextDone>(&event.body)) {
      return words("response.output_text.done", event.event_id, text->ref, "text", text->text, out);
    }
    if (std::holds_alternative<ContentPartAdded>(event.body) ||
        std::holds_alternative<ContentPartDone>(event.body) ||
        std::holds_alternative<OutputItemDone>(event.body) ||
        std::holds_alternative<TranscriptionDelta>(event.body) ||
        std::holds_alternative<RateLimitsUpdated>(event.body)) {
      return false;
    }
    if (const auto* done = std::get_if<ResponseDone>(&event.body)) {
      if (done->response.status == ResponseStatus::cancelled) cancelled_ = done->response.id;
    }
    if (!beta_.write(event, out)) return false;
    if (std::holds_alternative<ItemDeleted>(event.body)) {
      out.insert(out.size() - 1, ",\"deleted\":true");
    }
    return true;
  }

  bool write_more(std::string& out) override {
    if (cancelled_.empty()) return false;
    Writer w(out);
    w.begin_object();
    w.string("type", "response.cancelled");
    w.begin_object("response");
    w.string("id", std::exchange(cancelled_, {}));
    w.end_object();
    w.end_object();
    return true;
  }

  std::string_view name() const override { return "speech-bridge"; }

 private:
  // `turn_detection` is read here, the rest by the beta's reader; what no session of ours holds is
  // shown again.
  std::optional<Value> keep_own_fields(Value& session) {
    if (auto rate = rewrite::take(session, "sr")) {
      sr_.clear();
      json::append_text(*rate, sr_);
    }
    rewrite::take(session, "modalities");
    return rewrite::take(session, "turn_detection");
  }

  // None, null and false switch it off. Values out of range take the nearest bound.
  std::optional<TurnDetection> read_detection(Value& value) const {
    const std::string type = rewrite::text_of(rewrite::member(value, "type"));
    if (value.object() == nullptr || type == "none" || type.empty()) return std::nullopt;
    TurnDetection out = options_.detection;
    if (type == "semantic_vad") out.type = TurnDetectionType::semantic_vad;
    out.aggressiveness = number(value, {"aggressiveness"}, 0, 3).value_or(*out.aggressiveness);
    out.start_ms = number(value, {"start_ms"}, 20, 10'000).value_or(*out.start_ms);
    out.silence_duration_ms = number(value, {"end_ms", "silence_duration_ms"}, 60, 10'000)
                                  .value_or(out.silence_duration_ms);
    out.prefix_padding_ms =
        number(value, {"pad_ms", "prefix_padding_ms"}, 0, 10'000).value_or(out.prefix_padding_ms);
    out.max_ms = number(value, {"max_ms"}, 20, 600'000).value_or(*out.max_ms);
    // A turn must have room for its end and its beginning.
    out.max_ms = std::max(
        {*out.max_ms, out.silence_duration_ms + out.prefix_padding_ms, *out.start_ms + 20});
    if (const Value* given = rewrite::member(value, "threshold")) {
      if (const auto* real = std::get_if<double>(&given->data)) {
        out.threshold = std::clamp(*real, 0.0, 1.0);
      } else if (const auto* whole = std::get_if<std::int64_t>(&given->data)) {
        out.threshold = static_cast<double>(std::clamp<std::int64_t>(*whole, 0, 1));
      }
    }
    out.create_response = truth(value, "create_response", out.create_response);
    out.interrupt_response = truth(value, "interrupt_response", out.interrupt_response);
    return out;
  }

  static void write_detection(const std::optional<TurnDetection>& detection, Writer& w) {
    w.begin_object("turn_detection");
    if (!detection) {
      w.string("type", "none");
    } else {
      w.string("type",
               detection->type == TurnDetectionType::semantic_vad ? "semantic_vad" : "server_vad");
      w.number("threshold", detection->threshold);
      w.integer("aggressiveness", detection->aggressiveness.value_or(0));
      w.integer("start_ms", detection->start_ms.value_or(0));
      w.integer("end_ms", detection->silence_duration_ms);
      w.integer("silence_duration_ms", detection->silence_duration_ms);
      w.integer("pad_ms", detection->prefix_padding_ms);
      w.integer("prefix_padding_ms", detection->prefix_padding_ms);
      w.integer("max_ms", detection->max_ms.value_or(0));
      w.boolean("create_response", detection->create_response);
      w.boolean("interrupt_response", detection->interrupt_response);
    }
    w.end_object();
  }

  bool session(std::string_view type, const std::string& event_id, const SessionInfo& info,
               const SessionConfig& config, std::string& out) const {
    const auto format = [](const base::AudioFormat& f) -> std::string_view {
      if (f.encoding == base::AudioEncoding::pcm16) return "pcm16";
      return f.encoding == base::AudioEncoding::g711_ulaw ? "g711_ulaw" : "g711_alaw";
    };
    Writer w(out);
    w.begin_object();
    w.string("type", type);
    w.string("event_id", event_id);
    w.begin_object("session");
    w.string("id", info.id);
    w.string("voice", config.voice);
    w.begin_array("modalities");
    w.string_element("audio");
    w.string_element("text");
    w.end_array();
    w.string("input_audio_format", format(config.input_format));
    w.string("output_audio_format", format(config.output_format));
    write_detection(config.turn_detection, w);
    w.begin_object("input_audio_transcription");
    w.string("model", config.transcription ? config.transcription->model : "gpt-4o-transcribe");
    w.end_object();
    w.raw("sr", sr_);
    w.string("instructions", config.instructions);
    w.end_object();
    w.end_object();
    return true;
  }

  static bool words(std::string_view type, const std::string& event_id, const PartRef& ref,
                    std::string_view key, const std::string& text, std::string& out) {
    Writer w(out);
    w.begin_object();
    w.string("type", type);
    w.string("event_id", event_id);
    w.string("response_id", ref.response_id);
    w.string("item_id", ref.item_id);
    w.integer("output_index", ref.output_index);
    w.integer("content_index", ref.content_index);
    w.string(key, text);
    w.end_object();
    return true;
  }

  const SpeechBridgeOptions options_;
  OpenAiDialect beta_{json::Flavour::beta, "openai-beta"};
  std::string audio_;  // what the last append borrows from
  std::string sr_ = "24000";
  std::string cancelled_;  // the response that the last event ended
};

}  // namespace

std::unique_ptr<Dialect> make_speech_bridge(SpeechBridgeOptions options) {
  return std::make_unique<SpeechBridge>(std::move(options));
}

}  // namespace parley::protocol
