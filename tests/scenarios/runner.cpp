// SPDX-License-Identifier: MIT
#include "tests/scenarios/runner.h"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <map>

#include "audio/base64.h"
#include "base/assert.h"
#include "tests/scenarios/wire.h"
#include "tests/session/world.h"

namespace parley::tests {

namespace {

using protocol::json::Array;
using protocol::json::Object;
using protocol::json::Value;

// Nothing that is worth waiting for takes longer (in virtual time).
constexpr base::Duration kPatience = std::chrono::seconds(40);

struct Told {
  std::string type;
  Value event;
  std::size_t heard;  // its place in the world's record
};

base::AudioFormat input_format_named(const std::string& name) {
  if (name == "audio/pcmu") return {base::AudioEncoding::g711_ulaw, 8000};
  if (name == "audio/pcma") return {base::AudioEncoding::g711_alaw, 8000};
  return {base::AudioEncoding::pcm16, std::stoi(name)};
}

// `options modality=text lifetime=2min …`: how the session is made.
session::Options options_of(const Scenario& scenario) {
  session::Options options = World::spoken_options();
  for (const auto& step : scenario.steps) {
    if (step.verb != "options") continue;
    for (const auto& [path, kind, value, tolerance, quoted] : step.fields) {
      if (path == "modality" && value == "text") options = World::default_options();
      if (path == "lifetime") options.duration_max = parse_duration(value).value();
      if (path == "items_max") options.items_max = std::stoi(value);
      if (path == "input") options.defaults.input_format = input_format_named(value);
      if (path == "output") options.defaults.output_format = input_format_named(value);
      if (path == "type" && value == "transcription") {
        options.defaults.type = protocol::SessionType::transcription;
      }
    }
  }
  return options;
}

Value text_value(std::string text) { return {std::move(text)}; }

Value as_value(const engine::HistoryEntry& entry) {
  static constexpr const char* kSpeakers[] = {"system", "user", "assistant"};
  Object object;
  if (const auto* said = std::get_if<engine::Utterance>(&entry)) {
    object.push_back({"speaker", text_value(kSpeakers[static_cast<int>(said->speaker)])});
    object.push_back({"text", text_value(said->text)});
    object.push_back({"spoken", {said->spoken}});
    object.push_back({"images", {static_cast<std::int64_t>(said->images.size())}});
  } else if (const auto* call = std::get_if<engine::ToolCall>(&entry)) {
    object.push_back({"call_id", text_value(call->call_id)});
    object.push_back({"name", text_value(call->name)});
    object.push_back({"arguments", text_value(call->arguments)});
  } else if (const auto* result = std::get_if<engine::ToolResult>(&entry)) {
    object.push_back({"call_id", text_value(result->call_id)});
    object.push_back({"output", text_value(result->output)});
  }
  return {std::move(object)};
}

// What the model was given, so that `model-reads` can look at it like at an event.
Value as_value(const engine::LlmRequest& request) {
  Array history;
  for (const auto& entry : request.history) history.push_back(as_value(entry));
  Array tools;
  Array details;
  for (const auto& tool : request.tools) {
    tools.push_back(text_value(tool.name));
    details.push_back(text_value(tool.description + ' ' + tool.parameters.text));
  }
  Object object;
  object.push_back({"instructions", text_value(request.instructions)});
  object.push_back({"history", {std::move(history)}});
  object.push_back({"tools", {std::move(tools)}});
  object.push_back({"tool_details", {std::move(details)}});
  object.push_back({"forced_tool", text_value(request.forced_tool)});
  object.push_back({"parallel_tools", {request.parallel_tools}});
  object.push_back({"reasoning_effort", text_value(request.reasoning_effort)});
  object.push_back({"tools_allowed", {request.tools_allowed}});
  object.push_back({"tool_required", {request.tool_required}});
  object.push_back({"max_output_tokens", {std::int64_t{request.max_output_tokens.value_or(0)}}});
  return {std::move(object)};
}

std::string shown(const std::optional<Value>& value) {
  if (!value) return "absent";
  if (const auto* text = std::get_if<std::string>(&value->data)) return *text;
  std::string out;
  append_text(*value, out);
  return out.substr(0, 200);
}

bool equals(const std::optional<Value>& value, const Field& field) {
  if (value && field.tolerance > 0) {
    const auto* whole = std::get_if<std::int64_t>(&value->data);
    const auto* real = std::get_if<double>(&value->data);
    if (whole == nullptr && real == nullptr) return false;
    const double number = whole != nullptr ? static_cast<double>(*whole) : *real;
    return std::abs(number - std::stod(field.value)) <= field.tolerance;
  }
  const bool is_text = value && std::holds_alternative<std::string>(value->data);
  return (is_text || !field.quoted) && shown(value) == field.value;
}

class Runner {
 public:
  Runner(const Scenario& scenario, const Variant& variant)
      : scenario_(scenario),
        dialect_(variant.dialect),
        wire_(variant.dialect),
        world_(options_of(scenario)),
        started_(world_.now) {
    world_.frame_ms = variant.frame_ms;
  }

  Outcome run() {
    try {
      for (const auto& step : scenario_.steps) {
        step_ = &step;
        take(step);
        listen();
        if (!outcome_.failures.empty()) break;  // what follows would only be confused
      }
    } catch (const base::InvariantBroken& broken) {
      fail(broken.what());
    }
    tell_story();
    return std::move(outcome_);
  }

 private:
  void fail(const std::string& why) {
    outcome_.failures.push_back(scenario_.name + ":" + std::to_string(step_->line) + " (" +
                                dialect_ + ", " + std::to_string(world_.frame_ms) + " ms): " + why);
  }

  void take(const Step& step) {
    if (step.at) {
      const auto passed = step.relative ? base::Duration{} : world_.now - started_;
      if (*step.at < passed) return fail("that time has passed");
      world_.run_for(*step.at - passed);
    }
    const std::string first = step.words.empty() ? "" : step.words[0];
    const auto time = parse_duration(first);
    const int ms = time ? static_cast<int>(*time / std::chrono::milliseconds(1)) : 0;
    if (step.verb == "client") client(wire_.client_frame(first, with_names(step.json)));
    if (step.verb == "user") user_says(first);
    if (step.verb == "raw") client(with_names(step.json));
    if (step.verb == "speech") world_.speech(ms);
    if (step.verb == "silence") world_.silence(ms);
    if (step.verb == "wait") world_.run_for(time.value());
    if (step.verb == "quiet") world_.run_until_quiet();
    if (step.verb == "engine") engine(step);
    if (step.verb == "expect") expect(first, false);
    if (step.verb == "expect-next") expect(first, true);
    if (step.verb == "none") expect_none(first);
    if (step.verb == "model-reads") model_reads();
    if (step.verb == "closed") expect_closed(first);
    if (step.verb == "flow") expect_flow(first);
  }

  // ---- the client
  std::string with_names(std::string text) const {
    for (const auto& [name, value] : names_) {
      const std::string reference = "$" + name;
      for (auto at = text.find(reference); at != std::string::npos; at = text.find(reference)) {
        text.replace(at, reference.size(), value);
      }
    }
    return text;
  }

  void user_says(const std::string& text) {
    std::string quoted;
    append_text(text_value(text), quoted);
    client(wire_.client_frame("conversation.item.create",
                              R"({"item":{"type":"message","role":"user","content":[)"
                              R"({"type":"input_text","text":)" +
                                  quoted + "}]}}"));
  }

  void client(const std::string& frame) {
    std::string event_id;
    auto parsed = wire_.dialect().parse(frame, event_id);
    if (!parsed) {
      protocol::ErrorEvent error;
      error.code = parsed.error().code;
      error.message = parsed.error().message;
      if (!parsed.error().param.empty()) error.param = parsed.error().param;
      if (!event_id.empty()) error.event_id = event_id;
      world_.bad_frame(std::move(error));
      return;
    }
    outcome_.transcript.push_back(R"({"dir":"client","event":)" + frame + "}");
    if (const auto* append = std::get_if<protocol::InputAudioBufferAppend>(&parsed->body)) {
      std::vector<std::uint8_t> bytes;
      if (!audio::base64_decode(append->audio_base64, bytes)) return fail("this is no base64");
      world_.append_bytes(bytes, parsed->event_id);
      return;
    }
    world_.client(std::move(parsed->body), parsed->event_id);
  }

  // ---- the engines
  void engine(const Step& step) {
    const auto has = [&step](const char* word) {
      return std::find(step.words.begin() + 1, step.words.end(), word) != step.words.end();
    };
    const std::string kind = step.words.empty() ? "" : step.words[0];
    Script& script = world_.script;
    if (kind == "stt") {
      script.hearing_fails = has("fails");
      script.hearing_stalls = has("stalls");
      script.hears.assign(step.words.begin() + 1, step.words.end());
      if (script.hearing_fails || script.hearing_stalls) script.hears.clear();
    } else if (kind == "tts") {
      script.voice_fails = has("fails");
      script.voice_stalls = has("stalls");
      for (const auto& word : step.words) {
        if (const auto length = parse_duration(word)) {
          script.clause_ms = static_cast<int>(*length / std::chrono::milliseconds(1));
        }
      }
    } else if (kind == "llm") {
      script.model_stalls = has("stalls");
      script.answers = answers(step);
    } else {
      return fail("there is no engine '" + kind + "'");
    }
    for (const auto& field : step.fields) {
      if (field.path != "takes") continue;
      auto& takes = kind == "stt" ? script.hearing_takes : script.word_takes;
      (kind == "tts" ? script.voice_takes : takes) = parse_duration(field.value).value();
    }
  }

  // Texts and calls in their order: `"Let me see." call get_weather {"city":"Rome"}`; a call's
  // arguments are the texts behind its name.
  static std::vector<engine::LlmEvent> answers(const Step& step) {
    std::vector<engine::LlmEvent> answers;
    bool calling = false;
    for (std::size_t i = 1; i < step.words.size(); ++i) {
      const auto& word = step.words[i];
      if (word == "stalls") continue;
      if (word == "call" && i + 1 < step.words.size()) {
        answers.emplace_back(engine::LlmToolCallBegin{{}, step.words[++i]});
        calling = true;
      } else if (word == "say") {
        calling = false;
      } else if (calling) {
        answers.emplace_back(engine::LlmToolCallArguments{word});
      } else {
        answers.emplace_back(engine::LlmText{word});
      }
    }
    engine::LlmEvent last = engine::LlmDone{};
    for (const auto& field : step.fields) {
      if (field.path == "fails") last = engine::Failure{"server_error", field.value};
      if (field.path != "done") continue;
      last = engine::LlmDone{
          field.value == "length" ? engine::LlmFinish::length : engine::LlmFinish::content_filter,
          {},
          {}};
    }
    answers.push_back(std::move(last));
    return answers;
  }

  // ---- what is expected
  // Writes what the session has said meanwhile.
  void listen() {
    for (; written_ < world_.events.size(); ++written_) {
      Heard& heard = world_.events[written_];
      if (auto* delta = std::get_if<protocol::AudioDelta>(&heard.event.body)) {
        delta->audio = heard.audio;
      }
      std::string text;
      if (!wire_.dialect().write(heard.event, text)) continue;
      auto event = protocol::json::parse(text);
      if (!event) return fail("the dialect wrote no JSON: " + text.substr(0, 200));
      const std::string type = shown(value_at(*event, "type"));
      outcome_.transcript.push_back(R"({"dir":"server","event":)" + text + "}");
      told_.push_back({type, std::move(*event), written_});
    }
  }

  void expect(const std::string& ga_type, bool next) {
    const std::string type = wire_.server_type(ga_type);
    if (type.empty()) return;  // the dialect has no such event
    const base::Instant until = world_.now + kPatience;
    while (true) {
      listen();
      for (; cursor_ < told_.size(); ++cursor_) {
        if (told_[cursor_].type == type) return match(told_[cursor_++].event);
        if (next) return fail("expected " + type + " next, but got " + told_[cursor_].type);
      }
      if (world_.closed || !world_.run_one(until - world_.now)) {
        return fail("no " + type + " came; the last events: " + recent());
      }
    }
  }

  void expect_none(const std::string& ga_type) {
    const std::string type = wire_.server_type(ga_type);
    listen();
    for (std::size_t i = cursor_; i < told_.size(); ++i) {
      if (told_[i].type == type) fail("there is a " + type);
    }
  }

  void match(const Value& event) {
    for (Field field : step_->fields) {
      const std::string path = wire_.server_path(field.path);
      const auto value = value_at(event, path);
      if (field.kind == Field::Kind::capture) {
        if (!value) fail("there is no " + path);
        names_[field.value] = shown(value);
        continue;
      }
      field.value = with_names(field.value);
      if (wire_.beta() && path.ends_with(".type")) {
        if (field.value == "output_audio") field.value = "audio";
        if (field.value == "output_text") field.value = "text";
      }
      const bool holds = field.kind == Field::Kind::contains
                             ? shown(value).find(field.value) != std::string::npos
                             : equals(value, field);
      if (!holds) fail(path + " is '" + shown(value) + "', not '" + field.value + "'");
    }
  }

  void model_reads() {
    if (world_.asked.empty()) return fail("the model was not asked");
    match(as_value(world_.asked.back()));
  }

  void expect_closed(const std::string& code) {
    if (!world_.closed) return fail("the session is open");
    if (std::to_string(world_.closed->code) != code) {
      fail("it closed with " + std::to_string(world_.closed->code));
    }
  }

  // ---- the order of a whole flow
  static bool asynchronous(const std::string& type) {
    return type.starts_with("conversation.item.input_audio_transcription.");
  }

  // `ga/client-cancel` is compared in that dialect only.
  void expect_flow(std::string name) {
    if (name.find('/') == std::string::npos) name = dialect_ + '/' + name;
    if (!name.starts_with(dialect_ + '/')) return;
    std::ifstream file(PARLEY_SPEC_DIR "/flows/" + name + ".jsonl");
    if (!file) return fail("there is no flow " + name);
    std::vector<std::string> golden;
    for (std::string line; std::getline(file, line);) {
      const auto entry = protocol::json::parse(line);
      if (!entry) return fail("a line of the flow is no JSON");
      const std::string type = shown(value_at(*entry, "event.type"));
      if (shown(value_at(*entry, "dir")) == "server" && !asynchronous(type)) golden.push_back(type);
    }
    listen();
    std::vector<std::string> ours;
    for (const auto& told : told_) {
      if (!asynchronous(told.type)) ours.push_back(told.type);
    }
    golden = collapsed(golden);
    ours = collapsed(ours);
    for (std::size_t i = 0; i < std::max(golden.size(), ours.size()); ++i) {
      const std::string theirs = i < golden.size() ? golden[i] : "the end";
      const std::string mine = i < ours.size() ? ours[i] : "the end";
      if (theirs != mine)
        return fail("event " + std::to_string(i) + ": " + mine + ", not " + theirs);
    }
  }

  std::string recent() const {
    std::string names;
    for (std::size_t i = told_.size() - std::min<std::size_t>(told_.size(), 4); i < told_.size();
         ++i) {
      names += ' ' + told_[i].type;
      if (told_[i].type == "error") names += ' ' + shown(value_at(told_[i].event, "error"));
    }
    return names;
  }

  // ---- the story
  void tell_story() {
    for (const auto& heard : world_.events) {
      const std::string name = name_of(heard.event.body);
      // How sound and words are cut, and what falls between two cuts, is no part of it.
      if (!name.ends_with(".delta")) outcome_.story.push_back(name);
      std::visit([this](const auto& body) { add(body); }, heard.event.body);
    }
  }
  template <class Body>
  void add(const Body&) {}
  void add(const protocol::SpeechStarted& body) { offset(body.audio_start_ms); }
  void add(const protocol::SpeechStopped& body) { offset(body.audio_end_ms); }
  void offset(std::int64_t ms) { outcome_.story.push_back(std::to_string(ms)); }
  void add(const protocol::TranscriptionCompleted& body) {
    outcome_.story.push_back(body.transcript);
  }
  void add(const protocol::ErrorEvent& body) { outcome_.story.push_back(body.code); }
  void add(const protocol::ResponseDone& body) {
    const auto& response = body.response;
    outcome_.story.push_back(std::to_string(static_cast<int>(response.status)) + ' ' +
                             std::to_string(static_cast<int>(response.reason)) + ' ' +
                             std::to_string(response.output.size()));
  }

  const Scenario& scenario_;
  const std::string dialect_;
  Wire wire_;
  World world_;
  const base::Instant started_;
  const Step* step_ = nullptr;
  std::map<std::string, std::string> names_;  // what `=>` has captured
  std::vector<Told> told_;
  std::size_t written_ = 0;  // of the world's events
  std::size_t cursor_ = 0;   // of told_: what was expected so far
  Outcome outcome_;
};

}  // namespace

Outcome run_scenario(const Scenario& scenario, const Variant& variant) {
  if (!scenario.mistakes.empty()) {
    Outcome outcome;
    for (const auto& mistake : scenario.mistakes) {
      outcome.failures.push_back(scenario.name + " " + mistake);
    }
    return outcome;
  }
  return Runner(scenario, variant).run();
}

}  // namespace parley::tests
