// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <string>

#include "engine/ports.h"

// Clients name OpenAI's voices; engines have their own. These engines translate
// (`voices = {alloy = "af_heart"}`) and leave the rest to the engine behind them, which is borrowed
// and must outlive them.
namespace parley::providers::remote {

struct VoiceMap {
  std::map<std::string, std::string> names;  // the client's -> the engine's
  // For names that neither the map nor the engine knows; empty: they are passed on as they are.
  std::string otherwise;
};

std::unique_ptr<engine::TtsEngine> with_voices(engine::TtsEngine& engine, VoiceMap map);
// For models that speak. They do not say which voices they have, so only the map counts.
std::unique_ptr<engine::LlmEngine> with_voices(engine::LlmEngine& engine, VoiceMap map);

}  // namespace parley::providers::remote
