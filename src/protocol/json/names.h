// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

#include "base/assert.h"
#include "base/audio_format.h"
#include "protocol/item.h"
#include "protocol/server_event.h"
#include "protocol/session_config.h"

// The wire's words for our enumerators, one table each, used by readers and writers alike.
namespace parley::protocol::json {

template <class E>
struct Name {
  std::string_view wire;
  E value;
};

template <class E, std::size_t N>
constexpr std::string_view wire_name(const std::array<Name<E>, N>& names, E value) {
  for (const Name<E>& name : names) {
    if (name.value == value) return name.wire;
  }
  PARLEY_ASSERT(!"every enumerator has a name");
  return {};
}

inline constexpr std::array kSessionTypes = {
    Name<SessionType>{"realtime", SessionType::realtime},
    Name<SessionType>{"transcription", SessionType::transcription},
};
inline constexpr std::array kModalities = {
    Name<Modality>{"text", Modality::text},
    Name<Modality>{"audio", Modality::audio},
};
inline constexpr std::array kNoiseReductions = {
    Name<NoiseReduction>{"near_field", NoiseReduction::near_field},
    Name<NoiseReduction>{"far_field", NoiseReduction::far_field},
};
inline constexpr std::array kTurnDetectionTypes = {
    Name<TurnDetectionType>{"server_vad", TurnDetectionType::server_vad},
    Name<TurnDetectionType>{"semantic_vad", TurnDetectionType::semantic_vad},
};
inline constexpr std::array kEagernesses = {
    Name<Eagerness>{"low", Eagerness::low},
    Name<Eagerness>{"medium", Eagerness::medium},
    Name<Eagerness>{"high", Eagerness::high},
    Name<Eagerness>{"auto", Eagerness::automatic},
};
inline constexpr std::array kTruncationWords = {
    Name<TruncationMode>{"auto", TruncationMode::automatic},
    Name<TruncationMode>{"disabled", TruncationMode::disabled},
};
inline constexpr std::array kToolChoiceModes = {
    Name<ToolChoiceMode>{"none", ToolChoiceMode::none},
    Name<ToolChoiceMode>{"auto", ToolChoiceMode::automatic},
    Name<ToolChoiceMode>{"required", ToolChoiceMode::required},
};
inline constexpr std::array kItemTypes = {
    Name<ItemType>{"message", ItemType::message},
    Name<ItemType>{"function_call", ItemType::function_call},
    Name<ItemType>{"function_call_output", ItemType::function_call_output},
    Name<ItemType>{"mcp_list_tools", ItemType::mcp_list_tools},
    Name<ItemType>{"mcp_call", ItemType::mcp_call},
    Name<ItemType>{"mcp_approval_request", ItemType::mcp_approval_request},
    Name<ItemType>{"mcp_approval_response", ItemType::mcp_approval_response},
};
// The beta's items came before MCP.
inline constexpr std::array kItemTypesBeta = {
    Name<ItemType>{"message", ItemType::message},
    Name<ItemType>{"function_call", ItemType::function_call},
    Name<ItemType>{"function_call_output", ItemType::function_call_output},
};
inline constexpr std::array kItemStatuses = {
    Name<ItemStatus>{"completed", ItemStatus::completed},
    Name<ItemStatus>{"incomplete", ItemStatus::incomplete},
    Name<ItemStatus>{"in_progress", ItemStatus::in_progress},
};
inline constexpr std::array kRoles = {
    Name<Role>{"system", Role::system},
    Name<Role>{"user", Role::user},
    Name<Role>{"assistant", Role::assistant},
};
inline constexpr std::array kResponseStatuses = {
    Name<ResponseStatus>{"in_progress", ResponseStatus::in_progress},
    Name<ResponseStatus>{"completed", ResponseStatus::completed},
    Name<ResponseStatus>{"cancelled", ResponseStatus::cancelled},
    Name<ResponseStatus>{"failed", ResponseStatus::failed},
    Name<ResponseStatus>{"incomplete", ResponseStatus::incomplete},
};
inline constexpr std::array kStatusReasons = {
    Name<StatusReason>{"turn_detected", StatusReason::turn_detected},
    Name<StatusReason>{"client_cancelled", StatusReason::client_cancelled},
    Name<StatusReason>{"max_output_tokens", StatusReason::max_output_tokens},
    Name<StatusReason>{"content_filter", StatusReason::content_filter},
};

// GA names encodings as media types and gives the rate beside; beta has one word for both.
inline constexpr std::array kAudioTypesGa = {
    Name<base::AudioEncoding>{"audio/pcm", base::AudioEncoding::pcm16},
    Name<base::AudioEncoding>{"audio/pcmu", base::AudioEncoding::g711_ulaw},
    Name<base::AudioEncoding>{"audio/pcma", base::AudioEncoding::g711_alaw},
};
inline constexpr std::array kAudioFormatsBeta = {
    Name<base::AudioEncoding>{"pcm16", base::AudioEncoding::pcm16},
    Name<base::AudioEncoding>{"g711_ulaw", base::AudioEncoding::g711_ulaw},
    Name<base::AudioEncoding>{"g711_alaw", base::AudioEncoding::g711_alaw},
};

}  // namespace parley::protocol::json
