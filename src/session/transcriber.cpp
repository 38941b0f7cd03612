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

}  // namespace

void Transcriber::begin(const std::string& item_id) {
  engine::SttRequest request;
  if (const auto& wanted = context_.config.transcription) {
    request.model = wanted->model;
    request.language = wanted->language.value_or("");
    request.prompt = wanted->prompt.value_or("");
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
    const std::string text = std::move(utterance.text);
    utterances_.erase(found);
    complete(item_id, text);
    return;
  }
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
  if (auto* final = std::get_if<engine::SttFinal>(&event)) {
    if (!found->second.committed) {
      found->second.state = State::understood;
      found->second.text = std::move(final->text);
      return false;
    }
    utterances_.erase(found);
    complete(item_id, final->text);
    return true;
  }
  return false;  // a partial: see the class comment
}

void Transcriber::complete(const std::string& item_id, const std::string& text) {
  StoredItem* stored = context_.conversation.find(item_id);
  if (stored == nullptr) return;  // deleted meanwhile
  stored->recognised = text;
  if (!context_.config.transcription) return;

  const int content_index = audio_part_index(stored->item);
  stored->item.content[static_cast<std::size_t>(content_index)].transcript = text;

  // Word by word, as streaming recognisers send it: each delta but the first begins with its space.
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin + 1), text.size());
    context_.out.send(
        protocol::TranscriptionDelta{item_id, content_index, text.substr(begin, end - begin)});
    begin = end;
  }
  context_.out.send(protocol::TranscriptionCompleted{
      item_id, content_index, text, static_cast<double>(stored->audio_ms()) / 1000.0});
}

void Transcriber::report_failure(const std::string& item_id, const engine::Failure& failure) {
  const StoredItem* stored = context_.conversation.find(item_id);
  if (!context_.config.transcription || stored == nullptr) return;
  context_.out.send(protocol::TranscriptionFailed{item_id, audio_part_index(stored->item),
                                                  failure.code, failure.message});
}

}  // namespace parley::session
