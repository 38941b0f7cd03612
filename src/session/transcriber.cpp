// SPDX-License-Identifier: MIT
#include "session/transcriber.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace parley::session {

namespace {

int audio_part_index(const protocol::Item& item) {
  const auto part = std::find_if(item.content.begin(), item.content.end(), [](const auto& p) {
    return p.type == protocol::PartType::input_audio;
  });
  PARLEY_ASSERT(part != item.content.end());
  return static_cast<int>(part - item.content.begin());
}

// Engines take one language; of several none is named.
std::string language_hint(const protocol::Transcription& wanted) {
  if (wanted.language) return *wanted.language;
  return wanted.languages && wanted.languages->size() == 1 ? wanted.languages->front() : "";
}

// Engines take words to expect as part of the prompt.
std::string prompt_hint(const protocol::Transcription& wanted) {
  std::string prompt = wanted.prompt.value_or("");
  if (!wanted.keywords) return prompt;
  for (const std::string& word : *wanted.keywords) {
    if (!prompt.empty()) prompt += prompt.ends_with('.') ? " " : ", ";
    prompt += word;
  }
  return prompt;
}

bool wants_logprobs(const protocol::SessionConfig& config) {
  constexpr std::string_view kField = "item.input_audio_transcription.logprobs";
  return config.include &&
         std::find(config.include->begin(), config.include->end(), kField) != config.include->end();
}

}  // namespace

void Transcriber::begin(const std::string& item_id) {
  engine::SttRequest request;
  if (const auto& wanted = context_.config.transcription) {
    request.model = wanted->model;
    request.language = language_hint(*wanted);
    request.prompt = prompt_hint(*wanted);
    request.logprobs = wants_logprobs(context_.config);
  }
  Utterance utterance;
  utterance.job = context_.new_job();
  const auto [position, inserted] = utterances_.emplace(item_id, utterance);
  PARLEY_ASSERT(inserted);
  context_.out.command(SttStart{utterance.job, std::move(request)});
}

void Transcriber::hear(const std::string& item_id, std::span<const std::int16_t> samples) {
  const auto found = utterances_.find(item_id);
  PARLEY_ASSERT(found != utterances_.end());
  if (found->second.state != State::listening || samples.empty()) return;
  auto& copy = context_.out.borrow_samples();
  copy.assign(samples.begin(), samples.end());
  context_.out.command(SttAudio{found->second.job, copy});
}

void Transcriber::pause(const std::string& item_id) {
  const auto found = utterances_.find(item_id);
  PARLEY_ASSERT(found != utterances_.end());
  if (found->second.state == State::listening) context_.out.command(SttPause{found->second.job});
}

void Transcriber::resume(const std::string& item_id) {
  const auto found = utterances_.find(item_id);
  PARLEY_ASSERT(found != utterances_.end());
  if (found->second.state == State::listening) context_.out.command(SttResume{found->second.job});
}

std::string_view Transcriber::words_so_far(const std::string& item_id) const {
  const auto found = utterances_.find(item_id);
  return found == utterances_.end() ? std::string_view() : std::string_view(found->second.text);
}

bool Transcriber::words_may_change(const std::string& item_id) const {
  const auto found = utterances_.find(item_id);
  return found != utterances_.end() && found->second.running() &&
         found->second.stable < found->second.text.size();
}

void Transcriber::finish(const std::string& item_id) {
  const auto found = utterances_.find(item_id);
  PARLEY_ASSERT(found != utterances_.end());
  Utterance& utterance = found->second;
  utterance.committed = true;
  if (utterance.state == State::failed) {
    report_failure(item_id, utterance.failure);
    return;
  }
  if (utterance.state == State::understood) {
    Utterance understood = std::move(utterance);
    utterances_.erase(found);
    complete(item_id, std::move(understood));
    return;
  }
  tell_stable(item_id, utterance);
  utterance.state = State::finishing;
  context_.out.command(SttFinish{utterance.job});
}

void Transcriber::cancel(const std::string& item_id) {
  const auto found = utterances_.find(item_id);
  if (found == utterances_.end()) return;
  if (found->second.running()) context_.out.command(JobCancel{found->second.job});
  utterances_.erase(found);
}

bool Transcriber::pending(const std::string& item_id) const {
  const auto found = utterances_.find(item_id);
  return found != utterances_.end() && found->second.running();
}

const engine::Failure* Transcriber::failure(const std::string& item_id) const {
  const auto found = utterances_.find(item_id);
  if (found == utterances_.end() || found->second.state != State::failed) return nullptr;
  return &found->second.failure;
}

bool Transcriber::handle(JobId job, engine::SttEvent event) {
  const auto found = std::find_if(utterances_.begin(), utterances_.end(), [job](const auto& entry) {
    return entry.second.job == job && entry.second.running();
  });
  if (found == utterances_.end()) return false;  // cancelled meanwhile
  const std::string item_id = found->first;

  if (auto* failure = std::get_if<engine::Failure>(&event)) {
    found->second.state = State::failed;
    found->second.failure = std::move(*failure);
    if (!found->second.committed) return false;
    report_failure(item_id, found->second.failure);
    return true;
  }
  Utterance& utterance = found->second;
  if (auto* partial = std::get_if<engine::SttPartial>(&event)) {
    utterance.text = std::move(partial->text);
    utterance.stable = std::min(partial->stable, utterance.text.size());
    if (utterance.committed || streams_before_commit()) tell_stable(item_id, utterance);
    return false;
  }
  auto& final = std::get<engine::SttFinal>(event);
  utterance.text = std::move(final.text);
  utterance.logprobs = std::move(final.logprobs);
  if (!utterance.committed) {
    utterance.state = State::understood;
    return false;
  }
  Utterance understood = std::move(utterance);
  utterances_.erase(found);
  complete(item_id, std::move(understood));
  return true;
}

// Natively streaming models send their words while the user speaks, in sessions that only
// transcribe and whose client ends the turns (behaviour.md, "Transcription session").
bool Transcriber::streams_before_commit() const {
  return context_.config.type == protocol::SessionType::transcription &&
         !context_.config.turn_detection;
}

void Transcriber::tell_stable(const std::string& item_id, Utterance& utterance) {
  const auto& asked = context_.config.transcription;
  if (!asked || utterance.stable <= utterance.told) return;
  // "Higher values can improve transcription accuracy at the cost of latency": the final words are
  // the best that a recogniser has.
  if (asked->delay == "high" || asked->delay == "xhigh") return;
  const StoredItem* stored = context_.conversation.find(item_id);
  if (stored == nullptr && utterance.committed) return;  // deleted meanwhile
  const int content_index = stored == nullptr ? 0 : audio_part_index(stored->item);
  context_.out.send(protocol::TranscriptionDelta{
      item_id, content_index,
      utterance.text.substr(utterance.told, utterance.stable - utterance.told),
      context_.ids.obfuscation()});
  utterance.told = utterance.stable;
}

void Transcriber::complete(const std::string& item_id, Utterance utterance) {
  StoredItem* stored = context_.conversation.find(item_id);
  if (stored == nullptr) return;  // deleted meanwhile
  const std::string& text = utterance.text;
  stored->recognised = text;
  if (!context_.config.transcription) return;

  const int content_index = audio_part_index(stored->item);
  stored->item.content[static_cast<std::size_t>(content_index)].transcript = text;

  // Word by word, as streaming recognisers send it: each delta but the first begins with its space.
  for (std::size_t begin = utterance.told; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin + 1), text.size());
    context_.out.send(protocol::TranscriptionDelta{
        item_id, content_index, text.substr(begin, end - begin), context_.ids.obfuscation()});
    begin = end;
  }
  protocol::TranscriptionCompleted completed{
      item_id, content_index, text, static_cast<double>(stored->audio_ms()) / 1000.0, {}};
  if (wants_logprobs(context_.config)) {
    for (auto& entry : utterance.logprobs) {
      completed.logprobs.push_back({std::move(entry.token), entry.logprob});
    }
  }
  context_.out.send(std::move(completed));
}

void Transcriber::report_failure(const std::string& item_id, const engine::Failure& failure) {
  const StoredItem* stored = context_.conversation.find(item_id);
  if (!context_.config.transcription || stored == nullptr) return;
  context_.out.send(protocol::TranscriptionFailed{item_id, audio_part_index(stored->item),
                                                  failure.code, failure.message});
}

}  // namespace parley::session
