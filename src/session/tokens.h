// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

namespace parley::session {

// Token counts as OpenAI documents them for realtime sessions: user audio one per 100 ms, assistant
// audio one per 50 ms. Text is estimated at four bytes a token, its usual average for English: no
// tokeniser is shared by all the engines behind a session.
inline int text_tokens(std::string_view text) { return static_cast<int>((text.size() + 3) / 4); }
inline int user_audio_tokens(std::int64_t ms) { return static_cast<int>((ms + 99) / 100); }
inline int assistant_audio_tokens(std::int64_t ms) { return static_cast<int>((ms + 49) / 50); }

}  // namespace parley::session
