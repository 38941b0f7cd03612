// SPDX-License-Identifier: MIT
#include "config/detail/familiar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <utility>

#include "config/detail/settings.h"

namespace parley::config::detail {

namespace {

constexpr const char* kDefaultModel = "gpt-4o-mini";
constexpr const char* kBridgeModel = "gpt-oss";

// The first variable of these that is set: name and value.
std::optional<std::pair<std::string, std::string>> first_of(
    const Environment& environment, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (auto value = look_up(environment, name)) return std::pair{name, std::move(*value)};
  }
  return std::nullopt;
}

std::string origin_of(const std::string& name) { return "environment variable " + name; }

base::Result<void> take_timeout(const Environment& environment, EngineSection& section) {
  const auto timeout = look_up(environment, "REQUEST_TIMEOUT");
  if (!timeout) return {};
  double seconds = 0;
  const auto [end, error] =
      std::from_chars(timeout->data(), timeout->data() + timeout->size(), seconds);
  if (error != std::errc{} || end != timeout->data() + timeout->size() || seconds < 0.1 ||
      seconds > 3600) {
    return base::fail("invalid_config",
                      "environment variable REQUEST_TIMEOUT: must be seconds "
                      "from 0.1 to 3600, not " +
                          toml_string(*timeout));
  }
  const std::string ms = std::to_string(static_cast<long long>(seconds * 1000));
  section.options["total_timeout_ms"] = ms;
  section.options["first_byte_timeout_ms"] = ms;
  return {};
}

// Where an OpenAI-compatible API is: people give its base or the address of the one call.
std::string base_of(std::string url, std::string_view call) {
  while (url.ends_with('/')) url.pop_back();
  if (url.ends_with(call)) url.resize(url.size() - call.size());
  return url;
}

EngineSection section(std::string kind, std::string provider, const std::string& variable) {
  return {std::move(kind), provider, provider, {}, origin_of(variable)};
}

base::Result<std::optional<EngineSection>> timed(const Environment& environment,
                                                 EngineSection made) {
  if (auto done = take_timeout(environment, made); !done) return tl::unexpected(done.error());
  return std::optional<EngineSection>(std::move(made));
}

FamiliarEngine azure(const Environment& environment, std::string kind) {
  const auto key = look_up(environment, "AZURE_SPEECH_KEY");
  const auto region = look_up(environment, "AZURE_SPEECH_REGION");
  if (!key || !region) {
    return base::fail("invalid_config", std::string("environment variable ") +
                                            (key ? "AZURE_SPEECH_REGION" : "AZURE_SPEECH_KEY") +
                                            ": must be set to speak with Azure");
  }
  EngineSection made = section(kind, "azure", "AZURE_SPEECH_KEY");
  made.options["api_key"] = *key;
  made.options["region"] = *region;
  if (kind == "stt") {
    if (const auto language = look_up(environment, "ASR_LANGUAGE")) {
      made.options["language"] = *language;
    }
  } else if (const auto voice = look_up(environment, "AZURE_TTS_VOICE")) {
    made.options["voice"] = *voice;
  }
  return timed(environment, std::move(made));
}

FamiliarEngine minimax(const Environment& environment) {
  const auto key = look_up(environment, "MINIMAX_API_KEY");
  if (!key) {
    return base::fail("invalid_config",
                      "environment variable MINIMAX_API_KEY: must be set to speak with MiniMax");
  }
  EngineSection made = section("tts", "minimax", "MINIMAX_API_KEY");
  made.options["api_key"] = *key;
  if (const auto voice = look_up(environment, "MINIMAX_VOICE_ID")) made.options["voice"] = *voice;
  if (const auto group = look_up(environment, "MINIMAX_GROUP_ID")) {
    made.options["group_id"] = *group;
  }
  return timed(environment, std::move(made));
}

// A server of OpenAI's audio API.
FamiliarEngine audio_server(const Environment& environment, const std::string& kind,
                            std::optional<std::pair<std::string, std::string>> key,
                            const std::optional<std::pair<std::string, std::string>>& url) {
  const bool hears = kind == "stt";
  EngineSection made = section(kind, "openai", url ? url->first : key->first);
  if (key) made.options["api_key"] = key->second;
  if (url) {
    made.options["base_url"] =
        base_of(url->second, hears ? "/audio/transcriptions" : "/audio/speech");
  }
  made.options["model"] = hears ? "whisper-1" : "gpt-4o-mini-tts";
  if (const auto how = look_up(environment, "DEFAULT_TTS_INSTRUCTIONS"); how && !hears) {
    made.options["instructions"] = *how;
  }
  return timed(environment, std::move(made));
}

FamiliarEngine unknown_provider(const char* variable, const std::string& value,
                                const char* accepted) {
  return base::fail("invalid_config", std::string("environment variable ") + variable +
                                          ": must be " + accepted + ", not " + toml_string(value));
}

// Spellings of yes and no that the replaced servers took.
std::optional<bool> truth(std::string_view text) {
  const std::string word = lower(text);
  constexpr std::array<std::string_view, 4> kYes = {"1", "true", "yes", "on"};
  constexpr std::array<std::string_view, 4> kNo = {"0", "false", "no", "off"};
  if (std::find(kYes.begin(), kYes.end(), word) != kYes.end()) return true;
  if (std::find(kNo.begin(), kNo.end(), word) != kNo.end()) return false;
  return std::nullopt;
}

struct Familiar {
  const char* variable;
  const char* key;
  enum class Form { text, number, truth } form;
  int min = 0;  // numbers are clamped, as they were there
  int max = 0;
};

constexpr Familiar kFamiliar[] = {
    {"API_TOKENS", "server.tokens", Familiar::Form::text},
    {"DEFAULT_VAD_AGGR", "compat.vad_aggressiveness", Familiar::Form::number, 0, 3},
    {"DEFAULT_VAD_START_MS", "compat.vad_start_ms", Familiar::Form::number, 20, 10'000},
    {"DEFAULT_VAD_END_MS", "compat.vad_end_ms", Familiar::Form::number, 60, 10'000},
    {"DEFAULT_VAD_PAD_MS", "compat.vad_pad_ms", Familiar::Form::number, 0, 10'000},
    {"DEFAULT_VAD_MAX_MS", "compat.vad_max_ms", Familiar::Form::number, 20, 600'000},
    {"DEFAULT_VAD_AUTORESP", "compat.vad_responds", Familiar::Form::truth},
    {"DEFAULT_VAD_INTERRUPT_RESPONSE", "compat.vad_interrupts", Familiar::Form::truth},
    {"COMMIT_AUTORESP", "compat.commit_responds", Familiar::Form::truth},
};

}  // namespace

FamiliarEngine familiar_llm(const Environment& environment) {
  const auto key = first_of(environment, {"OPENAI_API_KEY"});
  const auto base = first_of(environment, {"OPENAI_API_BASE", "OPENAI_BASE_URL"});
  if (!key && !base) return std::optional<EngineSection>();
  EngineSection made = section("llm", "openai", base ? base->first : key->first);
  if (key) made.options["api_key"] = key->second;
  if (base) made.options["base_url"] = base_of(base->second, "/chat/completions");
  const auto model = first_of(environment, {"OPENAI_API_MODEL", "OPENAI_MODEL"});
  // A base of one's own and a speech key are the bridge's way; its default model goes with them.
  const bool bridge = base && look_up(environment, "AUDIO_API_KEY");
  made.options["model"] = model ? model->second : bridge ? kBridgeModel : kDefaultModel;
  return timed(environment, std::move(made));
}

FamiliarEngine familiar_stt(const Environment& environment, std::string_view profile) {
  const auto key = first_of(environment, {"AUDIO_API_KEY", "STT_API_KEY"});
  const auto url = first_of(environment, {"WHISPER_URL", "STT_API_BASE"});
  if (const auto chosen = look_up(environment, "ASR_PROVIDER")) {
    if (lower(*chosen) != "azure") {
      return unknown_provider("ASR_PROVIDER", *chosen, "\"azure\"");
    }
    return azure(environment, "stt");
  }
  if (key || url) return audio_server(environment, "stt", key, url);
  if (look_up(environment, "AZURE_SPEECH_KEY")) return azure(environment, "stt");
  const auto own = first_of(environment, {"OPENAI_API_KEY"});
  if (profile == "open-realtime" && own) return audio_server(environment, "stt", own, {});
  return std::optional<EngineSection>();
}

FamiliarEngine familiar_tts(const Environment& environment, std::string_view profile) {
  const auto key = first_of(environment, {"TTS_API_KEY"});
  const auto url = first_of(environment, {"TTS_API_URL", "TTS_API_BASE"});
  if (const auto chosen = look_up(environment, "TTS_PROVIDER")) {
    const std::string name = lower(*chosen);
    if (name == "azure") return azure(environment, "tts");
    if (name == "minimax") return minimax(environment);
    return unknown_provider("TTS_PROVIDER", *chosen, "\"azure\" or \"minimax\"");
  }
  if (key || url) return audio_server(environment, "tts", key, url);
  if (const auto eleven = look_up(environment, "ELEVENLABS_API_KEY")) {
    EngineSection made = section("tts", "elevenlabs", "ELEVENLABS_API_KEY");
    made.options["api_key"] = *eleven;
    return timed(environment, std::move(made));
  }
  if (look_up(environment, "AZURE_SPEECH_KEY")) return azure(environment, "tts");
  if (look_up(environment, "MINIMAX_API_KEY")) return minimax(environment);
  const auto own = first_of(environment, {"OPENAI_API_KEY"});
  if (profile == "open-realtime" && own) return audio_server(environment, "tts", own, {});
  return std::optional<EngineSection>();
}

std::optional<std::string> familiar_instructions(const Environment& environment) {
  auto prompt = look_up(environment, "DEFAULT_SYSTEM_PROMPT");
  return prompt ? prompt : look_up(environment, "OPENAI_SYSTEM_PROMPT");
}

base::Result<void> familiar_settings(
    const Environment& environment,
    const std::function<base::Result<void>(std::string_view key, std::string value,
                                           const std::string& origin)>& put) {
  for (const Familiar& row : kFamiliar) {
    auto value = look_up(environment, row.variable);
    if (!value) continue;
    const auto refuse = [&](const char* accepted) {
      return base::fail("invalid_config", origin_of(row.variable) + ": must be " + accepted +
                                              ", not " + toml_string(*value));
    };
    if (row.form == Familiar::Form::number) {
      int number = 0;
      const auto [end, error] =
          std::from_chars(value->data(), value->data() + value->size(), number);
      if (error != std::errc{} || end != value->data() + value->size()) {
        return refuse("a whole number");
      }
      value = std::to_string(std::clamp(number, row.min, row.max));
    } else if (row.form == Familiar::Form::truth) {
      const auto yes = truth(*value);
      if (!yes) return refuse("1 or 0, true or false, yes or no, on or off");
      value = *yes ? "true" : "false";
    }
    if (auto done = put(row.key, std::move(*value), origin_of(row.variable)); !done) return done;
  }
  // Of realtime-ai: chattier logs, and a threshold that its own detector had.
  if (const auto debug = look_up(environment, "DEBUG")) {
    if (truth(*debug) == true) return put("log.level", "debug", origin_of("DEBUG"));
  }
  return {};
}

}  // namespace parley::config::detail
