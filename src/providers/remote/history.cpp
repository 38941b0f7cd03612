// SPDX-License-Identifier: MIT
#include "providers/remote/history.h"

#include <map>
#include <string>
#include <utility>

namespace parley::providers::remote {

namespace {

constexpr std::string_view kNoResult = "No result yet.";

bool says_something(const engine::Utterance& said) {
  return !said.text.empty() || !said.images.empty() || said.sound;
}

// A cough, or words that no recogniser made out. A model that is to answer must find somebody's
// turn to answer: after its own last words many would only go on with those.
const engine::Utterance& unheard() {
  static const engine::Utterance kUnheard{
      engine::Speaker::user, "(The user said nothing that could be understood.)", true};
  return kUnheard;
}

}  // namespace

std::vector<HistoryStep> steps_of(std::span<const engine::HistoryEntry> history) {
  std::map<std::string_view, std::string_view> results;
  for (const auto& entry : history) {
    if (const auto* result = std::get_if<engine::ToolResult>(&entry)) {
      results.emplace(result->call_id, result->output);
    }
  }
  std::vector<HistoryStep> steps;
  bool calling = false;
  for (const auto& entry : history) {
    const auto* call = std::get_if<engine::ToolCall>(&entry);
    if (call != nullptr) {
      const auto found = results.find(call->call_id);
      const AnsweredCall answered{call, found == results.end() ? kNoResult : found->second};
      if (!calling) steps.emplace_back(std::vector<AnsweredCall>());
      std::get<std::vector<AnsweredCall>>(steps.back()).push_back(answered);
    } else if (const auto* said = std::get_if<engine::Utterance>(&entry)) {
      if (says_something(*said)) {
        steps.emplace_back(said);
      } else if (said->spoken && &entry == &history.back()) {
        steps.emplace_back(&unheard());
      }
    }
    calling = call != nullptr;
  }
  return steps;
}

const engine::Utterance* last_user_utterance(std::span<const engine::HistoryEntry> history) {
  for (auto entry = history.rbegin(); entry != history.rend(); ++entry) {
    const auto* said = std::get_if<engine::Utterance>(&*entry);
    if (said != nullptr && said->speaker == engine::Speaker::user) return said;
  }
  return nullptr;
}

}  // namespace parley::providers::remote
