// SPDX-License-Identifier: MIT
// A recorded stream through a decoder, cut wherever the network may cut it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/sse.h"
#include "providers/remote/llm_decoder.h"
#include "tests/providers/remote/llm_transcript.h"

namespace parley::tests {

// The events of `bytes` that arrive in two pieces, cut at `cut`.
inline std::vector<engine::LlmEvent> decoded_events(providers::remote::LlmDecoder& decoder,
                                                    std::string_view bytes, std::size_t cut) {
  std::vector<engine::LlmEvent> events;
  const auto take = [&](const net::SseEvent& event) {
    if (!providers::remote::is_over(events)) decoder.on_event(event.type, event.data, events);
  };
  net::SseParser parser;
  parser.feed(bytes.substr(0, cut), take);
  parser.feed(bytes.substr(cut), take);
  parser.finish(take);
  if (!providers::remote::is_over(events)) decoder.on_end(false, events);
  return events;
}

inline std::string decoded(providers::remote::LlmDecoder& decoder, std::string_view bytes,
                           std::size_t cut) {
  return transcript(decoded_events(decoder, bytes, cut));
}

}  // namespace parley::tests
