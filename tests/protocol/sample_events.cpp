// SPDX-License-Identifier: MIT
#include "tests/protocol/sample_events.h"

#include <array>
#include <utility>

namespace parley::protocol {
namespace {

constexpr std::array<std::uint8_t, 960> kSilence{};
const PartRef kPlace = {"resp_1", "item_2", 0, 1};

class Samples {
 public:
  void add(ServerEventBody body) {
    events_.push_back({"event_" + std::to_string(events_.size()), std::move(body)});
  }
  std::vector<ServerEvent> take() { return std::move(events_); }

 private:
  std::vector<ServerEvent> events_;
};

Item message(Role role, std::vector<ContentPart> content,
             ItemStatus status = ItemStatus::completed) {
  Item item;
  item.id = "item_2";
  item.role = role;
  item.status = status;
  item.content = std::move(content);
  return item;
}

ContentPart text_part(PartType type, std::string text) {
  ContentPart part;
  part.type = type;
  part.text = std::move(text);
  return part;
}

ContentPart audio_part(PartType type, std::optional<std::string> transcript,
                       std::string audio_base64 = {}) {
  ContentPart part;
  part.type = type;
  part.transcript = std::move(transcript);
  part.audio_base64 = std::move(audio_base64);
  return part;
}

Item function_call(ItemStatus status, std::string arguments) {
  Item item;
  item.id = "item_3";
  item.type = ItemType::function_call;
  item.status = status;
  item.call_id = "call_4";
  item.name = "get_weather";
  item.arguments = std::move(arguments);
  return item;
}

Item function_call_output() {
  Item item;
  item.id = "item_5";
  item.type = ItemType::function_call_output;
  item.call_id = "call_4";
  item.output = R"({"temp_c":21})";
  return item;
}

// The items of MCP: a list of tools, a call before and after its end, well and badly, an approval.
std::vector<Item> mcp_items() {
  std::vector<Item> items(6);
  for (Item& item : items) {
    item.id = "mcp_1";
    item.type = ItemType::mcp_call;
    item.server_label = "docs";
    item.name = "search";
    item.arguments = R"({"q":"x"})";
  }
  items[1].output = "found";
  items[1].has_output = true;
  items[1].approval_request_id = "mcpr_1";
  items[2].error = McpError{"http_error", 502, "Bad gateway"};
  items[3].type = ItemType::mcp_list_tools;
  items[3].tools = {{"search", "Searches.", {R"({"type":"object"})"}, {R"({"readOnlyHint":true})"}},
                    {"other", "", {}, {}}};
  items[4].type = ItemType::mcp_approval_request;
  items[5].type = ItemType::mcp_approval_response;
  items[5].approval_request_id = "mcpr_1";
  items[5].approve = true;
  items[5].reason = "Go on.";
  return items;
}

std::vector<Item> sample_items() {
  return {
      message(Role::user, {text_part(PartType::input_text, "Hello \"there\"\n")}),
      message(Role::user, {audio_part(PartType::input_audio, std::nullopt)}),
      message(Role::user, {audio_part(PartType::input_audio, "Hello.")}),
      message(Role::system, {text_part(PartType::input_text, "Be brief.")}),
      message(Role::assistant, {}, ItemStatus::in_progress),
      message(Role::assistant, {text_part(PartType::text, "Grüße \xF0\x9F\x98\x80")}),
      message(Role::assistant, {audio_part(PartType::audio, "Hello.")}, ItemStatus::incomplete),
      message(Role::assistant, {audio_part(PartType::audio, std::nullopt)}),
      function_call(ItemStatus::in_progress, ""),
      function_call(ItemStatus::completed, R"({"city":"Rome"})"),
      function_call_output(),
  };
}

void add_sessions(Samples& samples) {
  const SessionInfo info = {"sess_1", {1'790'000'000}};
  std::vector<SessionConfig> configs = {SessionConfig{}, sample_realtime_config(),
                                        sample_transcription_config()};
  configs[0].model = "parley";
  SessionConfig off = configs[0];
  off.turn_detection.reset();
  off.output_modality = Modality::text;
  off.input_format = {base::AudioEncoding::g711_ulaw, 8000};
  off.output_format = {base::AudioEncoding::g711_alaw, 8000};
  off.tool_choice.mode = ToolChoiceMode::required;
  configs.push_back(off);
  SessionConfig idle = configs[0];
  idle.turn_detection->idle_timeout_ms = 6000;
  configs.push_back(idle);
  SessionConfig transcription = configs[2];
  transcription.turn_detection->type = TurnDetectionType::semantic_vad;
  transcription.transcription.reset();
  transcription.include.reset();
  transcription.noise_reduction.reset();
  configs.push_back(transcription);
  transcription.turn_detection.reset();
  configs.push_back(transcription);
  for (const SessionConfig& config : configs) {
    samples.add(SessionCreated{info, config});
    samples.add(SessionUpdated{info, config});
  }
}

void add_input_events(Samples& samples) {
  samples.add(ErrorEvent{});
  samples.add(ErrorEvent{"invalid_request_error", "invalid_value", "No \"such\" value.",
                         "session.type", "client_1"});
  samples.add(InputAudioBufferCommitted{std::nullopt, "item_2"});
  samples.add(InputAudioBufferCommitted{"item_1", "item_2"});
  samples.add(InputAudioBufferCleared{});
  samples.add(SpeechStarted{500, "item_2"});
  samples.add(SpeechStopped{4'000'000'000, "item_2"});
  samples.add(TimeoutTriggered{13216, 19232, "item_2"});
  samples.add(TranscriptionDelta{"item_2", 0, "Hel"});
  samples.add(TranscriptionCompleted{"item_2", 0, "Hello.", 1.28});
  samples.add(TranscriptionCompleted{"item_2", 0, "", 0});
  samples.add(TranscriptionFailed{"item_2", 0, "audio_unintelligible", "No words."});
  samples.add(TranscriptionFailed{"item_2", 0, "", "No words."});
  samples.add(RateLimitsUpdated{{{"requests", 1000, 999, 60}, {"tokens", 40000, 38490, 2.265}}});
  samples.add(RateLimitsUpdated{});
}

void add_item_events(Samples& samples) {
  for (const Item& item : sample_items()) {
    samples.add(ItemAdded{std::nullopt, item});
    samples.add(ItemDone{"item_1", item});
    samples.add(ItemRetrieved{item});
  }
  samples.add(
      ItemRetrieved{message(Role::user, {audio_part(PartType::input_audio, "Hi", "AAA=")})});
  samples.add(ItemRetrieved{message(Role::assistant, {audio_part(PartType::audio, "Hi", "AAA=")})});
  samples.add(ItemDeleted{"item_2"});
  samples.add(ItemTruncated{"item_2", 0, 1500});
}

void add_responses(Samples& samples) {
  Response response;
  response.id = "resp_1";
  response.conversation_id = "conv_1";
  response.voice = "alloy";
  samples.add(ResponseCreated{response});
  Response out_of_band = response;
  out_of_band.conversation_id.reset();
  out_of_band.output_modality = Modality::text;
  out_of_band.output_format = {base::AudioEncoding::g711_ulaw, 8000};
  out_of_band.max_output_tokens = 1024;
  out_of_band.metadata = Metadata{{"topic", "a \"b\""}, {"", ""}};
  samples.add(ResponseCreated{out_of_band});
  out_of_band.metadata = Metadata{};
  samples.add(ResponseCreated{out_of_band});

  response.usage = Usage{60, 15, 2, 32, 8, 6, 20};
  response.status = ResponseStatus::completed;
  response.output = {message(Role::assistant, {audio_part(PartType::audio, "Hello.")}),
                     message(Role::assistant, {text_part(PartType::text, "Hello.")}),
                     function_call(ItemStatus::completed, "{}")};
  samples.add(ResponseDone{response});
  using enum ResponseStatus;
  using enum StatusReason;
  for (const auto& [status, reason] :
       {std::pair{cancelled, turn_detected}, std::pair{cancelled, client_cancelled},
        std::pair{incomplete, max_output_tokens}, std::pair{incomplete, content_filter}}) {
    response.status = status;
    response.reason = reason;
    samples.add(ResponseDone{response});
  }
  response.status = failed;
  response.reason = none;
  response.usage = Usage{};
  response.output.clear();
  response.error_message = "The engine went away.";
  samples.add(ResponseDone{response});
  response.error_code = "server_error";
  samples.add(ResponseDone{response});
}

void add_response_stream(Samples& samples) {
  for (const Item& item : sample_items()) {
    samples.add(OutputItemAdded{"resp_1", 0, item});
    samples.add(OutputItemDone{"resp_1", 1, item});
  }
  for (const ContentPart& part :
       {text_part(PartType::text, ""), text_part(PartType::text, "Hello."),
        audio_part(PartType::audio, ""), audio_part(PartType::audio, "Hello."),
        audio_part(PartType::audio, std::nullopt)}) {
    samples.add(ContentPartAdded{kPlace, part});
    samples.add(ContentPartDone{kPlace, part});
  }
  samples.add(TextDelta{kPlace, "Hel"});
  samples.add(TextDone{kPlace, "Hello."});
  samples.add(AudioTranscriptDelta{kPlace, "Hel"});
  samples.add(AudioTranscriptDone{kPlace, "Hello."});
  samples.add(AudioDelta{kPlace, kSilence});
  samples.add(AudioDone{kPlace});
  samples.add(FunctionCallArgumentsDelta{kPlace, "call_4", "{\"ci"});
  samples.add(McpListToolsInProgress{"mcpl_1"});
  samples.add(McpListToolsCompleted{"mcpl_1"});
  samples.add(McpListToolsFailed{"mcpl_1"});
  samples.add(McpCallArgumentsDelta{kPlace, "{}", "x7"});
  samples.add(McpCallArgumentsDone{kPlace, "{}"});
  samples.add(McpCallInProgress{0, "mcp_1"});
  samples.add(McpCallCompleted{0, "mcp_1"});
  samples.add(McpCallFailed{0, "mcp_1"});
  for (const Item& item : mcp_items()) {
    samples.add(ItemAdded{std::nullopt, item});
    samples.add(ItemDone{"item_1", item});
    samples.add(OutputItemAdded{"resp_1", 0, item});
    samples.add(OutputItemDone{"resp_1", 0, item});
  }
  samples.add(FunctionCallArgumentsDone{kPlace, "call_4", "get_weather", R"({"city":"Rome"})"});
}

}  // namespace

SessionConfig sample_realtime_config() {
  SessionConfig config;
  config.model = "parley";
  config.instructions = "Be brief.\tAnd \\ kind.";
  McpServerTool docs;
  docs.server_label = "docs";
  docs.server_url = "https://mcp.example.com/mcp";
  docs.allowed_tools = {R"(["search"])"};
  docs.require_approval = {R"({"never":{"read_only":true}})"};
  config.tools = {
      FunctionTool{"get_weather", "Weather in a city.", {R"({"type":"object","properties":{}})"}},
      FunctionTool{"hang_up", "", {}}, docs};

  config.tool_choice = {ToolChoiceMode::function, "get_weather"};
  config.max_output_tokens = 4096;
  config.parallel_tool_calls = true;
  config.reasoning_effort = "low";
  config.transcription = Transcription{"whisper-1", "en", "Names: Ada."};
  config.noise_reduction = NoiseReduction::near_field;
  config.turn_detection->type = TurnDetectionType::semantic_vad;
  config.turn_detection->eagerness = Eagerness::high;
  config.voice = "marin";
  config.speed = 1.25;
  config.tracing = {R"({"workflow_name":"demo"})"};
  config.prompt = {R"({"id":"pmpt_1","version":"2"})"};
  config.truncation = {TruncationMode::retention_ratio, 0.8, 1000};
  config.include = {{"item.input_audio_transcription.logprobs"}};
  return config;
}

SessionConfig sample_transcription_config() {
  SessionConfig config;
  config.type = SessionType::transcription;
  config.transcription = Transcription{"whisper-1", std::nullopt, std::nullopt};
  config.noise_reduction = NoiseReduction::far_field;
  config.include = {{"item.input_audio_transcription.logprobs"}};
  return config;
}

std::vector<ServerEvent> sample_image_events() {
  ContentPart image;
  image.type = PartType::input_image;
  image.image_url = "data:image/png;base64,iVBORw0KGgo=";
  Samples samples;
  samples.add(ItemAdded{std::nullopt, message(Role::user, {image})});
  image.detail = "auto";
  samples.add(ItemAdded{std::nullopt, message(Role::user, {image})});
  samples.add(ItemDone{std::nullopt, message(Role::user, {image})});
  samples.add(ItemRetrieved{message(Role::user, {image})});
  return samples.take();
}

std::vector<ServerEvent> sample_events() {
  Samples samples;
  add_sessions(samples);
  add_input_events(samples);
  add_item_events(samples);
  add_responses(samples);
  add_response_stream(samples);
  return samples.take();
}

}  // namespace parley::protocol
