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
                                  "mcp_list_tools.in_progress",
                                  "mcp_list_tools.completed",
                                  "mcp_list_tools.failed",
                                  "response.mcp_call_arguments.delta",
                                  "response.mcp_call_arguments.done",
                                  "response.mcp_call.in_progress",
                                  "response.mcp_call.completed",
                                  "response.mcp_call.failed",
                                  "rate_limits.updated",
                                  "parley.turn.metrics",
                                  "parley.vad"};
static_assert(std::size(kNames) == std::variant_size_v<protocol::ServerEventBody>);

// The last event of its job.
bool is_last(const engine::SttEvent& event) {
  return !std::holds_alternative<engine::SttPartial>(event);
}
bool is_last(const engine::McpEvent&) { return true; }
template <class Event>
bool is_last(const Event& event) {
  return std::holds_alternative<engine::Failure>(event) ||
         std::holds_alternative<std::conditional_t<std::is_same_v<Event, engine::LlmEvent>,
                                                   engine::LlmDone, engine::TtsDone>>(event);
}

// Words spoken evenly over `ms`.
engine::TtsWords words_of(const std::string& text, int ms) {
  engine::TtsWords words;
  for (std::size_t begin = 0; begin < text.size();) {
    begin = std::min(text.find_first_not_of(' ', begin), text.size());
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    if (begin == end) break;
    const auto time = [&](std::size_t position) {
      return static_cast<int>(position * static_cast<std::size_t>(ms) / text.size());
    };
    words.words.push_back({static_cast<int>(begin), static_cast<int>(end), time(begin), time(end)});
    begin = end;
  }
  return words;
}

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
    : script(std::move(given)), output_lead(options.output_lead), session(std::move(options), now) {
  drain({});
}

World::~World() {
  for (const auto& finding : broken_invariants(events, output_lead)) FAIL_CHECK(finding);
}

void World::client(protocol::ClientEventBody body, std::string event_id) {
  const std::string cause = event_id;
  give(protocol::ClientEvent{std::move(event_id), std::move(body)}, cause);
}

void World::append(const std::vector<std::int16_t>& samples) {
  std::vector<std::uint8_t> bytes;
  audio::encode(session.config().input_format.encoding, samples, bytes);
  append_bytes(bytes);
}

void World::append_bytes(std::span<const std::uint8_t> bytes, std::string event_id) {
  const std::string cause = event_id;
  give(session::AudioAppended{bytes, std::move(event_id)}, cause);
}

void World::bad_frame(protocol::ErrorEvent error) {
  const std::string cause = error.event_id.value_or("");
  give(session::BadFrame{std::move(error)}, cause);
}

void World::stt_says(session::JobId job, engine::SttEvent event) {
  give(session::SttInput{job, std::move(event)});
}
void World::llm_says(session::JobId job, engine::LlmEvent event) {
  give(session::LlmInput{job, std::move(event)});
}
void World::tts_says(session::JobId job, engine::TtsEvent event) {
  give(session::TtsInput{job, std::move(event)});
}

void World::mcp_says(session::JobId job, engine::McpEvent event) {
  give(session::McpInput{job, std::move(event)});
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

void World::give(session::Input input, const std::string& caused_by) {
  std::visit(
      [this](const auto& given) {
        if constexpr (requires { given.job; }) {
          if (is_last(given.event)) jobs_.ended(given.job);
        }
      },
      input);
  session.handle(std::move(input), now);
  drain(caused_by);
}

void World::schedule(base::Instant at, session::Input input, session::JobId job) {
  due_.push_back({at, order_++, std::move(input), job});
}

void World::start_hearing(const session::SttFinish& finish) {
  engine::SttEvent text_or_failure = engine::Failure{"server_error", "the recogniser is gone"};
  if (!script.hearing_fails) {
    std::string text = script.hears.empty() ? "hello" : script.hears.front();
    if (!script.hears.empty()) script.hears.pop_front();
    text_or_failure = engine::SttFinal{std::move(text)};
  }
  if (script.hearing_stalls) return;
  schedule(now + script.hearing_takes, session::SttInput{finish.job, std::move(text_or_failure)},
           finish.job);
}

void World::start_model(const session::LlmStart& start) {
  last_llm = start.job;
  asked.push_back(start.request);
  auto at = now;
  for (const auto& answer : script.answers) {
    if (script.model_stalls && std::holds_alternative<engine::LlmDone>(answer)) return;
    at = at + script.word_takes;
    schedule(at, session::LlmInput{start.job, answer}, start.job);
  }
}

void World::start_voice(const session::TtsStart& start) {
  last_tts = start.job;
  spoken.push_back(start.request);
  const auto say = [&](engine::TtsEvent event) {
    schedule(now + script.voice_takes, session::TtsInput{start.job, std::move(event)}, start.job);
  };
  if (script.voice_fails) return say(engine::Failure{"server_error", "the voice is gone"});
  const std::string& text = start.request.text;
  const int ms = script.clause_ms > 0 ? script.clause_ms : 50 * static_cast<int>(text.size());
  if (script.word_times) say(words_of(text, ms));
  constexpr int kRate = 16000;
  say(engine::TtsAudio{
      std::vector<std::int16_t>(static_cast<std::size_t>(kRate) *
                                    static_cast<std::size_t>(ms + script.clause_tail_ms) / 1000,
                                1000),
      kRate});
  if (!script.voice_stalls) say(engine::TtsDone{});
}

void World::record(protocol::ServerEvent event, const std::string& caused_by) {
  if (std::holds_alternative<protocol::ResponseCreated>(event.body)) ++responses_;
  if (std::holds_alternative<protocol::ResponseDone>(event.body)) --responses_;
  Heard heard{now, std::move(event), {}, caused_by};
  if (auto* delta = std::get_if<protocol::AudioDelta>(&heard.event.body)) {
    heard.audio.assign(delta->audio.begin(), delta->audio.end());
    delta->audio = {};
  }
  events.push_back(std::move(heard));
}

void World::drain(const std::string& caused_by) {
  while (auto output = session.poll()) {
    const std::string wrong = jobs_.take(*output);
    if (!wrong.empty()) FAIL_CHECK(wrong);
    if (auto* event = std::get_if<protocol::ServerEvent>(&*output)) {
      record(std::move(*event), caused_by);
    } else if (const auto* stt = std::get_if<session::SttStart>(&*output)) {
      heard_as.push_back(stt->request);
      last_stt = stt->job;
    } else if (const auto* audio = std::get_if<session::SttAudio>(&*output)) {
      samples_heard += std::ssize(audio->samples);
    } else if (std::holds_alternative<session::SttPause>(*output)) {
      ++pauses;
    } else if (std::holds_alternative<session::SttResume>(*output)) {
      ++resumes;
    } else if (const auto* finish = std::get_if<session::SttFinish>(&*output)) {
      start_hearing(*finish);
    } else if (auto* llm = std::get_if<session::LlmStart>(&*output)) {
      start_model(*llm);
    } else if (const auto* tts = std::get_if<session::TtsStart>(&*output)) {
      start_voice(*tts);
    } else if (const auto* mcp = std::get_if<session::McpStart>(&*output)) {
      last_mcp = mcp->job;
      mcp_asked.push_back(mcp->request);
    } else if (const auto* cancel = std::get_if<session::JobCancel>(&*output)) {
      cancelled.push_back(cancel->job);
      if (script.ignores_cancel) continue;
      std::erase_if(due_, [&](const Due& entry) { return entry.job == cancel->job; });
    } else if (auto* close = std::get_if<session::Close>(&*output)) {
      closed = *close;
    }
  }
  // A deadline that has come and stays would have the driver spin.
  const auto deadline = session.deadline();
  if (deadline && *deadline <= now) FAIL_CHECK("a deadline has come and stays");
  if (responses_ == 0 && jobs_.answering() > 0) FAIL_CHECK("an engine works for no response");
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

bool World::run_one(base::Duration limit) {
  const auto until = now + limit;
  if (step(until)) return true;
  now = until;
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
    if (due_.empty() && responses_ == 0) return;
    run_for(base::Milliseconds(100));
  }
  FAIL("the session never became quiet");
}

std::string name_of(const protocol::ServerEventBody& body) { return kNames[body.index()]; }

std::vector<std::string> collapsed(const std::vector<std::string>& names) {
  std::vector<std::string> found;
  for (const auto& name : names) {
    const auto recent = found.end() - std::min<std::ptrdiff_t>(2, std::ssize(found));
    const bool delta = name.ends_with(".delta");
    if (delta && std::find(recent, found.end(), name) != found.end()) continue;
    found.push_back(name);
  }
  return found;
}

std::vector<std::string> World::types() const {
  std::vector<std::string> names;
  for (const auto& heard : events) names.push_back(name_of(heard.event.body));
  return collapsed(names);
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
template protocol::TranscriptionDelta World::last() const;
template protocol::InputAudioBufferCommitted World::last() const;
template protocol::TimeoutTriggered World::last() const;

protocol::ErrorEvent World::last_error() const {
  const auto errors = all<protocol::ErrorEvent>();
  REQUIRE(!errors.empty());
  return errors.back();
}

}  // namespace parley::tests
