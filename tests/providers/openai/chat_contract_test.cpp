// SPDX-License-Identifier: MIT
// Chat completions against the fakes: the habits of each server, and models that hear and speak.
#include <doctest/doctest.h>

#include <string>

#include "tests/providers/remote/llm_bench.h"

namespace parley::tests {
namespace {

using nlohmann::json;

const Peer kOpenai{"openai", "openai.chat", "/openai/v1"};
const Peer kOllama{"ollama", "ollama.chat", "/ollama/v1"};
const Peer kLlamacpp{"llamacpp", "llamacpp.chat", "/llamacpp/v1"};
const Peer kVllm{"vllm", "vllm.chat", "/vllm/v1"};

TEST_CASE("tool calls are understood in every form that servers give them") {
  for (const json& manner : {
           json{{"index", false}},
           json{{"index", false}, {"call_id", ""}, {"whole_calls", true}},
           json{{"whole_calls", true}},
           json{{"whole_calls", true}, {"arguments_object", true}},
           json{{"repeat_name", true}},
           json{{"interleave", true}},
           json{{"finish_reason", "stop"}},
           json{{"usage", false}, {"done", false}},
       }) {
    CAPTURE(manner.dump());
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(kOpenai);
    json script = manner;
    script["tool_calls"] = json::parse(R"([{"name":"now","arguments":{"tz":"Europe/Rome"}},
                                           {"name":"day","arguments":{"week":7}}])");
    fakes.script("openai.chat", script);
    engine::LlmRequest request = asking("time?");
    request.tools = {{"now", "", {}}, {"day", "", {}}};
    std::string told = turn(bench, *engine, request);
    for (const std::string id : {"call_1", "call_2"}) {
      if (const auto at = told.find(id); at != std::string::npos) told.erase(at, id.size());
    }
    CHECK(told == R"(now#({"tz":"Europe/Rome"}) | day#({"week":7}) | stop)");
  }
}

TEST_CASE("thinking stays silent, and so does the end of a stream without its marker") {
  for (const auto& peer : {kOpenai, kOllama, kLlamacpp, kVllm}) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(peer);
    fakes.script(peer.fake, {{"reasoning", "Let me think."}, {"text", "Yes."}, {"done", false}});
    CHECK(turn(bench, *engine) == "Yes. | stop");
  }
}

TEST_CASE("every reason to finish reaches the session") {
  Fakes fakes;
  Bench bench;
  const auto engine = bench.make(kOpenai);
  fakes.script("openai.chat", {{"times", 1}, {"text", "A"}, {"finish_reason", "length"}});
  fakes.script("openai.chat", {{"times", 1}, {"text", "A"}, {"finish_reason", "content_filter"}});
  fakes.script("openai.chat", {{"times", 1}, {"text", ""}, {"refusal", "I won't."}});
  CHECK(turn(bench, *engine).starts_with("A | length"));
  CHECK(turn(bench, *engine).starts_with("A | content_filter"));
  CHECK(turn(bench, *engine) == "I won't. | stop");
}

TEST_CASE("when nothing follows the last word, the turn ends all the same") {
  Fakes fakes;
  Bench bench;
  const auto engine = bench.make(kOpenai);
  fakes.script("openai.chat", {{"text", "Yes."}, {"chunk_chars", 100}, {"usage", false}});
  // Role, text, finish: then silence instead of the end marker.
  fakes.fault("openai.chat", "hold", {{"at", 3}});
  CHECK(turn(bench, *engine) == "Yes. | stop");
  fakes.release("openai.chat");
}

// ---- models that hear and speak

engine::LlmRequest speaking() {
  engine::LlmRequest request;
  request.instructions = "Be brief.";
  engine::Utterance said;
  auto sound = std::make_shared<engine::Sound>();
  for (int i = 0; i < 16000; ++i) {
    sound->samples.push_back(static_cast<std::int16_t>((i % 40) * 500 - 10000));
  }
  said.sound = std::move(sound);
  request.history = {said};
  request.speak = true;
  request.voice = "marin";
  return request;
}

TEST_CASE("models that hear and speak: sound goes in as each server wants it, and comes out") {
  struct Omni {
    Peer peer;
    const char* input_format;
    const char* output_format;
    bool data_url;
  };
  for (const Omni& omni : {
           Omni{kOpenai, "input_audio", "pcm16", false},
           Omni{{"vllm", "vllm-omni.chat", "/vllm-omni/v1"}, "audio_url", "wav", true},
           Omni{{"vllm", "vllm-omni.chat", "/vllm-omni/v1"}, "input_audio", "wav", false},
           Omni{{"openai", "dashscope.chat", "/dashscope/compatible-mode/v1"},
                "data_url",
                "wav",
                true},
       }) {
    CAPTURE(std::string(omni.peer.fake));
    CAPTURE(std::string(omni.input_format));
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(omni.peer, {{"audio_input", "true"},
                                               {"audio_output", "true"},
                                               {"audio_input_format", omni.input_format},
                                               {"audio_output_format", omni.output_format}});
    CHECK(engine->traits().hears);
    CHECK(engine->traits().speaks);
    fakes.script(omni.peer.fake, {{"text", "I heard you."}, {"piece_bytes", 4801}});
    LlmRun run(bench.loop(), *engine, speaking());
    run.finish();
    REQUIRE(run.failure() == nullptr);
    std::string words;
    std::size_t samples = 0;
    for (const auto& event : run.seen()) {
      if (const auto* text = std::get_if<engine::LlmText>(&event)) words += text->delta;
      if (const auto* sound = std::get_if<engine::LlmAudio>(&event)) {
        CHECK(sound->rate_hz == 24000);
        samples += sound->samples.size();
      }
    }
    CHECK(words == "I heard you.");
    // 60 ms per character, at 24 kHz; pieces of odd length lose nothing.
    const std::size_t whole = words.size() * 60 * 24;
    const bool each_a_file = std::string(omni.peer.fake) == "vllm-omni.chat";
    if (!each_a_file) CHECK(samples == whole);
    CHECK(samples > whole - whole / 20);
    const json seen = fakes.requests(omni.peer.fake)[0];
    CHECK(seen["heard"][0]["rate"] == 16000);
    CHECK(seen["heard"][0]["duration_ms"] == 1000);
    CHECK(seen["heard"][0]["data_url"] == omni.data_url);
  }
}

TEST_CASE("a model that could speak writes when writing is wanted") {
  for (const Peer& peer : {kOpenai, Peer{"vllm", "vllm-omni.chat", "/vllm-omni/v1"}}) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(peer, {{"audio_input", "true"}, {"audio_output", "true"}});
    CHECK(turn(bench, *engine) == "You said: hi | stop");
  }
}

}  // namespace
}  // namespace parley::tests
