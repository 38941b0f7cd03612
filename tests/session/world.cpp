// SPDX-License-Identifier: MIT
#include "tests/session/world.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "audio/codec.h"
#include "audio/resampler.h"

namespace parley::tests {

namespace {

// The GA names, in the order of the variant's alternatives.
constexpr const char* kNames[] = {"session.created",
                                  "session.updated",
                                  "error",
                                  "input_audio_buffer.committed",
                                  "input_audio_buffer.cleared",
                                  "input_audio_buffer.speech_started",
                                  "input_audio_buffer.speech_stopped",
                                  "input_audio_buffer.timeout_triggered",
                                  "conversation.item.added",
                                  "conversation.item.done",
                                  "conversation.item.retrieved",
                                  "conversation.item.deleted",
                                  "conversation.item.truncated",
                                  "conversation.item.input_audio_transcription.delta",
                                  "conversation.item.input_audio_transcription.completed",
                                  "conversation.item.input_audio_transcription.failed",
                                  "response.created",
                                  "response.done",
                                  "response.output_item.added",
                                  "response.output_item.done",
                                  "response.content_part.added",
                                  "response.content_part.done",
                                  "response.output_text.delta",
                                  "response.output_text.done",
                                  "response.output_audio_transcript.delta",
                                  "response.output_audio_transcript.done",
                                  "response.output_audio.delta",
                                  "response.output_audio.done",
                                  "response.function_call_arguments.delta",
                                  "response.function_call_arguments.done",
                                  "rate_limits.updated"};
static_assert(std::size(kNames) == std::variant_size_v<protocol::ServerEventBody>);

}  // namespace

session::Options World::default_options() {
  session::Options options;
  options.defaults.output_modality = protocol::Modality::text;
  options.vad.kind = turn::VadKind::energy;
  options.seed = 42;
  return options;
}

session::Options World::spoken_options() {
  session::Options options = default_options();
  options.defaults.output_modality = protocol::Modality::audio;
  return options;
}

World::World(session::Options options, Script given)
    : script(std::move(given)), session(std::move(options), now) {
  drain();
}

void World::client(protocol::ClientEventBody body, std::string event_id) {
  give(protocol::ClientEvent{std::move(event_id), std::move(body)});
}

void World::append(const std::vector<std::int16_t>& samples) {
  std::vector<std::uint8_t> bytes;
  audio::encode(session.config().input_format.encoding, samples, bytes);
  give(session::AudioAppended{bytes, {}});
}

void World::speech(int ms) { sound(ms, true); }
void World::silence(int ms) { sound(ms, false); }

void World::sound(int ms, bool loud) {
  const int rate = session.config().input_format.rate_hz;
  for (int done = 0; done < ms; done += frame_ms) {
    const int length = std::min(frame_ms, ms - done);
    std::vector<std::int16_t> samples(static_cast<std::size_t>(rate * length / 1000));
    for (auto& sample : samples) {
      noise_ = noise_ * 1664525U + 1013904223U;
      const double hiss = static_cast<double>(noise_ >> 16U) / 65536.0 - 0.5;
      const double t = static_cast<double>(phase_++) / rate;
      const double voice = std::sin(2 * 3.14159265 * 180 * t) + std::sin(2 * 3.14159265 * 900 * t);
      sample = static_cast<std::int16_t>(loud ? 5000 * voice + 3000 * hiss : 6 * hiss);
    }
    if (real_time) run_for(base::Milliseconds(length));
    append(samples);
  }
}

void World::give(session::Input input) {
  session.handle(std::move(input), now);
  drain();
}

void World::schedule(base::Instant at, session::JobId job, session::Input input) {
  due_.push_back({at, order_++, std::move(input), job});
}

void World::start_voice(const session::TtsStart& start) {
  const auto at = now + base::Milliseconds(3);
  if (script.voice_fails) {
    schedule(at, start.job,
             session::TtsInput{start.job, engine::Failure{"server_error", "the voice is gone"}});
    return;
  }
  const std::string& text = start.request.text;
  const int ms = script.clause_ms > 0 ? script.clause_ms : 50 * static_cast<int>(text.size());
  if (script.word_times) {
    engine::TtsWords words;
    for (std::size_t begin = 0; begin < text.size();) {
      begin = std::min(text.find_first_not_of(' ', begin), text.size());
      const std::size_t end = std::min(text.find(' ', begin), text.size());
      if (begin == end) break;
      const auto time = [&](std::size_t position) {
        return static_cast<int>(position * static_cast<std::size_t>(ms) / text.size());
      };
      words.words.push_back(
          {static_cast<int>(begin), static_cast<int>(end), time(begin), time(end)});
      begin = end;
    }
    schedule(at, start.job, session::TtsInput{start.job, std::move(words)});
  }
  constexpr int kRate = 16000;
  schedule(at, start.job,
           session::TtsInput{
               start.job,
               engine::TtsAudio{
                   std::vector<std::int16_t>(
                       static_cast<std::size_t>(kRate) * static_cast<std::size_t>(ms) / 1000, 1000),
                   kRate}});
  schedule(at, start.job, session::TtsInput{start.job, engine::TtsDone{}});
}

void World::drain() {
  while (auto output = session.poll()) {
    if (auto* event = std::get_if<protocol::ServerEvent>(&*output)) {
      Heard heard{now, std::move(*event), {}};
      if (auto* delta = std::get_if<protocol::AudioDelta>(&heard.event.body)) {
        heard.audio.assign(delta->audio.begin(), delta->audio.end());
        delta->audio = {};
      }
      events.push_back(std::move(heard));
    } else if (const auto* finish = std::get_if<session::SttFinish>(&*output)) {
      engine::SttEvent text_or_failure = engine::Failure{"server_error", "the recogniser is gone"};
      if (!script.hearing_fails) {
        std::string text = script.hears.empty() ? "hello" : script.hears.front();
        if (!script.hears.empty()) script.hears.pop_front();
        text_or_failure = engine::SttFinal{std::move(text)};
      }
      schedule(now + script.hearing_takes, finish->job,
               session::SttInput{finish->job, std::move(text_or_failure)});
    } else if (auto* llm = std::get_if<session::LlmStart>(&*output)) {
      asked.push_back(llm->request);
      auto at = now;
      for (const auto& answer : script.answers) {
        at = at + script.word_takes;
        schedule(at, llm->job, session::LlmInput{llm->job, answer});
      }
    } else if (const auto* tts = std::get_if<session::TtsStart>(&*output)) {
      start_voice(*tts);
    } else if (const auto* cancel = std::get_if<session::JobCancel>(&*output)) {
      cancelled.push_back(cancel->job);
      std::erase_if(due_, [&](const Due& entry) { return entry.job == cancel->job; });
    } else if (auto* close = std::get_if<session::Close>(&*output)) {
      closed = *close;
    }
  }
}

bool World::step(base::Instant until) {
  const auto next = std::min_element(due_.begin(), due_.end(), [](const Due& a, const Due& b) {
    return std::pair(a.at, a.order) < std::pair(b.at, b.order);
  });
  const auto deadline = session.deadline();
  const bool engine_first = next != due_.end() && (!deadline || next->at <= *deadline);
  if (engine_first && next->at <= until) {
    now = std::max(now, next->at);
    session::Input input = std::move(next->input);
    due_.erase(next);
    give(std::move(input));
    return true;
  }
  if (!engine_first && deadline && *deadline <= until) {
    now = std::max(now, *deadline);
    give(session::TimePassed{});
    return true;
  }
  return false;
}

void World::run_for(base::Duration time) {
  const auto until = now + time;
  int steps = 0;
  while (step(until)) REQUIRE(++steps < 100000);  // a deadline that never moves would spin
  now = until;
}

void World::run_until_quiet() {
  for (int i = 0; i < 600; ++i) {
    const bool active =
        all<protocol::ResponseCreated>().size() != all<protocol::ResponseDone>().size();
    if (due_.empty() && !active) return;
    run_for(base::Milliseconds(100));
  }
  FAIL("the session never became quiet");
}

std::vector<std::string> World::types() const {
  std::vector<std::string> names;
  for (const auto& heard : events) {
    std::string name = kNames[heard.event.body.index()];
    const bool delta = name.ends_with(".delta");
    if (delta && std::find(names.end() - std::min<std::ptrdiff_t>(2, std::ssize(names)),
                           names.end(), name) != names.end()) {
      continue;  // text and audio deltas interleave
    }
    names.push_back(std::move(name));
  }
  return names;
}

template <class Body>
Body World::last() const {
  const auto found = all<Body>();
  REQUIRE(!found.empty());
  return found.back();
}
template protocol::ResponseDone World::last() const;
template protocol::ResponseCreated World::last() const;
template protocol::ItemRetrieved World::last() const;
template protocol::ItemTruncated World::last() const;
template protocol::ItemAdded World::last() const;
template protocol::SpeechStarted World::last() const;
template protocol::SpeechStopped World::last() const;
template protocol::SessionUpdated World::last() const;
template protocol::TextDone World::last() const;
template protocol::AudioTranscriptDone World::last() const;
template protocol::TranscriptionCompleted World::last() const;
template protocol::InputAudioBufferCommitted World::last() const;
template protocol::TimeoutTriggered World::last() const;

protocol::ErrorEvent World::last_error() const {
  const auto errors = all<protocol::ErrorEvent>();
  REQUIRE(!errors.empty());
  return errors.back();
}

}  // namespace parley::tests
