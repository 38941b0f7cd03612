// SPDX-License-Identifier: MIT
#include "tests/protocol/support.h"

namespace parley::protocol {

using base::AudioEncoding;
using base::AudioFormat;

TEST_CASE("GA: an update without fields changes nothing") {
  const SessionPatch patch = session_ga(R"({"type":"realtime"})");
  CHECK(patch.type == SessionType::realtime);
  CHECK_FALSE(patch.instructions.has_value());
  CHECK_FALSE(patch.turn_detection.has_value());
  SessionConfig config;
  config.instructions = "kept";
  apply(patch, config);
  CHECK(config.instructions == "kept");
  CHECK(config.turn_detection == TurnDetection{});
}

TEST_CASE("GA: every field of a session is read") {
  const SessionPatch patch = session_ga(R"({
    "type": "realtime", "model": "parley", "output_modalities": ["text"], "instructions": "Hi.",
    "tools": [{"type":"function","name":"f","description":"d","parameters":{"z":1,"a":[2.5]}},
              {"type":"function","name":"g"}],
    "tool_choice": {"type":"function","name":"f"}, "max_output_tokens": 4096,
    "parallel_tool_calls": false, "reasoning": {"effort":"high"},
    "tracing": {"workflow_name":"w","group_id":"g","metadata":{"k":1}},
    "prompt": {"id":"pmpt_1","version":null,"variables":{"city":"Rome"}},
    "truncation": {"type":"retention_ratio","retention_ratio":0.5,
                   "token_limits":{"post_instructions":8000}},
    "include": ["item.input_audio_transcription.logprobs"],
    "audio": {
      "input": {"format": {"type":"audio/pcmu"},
                "transcription": {"model":"m","language":"en","prompt":"p"},
                "noise_reduction": {"type":"far_field"},
                "turn_detection": {"type":"server_vad","threshold":0.7,"prefix_padding_ms":100,
                  "silence_duration_ms":400,"idle_timeout_ms":5000,"create_response":false,
                  "interrupt_response":false}},
      "output": {"format": {"type":"audio/pcma"}, "voice": "marin", "speed": 0.25}}})");
  CHECK(patch.model == "parley");
  CHECK(patch.output_modality == Modality::text);
  CHECK(patch.instructions == "Hi.");
  REQUIRE(patch.tools.has_value());
  REQUIRE(patch.tools->size() == 2);
  CHECK(patch.tools->at(0) == Tool(FunctionTool{"f", "d", {R"({"z":1,"a":[2.5]})"}}));
  CHECK(patch.tools->at(1) == Tool(FunctionTool{"g", "", {}}));
  CHECK(patch.tool_choice == ToolChoice{ToolChoiceMode::function, "f"});
  CHECK(patch.max_output_tokens == std::optional<int>(4096));
  CHECK(patch.parallel_tool_calls == false);
  CHECK(patch.reasoning_effort == std::optional<std::string>("high"));
  CHECK(patch.tracing->text == R"({"workflow_name":"w","group_id":"g","metadata":{"k":1}})");
  CHECK(patch.prompt->text == R"({"id":"pmpt_1","version":null,"variables":{"city":"Rome"}})");
  CHECK(patch.truncation == Truncation{TruncationMode::retention_ratio, 0.5, 8000});
  REQUIRE((patch.include && *patch.include));
  CHECK((*patch.include)->size() == 1);
  CHECK(patch.input_format == AudioFormat{AudioEncoding::g711_ulaw, 8000});
  CHECK(patch.output_format == AudioFormat{AudioEncoding::g711_alaw, 8000});
  REQUIRE((patch.transcription && *patch.transcription));
  CHECK(**patch.transcription == Transcription{"m", "en", "p"});
  CHECK(patch.noise_reduction == std::optional(NoiseReduction::far_field));
  REQUIRE((patch.turn_detection && *patch.turn_detection));
  CHECK(**patch.turn_detection == TurnDetection{TurnDetectionType::server_vad, 0.7, 100, 400, 5000,
                                                false, false, Eagerness::automatic});
  CHECK(patch.voice == "marin");
  CHECK(patch.speed == 0.25);
  CHECK_FALSE(patch.temperature.has_value());
}

TEST_CASE("GA: null clears what can be cleared") {
  const SessionPatch patch = session_ga(R"({"type":"realtime","tracing":null,"prompt":null,
    "include":null,"reasoning":null,"audio":{"input":{"transcription":null,
    "noise_reduction":null,"turn_detection":null}}})");
  REQUIRE(patch.turn_detection.has_value());
  CHECK_FALSE(patch.turn_detection->has_value());
  REQUIRE(patch.transcription.has_value());
  CHECK_FALSE(patch.transcription->has_value());
  REQUIRE(patch.noise_reduction.has_value());
  CHECK_FALSE(patch.noise_reduction->has_value());
  REQUIRE(patch.include.has_value());
  CHECK_FALSE(patch.include->has_value());
  REQUIRE(patch.reasoning_effort.has_value());
  CHECK_FALSE(patch.reasoning_effort->has_value());
  REQUIRE(patch.tracing.has_value());
  CHECK_FALSE(patch.tracing->present());
  REQUIRE(patch.prompt.has_value());
  CHECK_FALSE(patch.prompt->present());
}

TEST_CASE("missing subfields of turn detection take the defaults of a fresh session") {
  const auto vad = [](std::string_view detection) {
    const SessionPatch patch =
        session_ga(R"({"type":"realtime","audio":{"input":{"turn_detection":)" +
                   std::string(detection) + "}}}");
    REQUIRE((patch.turn_detection && *patch.turn_detection));
    return **patch.turn_detection;
  };
  CHECK(vad(R"({"type":"server_vad"})") == TurnDetection{});
  CHECK(vad(R"({"type":"server_vad","idle_timeout_ms":null})") == TurnDetection{});
  TurnDetection semantic;
  semantic.type = TurnDetectionType::semantic_vad;
  CHECK(vad(R"({"type":"semantic_vad"})") == semantic);
  semantic.eagerness = Eagerness::low;
  CHECK(vad(R"({"type":"semantic_vad","eagerness":"low"})") == semantic);
}

TEST_CASE("GA: PCM may leave out its rate, and may have one of four") {
  const auto format = [](std::string_view text) {
    return session_ga(R"({"type":"realtime","audio":{"input":{"format":)" + std::string(text) +
                      "}}}")
        .input_format;
  };
  CHECK(format(R"({"type":"audio/pcm"})") == AudioFormat{AudioEncoding::pcm16, 24000});
  for (const int rate : {8000, 16000, 24000, 48000}) {
    CHECK(format(R"({"type":"audio/pcm","rate":)" + std::to_string(rate) + "}") ==
          AudioFormat{AudioEncoding::pcm16, rate});
  }
  CHECK(format(R"({"type":"audio/pcm","rate":24000.0})") ==
        AudioFormat{AudioEncoding::pcm16, 24000});
  CHECK(format(R"({"type":"audio/pcmu","rate":8000})") ==
        AudioFormat{AudioEncoding::g711_ulaw, 8000});
}

TEST_CASE("a voice is a name, or an object with the id of one") {
  CHECK(session_ga(R"({"type":"realtime","audio":{"output":{"voice":{"id":"voice_1"}}}})").voice ==
        "voice_1");
}

TEST_CASE("transcription without a model means whisper-1") {
  const SessionPatch patch =
      session_ga(R"({"type":"realtime","audio":{"input":{"transcription":{"language":null}}}})");
  REQUIRE((patch.transcription && *patch.transcription));
  CHECK(**patch.transcription == Transcription{"whisper-1", std::nullopt, std::nullopt});
}

TEST_CASE("GA: a transcription session has the input side only") {
  const SessionPatch patch = session_ga(R"({"type":"transcription","include":null,"audio":{"input":{
    "format":{"type":"audio/pcm","rate":24000},"transcription":{"model":"gpt-4o-mini-transcribe",
    "languages":["en"],"keywords":[],"delay":"low"},"turn_detection":{"type":"server_vad"}}}})");
  CHECK(patch.type == SessionType::transcription);
  CHECK((*patch.transcription)->model == "gpt-4o-mini-transcribe");

  const auto refusal = refused_ga(
      R"({"type":"session.update","session":{"type":"transcription","instructions":"no"}})");
  CHECK(refusal.code == "unknown_parameter");
  CHECK(refusal.param == "session.instructions");
  CHECK(refused_ga(
            R"({"type":"session.update","session":{"type":"transcription","audio":{"output":{}}}})")
            .param == "session.audio.output");
}

TEST_CASE("the Agents SDK's session update is accepted") {
  const SessionPatch patch = session_ga(R"({"type":"realtime","model":"gpt-realtime",
    "instructions":"","output_modalities":["audio"],"tools":[],"tool_choice":"auto",
    "tracing":"auto",
    "prompt":null,"audio":{"input":{"format":{"type":"audio/pcm","rate":24000},
    "noise_reduction":null,"transcription":{"model":"gpt-4o-mini-transcribe"},
    "turn_detection":{"type":"semantic_vad"}},
    "output":{"format":{"type":"audio/pcm","rate":24000},"voice":"ash","speed":1}}})");
  CHECK(patch.tracing->text == "\"auto\"");
  CHECK((*patch.turn_detection)->type == TurnDetectionType::semantic_vad);
}

TEST_CASE("beta: every field of a session is read") {
  const SessionPatch patch = session_beta(R"({
    "model":"m","modalities":["audio","text"],"instructions":"Hi.","voice":"sage",
    "input_audio_format":"g711_ulaw","output_audio_format":"g711_alaw",
    "input_audio_transcription":{"model":"whisper-1"},
    "input_audio_noise_reduction":{"type":"near_field"},
    "turn_detection":{"type":"server_vad","silence_duration_ms":500},
    "tools":[{"type":"function","name":"f"}],"tool_choice":"required","temperature":0.6,
    "max_response_output_tokens":"inf","speed":1.5,"tracing":"auto"})");
  CHECK(patch.type == SessionType::realtime);
  CHECK(patch.output_modality == Modality::audio);
  CHECK(patch.voice == "sage");
  CHECK(patch.input_format == AudioFormat{AudioEncoding::g711_ulaw, 8000});
  CHECK(patch.output_format == AudioFormat{AudioEncoding::g711_alaw, 8000});
  CHECK((*patch.transcription)->model == "whisper-1");
  CHECK(patch.noise_reduction == std::optional(NoiseReduction::near_field));
  CHECK((*patch.turn_detection)->silence_duration_ms == 500);
  CHECK(patch.tool_choice->mode == ToolChoiceMode::required);
  CHECK(patch.temperature == 0.6);
  REQUIRE(patch.max_output_tokens.has_value());
  CHECK_FALSE(patch.max_output_tokens->has_value());
  CHECK(patch.speed == 1.5);
}

TEST_CASE("beta: optional nulls count as absent") {
  const SessionPatch patch = session_beta(R"({"voice":null,"instructions":null,"tools":null,
    "temperature":null,"turn_detection":{"type":null,"threshold":null,"eagerness":"high"}})");
  CHECK_FALSE(patch.voice.has_value());
  CHECK_FALSE(patch.tools.has_value());
  CHECK(**patch.turn_detection == TurnDetection{});
  CHECK(accepted_beta(R"({"type":"response.create","event_id":null,"response":null})")
            .event_id.empty());
}

TEST_CASE("beta: unknown fields are refused by name, GA's among them") {
  const auto param = [](const char* frame) { return refused_beta(frame).param; };
  CHECK(param(R"({"type":"session.update","session":{"audio":{"output":{}}}})") == "session.audio");
  CHECK(param(R"({"type":"session.update","session":{"output_modalities":["text"]}})") ==
        "session.output_modalities");
  CHECK(param(R"({"type":"session.update","session":{"turn_detection":{"more":1}}})") ==
        "session.turn_detection.more");
  CHECK(param(R"({"type":"response.create","response":{"audio":{}}})") == "response.audio");
  CHECK(param(R"({"type":"response.cancel","x":1})") == "x");
}

TEST_CASE("Azure's previews pass over the fields that only Azure had") {
  std::vector<std::unique_ptr<Dialect>> dialects;
  dialects.push_back(make_azure_preview());
  dialects.push_back(make_azure_first_preview());
  for (const auto& dialect : dialects) {
    const auto event = accepted(
        *dialect, R"({"type":"response.create","response":{"voice":"ash","commit":true}})");
    CHECK(std::get<ResponseCreate>(event.body).voice == "ash");
  }
}

TEST_CASE("beta: turn detection needs no type, and null or Azure's none switch it off") {
  CHECK((*session_beta(R"({"turn_detection":{"threshold":0.3}})").turn_detection)->threshold ==
        0.3);
  for (const char* off : {R"({"turn_detection":null})", R"({"turn_detection":{"type":"none"}})"}) {
    const SessionPatch patch = session_beta(off);
    REQUIRE(patch.turn_detection.has_value());
    CHECK_FALSE(patch.turn_detection->has_value());
  }
}

TEST_CASE("beta: Azure's spellings of formats and tool choices are understood") {
  CHECK(session_beta(R"({"input_audio_format":"g711-alaw"})").input_format->encoding ==
        AudioEncoding::g711_alaw);
  CHECK(session_beta(R"({"tool_choice":{"type":"function","function":"f"}})").tool_choice ==
        ToolChoice{ToolChoiceMode::function, "f"});
}

TEST_CASE("GA: what fills a prompt is text or a part of a message, and said to be otherwise") {
  CHECK(session_ga(R"({"type":"realtime","prompt":{"id":"p","variables":{
    "a":"text","b":{"type":"input_text","text":"t"},"c":{"type":"input_image","image_url":"data:"}
    }}})")
            .prompt->present());
  const auto fault = [](const std::string& variables) {
    return refused_ga(R"({"type":"session.update","session":{"type":"realtime","prompt":{"id":"p",)"
                      R"("variables":)" +
                      variables + "}}}");
  };
  CHECK(fault(R"({"name":7})").param == "session.prompt.variables.name");
  CHECK(fault(R"({"name":7})").code == "invalid_type");
  CHECK(fault(R"({"name":{"type":"x"}})").param == "session.prompt.variables.name.type");
  CHECK(fault(R"({"name":{"type":"input_text"}})").param == "session.prompt.variables.name.text");
  CHECK(fault("[]").param == "session.prompt.variables");
}

TEST_CASE("GA: hints for the recogniser are kept") {
  const SessionPatch patch = session_ga(R"({"type":"realtime","audio":{"input":{"transcription":{
    "model":"m","languages":["de","en"],"keywords":["Parley"],"delay":"low"}}}})");
  const Transcription& wanted = **patch.transcription;
  CHECK(wanted.languages == std::vector<std::string>{"de", "en"});
  CHECK(wanted.keywords == std::vector<std::string>{"Parley"});
  CHECK(wanted.delay == "low");
}

TEST_CASE("beta: a secret and modalities that have no effect must still have their form") {
  const auto fault = [](const std::string& session) {
    return refused_beta(R"({"type":"transcription_session.update","session":)" + session + "}");
  };
  CHECK(fault(R"({"modalities":7})").param == "session.modalities");
  CHECK(fault(R"({"client_secret":{"expires_after":{"seconds":"x"}}})").param ==
        "session.client_secret.expires_after.seconds");
  CHECK(fault(R"({"client_secret":7})").param == "session.client_secret");
}

TEST_CASE("beta: transcription_session.update is a session update of that type") {
  const auto event = accepted_beta(R"({"type":"transcription_session.update","session":{
    "input_audio_format":"pcm16","input_audio_transcription":{"model":"gpt-4o-transcribe",
    "prompt":"","language":"en"},"turn_detection":null,"include":["anything"]}})");
  const auto& patch = std::get<SessionUpdate>(event.body).session;
  CHECK(patch.type == SessionType::transcription);
  CHECK((*patch.transcription)->language == "en");
  CHECK((*patch.include)->at(0) == "anything");
}

}  // namespace parley::protocol
