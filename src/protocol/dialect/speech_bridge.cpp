// SPDX-License-Identifier: MIT
// Realtime Speech Bridge's dialect: audio by the beta's names, text by GA's, a session of its own
// shape with a detector of its own fields, and `response.cancelled`.
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
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
constexpr std::string_view kAfterPrompt = "\n\n";

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// A number as its clients may write it, clamped as it was there; nullopt: not given, or none.
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
    if (const auto* written = std::get_if<std::string>(&value->data)) {
      const std::string_view text = trimmed(*written);
      std::int64_t whole = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
      if (error == std::errc{} && end == text.data() + text.size()) {
        return static_cast<int>(std::clamp<std::int64_t>(whole, min, max));
      }
    }
  }
  return std::nullopt;
}

// Yes and no in all the spellings that it took.
bool truth(Value& object, const char* key, bool otherwise) {
  Value* value = rewrite::member(object, key);
  if (value == nullptr) return otherwise;
  if (const bool* given = value->boolean()) return *given;
  if (const auto* whole = std::get_if<std::int64_t>(&value->data)) return *whole != 0;
  std::string word(trimmed(rewrite::text_of(value)));
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (word == "1" || word == "true" || word == "yes" || word == "on") return true;
  if (word == "0" || word == "false" || word == "no" || word == "off") return false;
  return otherwise;
}

// A session.update was never refused there: of the fields that it took, a value that is none is
// dropped.
void drop_what_is_none(Value& session) {
  constexpr std::array<std::string_view, 3> kFormats = {"pcm16", "g711_ulaw", "g711_alaw"};
  for (const char* key : {"input_audio_format", "output_audio_format"}) {
    const std::string format = rewrite::text_of(rewrite::member(session, key));
    if (std::find(kFormats.begin(), kFormats.end(), format) == kFormats.end()) {
      rewrite::take(session, key);
    }
  }
  if (rewrite::text_of(rewrite::member(session, "voice")).empty()) {
    rewrite::take(session, "voice");
  }
  // What was said is always told.
  Value* transcription = rewrite::member(session, "input_audio_transcription");
  if (transcription != nullptr && transcription->object() == nullptr) {
    rewrite::take(session, "input_audio_transcription");
  }
  Value* instructions = rewrite::member(session, "instructions");
  if (instructions != nullptr && instructions->string() == nullptr) {
    rewrite::take(session, "instructions");
  }
}

void keep_only(Value& session, std::initializer_list<std::string_view> keys) {
  std::erase_if(*session.object(), [&](const json::Member& member) {
    return std::find(keys.begin(), keys.end(), member.key) == keys.end();
  });
}

class SpeechBridge final : public Dialect {
 public:
  explicit SpeechBridge(SpeechBridgeOptions options)
      : prompt_(std::move(options.prompt)), detection_(std::move(options.detection)) {}

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
    const auto read = [&](Value& from) {
      return json::read_client_event(from, json::Flavour::beta, event_id_out, audio_, kIdLengthMax);
    };
    std::optional<Value> update_again;
    if (type == "session.update") update_again = *document;
    auto event = read(*document);
    Value* again = update_again ? rewrite::member(*update_again, "session") : nullptr;
    if (!event && again != nullptr && again->object() != nullptr) {
      keep_only(*again, {"input_audio_format", "output_audio_format", "voice", "instructions"});
      event = read(*update_again);
    }
    if (!event) return event;
    if (auto* update = std::get_if<SessionUpdate>(&event->body)) {
      // Only these were taken there; a session goes on speaking and hearing as it does.
      update->session.output_modality.reset();
      update->session.model.reset();
      if (detection) update->session.turn_detection = read_detection(*detection);
      if (temperature) update->session.temperature = temperature;
      if (update->session.instructions) add_prompt(*update->session.instructions);
    } else if (auto* create = std::get_if<ResponseCreate>(&event->body)) {
      if (temperature) create->temperature = temperature;
      if (create->instructions) add_prompt(*create->instructions);
    }
    return event;
  }

  bool write(const ServerEvent& event, std::string& out) override {
    then_.clear();
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
    // What an answer begins is told as its output only: its clients show whatever is created.
    if (const auto* output = std::get_if<OutputItemAdded>(&event.body)) output_ = output->item.id;
    if (const auto* added = std::get_if<ItemAdded>(&event.body)) {
      if (added->item.id == output_) return false;
    }
    const auto* done = std::get_if<ResponseDone>(&event.body);
    if (done != nullptr && done->response.status == ResponseStatus::cancelled) {
      cancelled(done->response.id, out);
      return beta_.write(event, then_);
    }
    if (!beta_.write(event, out)) return false;
    if (std::holds_alternative<ItemDeleted>(event.body)) {
      out.insert(out.size() - 1, ",\"deleted\":true");
    }
    return true;
  }

  bool write_more(std::string& out) override {
    out += then_;
    return !std::exchange(then_, {}).empty();
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
    auto detection = rewrite::take(session, "turn_detection");
    drop_what_is_none(session);
    return detection;
  }

  // The server's own prompt stands before whatever a client asks for.
  void add_prompt(std::string& instructions) const {
    if (prompt_.empty() || instructions.starts_with(prompt_)) return;
    instructions =
        instructions.empty() ? prompt_ : prompt_ + std::string(kAfterPrompt) + instructions;
  }

  std::string_view without_prompt(std::string_view instructions) const {
    if (prompt_.empty() || !instructions.starts_with(prompt_)) return instructions;
    instructions.remove_prefix(prompt_.size());
    if (instructions.starts_with(kAfterPrompt)) instructions.remove_prefix(kAfterPrompt.size());
    return instructions;
  }

  // None, null, false and whatever is no detector switch it off. Values out of range take the
  // nearest bound; what is not given stays as it was.
  std::optional<TurnDetection> read_detection(Value& value) {
    const std::string type = rewrite::text_of(rewrite::member(value, "type"));
    if (type != "server_vad" && type != "semantic_vad") return std::nullopt;
    TurnDetection& out = detection_;
    out.type =
        type == "semantic_vad" ? TurnDetectionType::semantic_vad : TurnDetectionType::server_vad;
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
    w.string("instructions", without_prompt(config.instructions));
    w.end_object();
    w.end_object();
    return true;
  }

  static void cancelled(const std::string& id, std::string& out) {
    Writer w(out);
    w.begin_object();
    w.string("type", "response.cancelled");
    w.begin_object("response");
    w.string("id", id);
    w.end_object();
    w.end_object();
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

  const std::string prompt_;
  TurnDetection detection_;  // as it is, or will be when it is switched on
  OpenAiDialect beta_{json::Flavour::beta, "openai-beta"};
  std::string audio_;  // what the last append borrows from
  std::string sr_ = "24000";
  std::string output_;  // the item that an answer began last
  std::string then_;    // what else the last event means
};

}  // namespace

std::unique_ptr<Dialect> make_speech_bridge(SpeechBridgeOptions options) {
  return std::make_unique<SpeechBridge>(std::move(options));
}

}  // namespace parley::protocol
