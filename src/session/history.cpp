// SPDX-License-Identifier: MIT
#include "session/history.h"

#include "audio/codec.h"
#include "audio/resampler.h"
#include "session/image_tokens.h"
#include "session/tokens.h"

namespace parley::session {

namespace {

engine::Speaker speaker_of(protocol::Role role) {
  switch (role) {
    case protocol::Role::user:
      return engine::Speaker::user;
    case protocol::Role::assistant:
      return engine::Speaker::assistant;
    case protocol::Role::system:
      return engine::Speaker::system;
  }
  return engine::Speaker::user;
}

const std::shared_ptr<const engine::Sound>& sound_of(StoredItem& stored) {
  if (!stored.sound) {
    std::vector<std::int16_t> samples;
    audio::decode(stored.format.encoding, stored.audio, samples);
    auto sound = std::make_shared<engine::Sound>();
    audio::Resampler resampler(stored.format.rate_hz, sound->rate_hz);
    resampler.process(samples, sound->samples);
    resampler.flush(sound->samples);
    stored.sound = std::move(sound);
  }
  return stored.sound;
}

void append_message(StoredItem& stored, Hearing hearing,
                    std::vector<engine::HistoryEntry>& history) {
  engine::Utterance utterance;
  utterance.speaker = speaker_of(stored.item.role);
  const auto add = [&utterance](const std::string& text) {
    if (text.empty()) return;
    if (!utterance.text.empty()) utterance.text += '\n';
    utterance.text += text;
  };
  bool said_something = false;
  for (const auto& part : stored.item.content) {
    switch (part.type) {
      case protocol::PartType::input_text:
      case protocol::PartType::text:
        add(part.text);
        break;
      case protocol::PartType::input_audio:
        // Counts even without words: the model is told that something was said.
        said_something = true;
        utterance.spoken = true;
        if (hearing == Hearing::sound && stored.audio_bytes_gone == 0) {
          utterance.sound = sound_of(stored);
        }
        add(stored.recognised);
        break;
      case protocol::PartType::audio:
        add(part.transcript.value_or(""));
        break;
      case protocol::PartType::input_image:
        utterance.images.push_back({part.image_url, part.detail});
        break;
    }
  }
  if (utterance.text.empty() && utterance.images.empty() && !said_something) return;
  history.emplace_back(std::move(utterance));
}

// A call and its result at once, when it has ended.
void append_mcp_call(const protocol::Item& item, std::vector<engine::HistoryEntry>& history) {
  if (!item.has_output && !item.error) return;
  history.emplace_back(engine::ToolCall{item.id, item.name, item.arguments});
  history.emplace_back(
      engine::ToolResult{item.id, item.has_output ? item.output : item.error->message});
}

}  // namespace

void append_history(StoredItem& stored, Hearing hearing,
                    std::vector<engine::HistoryEntry>& history) {
  const auto& item = stored.item;
  switch (item.type) {
    case protocol::ItemType::message:
      append_message(stored, hearing, history);
      break;
    case protocol::ItemType::function_call:
      if (item.status == protocol::ItemStatus::incomplete) break;  // its arguments are half JSON
      history.emplace_back(engine::ToolCall{item.call_id, item.name, item.arguments});
      break;
    case protocol::ItemType::function_call_output:
      history.emplace_back(engine::ToolResult{item.call_id, item.output});
      break;
    case protocol::ItemType::mcp_call:
      append_mcp_call(item, history);
      break;
    case protocol::ItemType::mcp_list_tools:
    case protocol::ItemType::mcp_approval_request:
    case protocol::ItemType::mcp_approval_response:
      break;  // between the client and us
  }
}

InputTokens count_tokens(const StoredItem& stored) {
  InputTokens tokens;
  const auto& item = stored.item;
  tokens.text += text_tokens(item.name) + text_tokens(item.arguments) + text_tokens(item.output);
  for (const auto& part : item.content) {
    switch (part.type) {
      case protocol::PartType::input_text:
      case protocol::PartType::text:
        tokens.text += text_tokens(part.text);
        break;
      case protocol::PartType::audio:
        tokens.text += text_tokens(part.transcript.value_or(""));
        tokens.audio += assistant_audio_tokens(stored.audio_ms());
        break;
      case protocol::PartType::input_audio:
        tokens.audio += user_audio_tokens(stored.audio_ms());
        break;
      case protocol::PartType::input_image:
        tokens.image += image_tokens(part.image_url, part.detail);
        break;
    }
  }
  return tokens;
}

}  // namespace parley::session
