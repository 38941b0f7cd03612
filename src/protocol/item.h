// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// Conversation items as the wire shows them. Ids are plain strings here because clients may choose
// them; at most 32 characters (`kItemIdLengthMax`).
// Source: GA schema `RealtimeConversationItem`, beta schema of the same name.
namespace parley::protocol {

inline constexpr int kItemIdLengthMax = 32;

enum class ItemType : std::uint8_t { message, function_call, function_call_output };
enum class ItemStatus : std::uint8_t { in_progress, completed, incomplete };
enum class Role : std::uint8_t { user, assistant, system };

// What a content part is, seen from the conversation. The dialects name the assistant's parts:
// GA `output_text`/`output_audio`, beta `text`/`audio`.
enum class PartType : std::uint8_t { input_text, input_audio, input_image, text, audio };

struct ContentPart {
  PartType type = PartType::input_text;
  std::string text;                       // input_text, text
  std::optional<std::string> transcript;  // input_audio (nullopt: not known, shown as null), audio
  std::string audio_base64;  // input_audio from the client, or any audio part when retrieved
  std::string image_url;     // input_image: a data URI
  std::string detail;        // input_image: "auto", "low", "high"; empty: not given
};

struct Item {
  std::string id;  // empty in a client's create: the session chooses one
  ItemType type = ItemType::message;
  ItemStatus status = ItemStatus::completed;

  Role role = Role::user;            // message
  std::vector<ContentPart> content;  // message

  std::string call_id;    // function_call, function_call_output
  std::string name;       // function_call
  std::string arguments;  // function_call: JSON text
  std::string output;     // function_call_output
};

}  // namespace parley::protocol
