// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "base/time.h"
#include "engine/ports.h"

// Engines in reserve. Each function makes an engine that gives every job to the first of `engines`,
// and starts it anew with the next one when it fails before its first output. A request that would
// fail anywhere (invalid_request, content_filter) is not tried again. When all fail, the failure
// names every one of them. A job switches on its session's loop; the engines share nothing.
//
// `engines` has at least one entry; they are borrowed and must outlive the result.
namespace parley::providers::remote {

// Output: text that will not be revised. The utterance's audio is kept for the next engine up to
// `audio_max`; after that there is no switching.
std::unique_ptr<engine::SttEngine> with_fallback(
    std::vector<engine::SttEngine*> engines, base::Duration audio_max = std::chrono::minutes(2));

// Output: text, a tool call or sound. An engine that cannot hear is passed over while the last
// thing said is known only as sound; one that cannot speak, when sound is wanted.
std::unique_ptr<engine::LlmEngine> with_fallback(std::vector<engine::LlmEngine*> engines);

// Output: sound.
std::unique_ptr<engine::TtsEngine> with_fallback(std::vector<engine::TtsEngine*> engines);

}  // namespace parley::providers::remote
