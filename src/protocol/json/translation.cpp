// SPDX-License-Identifier: MIT
#include "protocol/json/translation.h"

#include <array>
#include <utility>

#include "audio/base64.h"
#include "protocol/json/field_reader.h"
#include "protocol/json/read_settings.h"
#include "protocol/json/value.h"
#include "protocol/json/write_session.h"
#include "protocol/json/writer.h"

namespace parley::protocol {

namespace {

using json::Name;
using json::ObjectReader;
using json::Reading;
using json::Value;
using json::Writer;

constexpr std::size_t kEventIdMax = 512;

enum class Kind : std::uint8_t { update, append, close };
constexpr std::array kKinds = {
    Name<Kind>{"session.update", Kind::update},
    Name<Kind>{"session.input_audio_buffer.append", Kind::append},
    Name<Kind>{"session.close", Kind::close},
};

// The fields that an update and a request for a secret share.
TranslationUpdate read_fields(ObjectReader& session) {
  Reading& reading = session.reading();
  TranslationUpdate out;
  constexpr std::array kTypes = {Name<int>{"translation", 0}};
  session.name("type", kTypes);
  if (auto audio = session.object("audio")) {
    if (auto input = audio->object("input")) {
      if (Value* wanted = input->find_nullable("transcription")) {
        out.transcription =
            json::read_transcription(*wanted, input->path("transcription"), reading);
      }
      if (Value* wanted = input->find_nullable("noise_reduction")) {
        out.noise_reduction =
            json::read_noise_reduction(*wanted, input->path("noise_reduction"), reading);
      }
      input->finish();
    }
    if (auto output = audio->object("output")) {
      out.language = output->string("language", {.length_max = 64, .empty_allowed = false});
      output->finish();
    }
    audio->finish();
  }
  session.finish();
  return out;
}

TranslationUpdate read_update(Value& value, Reading& reading) {
  ObjectReader session(value, "session", reading);
  return read_fields(session);
}

}  // namespace

SessionPatch read_translation_binding(Value& value, const std::string& path, Reading& reading) {
  SessionPatch out;
  ObjectReader session(value, path, reading);
  out.model = session.required_string("model", {.empty_allowed = false});
  TranslationUpdate fields = read_fields(session);
  out.transcription = std::move(fields.transcription);
  out.noise_reduction = fields.noise_reduction;
  out.translate_to = std::move(fields.language);
  return out;
}

base::Result<TranslationEvent> read_translation_event(std::string_view frame,
                                                      std::string& event_id_out,
                                                      std::string& audio) {
  event_id_out.clear();
  auto document = json::parse(frame);
  if (!document) {
    return base::fail("invalid_json", "Invalid event: failed to parse JSON value. ");
  }
  Reading reading(json::Flavour::ga);
  ObjectReader fields(*document, "", reading);
  TranslationEvent event;
  event.event_id = fields.string("event_id", {.length_max = kEventIdMax}).value_or(std::string());
  event_id_out = event.event_id;
  const Kind kind = fields.required_name("type", kKinds);
  if (!reading.failed()) {
    switch (kind) {
      case Kind::update:
        if (Value* session = fields.require("session")) event.body = read_update(*session, reading);
        break;
      case Kind::append:
        audio = fields.required_string("audio");
        event.body = InputAudioBufferAppend{audio};
        break;
      case Kind::close:
        event.body = TranslationClose{};
        break;
    }
    fields.finish();
  }
  if (reading.failed()) return tl::unexpected(reading.fault());
  return event;
}

void write_translation_fields(const SessionInfo& info, const TranslationConfig& config, Writer& w) {
  w.begin_object("session");
  w.string("id", info.id);
  w.string("type", "translation");
  w.integer("expires_at", info.expires_at.unix_seconds);
  w.string("model", config.model);
  w.begin_object("audio");
  w.begin_object("input");
  json::write_transcription("transcription", config.transcription, w);
  json::write_noise_reduction("noise_reduction", config.noise_reduction, w);
  w.end_object();
  w.begin_object("output");
  w.string("language", config.language);
  w.end_object();
  w.end_object();
  w.end_object();
}

std::string write_translation_session(std::string_view type, const std::string& event_id,
                                      const SessionInfo& info, const TranslationConfig& config) {
  std::string out;
  Writer w(out);
  w.begin_object();
  w.string("type", type);
  w.string("event_id", event_id);
  write_translation_fields(info, config, w);
  w.end_object();
  return out;
}

std::string write_translation_closed(const std::string& event_id) {
  std::string out;
  Writer w(out);
  w.begin_object();
  w.string("type", "session.closed");
  w.string("event_id", event_id);
  w.end_object();
  return out;
}

std::string write_translation_text(std::string_view type, const std::string& event_id,
                                   std::string_view delta, std::int64_t elapsed_ms) {
  std::string out;
  Writer w(out);
  w.begin_object();
  w.string("type", type);
  w.string("event_id", event_id);
  w.string("delta", delta);
  w.integer("elapsed_ms", elapsed_ms);
  w.end_object();
  return out;
}

std::string write_translation_audio(const std::string& event_id,
                                    std::span<const std::uint8_t> audio, std::int64_t elapsed_ms) {
  std::string out;
  Writer w(out);
  w.begin_object();
  w.string("type", "session.output_audio.delta");
  w.string("event_id", event_id);
  std::string& text = w.value_of("delta");
  text += '"';
  audio::base64_encode(audio, text);
  text += '"';
  w.integer("sample_rate", 24000);
  w.integer("channels", 1);
  w.string("format", "pcm16");
  w.integer("elapsed_ms", elapsed_ms);
  w.end_object();
  return out;
}

}  // namespace parley::protocol
