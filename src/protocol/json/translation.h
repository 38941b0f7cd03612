// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "protocol/client_event.h"
#include "protocol/server_event.h"
#include "protocol/session_config.h"

// The event set of translation sessions, small and its own.
// Source: OpenAI Realtime API, `RealtimeTranslation…` of the GA schema.
namespace parley::protocol::json {
class Reading;
class Writer;
struct Value;
}  // namespace parley::protocol::json

namespace parley::protocol {

// What a translation session shows and takes; everything else is fixed (24 kHz PCM both ways).
struct TranslationConfig {
  std::string model;
  std::string language;  // of the output, as the client named it
  std::optional<Transcription> transcription;
  std::optional<NoiseReduction> noise_reduction;
};

struct TranslationUpdate {
  Patch<std::string> language;
  Patch<std::optional<Transcription>> transcription;
  Patch<std::optional<NoiseReduction>> noise_reduction;
};
struct TranslationClose {};
using TranslationEventBody =
    std::variant<TranslationUpdate, InputAudioBufferAppend, TranslationClose>;
struct TranslationEvent {
  std::string event_id;
  TranslationEventBody body;
};

// The `session` of a request for a translation session's secret.
SessionPatch read_translation_binding(json::Value& value, const std::string& path,
                                      json::Reading& reading);

// As Dialect::parse(); `audio` is what an append borrows from.
base::Result<TranslationEvent> read_translation_event(std::string_view frame,
                                                      std::string& event_id_out,
                                                      std::string& audio);

// The member `session`, in an object that `w` is writing.
void write_translation_fields(const SessionInfo& info, const TranslationConfig& config,
                              json::Writer& w);
std::string write_translation_session(std::string_view type, const std::string& event_id,
                                      const SessionInfo& info, const TranslationConfig& config);
std::string write_translation_closed(const std::string& event_id);
// "session.input_transcript.delta", "session.output_transcript.delta".
std::string write_translation_text(std::string_view type, const std::string& event_id,
                                   std::string_view delta, std::int64_t elapsed_ms);
std::string write_translation_audio(const std::string& event_id,
                                    std::span<const std::uint8_t> audio, std::int64_t elapsed_ms);

}  // namespace parley::protocol
