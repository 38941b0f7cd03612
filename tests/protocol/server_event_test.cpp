// SPDX-License-Identifier: MIT
// Server events to the letter: what stands here is what clients see.
#include <array>

#include "tests/protocol/support.h"

namespace parley::protocol {
namespace {

const PartRef kPlace = {"resp_1", "item_1", 0, 2};

template <class Body>
std::string ga(Body body) {
  return written_ga({"event_1", std::move(body)});
}

template <class Body>
std::string beta(Body body) {
  return written_beta({"event_1", std::move(body)});
}

Item assistant_item() {
  Item item;
  item.id = "item_1";
  item.role = Role::assistant;
  item.content.resize(2);
  item.content[0].type = PartType::text;
  item.content[0].text = "a \"b\"";
  item.content[1].type = PartType::audio;
  item.content[1].transcript = "c";
  return item;
}

}  // namespace

TEST_CASE("buffer events are the same in both dialects") {
  const auto both = [](auto body, std::string_view expected) {
    CHECK(ga(body) == expected);
    CHECK(beta(body) == expected);
  };
  both(InputAudioBufferCommitted{std::nullopt, "item_1"},
       R"({"type":"input_audio_buffer.committed","event_id":"event_1",)"
       R"("previous_item_id":null,"item_id":"item_1"})");
  both(InputAudioBufferCommitted{"item_0", "item_1"},
       R"({"type":"input_audio_buffer.committed","event_id":"event_1",)"
       R"("previous_item_id":"item_0","item_id":"item_1"})");
  both(InputAudioBufferCleared{}, R"({"type":"input_audio_buffer.cleared","event_id":"event_1"})");
  both(SpeechStarted{500, "item_1"},
       R"({"type":"input_audio_buffer.speech_started","event_id":"event_1",)"
       R"("audio_start_ms":500,"item_id":"item_1"})");
  both(SpeechStopped{2000, "item_1"},
       R"({"type":"input_audio_buffer.speech_stopped","event_id":"event_1",)"
       R"("audio_end_ms":2000,"item_id":"item_1"})");
  both(ItemDeleted{"item_1"},
       R"({"type":"conversation.item.deleted","event_id":"event_1","item_id":"item_1"})");
  both(ItemTruncated{"item_1", 0, 150},
       R"({"type":"conversation.item.truncated","event_id":"event_1","item_id":"item_1",)"
       R"("content_index":0,"audio_end_ms":150})");
  both(TranscriptionDelta{"item_1", 0, " from"},
       R"({"type":"conversation.item.input_audio_transcription.delta",)"
       R"("event_id":"event_1","item_id":"item_1","content_index":0,"delta":" from"})");
  both(TranscriptionCompleted{"item_1", 0, "Hello.", 1.28},
       R"({"type":"conversation.item.input_audio_transcription.completed",)"
       R"("event_id":"event_1","item_id":"item_1","content_index":0,)"
       R"("transcript":"Hello.","usage":{"type":"duration","seconds":1.28}})");
  both(TranscriptionFailed{"item_1", 0, "transcription_failed", "No."},
       R"({"type":"conversation.item.input_audio_transcription.failed",)"
       R"("event_id":"event_1","item_id":"item_1","content_index":0,)"
       R"("error":{"type":"transcription_error","code":"transcription_failed",)"
       R"("message":"No."}})");
  both(RateLimitsUpdated{{{"tokens", 40000, 38490, 2.265}}},
       R"({"type":"rate_limits.updated","event_id":"event_1",)"
       R"("rate_limits":[{"name":"tokens","limit":40000,"remaining":38490,)"
       R"("reset_seconds":2.265}]})");
}

TEST_CASE("Parley's own events are the same in both dialects") {
  TurnMetrics metrics;
  metrics.response_id = "resp_1";
  metrics.first_token_ms = 12.5;
  metrics.total_ms = 12.5;
  const std::string figures =
      R"({"type":"parley.turn.metrics","event_id":"event_1","response_id":"resp_1",)"
      R"("item_id":null,"speech_stopped_at_ms":null,"endpoint_wait_ms":null,)"
      R"("recognition_ms":null,"first_token_ms":12.5,"first_clause_ms":null,)"
      R"("first_audio_ms":null,"overhead_ms":null,"total_ms":12.5})";
  CHECK(ga(metrics) == figures);
  CHECK(beta(metrics) == figures);
  const std::string level =
      R"({"type":"parley.vad","event_id":"event_1","audio_end_ms":1400,"probability":0.25,)"
      R"("threshold":0.5,"speech":true})";
  CHECK(ga(DetectorLevel{1400, 0.25, 0.5, true}) == level);
  CHECK(beta(DetectorLevel{1400, 0.25, 0.5, true}) == level);
}

TEST_CASE("errors always have their five keys") {
  CHECK(ga(ErrorEvent{"invalid_request_error", "", "No.", std::nullopt, std::nullopt}) ==
        R"({"type":"error","event_id":"event_1","error":{"type":"invalid_request_error",)"
        R"("code":null,"message":"No.","param":null,"event_id":null}})");
  CHECK(beta(ErrorEvent{"invalid_request_error", "invalid_value", "No.", "session.type", "c1"}) ==
        R"({"type":"error","event_id":"event_1","error":{"type":"invalid_request_error",)"
        R"("code":"invalid_value","message":"No.","param":"session.type",)"
        R"("event_id":"c1"}})");
}

TEST_CASE("an item is added and done in GA, created in beta") {
  CHECK(ga(ItemAdded{"item_0", assistant_item()}) ==
        R"({"type":"conversation.item.added","event_id":"event_1",)"
        R"("previous_item_id":"item_0","item":{"id":"item_1","object":"realtime.item",)"
        R"("type":"message","status":"completed","role":"assistant",)"
        R"("content":[{"type":"output_text","text":"a \"b\""},{"type":"output_audio",)"
        R"("transcript":"c"}]}})");
  CHECK(ga(ItemDone{std::nullopt, assistant_item()})
            .starts_with(
                R"({"type":"conversation.item.done","event_id":"event_1","previous_item_id":null,)"
                R"("item":{)"));
  CHECK(beta(ItemAdded{std::nullopt, assistant_item()}) ==
        R"({"type":"conversation.item.created","event_id":"event_1",)"
        R"("previous_item_id":null,"item":{"id":"item_1","object":"realtime.item",)"
        R"("type":"message","status":"completed","role":"assistant",)"
        R"("content":[{"type":"text","text":"a \"b\""},{"type":"audio",)"
        R"("transcript":"c"}]}})");
}

TEST_CASE("what beta does not know is not written, and leaves the output alone") {
  const auto dialect = make_openai_beta();
  std::string out = "kept";
  CHECK_FALSE(dialect->write({"event_1", ItemDone{std::nullopt, assistant_item()}}, out));
  CHECK_FALSE(dialect->write({"event_1", TimeoutTriggered{1, 2, "item_1"}}, out));
  CHECK(out == "kept");
}

TEST_CASE("a user's audio shows its transcript once it is known, and its sound when retrieved") {
  Item item;
  item.id = "item_1";
  item.content.resize(1);
  item.content[0].type = PartType::input_audio;
  CHECK(ga(ItemAdded{std::nullopt, item}) ==
        R"({"type":"conversation.item.added","event_id":"event_1",)"
        R"("previous_item_id":null,"item":{"id":"item_1","object":"realtime.item",)"
        R"("type":"message","status":"completed","role":"user",)"
        R"("content":[{"type":"input_audio","transcript":null}]}})");
  item.content[0].transcript = "Hi";
  item.content[0].audio_base64 = "AAA=";
  CHECK(ga(ItemRetrieved{item}) ==
        R"({"type":"conversation.item.retrieved","event_id":"event_1",)"
        R"("item":{"id":"item_1","object":"realtime.item","type":"message",)"
        R"("status":"completed","role":"user","content":[{"type":"input_audio",)"
        R"("transcript":"Hi","audio":"AAA="}]}})");
}

TEST_CASE("function calls and outputs as items") {
  Item call;
  call.id = "item_1";
  call.type = ItemType::function_call;
  call.status = ItemStatus::in_progress;
  call.name = "f";
  call.call_id = "call_1";
  CHECK(ga(OutputItemAdded{"resp_1", 1, call}) ==
        R"({"type":"response.output_item.added","event_id":"event_1",)"
        R"("response_id":"resp_1","output_index":1,"item":{"id":"item_1",)"
        R"("object":"realtime.item","type":"function_call","status":"in_progress",)"
        R"("name":"f","call_id":"call_1","arguments":""}})");
  Item output;
  output.id = "item_2";
  output.type = ItemType::function_call_output;
  output.call_id = "call_1";
  output.output = "21";
  CHECK(beta(OutputItemDone{"resp_1", 0, output}) ==
        R"({"type":"response.output_item.done","event_id":"event_1",)"
        R"("response_id":"resp_1","output_index":0,"item":{"id":"item_2",)"
        R"("object":"realtime.item","type":"function_call_output","status":"completed",)"
        R"("call_id":"call_1","output":"21"}})");
}

TEST_CASE("content parts are text or audio in both dialects") {
  ContentPart audio;
  audio.type = PartType::audio;
  const std::string added =
      R"({"type":"response.content_part.added","event_id":"event_1",)"
      R"("response_id":"resp_1","item_id":"item_1","output_index":0,"content_index":2,)"
      R"("part":{"type":"audio","transcript":""}})";
  CHECK(ga(ContentPartAdded{kPlace, audio}) == added);
  CHECK(beta(ContentPartAdded{kPlace, audio}) == added);
  ContentPart text;
  text.type = PartType::text;
  text.text = "Hi";
  CHECK(ga(ContentPartDone{kPlace, text}) ==
        R"({"type":"response.content_part.done","event_id":"event_1",)"
        R"("response_id":"resp_1","item_id":"item_1","output_index":0,"content_index":2,)"
        R"("part":{"type":"text","text":"Hi"}})");
}

TEST_CASE("the streams of text and sound") {
  const std::string place = R"(,"event_id":"event_1","response_id":"resp_1","item_id":"item_1",)"
                            R"("output_index":0,"content_index":2)";
  const auto named = [&](std::string_view type, std::string_view rest) {
    return R"({"type":"response.)" + std::string(type) + "\"" + place + std::string(rest) + "}";
  };
  CHECK(ga(TextDelta{kPlace, "a\n"}) == named("output_text.delta", R"(,"delta":"a\n")"));
  CHECK(beta(TextDelta{kPlace, "a\n"}) == named("text.delta", R"(,"delta":"a\n")"));
  CHECK(ga(TextDone{kPlace, "a"}) == named("output_text.done", R"(,"text":"a")"));
  CHECK(beta(TextDone{kPlace, "a"}) == named("text.done", R"(,"text":"a")"));
  CHECK(ga(AudioTranscriptDelta{kPlace, "a"}) ==
        named("output_audio_transcript.delta", R"(,"delta":"a")"));
  CHECK(beta(AudioTranscriptDelta{kPlace, "a"}) ==
        named("audio_transcript.delta", R"(,"delta":"a")"));
  CHECK(ga(AudioTranscriptDone{kPlace, "a"}) ==
        named("output_audio_transcript.done", R"(,"transcript":"a")"));
  CHECK(beta(AudioTranscriptDone{kPlace, "a"}) ==
        named("audio_transcript.done", R"(,"transcript":"a")"));
  CHECK(ga(AudioDone{kPlace}) == named("output_audio.done", ""));
  CHECK(beta(AudioDone{kPlace}) == named("audio.done", ""));

  constexpr std::array<std::uint8_t, 4> kBytes = {0xFF, 0xFF, 0x00, 0x80};
  CHECK(ga(AudioDelta{kPlace, kBytes}) == named("output_audio.delta", R"(,"delta":"//8AgA==")"));
  CHECK(beta(AudioDelta{kPlace, kBytes}) == named("audio.delta", R"(,"delta":"//8AgA==")"));
  CHECK(ga(AudioDelta{kPlace, {}}) == named("output_audio.delta", R"(,"delta":"")"));
}

TEST_CASE("function call arguments name the function in GA only") {
  CHECK(ga(FunctionCallArgumentsDelta{kPlace, "call_1", "{\"a"}) ==
        R"({"type":"response.function_call_arguments.delta","event_id":"event_1",)"
        R"("response_id":"resp_1","item_id":"item_1","output_index":0,"call_id":"call_1",)"
        R"("delta":"{\"a"})");
  CHECK(ga(FunctionCallArgumentsDone{kPlace, "call_1", "f", "{}"}) ==
        R"({"type":"response.function_call_arguments.done","event_id":"event_1",)"
        R"("response_id":"resp_1","item_id":"item_1","output_index":0,"call_id":"call_1",)"
        R"("name":"f","arguments":"{}"})");
  CHECK(beta(FunctionCallArgumentsDone{kPlace, "call_1", "f", "{}"}) ==
        R"({"type":"response.function_call_arguments.done","event_id":"event_1",)"
        R"("response_id":"resp_1","item_id":"item_1","output_index":0,"call_id":"call_1",)"
        R"("arguments":"{}"})");
}

TEST_CASE("GA: idle timeouts are announced") {
  CHECK(ga(TimeoutTriggered{13216, 19232, "item_1"}) ==
        R"({"type":"input_audio_buffer.timeout_triggered","event_id":"event_1",)"
        R"("audio_start_ms":13216,"audio_end_ms":19232,"item_id":"item_1"})");
}

TEST_CASE("a response in progress") {
  Response response;
  response.id = "resp_1";
  response.conversation_id = "conv_1";
  response.voice = "alloy";
  CHECK(ga(ResponseCreated{response}) ==
        R"({"type":"response.created","event_id":"event_1",)"
        R"("response":{"object":"realtime.response","id":"resp_1","status":"in_progress",)"
        R"("status_details":null,"output":[],"conversation_id":"conv_1",)"
        R"("output_modalities":["audio"],"max_output_tokens":"inf",)"
        R"("audio":{"output":{"format":{"type":"audio/pcm","rate":24000},)"
        R"("voice":"alloy"}},"usage":null,"metadata":null}})");
  CHECK(beta(ResponseCreated{response}) ==
        R"({"type":"response.created","event_id":"event_1",)"
        R"("response":{"object":"realtime.response","id":"resp_1","status":"in_progress",)"
        R"("status_details":null,"output":[],"conversation_id":"conv_1",)"
        R"("modalities":["audio","text"],"voice":"alloy","output_audio_format":"pcm16",)"
        R"("temperature":0.8,"max_output_tokens":"inf","usage":null,"metadata":null}})");
}

TEST_CASE("a response that ended, with its usage and its reason") {
  Response response;
  response.id = "resp_1";
  response.output_modality = Modality::text;
  response.output_format = {base::AudioEncoding::g711_ulaw, 8000};
  response.voice = "ash";
  response.max_output_tokens = 10;
  response.usage = Usage{70, 40, 2, 60, 4, 6, 20};
  response.metadata = Metadata{{"topic", "t\""}, {"b", ""}};
  response.status = ResponseStatus::cancelled;
  response.reason = StatusReason::turn_detected;
  CHECK(ga(ResponseDone{response}) ==
        R"({"type":"response.done","event_id":"event_1",)"
        R"("response":{"object":"realtime.response","id":"resp_1","status":"cancelled",)"
        R"("status_details":{"type":"cancelled","reason":"turn_detected"},"output":[],)"
        R"("conversation_id":null,"output_modalities":["text"],"max_output_tokens":10,)"
        R"("audio":{"output":{"format":{"type":"audio/pcmu"},"voice":"ash"}},)"
        R"("usage":{"total_tokens":138,"input_tokens":112,"output_tokens":26,)"
        R"("input_token_details":{"text_tokens":70,"audio_tokens":40,"image_tokens":2,)"
        R"("cached_tokens":64,"cached_tokens_details":{"text_tokens":60,"audio_tokens":4,)"
        R"("image_tokens":0}},"output_token_details":{"text_tokens":6,)"
        R"("audio_tokens":20}},"metadata":{"topic":"t\"","b":""}}})");

  response.usage = Usage{};
  response.metadata.reset();
  response.status = ResponseStatus::failed;
  response.reason = StatusReason::none;
  response.error_message = "Gone.";
  CHECK(beta(ResponseDone{response}) ==
        R"({"type":"response.done","event_id":"event_1",)"
        R"("response":{"object":"realtime.response","id":"resp_1","status":"failed",)"
        R"("status_details":{"type":"failed","error":{"type":"server_error","code":null,)"
        R"("message":"Gone."}},"output":[],"conversation_id":null,"modalities":["text"],)"
        R"("voice":"ash","output_audio_format":"g711_ulaw","temperature":0.8,)"
        R"("max_output_tokens":10,"usage":{"total_tokens":0,"input_tokens":0,)"
        R"("output_tokens":0,"input_token_details":{"text_tokens":0,"audio_tokens":0,)"
        R"("cached_tokens":0,"cached_tokens_details":{"text_tokens":0,"audio_tokens":0}},)"
        R"("output_token_details":{"text_tokens":0,"audio_tokens":0}},"metadata":null}})");
}

TEST_CASE("Azure's first preview is sent no event that it did not have") {
  const auto dialect = make_azure_first_preview();
  std::string out;
  CHECK_FALSE(dialect->write({"event_1", TranscriptionDelta{"item_1", 0, "hello"}}, out));
  CHECK(out.empty());
  CHECK(dialect->write({"event_2", TranscriptionCompleted{"item_1", 0, "hello", 1.0}}, out));
  std::string event_id;
  const auto refused = dialect->parse(
      R"({"event_id":"mine","type":"conversation.item.retrieve","item_id":"item_1"})", event_id);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().param == "type");
  CHECK(event_id == "mine");
  CHECK(dialect->parse(R"({"type":"response.cancel"})", event_id));
}

}  // namespace parley::protocol
