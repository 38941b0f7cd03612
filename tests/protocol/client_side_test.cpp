// SPDX-License-Identifier: MIT
#include "protocol/json/client_side.h"

#include <array>

#include "tests/protocol/support.h"

namespace parley::protocol {
namespace {

ServerMessage heard(ServerEventBody body) {
  auto message = read_server_message(written_ga({"event_1", std::move(body)}));
  REQUIRE(message.has_value());
  CHECK(message->event_id == "event_1");
  return std::move(*message);
}

const PartRef kPlace = {"resp_1", "item_1", 0, 0};

}  // namespace

TEST_CASE("a session update arrives as it was meant") {
  SessionPatch patch;
  patch.instructions = "Be \"brief\".";
  patch.output_modality = Modality::text;
  patch.tools = std::vector<Tool>{FunctionTool{"f", "d", {R"({"type":"object"})"}}};
  patch.tool_choice = ToolChoice{ToolChoiceMode::function, "f"};
  patch.max_output_tokens = std::optional<int>(7);
  patch.parallel_tool_calls = false;
  patch.reasoning_effort = std::optional<std::string>("low");
  patch.input_format = base::AudioFormat{base::AudioEncoding::pcm16, 16000};
  patch.output_format = base::AudioFormat{base::AudioEncoding::g711_ulaw, 8000};
  patch.transcription = std::optional<Transcription>(Transcription{"m", "en", std::nullopt});
  patch.noise_reduction = std::optional<NoiseReduction>(NoiseReduction::far_field);
  patch.turn_detection = std::optional<TurnDetection>();
  patch.voice = "ash";
  patch.speed = 1.25;
  patch.tracing = base::RawJson{};
  patch.include = std::optional<std::vector<std::string>>();

  const auto event = accepted_ga(write_session_update(patch));
  const SessionPatch& got = std::get<SessionUpdate>(event.body).session;
  CHECK(got.instructions == patch.instructions);
  CHECK(got.output_modality == patch.output_modality);
  CHECK(got.tools == patch.tools);
  CHECK(got.tool_choice == patch.tool_choice);
  CHECK(got.max_output_tokens == patch.max_output_tokens);
  CHECK(got.parallel_tool_calls == patch.parallel_tool_calls);
  CHECK(got.reasoning_effort == patch.reasoning_effort);
  CHECK(got.input_format == patch.input_format);
  CHECK(got.output_format == patch.output_format);
  CHECK(got.transcription == patch.transcription);
  CHECK(got.noise_reduction == patch.noise_reduction);
  CHECK(got.turn_detection == patch.turn_detection);
  CHECK(got.voice == patch.voice);
  CHECK(got.speed == patch.speed);
  CHECK(got.tracing == patch.tracing);
  CHECK(got.include == patch.include);
  CHECK_FALSE(got.model.has_value());
  CHECK_FALSE(got.prompt.has_value());
}

TEST_CASE("the other frames of a client are understood") {
  std::string append;
  write_audio_append(std::array<std::uint8_t, 2>{0xFF, 0x7F}, append);
  CHECK(append == R"({"type":"input_audio_buffer.append","audio":"/38="})");
  accepted_ga(append);
  CHECK(std::holds_alternative<InputAudioBufferCommit>(accepted_ga(write_audio_commit()).body));
  CHECK(std::holds_alternative<InputAudioBufferClear>(accepted_ga(write_audio_clear()).body));
  CHECK(std::holds_alternative<ResponseCreate>(accepted_ga(write_response_create()).body));
  CHECK(std::holds_alternative<ResponseCancel>(accepted_ga(write_response_cancel()).body));
  const auto text = accepted_ga(write_user_text("Hi \"you\""));
  CHECK(std::get<ConversationItemCreate>(text.body).item.content.at(0).text == "Hi \"you\"");
  const auto truncate = accepted_ga(write_item_truncate("item_1", 0, 150));
  CHECK(std::get<ConversationItemTruncate>(truncate.body).audio_end_ms == 150);
}

TEST_CASE("a client hears what the server says") {
  SessionConfig config;
  config.model = "parley";
  const ServerMessage created = heard(SessionCreated{{"sess_1", {}}, config});
  CHECK(created.type == "session.created");
  CHECK(created.session_id == "sess_1");
  CHECK(created.model == "parley");

  CHECK(heard(SpeechStarted{500, "item_1"}).audio_start_ms == 500);
  CHECK(heard(SpeechStopped{900, "item_1"}).audio_end_ms == 900);
  CHECK(heard(TranscriptionCompleted{"item_1", 0, "Hello.", 1}).text == "Hello.");
  CHECK(heard(AudioTranscriptDelta{kPlace, "Hel"}).text == "Hel");
  CHECK(heard(TextDone{kPlace, "Hello."}).text == "Hello.");

  constexpr std::array<std::uint8_t, 4> kBytes = {1, 2, 3, 4};
  const ServerMessage audio = heard(AudioDelta{kPlace, kBytes});
  CHECK(audio.audio == std::vector<std::uint8_t>{1, 2, 3, 4});
  CHECK(audio.text.empty());
  CHECK(audio.item_id == "item_1");
  CHECK(audio.response_id == "resp_1");

  const ServerMessage call = heard(FunctionCallArgumentsDone{kPlace, "call_1", "f", "{}"});
  CHECK(call.function_name == "f");
  CHECK(call.call_id == "call_1");
  CHECK(call.arguments == "{}");
}

TEST_CASE("a client hears how a response ended, and why") {
  Response response;
  response.id = "resp_1";
  response.status = ResponseStatus::cancelled;
  response.reason = StatusReason::client_cancelled;
  const ServerMessage cancelled = heard(ResponseDone{response});
  CHECK(cancelled.response_id == "resp_1");
  CHECK(cancelled.status == "cancelled");
  CHECK(cancelled.status_reason == "client_cancelled");

  response.status = ResponseStatus::failed;
  response.reason = StatusReason::none;
  response.error_message = "Gone.";
  CHECK(heard(ResponseDone{response}).error.message == "Gone.");

  const ServerMessage error =
      heard(ErrorEvent{"invalid_request_error", "invalid_value", "No.", "type", std::nullopt});
  CHECK(error.error.code == "invalid_value");
  CHECK(error.error.message == "No.");
  CHECK(error.error.param == "type");
}

TEST_CASE("a client tells what is no server event, and takes types it does not know") {
  CHECK(read_server_message("{").error().code == "invalid_json");
  CHECK(read_server_message("[]").error().code == "invalid_event");
  CHECK(read_server_message("{}").error().code == "invalid_event");
  CHECK(read_server_message(R"({"type":"response.output_audio.delta","delta":"?"})").error().code ==
        "invalid_base64");
  CHECK(read_server_message(R"({"type":"new.event","session":7,"item":[],"error":null})")
            .has_value());
}

}  // namespace parley::protocol
