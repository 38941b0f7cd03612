// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "protocol/item.h"
#include "protocol/session_config.h"

// What a client can say, dialect-neutral and already checked for shape: types, ranges, required and
// unknown fields. What needs the conversation's state to judge is judged by the session.
namespace parley::protocol {

struct SessionUpdate {
  SessionPatch session;
};

// `audio` is the base64 text of the wire; the transport decodes it on the hot path. It borrows from
// the frame that was parsed or from the dialect that parsed it: valid while the frame is, and until
// the dialect's next parse.
struct InputAudioBufferAppend {
  std::string_view audio_base64;
};
struct InputAudioBufferCommit {};
struct InputAudioBufferClear {};

struct ConversationItemCreate {
  std::optional<std::string> previous_item_id;  // nullopt: append; "root": insert first
  Item item;
};
struct ConversationItemRetrieve {
  std::string item_id;
};
struct ConversationItemDelete {
  std::string item_id;
};
struct ConversationItemTruncate {
  std::string item_id;
  int content_index = 0;
  int audio_end_ms = 0;  // >= 0
};

// An entry of `response.create`'s `input`: a reference to an item, or an item of its own.
struct ResponseInput {
  std::string reference_id;  // non-empty: item_reference
  Item item;
};

using Metadata = std::vector<std::pair<std::string, std::string>>;  // at most 16 pairs

struct ResponseCreate {
  bool out_of_band = false;  // conversation: "none"
  std::optional<Modality> output_modality;
  std::optional<std::string> instructions;
  std::optional<base::AudioFormat> output_format;
  std::optional<std::string> voice;
  std::optional<std::vector<Tool>> tools;
  std::optional<ToolChoice> tool_choice;
  std::optional<std::optional<int>> max_output_tokens;
  std::optional<double> temperature;  // beta
  std::optional<bool> parallel_tool_calls;
  std::optional<std::string> reasoning_effort;
  std::optional<Metadata> metadata;
  std::optional<std::vector<ResponseInput>> input;
};
struct ResponseCancel {
  std::optional<std::string> response_id;
};
// WebRTC and SIP only; over a WebSocket there is no output buffer to clear.
struct OutputAudioBufferClear {};

using ClientEventBody =
    std::variant<SessionUpdate, InputAudioBufferAppend, InputAudioBufferCommit,
                 InputAudioBufferClear, ConversationItemCreate, ConversationItemRetrieve,
                 ConversationItemDelete, ConversationItemTruncate, ResponseCreate, ResponseCancel,
                 OutputAudioBufferClear>;

struct ClientEvent {
  std::string event_id;  // the client's own; empty: none. At most 512 characters.
  ClientEventBody body;
};

}  // namespace parley::protocol
