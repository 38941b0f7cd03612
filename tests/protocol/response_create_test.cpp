// SPDX-License-Identifier: MIT
#include "tests/protocol/support.h"

namespace parley::protocol {
namespace {

template <class F>
ResponseCreate create(F accepted_by, std::string_view response) {
  const auto event =
      accepted_by(R"({"type":"response.create","response":)" + std::string(response) + "}");
  return std::get<ResponseCreate>(event.body);
}

}  // namespace

TEST_CASE("a bare response.create asks for nothing special") {
  for (const char* frame :
       {R"({"type":"response.create"})", R"({"type":"response.create","response":{}})"}) {
    const auto event = accepted_ga(frame);
    const auto& response = std::get<ResponseCreate>(event.body);
    CHECK_FALSE(response.out_of_band);
    CHECK_FALSE(response.instructions.has_value());
    CHECK_FALSE(response.input.has_value());
    CHECK_FALSE(response.max_output_tokens.has_value());
    CHECK_FALSE(response.metadata.has_value());
  }
}

TEST_CASE("GA: every field of a response is read") {
  const ResponseCreate response = create(accepted_ga, R"({
    "conversation":"none","output_modalities":["audio"],"instructions":"Be brief.",
    "audio":{"output":{"format":{"type":"audio/pcmu"},"voice":"ash"}},
    "tools":[{"type":"function","name":"f"}],"tool_choice":"none","parallel_tool_calls":true,
    "reasoning":{"effort":"minimal"},"max_output_tokens":10,"prompt":null,
    "metadata":{"topic":"t","empty":""},
    "input":[{"type":"item_reference","id":"item_1"},
             {"type":"message","role":"user","content":[{"type":"input_text","text":"Hi"}]},
             {"type":"function_call_output","call_id":"c","output":"o"}]})");
  CHECK(response.out_of_band);
  CHECK(response.output_modality == Modality::audio);
  CHECK(response.instructions == "Be brief.");
  CHECK(response.output_format == base::AudioFormat{base::AudioEncoding::g711_ulaw, 8000});
  CHECK(response.voice == "ash");
  CHECK(std::get<FunctionTool>(response.tools->at(0)).name == "f");
  CHECK(response.tool_choice->mode == ToolChoiceMode::none);
  CHECK(response.parallel_tool_calls == true);
  CHECK(response.reasoning_effort == "minimal");
  CHECK(response.max_output_tokens == std::optional<int>(10));
  CHECK(response.metadata == Metadata{{"topic", "t"}, {"empty", ""}});
  REQUIRE(response.input.has_value());
  REQUIRE(response.input->size() == 3);
  CHECK(response.input->at(0).reference_id == "item_1");
  CHECK(response.input->at(1).reference_id.empty());
  CHECK(response.input->at(1).item.content.at(0).text == "Hi");
  CHECK(response.input->at(2).item.type == ItemType::function_call_output);
}

TEST_CASE("an empty input is an empty context, not an absent one") {
  const ResponseCreate response = create(accepted_ga, R"({"input":[],"metadata":null})");
  REQUIRE(response.input.has_value());
  CHECK(response.input->empty());
  CHECK_FALSE(response.metadata.has_value());
}

TEST_CASE("beta: every field of a response is read") {
  const ResponseCreate response = create(accepted_beta, R"({
    "modalities":["text"],"instructions":"Hi.","voice":"sage","output_audio_format":"pcm16",
    "tools":[],"tool_choice":{"type":"function","name":"f"},"temperature":1.2,
    "max_output_tokens":1024,"conversation":"auto","metadata":{"a":"b"},
    "input":[{"type":"item_reference","id":"item_1"}]})");
  CHECK_FALSE(response.out_of_band);
  CHECK(response.output_modality == Modality::text);
  CHECK(response.voice == "sage");
  CHECK(response.output_format == base::AudioFormat{});
  CHECK(response.temperature == 1.2);
  CHECK(response.max_output_tokens == std::optional<int>(1024));
  CHECK(response.input->at(0).reference_id == "item_1");
  CHECK(create(accepted_beta, R"({"max_response_output_tokens":"inf"})").max_output_tokens ==
        std::optional<std::optional<int>>(std::optional<int>()));
}

TEST_CASE("the small events") {
  CHECK(std::holds_alternative<InputAudioBufferCommit>(
      accepted_ga(R"({"type":"input_audio_buffer.commit"})").body));
  CHECK(std::holds_alternative<InputAudioBufferClear>(
      accepted_ga(R"({"type":"input_audio_buffer.clear"})").body));
  CHECK(std::holds_alternative<OutputAudioBufferClear>(
      accepted_beta(R"({"type":"output_audio_buffer.clear"})").body));
  const auto cancel = accepted_ga(R"({"type":"response.cancel","event_id":"e1"})");
  CHECK(cancel.event_id == "e1");
  CHECK_FALSE(std::get<ResponseCancel>(cancel.body).response_id.has_value());
  CHECK(std::get<ResponseCancel>(
            accepted_ga(R"({"type":"response.cancel","response_id":"resp_1"})").body)
            .response_id == "resp_1");
  CHECK(std::get<ConversationItemRetrieve>(
            accepted_ga(R"({"type":"conversation.item.retrieve","item_id":"i"})").body)
            .item_id == "i");
  CHECK(std::get<ConversationItemDelete>(
            accepted_ga(R"({"type":"conversation.item.delete","item_id":"i"})").body)
            .item_id == "i");
  const auto truncate = std::get<ConversationItemTruncate>(
      accepted_ga(R"({"type":"conversation.item.truncate","item_id":"i","content_index":0,
        "audio_end_ms":12.0})")
          .body);
  CHECK(truncate.item_id == "i");
  CHECK(truncate.audio_end_ms == 12);
}

}  // namespace parley::protocol
