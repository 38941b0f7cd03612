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
constexpr const char* kRealtimeAiModel = "gpt-3.5-turbo";

// Profiles whose names have consequences here.
constexpr std::string_view kOpenRealtime = "open-realtime";
constexpr std::string_view kRealtimeAi = "realtime-ai";
constexpr std::string_view kBridge = "speech-bridge";

// Where the bridge went when it was not told, and how it spoke.
constexpr const char* kBridgeWhisper = "https://api-audio2txt.cloud-pi-native.com/v1";
constexpr const char* kBridgeVoice = "https://api-txt2audio.cloud-pi-native.com/v1";
constexpr const char* kBridgeManner =
    "Speak clearly and positively using short sentences and natural pauses.";

// The first variable of these that is set: name and value.
std::optional<std::pair<std::string, std::string>> first_of(
    const Environment& environment, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (auto value = look_up(environment, name)) return std::pair{name, std::move(*value)};
  }
  return std::nullopt;
}

std::string origin_of(const std::string& name) { return "environment variable " + name; }

void take_option(EngineSection& section, const std::string& option, const std::string& variable,
                 std::string value) {
  section.options[option] = std::move(value);
  section.origins[option] = origin_of(variable);
}

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

FamiliarEngine azure(const Environment& environment, std::string kind, std::string_view profile) {
  const auto key = look_up(environment, "AZURE_SPEECH_KEY");
  const auto region = look_up(environment, "AZURE_SPEECH_REGION");
  if (!key || !region) {
    return base::fail("invalid_config", std::string("environment variable ") +
                                            (key ? "AZURE_SPEECH_REGION" : "AZURE_SPEECH_KEY") +
                                            ": must be set to speak with Azure");
  }
  EngineSection made = section(kind, "azure", "AZURE_SPEECH_KEY");
  made.options["api_key"] = *key;
  take_option(made, "region", "AZURE_SPEECH_REGION", *region);
  if (kind == "stt") {
    if (const auto language = look_up(environment, "ASR_LANGUAGE")) {
      take_option(made, "language", "ASR_LANGUAGE", *language);
    }
  } else if (const auto voice = look_up(environment, "AZURE_TTS_VOICE")) {
    take_option(made, "voice", "AZURE_TTS_VOICE", *voice);
  } else if (profile == kRealtimeAi) {
    made.options["voice"] = "en-US-AriaNeural";
  }
  return timed(environment, std::move(made));
}

FamiliarEngine minimax(const Environment& environment, std::string_view profile) {
  const auto key = look_up(environment, "MINIMAX_API_KEY");
  if (!key) {
    return base::fail("invalid_config",
                      "environment variable MINIMAX_API_KEY: must be set to speak with MiniMax");
  }
  EngineSection made = section("tts", "minimax", "MINIMAX_API_KEY");
  made.options["api_key"] = *key;
  if (profile == kRealtimeAi) {  // a key belongs to the host that it was made for
    made.options["base_url"] = "https://api.minimax.chat";
    made.options["model"] = "speech-01-turbo";
    made.options["voice"] = "male-qn-qingse";
  }
  if (const auto voice = look_up(environment, "MINIMAX_VOICE_ID")) {
    take_option(made, "voice", "MINIMAX_VOICE_ID", *voice);
  }
  if (const auto group = look_up(environment, "MINIMAX_GROUP_ID")) {
    take_option(made, "group_id", "MINIMAX_GROUP_ID", *group);
  }
  return timed(environment, std::move(made));
}

// A server of OpenAI's audio API.
FamiliarEngine audio_server(const Environment& environment, const std::string& kind,
                            std::optional<std::pair<std::string, std::string>> key,
                            const std::optional<std::pair<std::string, std::string>>& url,
                            std::string_view profile) {
  const bool hears = kind == "stt";
  EngineSection made = section(kind, "openai", url ? url->first : key->first);
  if (key) take_option(made, "api_key", key->first, key->second);
  if (url) {
    made.options["base_url"] =
        base_of(url->second, hears ? "/audio/transcriptions" : "/audio/speech");
  } else if (profile == kBridge) {
    // Its later versions have other names for these, and one address for all.
    const bool later = first_of(environment, {"STT_API_KEY", "STT_API_BASE", "TTS_API_BASE"}) &&
                       !look_up(environment, "AUDIO_API_KEY");
    const auto all = first_of(environment, {"OPENAI_API_BASE"});
    if (later && all) made.options["base_url"] = base_of(all->second, "/chat/completions");
    if (!later) made.options["base_url"] = hears ? kBridgeWhisper : kBridgeVoice;
  }
  made.options["model"] = hears ? "whisper-1" : "gpt-4o-mini-tts";
  if (const auto how = look_up(environment, "DEFAULT_TTS_INSTRUCTIONS"); how && !hears) {
    made.options["instructions"] = *how;
  } else if (profile == kBridge && !hears) {
    made.options["instructions"] = kBridgeManner;
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
  enum class Form {
    list,     // separated by commas; nothing between two of them counts for nothing
    clamped,  // a whole number, brought between min and max as it was there
    number,   // a whole number from min to max
    share,    // from 0 to 1, in thousandths
    truth,
  } form;
  int min = 0;
  int max = 0;
  std::string_view profile = {};  // read with this one only: others use the name for other things
};

constexpr Familiar kFamiliar[] = {
    {"API_TOKENS", "server.tokens", Familiar::Form::list},
    {"DEFAULT_VAD_AGGR", "compat.vad_aggressiveness", Familiar::Form::clamped, 0, 3},
    {"DEFAULT_VAD_START_MS", "compat.vad_start_ms", Familiar::Form::clamped, 20, 10'000},
    {"DEFAULT_VAD_END_MS", "compat.vad_end_ms", Familiar::Form::clamped, 60, 10'000},
    {"DEFAULT_VAD_PAD_MS", "compat.vad_pad_ms", Familiar::Form::clamped, 0, 10'000},
    {"DEFAULT_VAD_MAX_MS", "compat.vad_max_ms", Familiar::Form::clamped, 20, 600'000},
    {"DEFAULT_VAD_AUTORESP", "compat.vad_responds", Familiar::Form::truth},
    {"DEFAULT_VAD_INTERRUPT_RESPONSE", "compat.vad_interrupts", Familiar::Form::truth},
    {"COMMIT_AUTORESP", "compat.commit_responds", Familiar::Form::truth},
    {"SESSION_TIMEOUT", "compat.session_timeout_s", Familiar::Form::number, 0, 604'800,
     kRealtimeAi},
    {"WEBSOCKET_PING_INTERVAL", "server.ping_interval_s", Familiar::Form::number, 1, 3600,
     kRealtimeAi},
    {"VOICE_ENERGY_THRESHOLD", "compat.barge_in_level_permille", Familiar::Form::share, 0, 1000,
     kRealtimeAi},
};

std::string trimmed(const std::string& text) {
  constexpr const char* kBlank = " \t\r\n";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string without_gaps(const std::string& list) {
  std::string out;
  for (std::size_t from = 0; from <= list.size();) {
    const auto comma = std::min(list.find(',', from), list.size());
    const std::string entry = trimmed(list.substr(from, comma - from));
    if (!entry.empty()) out += (out.empty() ? "" : ",") + entry;
    from = comma + 1;
  }
  return out;
}

template <class Number>
std::optional<Number> number_in(const std::string& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// The value as its key takes it.
base::Result<std::string> converted(const Familiar& row, const std::string& given) {
  const std::string value = trimmed(given);
  const auto refuse = [&](const std::string& accepted) {
    return base::fail("invalid_config", origin_of(row.variable) + ": must be " + accepted +
                                            ", not " + toml_string(value));
  };
  switch (row.form) {
    case Familiar::Form::list: {
      const std::string list = without_gaps(value);
      if (list.empty()) return refuse("one or more texts, separated by commas");
      return list;
    }
    case Familiar::Form::clamped: {
      const auto number = number_in<int>(value);
      if (!number) return refuse("a whole number");
      return std::to_string(std::clamp(*number, row.min, row.max));
    }
    case Familiar::Form::number: {
      const auto number = number_in<int>(value);
      if (!number || *number < row.min || *number > row.max) {
        return refuse("a whole number from " + std::to_string(row.min) + " to " +
                      std::to_string(row.max));
      }
      return std::to_string(*number);
    }
    case Familiar::Form::share: {
      const auto share = number_in<double>(value);
      if (!share || !(*share >= 0 && *share <= 1)) return refuse("a number from 0 to 1");
      return std::to_string(static_cast<int>(*share * 1000 + 0.5));
    }
    case Familiar::Form::truth:
      break;
  }
  const auto yes = truth(value);
  if (!yes) return refuse("1 or 0, true or false, yes or no, on or off");
  return std::string(*yes ? "true" : "false");
}

}  // namespace

FamiliarEngine familiar_llm(const Environment& environment, std::string_view profile) {
  const auto key = first_of(environment, {"OPENAI_API_KEY"});
  const auto base = first_of(environment, {"OPENAI_API_BASE", "OPENAI_BASE_URL"});
  const bool realtime_ai = profile == kRealtimeAi;
  if (const auto chosen = look_up(environment, "LLM_PROVIDER"); chosen && realtime_ai) {
    if (lower(*chosen) != "openai") {
      return unknown_provider("LLM_PROVIDER", *chosen, "\"openai\"");
    }
    if (!key && !base) {
      return base::fail("invalid_config",
                        "environment variable OPENAI_API_KEY: must be set to answer with OpenAI");
    }
  }
  if (!key && !base) return std::optional<EngineSection>();
  EngineSection made = section("llm", "openai", base ? base->first : key->first);
  if (key) take_option(made, "api_key", key->first, key->second);
  if (base) take_option(made, "base_url", base->first, base_of(base->second, "/chat/completions"));
  const auto model = first_of(environment, {"OPENAI_API_MODEL", "OPENAI_MODEL"});
  // A base of one's own and a speech key are the bridge's way; its default model goes with them.
  const bool bridge = profile == kBridge || (base && look_up(environment, "AUDIO_API_KEY"));
  made.options["model"] = model         ? model->second
                          : bridge      ? kBridgeModel
                          : realtime_ai ? kRealtimeAiModel
                                        : kDefaultModel;
  return timed(environment, std::move(made));
}

FamiliarEngine familiar_stt(const Environment& environment, std::string_view profile) {
  const auto key = first_of(environment, {"AUDIO_API_KEY", "STT_API_KEY"});
  const auto url = first_of(environment, {"WHISPER_URL", "STT_API_BASE"});
  if (const auto chosen = look_up(environment, "ASR_PROVIDER")) {
    if (lower(*chosen) != "azure") {
      return unknown_provider("ASR_PROVIDER", *chosen, "\"azure\"");
    }
    return azure(environment, "stt", profile);
  }
  if (key || url) return audio_server(environment, "stt", key, url, profile);
  if (look_up(environment, "AZURE_SPEECH_KEY")) return azure(environment, "stt", profile);
  const auto own = first_of(environment, {"OPENAI_API_KEY"});
  if (profile == kOpenRealtime && own) {
    return audio_server(environment, "stt", own, first_of(environment, {"OPENAI_BASE_URL"}),
                        profile);
  }
  return std::optional<EngineSection>();
}

FamiliarEngine familiar_tts(const Environment& environment, std::string_view profile) {
  const auto key = first_of(environment, {"TTS_API_KEY"});
  const auto url = first_of(environment, {"TTS_API_URL", "TTS_API_BASE"});
  if (const auto chosen = look_up(environment, "TTS_PROVIDER")) {
    const std::string name = lower(*chosen);
    if (name == "azure") return azure(environment, "tts", profile);
    if (name == "minimax") return minimax(environment, profile);
    return unknown_provider("TTS_PROVIDER", *chosen, "\"azure\" or \"minimax\"");
  }
  if (key || url) return audio_server(environment, "tts", key, url, profile);
  if (const auto eleven = look_up(environment, "ELEVENLABS_API_KEY")) {
    EngineSection made = section("tts", "elevenlabs", "ELEVENLABS_API_KEY");
    made.options["api_key"] = *eleven;
    if (profile == kOpenRealtime) {
      made.options["model"] = "eleven_multilingual_v2";
      made.options["voice"] = "JBFqnCBsd6RMkjVDRZzb";
    }
    return timed(environment, std::move(made));
  }
  if (look_up(environment, "AZURE_SPEECH_KEY")) return azure(environment, "tts", profile);
  if (look_up(environment, "MINIMAX_API_KEY")) return minimax(environment, profile);
  const auto own = first_of(environment, {"OPENAI_API_KEY"});
  if (profile == kOpenRealtime && own) {
    return audio_server(environment, "tts", own, first_of(environment, {"OPENAI_BASE_URL"}),
                        profile);
  }
  return std::optional<EngineSection>();
}

std::optional<std::string> familiar_instructions(const Environment& environment) {
  auto prompt = look_up(environment, "DEFAULT_SYSTEM_PROMPT");
  return prompt ? prompt : look_up(environment, "OPENAI_SYSTEM_PROMPT");
}

base::Result<void> familiar_settings(
    const Environment& environment, std::string_view profile,
    const std::function<base::Result<void>(std::string_view key, std::string value,
                                           const std::string& origin)>& put) {
  for (const Familiar& row : kFamiliar) {
    if (!row.profile.empty() && row.profile != profile) continue;
    const auto value = look_up(environment, row.variable);
    if (!value) continue;
    auto fitting = converted(row, *value);
    if (!fitting) return tl::unexpected(std::move(fitting.error()));
    if (auto done = put(row.key, std::move(*fitting), origin_of(row.variable)); !done) return done;
  }
  const auto debug = look_up(environment, "DEBUG");
  if (!debug) return {};
  const auto chatty = truth(*debug);
  if (!chatty && profile == kRealtimeAi) {
    return base::fail("invalid_config",
                      origin_of("DEBUG") + ": must be true or false, not " + toml_string(*debug));
  }
  return chatty == true ? put("log.level", "debug", origin_of("DEBUG")) : base::Result<void>();
}

}  // namespace parley::config::detail
