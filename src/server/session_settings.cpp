// SPDX-License-Identifier: MIT
#include "server/session_settings.h"

#include "base/random.h"

namespace parley::server {

namespace {

turn::VadOptions vad_options(const config::TurnOptions& options) {
  return {.kind = options.detector == "energy" ? turn::VadKind::energy : turn::VadKind::webrtc,
          .aggressiveness = options.aggressiveness};
}

std::optional<protocol::TurnDetection> turn_detection(const config::ModelSection& model) {
  if (model.turn_detection == "none") return std::nullopt;
  protocol::TurnDetection detection;
  if (model.turn_detection == "semantic_vad") {
    detection.type = protocol::TurnDetectionType::semantic_vad;
  }
  detection.threshold = model.vad_threshold.value_or(detection.threshold);
  detection.prefix_padding_ms = model.vad_prefix_padding_ms.value_or(detection.prefix_padding_ms);
  detection.silence_duration_ms =
      model.vad_silence_duration_ms.value_or(detection.silence_duration_ms);
  return detection;
}

// How sessions of a dialect begin and behave, where that differs from the API.
void use_dialect(const Door& door, const config::CompatOptions& compat, session::Options& out) {
  auto& config = out.defaults;
  constexpr base::AudioFormat kNarrow{base::AudioEncoding::pcm16, 16000};
  switch (door.dialect) {
    case DialectKind::openai_ga:
    case DialectKind::azure_first_preview:
      break;
    case DialectKind::openai_beta:
    case DialectKind::azure_preview:
      // Clients that find turns by themselves beside our detector only commit.
      out.commit_answers = session::CommitAnswers::turns;
      break;
    case DialectKind::open_realtime:
      config.input_format = config.output_format = kNarrow;
      config.turn_detection.reset();
      config.transcription = protocol::Transcription{"whisper-1", {}, {}};
      out.id_style = session::IdStyle::numbered;
      // Its client asks for an answer to each message that is typed, also over an answer.
      out.answers_wait = out.voice_changes = true;
      out.commit_ms_min = 1;
      break;
    case DialectKind::speech_bridge:
      config.turn_detection.reset();
      config.transcription = protocol::Transcription{"gpt-4o-transcribe", {}, {}};
      out.commit_answers = compat.commit_responds == "true" ? session::CommitAnswers::always
                                                            : session::CommitAnswers::never;
      out.answers_wait = out.voice_changes = true;
      out.commit_ms_min = 1;
      config.temperature = 0.3;
      break;
  }
}

}  // namespace

const engine::Model* choose_model(const engine::Catalog& catalog, const config::Options& options,
                                  std::string_view name) {
  if (const engine::Model* model = catalog.find(name)) return model;
  return options.server.unknown_models == "refuse" ? nullptr : &catalog.first();
}

session::Options session_options(const config::Options& options, const engine::Model& model,
                                 const Door& door, const protocol::SessionPatch* secret) {
  session::Options out;
  auto& config = out.defaults;
  config.type = door.type;
  config.model = door.model.empty() ? model.settings.name : door.model;
  config.instructions = model.settings.instructions.value_or(options.session.instructions);
  config.voice = model.settings.voice.value_or(options.session.voice);
  config.turn_detection = turn_detection(model.settings);
  if (door.type == protocol::SessionType::transcription && !door.model.empty()) {
    // The hosted service wants no model beside the intent; lenient servers take it as the
    // recogniser's.
    config.transcription = protocol::Transcription{door.model, {}, {}};
  }
  if (secret != nullptr) {
    config.type = secret->type;
    protocol::apply(*secret, config);
    if (secret->model) config.model = *secret->model;
  }
  use_dialect(door, options.compat, out);
  out.metrics = door.metrics;
  // Azure's clients name their model in updates although the address named a deployment.
  out.model_settled = !door.model.empty() && !door.azure;
  out.vad = vad_options(options.turn);
  out.seed = base::random_seed();
  out.started_at = base::wall_now();
  out.duration_max = std::chrono::seconds(options.session.duration_max_s);
  out.output_lead = base::Milliseconds(options.session.output_lead_ms);
  if (model.settings.input_tokens_max) out.input_tokens_max = *model.settings.input_tokens_max;
  if (model.engines.llm != nullptr) out.model = model.engines.llm->traits();
  return out;
}

protocol::TranslationConfig translation_config(const protocol::SessionConfig& session,
                                               const protocol::SessionPatch* secret) {
  protocol::TranslationConfig config;
  config.model = session.model;
  config.language = secret != nullptr ? secret->translate_to.value_or("en") : "en";
  config.transcription = session.transcription;
  config.noise_reduction = session.noise_reduction;
  return config;
}

}  // namespace parley::server
