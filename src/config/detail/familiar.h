// SPDX-License-Identifier: MIT
// Engines and settings from the variables of the servers that Parley replaces.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/detail/environment.h"
#include "config/options.h"

namespace parley::config::detail {

// The engine of each kind that the variables ask for; nullopt: none is set. All errors:
// "invalid_config", naming the variable and the accepted form, never its value if that is a secret.
//
//   LLM  OPENAI_API_KEY, OPENAI_API_BASE or OPENAI_BASE_URL, OPENAI_API_MODEL or OPENAI_MODEL;
//        LLM_PROVIDER demands them, with the profile realtime-ai
//   STT  AUDIO_API_KEY or STT_API_KEY, WHISPER_URL or STT_API_BASE; AZURE_SPEECH_KEY,
//        AZURE_SPEECH_REGION, ASR_LANGUAGE; ASR_PROVIDER chooses
//   TTS  TTS_API_KEY, TTS_API_URL or TTS_API_BASE, DEFAULT_TTS_INSTRUCTIONS; ELEVENLABS_API_KEY;
//        AZURE_SPEECH_KEY, AZURE_SPEECH_REGION, AZURE_TTS_VOICE; MINIMAX_API_KEY, MINIMAX_VOICE_ID,
//        MINIMAX_GROUP_ID; TTS_PROVIDER chooses
//
// REQUEST_TIMEOUT (seconds) is for all of them. With the profile open-realtime OPENAI_API_KEY alone
// makes the recogniser and the voice too, as it did there, at OPENAI_BASE_URL if that is set.
using FamiliarEngine = base::Result<std::optional<EngineSection>>;
FamiliarEngine familiar_llm(const Environment& environment, std::string_view profile);
FamiliarEngine familiar_stt(const Environment& environment, std::string_view profile);
FamiliarEngine familiar_tts(const Environment& environment, std::string_view profile);

// DEFAULT_SYSTEM_PROMPT or OPENAI_SYSTEM_PROMPT.
std::optional<std::string> familiar_instructions(const Environment& environment);

// API_TOKENS, DEFAULT_VAD_…, COMMIT_AUTORESP, DEBUG, and with the profile realtime-ai
// SESSION_TIMEOUT, WEBSOCKET_PING_INTERVAL, VOICE_ENERGY_THRESHOLD: settings that have a key of
// their own. `put` takes the key and the value as text.
base::Result<void> familiar_settings(
    const Environment& environment, std::string_view profile,
    const std::function<base::Result<void>(std::string_view key, std::string value,
                                           const std::string& origin)>& put);

}  // namespace parley::config::detail
