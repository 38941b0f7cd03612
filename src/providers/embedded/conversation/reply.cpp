// SPDX-License-Identifier: MIT
#include "providers/embedded/conversation/reply.h"

#include <algorithm>
#include <array>

#include "providers/embedded/conversation/skills.h"
#include "providers/embedded/conversation/tools.h"

namespace parley::providers::embedded {

namespace {

// Nothing that is said to us needs more, and answering must stay quick.
constexpr std::size_t kTextMax = 4000;
constexpr std::size_t kEchoMax = 120;
constexpr int kAnswersMax = 2;  // to an utterance of several sentences

const engine::Utterance* last_user(const engine::LlmRequest& request) {
  for (auto entry = request.history.rbegin(); entry != request.history.rend(); ++entry) {
    const auto* said = std::get_if<engine::Utterance>(&*entry);
    if (said != nullptr && said->speaker == engine::Speaker::user) return said;
  }
  return nullptr;
}

// The results of the calls that were made last, in words; empty when none is waiting to be told.
std::string tell_results(const engine::LlmRequest& request) {
  std::string text;
  for (auto entry = request.history.rbegin(); entry != request.history.rend(); ++entry) {
    const auto* result = std::get_if<engine::ToolResult>(&*entry);
    if (std::holds_alternative<engine::ToolCall>(*entry)) continue;  // parallel calls interleave
    if (result == nullptr) break;
    if (!text.empty()) text.insert(0, 1, ' ');
    text.insert(0, tell_result(result->output));
  }
  return text;
}

std::string fallback(const engine::Utterance& said, std::size_t turn) {
  if (words_of(said.text).empty()) {
    return said.images.empty() ? "Sorry, I did not catch that. Could you say it again?"
                               : "I see that you sent me a picture, but I cannot look at it.";
  }
  std::string heard = said.text.substr(0, kEchoMax);
  if (said.text.size() > kEchoMax) {
    const std::size_t space = heard.find_last_of(' ');  // not in the middle of a word
    heard = space == std::string::npos ? "something long" : heard.substr(0, space);
  }
  for (char& c : heard) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  const std::size_t last = heard.find_last_not_of(" .,!?");
  heard.erase(last == std::string::npos ? 0 : last + 1);
  static constexpr std::array<const char*, 3> kEndings = {
      " I am a small set of rules, so I cannot say much about that.",
      " That is beyond me: I am only the built-in conversationalist.",
      " I have no good answer to that. Ask me what I can do."};
  return "I heard: " + heard + "." + kEndings[turn % kEndings.size()];
}

std::string answer_all(const engine::LlmRequest& request, const engine::Utterance& said,
                       const Persona& persona, const std::tm& local_time) {
  const std::string_view text = prefix(said.text, kTextMax);
  std::string answers;
  int count = 0;
  auto sentences = sentences_of(text);
  // "Repeat after me. Hello world." is one request.
  for (std::size_t i = 0; i + 1 < sentences.size(); ++i) {
    const Words words = words_of(sentences[i]);
    if (words.size() < 3 || join(words, words.size() - 2) != "after me") continue;
    sentences[i] += ": " + sentences[i + 1];
    sentences.erase(sentences.begin() + static_cast<std::ptrdiff_t>(i) + 1);
  }
  for (const auto& sentence : sentences) {
    const Words words = words_of(sentence);
    const auto one = answer({words, sentence, request, persona, local_time});
    if (!one || answers.find(*one) != std::string::npos) continue;
    answers += (answers.empty() ? "" : " ") + *one;
    if (++count == kAnswersMax) break;
  }
  return answers.empty() ? fallback(said, request.history.size()) : answers;
}

bool has_answered(const engine::LlmRequest& request) {
  return std::any_of(request.history.begin(), request.history.end(), [](const auto& entry) {
    const auto* said = std::get_if<engine::Utterance>(&entry);
    return said != nullptr && said->speaker == engine::Speaker::assistant;
  });
}

std::string answer_in_words(const engine::LlmRequest& request, const Persona& persona,
                            const std::tm& local_time) {
  const engine::Utterance* said = last_user(request);
  std::string opening = has_answered(request) ? "" : persona.opening;
  if (said == nullptr) {
    if (!opening.empty()) return opening;
    return apply(persona, "Hello! I am " + persona.name + ". How can I help you?");
  }
  return (opening.empty() ? "" : opening + " ") +
         apply(persona, answer_all(request, *said, persona, local_time));
}

}  // namespace

Reply reply_to(const engine::LlmRequest& request, const std::tm& local_time) {
  const Persona persona = read_instructions(prefix(request.instructions, kTextMax));
  if (const std::string results = tell_results(request); !results.empty()) {
    return {apply(persona, results), {}};
  }
  const engine::Utterance* said = last_user(request);
  const Words words = words_of(said == nullptr ? "" : prefix(said->text, kTextMax));
  if (auto calls = choose_tools(request, words); !calls.empty()) return {{}, std::move(calls)};
  return {answer_in_words(request, persona, local_time), {}};
}

}  // namespace parley::providers::embedded
