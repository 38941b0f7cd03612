// SPDX-License-Identifier: MIT
#include "providers/registry.h"

#include "providers/embedded/conversation/conversationalist.h"
#include "providers/embedded/espeak_tts.h"
#include "providers/embedded/flite_tts.h"
#include "providers/embedded/pocketsphinx_stt.h"
#include "providers/section_reader.h"

namespace parley::providers {

namespace {

tl::unexpected<base::Error> unknown_provider(const config::EngineSection& section,
                                             const char* valid) {
  return base::fail(
      "invalid_config",
      section_name(section) + ".provider: '" + section.provider + "' is unknown; valid: " + valid,
      section.kind + "." + section.name + ".provider");
}

}  // namespace

base::Result<std::unique_ptr<engine::SttEngine>> make_stt(const config::EngineSection& section,
                                                          embedded::WorkerPool& pool) {
  if (section.provider != "pocketsphinx") return unknown_provider(section, "pocketsphinx");
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

base::Result<std::unique_ptr<engine::LlmEngine>> make_llm(const config::EngineSection& section,
                                                          embedded::WorkerPool&) {
  if (section.provider != "builtin") return unknown_provider(section, "builtin");
  embedded::ConversationalistOptions options;
  int word_interval_ms = 5;
  SectionReader keys(section);
  keys.integer("word_interval_ms", 0, 1000, word_interval_ms);
  if (const auto mistake = keys.mistake()) return tl::unexpected(*mistake);
  options.word_interval = base::Milliseconds(word_interval_ms);
  return embedded::make_conversationalist(options);
}

base::Result<std::unique_ptr<engine::TtsEngine>> make_tts(const config::EngineSection& section,
                                                          embedded::WorkerPool& pool) {
  SectionReader keys(section);
  if (section.provider == "flite") {
    embedded::FliteOptions options;
    keys.text("voice", options.voice);
    if (const auto mistake = keys.mistake()) return tl::unexpected(*mistake);
    return embedded::make_flite(options, pool);
  }
  if (section.provider == "espeak") {
    embedded::EspeakOptions options;
    keys.text("voice", options.voice);
    keys.text("program", options.program);
    if (const auto mistake = keys.mistake()) return tl::unexpected(*mistake);
    return embedded::make_espeak(options, pool);
  }
  return unknown_provider(section, "flite, espeak");
}

}  // namespace parley::providers
