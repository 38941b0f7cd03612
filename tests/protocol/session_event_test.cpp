// SPDX-License-Identifier: MIT
// The session object as clients see it, in its four shapes.
#include "tests/protocol/support.h"

namespace parley::protocol {
namespace {

const SessionInfo kInfo = {"sess_1", {1'790'000'000}};

SessionConfig fresh(SessionType type) {
  SessionConfig config;
  config.type = type;
  config.model = "parley";
  config.instructions = "Be kind.";
  return config;
}

}  // namespace

TEST_CASE("GA: a fresh session shows every field with its default") {
  CHECK(written_ga({"event_1", SessionCreated{kInfo, fresh(SessionType::realtime)}}) ==
        R"({"type":"session.created","event_id":"event_1","session":{"type":"realtime",)"
        R"("object":"realtime.session","id":"sess_1","model":"parley",)"
        R"("output_modalities":["audio"],"instructions":"Be kind.","tools":[],)"
        R"("tool_choice":"auto","max_output_tokens":"inf","tracing":null,)"
        R"("truncation":"auto","prompt":null,"expires_at":1790000000,)"
        R"("audio":{"input":{"format":{"type":"audio/pcm","rate":24000},)"
        R"("transcription":null,"noise_reduction":null,)"
        R"("turn_detection":{"type":"server_vad","threshold":0.5,"prefix_padding_ms":300,)"
        R"("silence_duration_ms":200,"idle_timeout_ms":null,"create_response":true,)"
        R"("interrupt_response":true}},"output":{"format":{"type":"audio/pcm",)"
        R"("rate":24000},"voice":"alloy","speed":1}},"include":null}})");
}

TEST_CASE("GA: a transcription session shows its input and nothing of answers") {
  CHECK(written_ga({"event_1", SessionUpdated{kInfo, fresh(SessionType::transcription)}}) ==
        R"({"type":"session.updated","event_id":"event_1",)"
        R"("session":{"type":"transcription","object":"realtime.transcription_session",)"
        R"("id":"sess_1","expires_at":1790000000,)"
        R"("audio":{"input":{"format":{"type":"audio/pcm","rate":24000},)"
        R"("transcription":null,"noise_reduction":null,)"
        R"("turn_detection":{"type":"server_vad","threshold":0.5,"prefix_padding_ms":300,)"
        R"("silence_duration_ms":200}}},"include":null}})");
}

TEST_CASE("GA: hints that the session object has no place for are not shown") {
  SessionConfig config;
  apply(session_ga(R"({"type":"realtime","audio":{"input":{"transcription":{"model":"m",
    "languages":["de"],"keywords":["Parley"],"delay":"low"}}}})"),
        config);
  const std::string text = written_ga({"event_1", SessionUpdated{kInfo, config}});
  const std::string shown =
      R"("transcription":{"model":"m","language":null,"prompt":null,"languages":["de"]},)";
  CHECK_MESSAGE(text.find(shown) != std::string::npos, text);
}

TEST_CASE("beta: a fresh session is flat") {
  CHECK(written_beta({"event_1", SessionCreated{kInfo, fresh(SessionType::realtime)}}) ==
        R"({"type":"session.created","event_id":"event_1","session":{"id":"sess_1",)"
        R"("object":"realtime.session","model":"parley","expires_at":1790000000,)"
        R"("modalities":["audio","text"],"instructions":"Be kind.","voice":"alloy",)"
        R"("turn_detection":{"type":"server_vad","threshold":0.5,"prefix_padding_ms":300,)"
        R"("silence_duration_ms":200,"create_response":true,"interrupt_response":true},)"
        R"("input_audio_format":"pcm16","output_audio_format":"pcm16",)"
        R"("input_audio_transcription":null,"tool_choice":"auto","temperature":0.8,)"
        R"("max_response_output_tokens":"inf","client_secret":null,"tools":[],"speed":1,)"
        R"("tracing":null,"input_audio_noise_reduction":null,"include":null,)"
        R"("prompt":null}})");
}

TEST_CASE("beta: a transcription session has events of its own") {
  SessionConfig config = fresh(SessionType::transcription);
  config.transcription = Transcription{"gpt-4o-transcribe", std::nullopt, ""};
  const std::string session =
      R"("session":{"id":"sess_1","object":"realtime.transcription_session",)"
      R"("expires_at":1790000000,"input_audio_format":"pcm16",)"
      R"("input_audio_transcription":{"model":"gpt-4o-transcribe","language":null,)"
      R"("prompt":""},"turn_detection":{"type":"server_vad","threshold":0.5,)"
      R"("prefix_padding_ms":300,"silence_duration_ms":200},)"
      R"("input_audio_noise_reduction":null,"include":[],"client_secret":null,)"
      R"("modalities":["audio","text"]}})";
  CHECK(written_beta({"event_1", SessionCreated{kInfo, config}}) ==
        R"({"type":"transcription_session.created","event_id":"event_1",)" + session);
  CHECK(written_beta({"event_1", SessionUpdated{kInfo, config}}) ==
        R"({"type":"transcription_session.updated","event_id":"event_1",)" + session);
}

TEST_CASE("what a client sets is what it is shown, in both dialects") {
  const auto shown_ga = [](std::string_view session, std::string_view expected) {
    SessionConfig config;
    apply(session_ga(session), config);
    const std::string text = written_ga({"event_1", SessionUpdated{kInfo, config}});
    CHECK_MESSAGE(text.find(expected) != std::string::npos, text);
  };
  const auto shown_beta = [](std::string_view session, std::string_view expected) {
    SessionConfig config;
    apply(session_beta(session), config);
    const std::string text = written_beta({"event_1", SessionUpdated{kInfo, config}});
    CHECK_MESSAGE(text.find(expected) != std::string::npos, text);
  };
  for (const std::string field :
       {R"("output_modalities":["text"])", R"("instructions":"a\nb")",
        R"("tools":[{"type":"function","name":"f","description":"d","parameters":{"z":{},)"
        R"("a":[1,2.5]}}])",
        R"("tool_choice":{"type":"function","name":"f"})", R"("tool_choice":"required")",
        R"("max_output_tokens":7)", R"("tracing":"auto")",
        R"("prompt":{"id":"p","variables":{"b":"1","a":"2"}})", R"("truncation":"disabled")",
        R"("truncation":{"type":"retention_ratio","retention_ratio":0.8})",
        R"("include":["item.input_audio_transcription.logprobs"])", R"("parallel_tool_calls":true)",
        R"("reasoning":{"effort":"xhigh"})"}) {
    shown_ga(R"({"type":"realtime",)" + field + "}", field);
  }
  for (const std::string field :
       {R"("format":{"type":"audio/pcm","rate":16000})", R"("format":{"type":"audio/pcma"})",
        R"("transcription":{"model":"m","language":"en","prompt":null})",
        R"("noise_reduction":{"type":"far_field"})", R"("turn_detection":null)",
        R"("turn_detection":{"type":"semantic_vad","eagerness":"high",)"
        R"("create_response":false,"interrupt_response":true})",
        R"("turn_detection":{"type":"server_vad","threshold":0.25,"prefix_padding_ms":1,)"
        R"("silence_duration_ms":2,"idle_timeout_ms":6000,"create_response":true,)"
        R"("interrupt_response":false})"}) {
    shown_ga(R"({"type":"realtime","audio":{"input":{)" + field + "}}}", field);
  }
  for (const std::string field :
       {R"("voice":"sage")", R"("input_audio_format":"g711_alaw")", R"("temperature":1.1)",
        R"("max_response_output_tokens":7)", R"("speed":1.5)", R"("modalities":["text"])",
        R"("turn_detection":null)", R"("input_audio_noise_reduction":{"type":"near_field"})"}) {
    shown_beta("{" + field + "}", field);
  }
}

}  // namespace parley::protocol
