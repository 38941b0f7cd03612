// SPDX-License-Identifier: MIT
// The dialects of open-realtime and of Realtime Speech Bridge, row by row of what their clients
// need. The rows that need a whole server are in tests/e2e/compat.
#include <cstdlib>

#include "protocol/json/value.h"
#include "tests/protocol/support.h"

namespace parley::protocol {

using base::AudioEncoding;
using base::AudioFormat;

namespace {

TurnDetection bridge_defaults() {
  TurnDetection detection;
  detection.aggressiveness = 2;
  detection.start_ms = 120;
  detection.silence_duration_ms = 450;
  detection.prefix_padding_ms = 180;
  detection.max_ms = 5000;
  detection.interrupt_response = false;
  return detection;
}

SessionPatch session_of(Dialect& dialect, const std::string& session) {
  const auto event = accepted(dialect, R"({"type":"session.update","session":)" + session + "}");
  return std::get<SessionUpdate>(event.body).session;
}

std::string written(Dialect& dialect, ServerEventBody body) {
  std::string out;
  dialect.write({"event_1", std::move(body)}, out);
  return out;
}

std::string more(Dialect& dialect) {
  std::string out;
  dialect.write_more(out);
  return out;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

Response response(std::string id, ResponseStatus status = ResponseStatus::in_progress) {
  Response out;
  out.id = std::move(id);
  out.status = status;
  return out;
}

const PartRef kPart{"resp_1.000002", "item_1", 0, 0};

}  // namespace

// ---- open-realtime -----------------------------------------------------------------------------

TEST_CASE("row 3: response.audio.cancel lies above every earlier response and below later ones") {
  const auto dialect = make_open_realtime();
  written(*dialect, ResponseCreated{response("resp_1750000000.000010")});
  CHECK(more(*dialect).empty());
  written(*dialect, SpeechStarted{100, "item_9"});
  const std::string cancel = more(*dialect);
  CHECK(has(cancel, R"("type":"response.audio.cancel")"));
  CHECK(has(cancel, R"("response_id":"resp_1750000000.000011")"));
  for (const char* field : {"item_id", "output_index", "content_index", "reason"}) {
    CHECK(has(cancel, std::string("\"") + field + "\":"));
  }
  CHECK(more(*dialect).empty());  // once
  written(*dialect, ResponseDone{response("resp_1750000000.000010", ResponseStatus::cancelled)});
  CHECK(has(more(*dialect), "session_explicit_cancel_event"));
  written(*dialect, ResponseDone{response("resp_1750000000.000010", ResponseStatus::completed)});
  CHECK(more(*dialect).empty());
}

TEST_CASE("row 3: a cancel that comes after the answer's end still stops its playback") {
  const auto dialect = make_open_realtime();
  written(*dialect, ResponseCreated{response("resp_1750000000.000010")});
  written(*dialect, ResponseDone{response("resp_1750000000.000010", ResponseStatus::completed)});
  ErrorEvent error;
  error.code = "response_cancel_not_active";
  const std::string cancel = written(*dialect, error);
  CHECK(has(cancel, R"("type":"response.audio.cancel")"));
  CHECK(has(cancel, R"("response_id":"resp_1750000000.000011")"));
  CHECK(more(*dialect).empty());
}

TEST_CASE("row 4: words of a spoken answer are text, its sound is audio") {
  const auto dialect = make_open_realtime();
  CHECK(
      has(written(*dialect, AudioTranscriptDelta{kPart, "Hi"}), R"("type":"response.text.delta")"));
  const std::string done = written(*dialect, AudioTranscriptDone{kPart, "Hi."});
  CHECK(has(done, R"("type":"response.text.done")"));
  CHECK(has(done, R"("text":"Hi.")"));
  CHECK(has(written(*dialect, AudioDone{kPart}), R"("type":"response.audio.done")"));
  CHECK_FALSE(session_of(*dialect, R"({"modalities":["text"]})").output_modality.has_value());
}

TEST_CASE("row 5: pcm16 is 16 kHz both ways, G.711 stays what it is") {
  const auto dialect = make_open_realtime();
  const auto patch = session_of(*dialect, R"({"input_audio_format":"pcm16",
    "output_audio_format":"pcm16"})");
  CHECK(patch.input_format == AudioFormat{AudioEncoding::pcm16, 16000});
  CHECK(patch.output_format == AudioFormat{AudioEncoding::pcm16, 16000});
  CHECK(session_of(*dialect, R"({"input_audio_format":"g711_ulaw"})").input_format ==
        AudioFormat{AudioEncoding::g711_ulaw, 8000});
}

TEST_CASE("row 6: detection is switched off by false, and unknown keys are shown again") {
  const auto dialect = make_open_realtime();
  const auto patch = session_of(*dialect, R"({"turn_detection":false,"model":"qwen",
    "tts_model":"gpt-4o-mini-tts","tools":[],"surprise":1})");
  REQUIRE(patch.turn_detection.has_value());
  CHECK_FALSE(patch.turn_detection->has_value());
  SessionConfig config;
  apply(patch, config);
  const std::string shown = written(*dialect, SessionUpdated{{"sess_1", {0}, {}}, config});
  CHECK(json::parse(shown).has_value());
  CHECK(has(shown, R"("turn_detection":false)"));
  CHECK(has(shown, R"("tts_model":"gpt-4o-mini-tts")"));
  CHECK(has(shown, R"("model":"qwen")"));
}

TEST_CASE("row 6: all that the playground can be set to is taken") {
  const auto dialect = make_open_realtime();
  const auto patch = session_of(*dialect, R"({"modalities":["text"],"instructions":"Hi",
    "voice":"alloy","input_audio_format":"pcm16","output_audio_format":"pcm16",
    "input_audio_transcription":{"model":"whisper-large"},"turn_detection":{"type":"server_vad",
    "threshold":0.68,"prefix_padding_ms":200,"silence_duration_ms":820},"tools":[],
    "temperature":0.2,"max_response_output_tokens":8000})");
  CHECK(patch.temperature == 0.2);
  SessionConfig config;
  apply(patch, config);
  CHECK(config.max_output_tokens == 4096);
  CHECK(session_of(*dialect, R"({"temperature":0})").temperature == 0);
  const auto create = accepted(*dialect, R"({"type":"response.create","response":{
    "temperature":0.1,"input":[{"type":"message","role":"user",
    "content":[{"type":"text","text":"Hello"}]}]}})");
  CHECK(std::get<ResponseCreate>(create.body).temperature == 0.1);
}

TEST_CASE("row 3: a cancelled response does not stop a later one") {
  const auto dialect = make_open_realtime();
  written(*dialect, ResponseCreated{response("resp_1750000000.000010")});
  written(*dialect, ResponseCreated{response("resp_1750000000.000020")});
  written(*dialect, ResponseDone{response("resp_1750000000.000010", ResponseStatus::cancelled)});
  CHECK(has(more(*dialect), R"("response_id":"resp_1750000000.000011")"));
  written(*dialect, SpeechStarted{100, "item_9"});
  CHECK(has(more(*dialect), R"("response_id":"resp_1750000000.000021")"));
}

TEST_CASE("row 3: playback goes on where speech does not interrupt") {
  const auto dialect = make_open_realtime();
  SessionConfig config;
  config.turn_detection->interrupt_response = false;
  config.model = "a,b";
  accepted(*dialect, R"({"type":"session.update","session":{"model":"x\"y","tts_model":7}})");
  const std::string shown = written(*dialect, SessionUpdated{{"sess_1", {0}, {}}, config});
  CHECK(json::parse(shown).has_value());
  CHECK(has(shown, R"("model":"x\"y")"));
  written(*dialect, SpeechStarted{100, "item_9"});
  CHECK(more(*dialect).empty());
}

TEST_CASE("row 7: a user's text part and a UUID are taken") {
  const auto dialect = make_open_realtime();
  const auto event = accepted(*dialect, R"({"type":"conversation.item.create","item":{
    "id":"0b1e8f0a-7d7a-4b6e-9a55-2f3c5a1d9e77","type":"message","role":"user",
    "content":[{"type":"text","text":"Hello"}]}})");
  const auto& item = std::get<ConversationItemCreate>(event.body).item;
  CHECK(item.id.size() == 36);
  CHECK(item.content.at(0).text == "Hello");
}

TEST_CASE("row 9: nothing that its client does not know is sent") {
  const auto dialect = make_open_realtime();
  CHECK(written(*dialect, ContentPartAdded{kPart, {}}).empty());
  CHECK(written(*dialect, RateLimitsUpdated{}).empty());
  CHECK(written(*dialect, TranscriptionDelta{"item_1", 0, "x"}).empty());
  CHECK(has(written(*dialect, ErrorEvent{}), R"("type":"error")"));
}

// ---- the bridge --------------------------------------------------------------------------------

TEST_CASE("row 28: the bridge's detection is taken, clamped and shown with all its fields") {
  const auto dialect = make_speech_bridge({bridge_defaults(), {}});
  for (const char* off : {R"({"type":"none"})", "null", "false", "{}"}) {
    const auto patch = session_of(*dialect, std::string(R"({"turn_detection":)") + off + "}");
    REQUIRE(patch.turn_detection.has_value());
    CHECK_FALSE(patch.turn_detection->has_value());
  }
  const auto patch = session_of(*dialect, R"({"turn_detection":{"type":"server_vad",
    "aggressiveness":9,"start_ms":5,"end_ms":700,"pad_ms":100,"max_ms":10,"threshold":0.3,
    "interrupt_response":true}})");
  const TurnDetection& detection = **patch.turn_detection;
  CHECK(detection.aggressiveness == 3);
  CHECK(detection.start_ms == 20);
  CHECK(detection.silence_duration_ms == 700);
  CHECK(detection.prefix_padding_ms == 100);
  CHECK(detection.max_ms == 800);  // room for its end and its padding
  CHECK(detection.threshold == 0.3);
  CHECK(detection.create_response);
  CHECK(detection.interrupt_response);
  SessionConfig config;
  apply(patch, config);
  const std::string shown = written(*dialect, SessionUpdated{{"sess_1", {0}, {}}, config});
  CHECK(json::parse(shown).has_value());
  for (const char* part : {R"("aggressiveness":3)", R"("start_ms":20)", R"("end_ms":700)",
                           R"("silence_duration_ms":700)", R"("pad_ms":100)", R"("max_ms":800)",
                           R"("create_response":true)"}) {
    CHECK(has(shown, part));
  }
  CHECK((*session_of(*dialect, R"({"turn_detection":{"type":"server_vad","threshold":1}})")
              .turn_detection)
            ->threshold == 1);
  CHECK(session_of(*dialect, R"({"temperature":0.3,"max_response_output_tokens":9000})")
            .temperature == 0.3);
  const auto other = make_speech_bridge({bridge_defaults(), {}});
  const auto older = session_of(*other, R"({"turn_detection":{"type":"server_vad",
    "silence_duration_ms":300,"prefix_padding_ms":50}})");
  CHECK((*older.turn_detection)->silence_duration_ms == 300);
  CHECK((*older.turn_detection)->prefix_padding_ms == 50);
  CHECK((*older.turn_detection)->start_ms == 120);
}

TEST_CASE("row 28: what an update of the detection leaves out stays as it was") {
  const auto dialect = make_speech_bridge({bridge_defaults(), {}});
  session_of(*dialect, R"({"turn_detection":{"type":"server_vad","end_ms":700}})");
  session_of(*dialect, R"({"turn_detection":{"type":"none"}})");
  const auto patch = session_of(*dialect, R"({"turn_detection":{"type":"server_vad",
    "pad_ms":"60","create_response":"No","interrupt_response":1}})");
  CHECK((*patch.turn_detection)->silence_duration_ms == 700);
  CHECK((*patch.turn_detection)->prefix_padding_ms == 60);
  CHECK_FALSE((*patch.turn_detection)->create_response);
  CHECK((*patch.turn_detection)->interrupt_response);
  const auto odd = session_of(*dialect, R"({"turn_detection":{"type":"server_vad",
    "pad_ms":"soft","interrupt_response":"perhaps"}})");
  CHECK((*odd.turn_detection)->prefix_padding_ms == 60);
  CHECK((*odd.turn_detection)->interrupt_response);
}

TEST_CASE("row 28: an update is never refused for a field that was not read there") {
  const auto dialect = make_speech_bridge({bridge_defaults(), {}});
  const auto patch = session_of(*dialect, R"({"voice":"echo","input_audio_format":"opus",
    "instructions":7,"tools":"x","speed":9,"max_response_output_tokens":"x","modalities":3})");
  CHECK(patch.voice == "echo");
  CHECK_FALSE(patch.input_format);
  CHECK_FALSE(patch.instructions);
  CHECK_FALSE(patch.tools);
}

TEST_CASE("row 35: a client's instructions are added to the server's prompt") {
  const auto dialect = make_speech_bridge({bridge_defaults(), "Be kind."});
  const auto patch = session_of(*dialect, R"({"instructions":"Rhyme."})");
  CHECK(patch.instructions == "Be kind.\n\nRhyme.");
  SessionConfig config;
  apply(patch, config);
  CHECK(has(written(*dialect, SessionUpdated{{"sess_1", {0}, {}}, config}),
            R"("instructions":"Rhyme.")"));
  config.instructions = "Be kind.";
  CHECK(
      has(written(*dialect, SessionCreated{{"sess_1", {0}, {}}, config}), R"("instructions":"")"));
  CHECK(session_of(*dialect, R"({"instructions":""})").instructions == "Be kind.");
}

TEST_CASE("row 31: the item of an answer is told once, a client's own as created") {
  const auto dialect = make_speech_bridge({bridge_defaults(), {}});
  Item item;
  item.id = "item_7";
  item.role = Role::assistant;
  CHECK(has(written(*dialect, OutputItemAdded{"resp_1", 0, item}), "response.output_item.added"));
  CHECK(written(*dialect, ItemAdded{std::nullopt, item}).empty());
  item.id = "item_8";
  CHECK(has(written(*dialect, ItemAdded{std::nullopt, item}), "conversation.item.created"));
}

TEST_CASE("row 29: rate and voice are shown") {
  const auto dialect = make_speech_bridge({bridge_defaults(), {}});
  SessionConfig config;
  config.voice = "shimmer";
  config.turn_detection.reset();
  const std::string shown = written(*dialect, SessionCreated{{"sess_1", {0}, {}}, config});
  for (const char* part : {R"("voice":"shimmer")", R"("sr":24000)", R"("type":"none")",
                           R"("input_audio_format":"pcm16")", R"("gpt-4o-transcribe")"}) {
    CHECK(has(shown, part));
  }
}

TEST_CASE("row 31: text by GA's names, audio by the beta's, and response.cancelled") {
  const auto dialect = make_speech_bridge({bridge_defaults(), {}});
  CHECK(has(written(*dialect, AudioTranscriptDelta{kPart, "Hi"}),
            R"("type":"response.output_text.delta")"));
  CHECK(has(written(*dialect, AudioTranscriptDone{kPart, "Hi."}),
            R"("type":"response.output_text.done")"));
  const std::string audio = written(*dialect, AudioDone{kPart});
  CHECK(has(audio, R"("type":"response.audio.done")"));
  CHECK_FALSE(has(audio, "output_audio"));
  CHECK(has(written(*dialect, ResponseDone{response("resp_7", ResponseStatus::cancelled)}),
            R"("type":"response.cancelled","response":{"id":"resp_7"})"));
  CHECK(has(more(*dialect), R"("type":"response.done")"));
  CHECK(more(*dialect).empty());
  CHECK(written(*dialect, RateLimitsUpdated{}).empty());
}

TEST_CASE("row 32: errors are error events with a code in words") {
  const auto dialect = make_speech_bridge({bridge_defaults(), {}});
  const std::string error = written(*dialect, ErrorEvent{"invalid_request_error", "invalid_json",
                                                         "No.", std::nullopt, std::nullopt});
  CHECK(has(error, R"("type":"error")"));
  CHECK(has(error, R"("code":"invalid_json")"));
  CHECK(refused(*dialect, "{nonsense").code == "invalid_json");
  CHECK(refused(*dialect, "[]").code == "invalid_event");
  CHECK(refused(*dialect, R"({"type":"no.such"})").param == "type");
}

TEST_CASE("row 33: deleted says so twice, and a cancel finds its id in a response") {
  const auto dialect = make_speech_bridge({bridge_defaults(), {}});
  const std::string deleted = written(*dialect, ItemDeleted{"item_1"});
  CHECK(has(deleted, R"("item_id":"item_1")"));
  CHECK(has(deleted, R"("deleted":true)"));
  CHECK(json::parse(deleted).has_value());
  const auto cancel =
      accepted(*dialect, R"({"type":"response.cancel","response":{"id":"resp_3"}})");
  CHECK(std::get<ResponseCancel>(cancel.body).response_id == "resp_3");
}

}  // namespace parley::protocol
