// SPDX-License-Identifier: MIT
#include "providers/registry.h"

#include <span>
#include <string>
#include <string_view>

#include "providers/anthropic/messages_engine.h"
#include "providers/azure/stt_engine.h"
#include "providers/azure/tts_engine.h"
#include "providers/cartesia/tts_engine.h"
#include "providers/deepgram/stt_engine.h"
#include "providers/elevenlabs/scribe_engine.h"
#include "providers/elevenlabs/tts_engine.h"
#include "providers/embedded/conversation/conversationalist.h"
#include "providers/embedded/espeak_tts.h"
#include "providers/embedded/flite_tts.h"
#include "providers/embedded/pocketsphinx_stt.h"
#include "providers/minimax/tts_engine.h"
#include "providers/openai/chat_engine.h"
#include "providers/openai/responses_engine.h"
#include "providers/openai/speech_engine.h"
#include "providers/openai/transcription_engine.h"
#include "providers/section_reader.h"

namespace parley::providers {

namespace {

template <class Engine>
using Made = base::Result<std::unique_ptr<Engine>>;

// One row per provider: its name in the configuration, and what makes the engine.
template <class Engine>
struct Provider {
  std::string_view name;
  Made<Engine> (*make)(const config::EngineSection& section, embedded::WorkerPool& pool);
};

Made<engine::SttEngine> pocketsphinx(const config::EngineSection& section,
                                     embedded::WorkerPool& pool) {
  embedded::PocketSphinxOptions options;
  SectionReader keys(section);
  keys.text("model_dir", options.model_dir);
  keys.integer("decoders_max", 1, 64, options.decoders_max);
  keys.integer("waiting_max", 0, 100000, options.waiting_max);
  keys.integer("wait_max_s", 1, 600, options.wait_max_s);
  keys.integer("utterance_max_s", 1, 900, options.utterance_max_s);
  if (const auto mistake = keys.mistake()) return tl::unexpected(*mistake);
  return embedded::make_pocketsphinx(options, pool);
}

Made<engine::LlmEngine> builtin(const config::EngineSection& section, embedded::WorkerPool&) {
  embedded::ConversationalistOptions options;
  int word_interval_ms = 5;
  SectionReader keys(section);
  keys.integer("word_interval_ms", 0, 1000, word_interval_ms);
  if (const auto mistake = keys.mistake()) return tl::unexpected(*mistake);
  options.word_interval = base::Milliseconds(word_interval_ms);
  return embedded::make_conversationalist(options);
}

Made<engine::TtsEngine> flite(const config::EngineSection& section, embedded::WorkerPool& pool) {
  embedded::FliteOptions options;
  SectionReader keys(section);
  keys.text("voice", options.voice);
  if (const auto mistake = keys.mistake()) return tl::unexpected(*mistake);
  return embedded::make_flite(options, pool);
}

Made<engine::TtsEngine> espeak(const config::EngineSection& section, embedded::WorkerPool& pool) {
  embedded::EspeakOptions options;
  SectionReader keys(section);
  keys.text("voice", options.voice);
  keys.text("program", options.program);
  if (const auto mistake = keys.mistake()) return tl::unexpected(*mistake);
  return embedded::make_espeak(options, pool);
}

// A maker of an engine that needs no worker threads: {"openai", loop_only<openai::make_chat>}.
template <auto make_engine>
auto loop_only(const config::EngineSection& section, embedded::WorkerPool&) {
  return make_engine(section);
}

constexpr Provider<engine::SttEngine> kRecognisers[] = {
    {"pocketsphinx", pocketsphinx},
    {"openai", loop_only<openai::make_transcription>},
    {"azure_openai", loop_only<openai::make_transcription>},
    {"groq", loop_only<openai::make_transcription>},
    {"speaches", loop_only<openai::make_transcription>},
    {"vllm", loop_only<openai::make_transcription>},
    {"whispercpp", loop_only<openai::make_transcription>},
    {"deepgram", loop_only<deepgram::make_stt>},
    {"elevenlabs", loop_only<elevenlabs::make_scribe>},
    {"azure", loop_only<azure::make_stt>},
};

constexpr Provider<engine::LlmEngine> kModels[] = {
    {"builtin", builtin},
    {"openai", loop_only<openai::make_chat>},
    {"openai_responses", loop_only<openai::make_responses>},
    {"azure_openai", loop_only<openai::make_chat>},
    {"ollama", loop_only<openai::make_chat>},
    {"llamacpp", loop_only<openai::make_chat>},
    {"vllm", loop_only<openai::make_chat>},
    {"anthropic", loop_only<anthropic::make_messages>},
};

constexpr Provider<engine::TtsEngine> kVoices[] = {
    {"flite", flite},
    {"espeak", espeak},
    {"openai", loop_only<openai::make_speech>},
    {"kokoro", loop_only<openai::make_speech>},
    {"speaches", loop_only<openai::make_speech>},
    {"elevenlabs", loop_only<elevenlabs::make_tts>},
    {"minimax", loop_only<minimax::make_tts>},
    {"azure", loop_only<azure::make_tts>},
    {"cartesia", loop_only<cartesia::make_tts>},
};

template <class Engine>
Made<Engine> make(std::span<const Provider<Engine>> providers, const config::EngineSection& section,
                  embedded::WorkerPool& pool) {
  std::string valid;
  for (const auto& provider : providers) {
    if (provider.name == section.provider) return provider.make(section, pool);
    valid += (valid.empty() ? "" : ", ") + std::string(provider.name);
  }
  return base::fail(
      "invalid_config",
      section_name(section) + ".provider: '" + section.provider + "' is unknown; valid: " + valid,
      section.kind + "." + section.name + ".provider");
}

}  // namespace

base::Result<std::unique_ptr<engine::SttEngine>> make_stt(const config::EngineSection& section,
                                                          embedded::WorkerPool& pool) {
  return make<engine::SttEngine>(kRecognisers, section, pool);
}

base::Result<std::unique_ptr<engine::LlmEngine>> make_llm(const config::EngineSection& section,
                                                          embedded::WorkerPool& pool) {
  return make<engine::LlmEngine>(kModels, section, pool);
}

base::Result<std::unique_ptr<engine::TtsEngine>> make_tts(const config::EngineSection& section,
                                                          embedded::WorkerPool& pool) {
  return make<engine::TtsEngine>(kVoices, section, pool);
}

}  // namespace parley::providers
