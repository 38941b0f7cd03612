// SPDX-License-Identifier: MIT
// The translator over tables of both dialects' documents, and over every event of the published
// examples and flows.
#include "relay/translate.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/protocol/support.h"

namespace parley::relay {
namespace {

using nlohmann::json;

Value value_of(std::string_view text) {
  auto value = protocol::json::parse(text);
  REQUIRE_MESSAGE(value.has_value(), text);
  return std::move(*value);
}

json json_of(const Value& value) { return json::parse(to_text(value)); }

json up(Flavour client, std::string_view event) {
  const Translator translator(client, client == Flavour::ga ? Flavour::beta : Flavour::ga);
  return json_of(translator.to_upstream(value_of(event)));
}

std::vector<json> down(Translator& translator, std::string_view event) {
  std::vector<json> out;
  for (const Value& value : translator.to_client(value_of(event))) out.push_back(json_of(value));
  return out;
}

std::vector<json> down(Flavour client, std::string_view event) {
  Translator translator(client, client == Flavour::ga ? Flavour::beta : Flavour::ga);
  return down(translator, event);
}

struct Pair {
  const char* what;
  const char* ga;
  const char* beta;
};

// What a client says, in both dialects: each translates into the other.
const Pair kClientPairs[] = {
    {"an update of everything",
     R"({"type":"session.update","event_id":"e1","session":{"type":"realtime",
         "output_modalities":["audio"],"instructions":"Hi","tools":[{"type":"function","name":"f"}],
         "tool_choice":"auto","max_output_tokens":100,"tracing":"auto",
         "audio":{"input":{"format":{"type":"audio/pcm","rate":24000},
           "transcription":{"model":"whisper-1"},"noise_reduction":{"type":"near_field"},
           "turn_detection":{"type":"server_vad","threshold":0.5}},
           "output":{"format":{"type":"audio/pcmu"},"voice":"alloy","speed":1.25}}}})",
     R"({"type":"session.update","event_id":"e1","session":{
         "modalities":["audio","text"],"instructions":"Hi","tools":[{"type":"function","name":"f"}],
         "tool_choice":"auto","max_response_output_tokens":100,"tracing":"auto",
         "input_audio_format":"pcm16","input_audio_transcription":{"model":"whisper-1"},
         "input_audio_noise_reduction":{"type":"near_field"},
         "turn_detection":{"type":"server_vad","threshold":0.5},
         "output_audio_format":"g711_ulaw","voice":"alloy","speed":1.25}})"},
    {"an update that switches things off",
     R"({"type":"session.update","session":{"type":"realtime","output_modalities":["text"],
         "max_output_tokens":"inf","audio":{"input":{"turn_detection":null,"transcription":null,
         "format":{"type":"audio/pcma"}}}}})",
     R"({"type":"session.update","session":{"modalities":["text"],
         "max_response_output_tokens":"inf","turn_detection":null,
         "input_audio_transcription":null,"input_audio_format":"g711_alaw"}})"},
    {"an update of a transcription session",
     R"({"type":"session.update","session":{"type":"transcription","include":["a"],
         "audio":{"input":{"format":{"type":"audio/pcm","rate":24000},
         "transcription":{"model":"whisper-1"},"turn_detection":null}}}})",
     R"({"type":"transcription_session.update","session":{"include":["a"],
         "input_audio_format":"pcm16","input_audio_transcription":{"model":"whisper-1"},
         "turn_detection":null}})"},
    {"an assistant's item",
     R"({"type":"conversation.item.create","previous_item_id":"root","item":{"type":"message",
         "role":"assistant","content":[{"type":"output_text","text":"Hi"}]}})",
     R"({"type":"conversation.item.create","previous_item_id":"root","item":{"type":"message",
         "role":"assistant","content":[{"type":"text","text":"Hi"}]}})"},
    {"a user's item",
     R"({"type":"conversation.item.create","item":{"type":"message","role":"user","content":[
         {"type":"input_text","text":"Hi"},{"type":"input_audio","audio":"AAAA"}]}})",
     R"({"type":"conversation.item.create","item":{"type":"message","role":"user","content":[
         {"type":"input_text","text":"Hi"},{"type":"input_audio","audio":"AAAA"}]}})"},
    {"a tool's output",
     R"({"type":"conversation.item.create","item":{"type":"function_call_output","call_id":"c",
         "output":"{}"}})",
     R"({"type":"conversation.item.create","item":{"type":"function_call_output","call_id":"c",
         "output":"{}"}})"},
    {"a response of its own",
     R"({"type":"response.create","response":{"conversation":"none","metadata":{"a":"b"},
         "instructions":"Sum up","output_modalities":["text"],"max_output_tokens":50,
         "input":[{"type":"item_reference","id":"item_1"},{"type":"message","role":"assistant",
         "content":[{"type":"output_text","text":"Hi"}]}],
         "audio":{"output":{"voice":"echo","format":{"type":"audio/pcm","rate":24000}}}}})",
     R"({"type":"response.create","response":{"conversation":"none","metadata":{"a":"b"},
         "instructions":"Sum up","modalities":["text"],"max_response_output_tokens":50,
         "input":[{"type":"item_reference","id":"item_1"},{"type":"message","role":"assistant",
         "content":[{"type":"text","text":"Hi"}]}],
         "voice":"echo","output_audio_format":"pcm16"}})"},
    {"a response without wishes", R"({"type":"response.create"})", R"({"type":"response.create"})"},
    {"a cancel", R"({"type":"response.cancel","response_id":"resp_1"})",
     R"({"type":"response.cancel","response_id":"resp_1"})"},
    {"a truncate",
     R"({"type":"conversation.item.truncate","item_id":"i","content_index":0,"audio_end_ms":5})",
     R"({"type":"conversation.item.truncate","item_id":"i","content_index":0,"audio_end_ms":5})"},
    {"something neither knows", R"({"type":"weather.ask","where":[1,2.5,true]})",
     R"({"type":"weather.ask","where":[1,2.5,true]})"},
};

// What a server says, in both dialects, where one event is one event.
const Pair kServerPairs[] = {
    {"audio", R"({"type":"response.output_audio.delta","response_id":"r","delta":"AAAA"})",
     R"({"type":"response.audio.delta","response_id":"r","delta":"AAAA"})"},
    {"the end of audio", R"({"type":"response.output_audio.done","response_id":"r"})",
     R"({"type":"response.audio.done","response_id":"r"})"},
    {"text", R"({"type":"response.output_text.delta","delta":"Hi"})",
     R"({"type":"response.text.delta","delta":"Hi"})"},
    {"the end of text", R"({"type":"response.output_text.done","text":"Hi"})",
     R"({"type":"response.text.done","text":"Hi"})"},
    {"a transcript", R"({"type":"response.output_audio_transcript.delta","delta":"Hi"})",
     R"({"type":"response.audio_transcript.delta","delta":"Hi"})"},
    {"the end of a transcript",
     R"({"type":"response.output_audio_transcript.done","transcript":"Hi"})",
     R"({"type":"response.audio_transcript.done","transcript":"Hi"})"},
    {"a part, whose type is the same",
     R"({"type":"response.content_part.added","part":{"type":"audio","transcript":""}})",
     R"({"type":"response.content_part.added","part":{"type":"audio","transcript":""}})"},
    {"an item read back",
     R"({"type":"conversation.item.retrieved","item":{"id":"i","object":"realtime.item",
         "status":"completed","type":"message","role":"assistant",
         "content":[{"type":"output_audio","audio":"AAAA","transcript":"Hi"}]}})",
     R"({"type":"conversation.item.retrieved","item":{"id":"i","object":"realtime.item",
         "status":"completed","type":"message","role":"assistant",
         "content":[{"type":"audio","audio":"AAAA","transcript":"Hi"}]}})"},
    {"a mistake in a format",
     R"({"type":"error","error":{"param":"session.audio.input.format.rate","code":"x"}})",
     R"({"type":"error","error":{"param":"session.input_audio_format.rate","code":"x"}})"},
    {"a mistake in the voice",
     R"({"type":"error","error":{"param":"session.audio.output.voice","code":"x"}})",
     R"({"type":"error","error":{"param":"session.voice","code":"x"}})"},
    {"a mistake elsewhere", R"({"type":"error","error":{"param":"item.id","code":"x"}})",
     R"({"type":"error","error":{"param":"item.id","code":"x"}})"},
    {"a response's end",
     R"({"type":"response.done","response":{"id":"r","status":"completed","conversation_id":"c",
         "metadata":null,"max_output_tokens":"inf","usage":{"input_token_details":{
         "image_tokens":0}},"output":[{"id":"i","object":"realtime.item","status":"completed",
         "type":"message","role":"assistant","content":[{"type":"output_text","text":"Hi"}]}],
         "output_modalities":["text"],
         "audio":{"output":{"format":{"type":"audio/pcm","rate":24000},"voice":"alloy"}}}})",
     R"({"type":"response.done","response":{"id":"r","status":"completed","conversation_id":"c",
         "metadata":null,"max_output_tokens":"inf","usage":{"input_token_details":{
         "image_tokens":0}},"output":[{"id":"i","object":"realtime.item","status":"completed",
         "type":"message","role":"assistant","content":[{"type":"text","text":"Hi"}]}],
         "modalities":["text"],"temperature":0.8,
         "output_audio_format":"pcm16","voice":"alloy"}})"},
    {"a session",
     R"({"type":"session.created","session":{"type":"realtime","object":"realtime.session",
         "id":"s","model":"m","output_modalities":["audio"],"expires_at":5,"include":null,
         "max_output_tokens":"inf","tools":[],"tool_choice":"auto",
         "audio":{"input":{"format":{"type":"audio/pcm","rate":24000},"transcription":null,
         "noise_reduction":null,"turn_detection":null},
         "output":{"format":{"type":"audio/pcmu"},"voice":"alloy","speed":1}}}})",
     R"({"type":"session.created","session":{"object":"realtime.session",
         "id":"s","model":"m","modalities":["audio","text"],"expires_at":5,"include":null,
         "max_response_output_tokens":"inf","tools":[],"tool_choice":"auto",
         "input_audio_format":"pcm16","input_audio_transcription":null,
         "input_audio_noise_reduction":null,"turn_detection":null,"client_secret":null,
         "temperature":0.8,"output_audio_format":"g711_ulaw","voice":"alloy","speed":1}})"},
    {"a transcription session",
     R"({"type":"session.updated","session":{"type":"transcription","id":"s","expires_at":5,
         "object":"realtime.transcription_session","include":null,"audio":{"input":{
         "format":{"type":"audio/pcm","rate":24000},"transcription":null,"noise_reduction":null,
         "turn_detection":null}}}})",
     R"({"type":"transcription_session.updated","session":{"id":"s","expires_at":5,
         "object":"realtime.transcription_session","include":null,"client_secret":null,
         "input_audio_format":"pcm16","input_audio_transcription":null,
         "input_audio_noise_reduction":null,"turn_detection":null}})"},
};

// Beta's schema knows no pictures and no MCP; their items pass as they are.
bool fits_beta(const std::string& source) {
  return !source.starts_with("image-input") && !source.starts_with("mcp");
}

}  // namespace

TEST_CASE("what a client says is the same in both dialects") {
  for (const Pair& pair : kClientPairs) {
    CAPTURE(pair.what);
    CHECK(up(Flavour::ga, pair.ga) == json::parse(pair.beta));
    CHECK(up(Flavour::beta, pair.beta) == json::parse(pair.ga));
  }
}

TEST_CASE("what a server says is the same in both dialects") {
  for (const Pair& pair : kServerPairs) {
    CAPTURE(pair.what);
    CHECK(down(Flavour::beta, pair.ga) == std::vector<json>{json::parse(pair.beta)});
    CHECK(down(Flavour::ga, pair.beta) == std::vector<json>{json::parse(pair.ga)});
  }
}

TEST_CASE("what only one dialect has is left out where it would be refused") {
  const json ga = up(Flavour::beta, R"({"type":"session.update","session":{"temperature":0.7,
      "id":"s","object":"realtime.session","expires_at":1,"client_secret":null}})");
  CHECK(ga == json::parse(R"({"type":"session.update","session":{"type":"realtime"}})"));
  const json beta = up(Flavour::ga, R"({"type":"session.update","session":{"type":"realtime",
      "truncation":"auto","prompt":null,"reasoning":null,"include":null,
      "audio":{"input":{"turn_detection":{"type":"server_vad","idle_timeout_ms":5000}}}}})");
  CHECK(beta == json::parse(R"({"type":"session.update","session":{
      "turn_detection":{"type":"server_vad"}}})"));
  CHECK(down(Flavour::beta, R"({"type":"conversation.item.done","item":{"id":"i"}})").empty());
  CHECK(down(Flavour::beta, R"({"type":"input_audio_buffer.timeout_triggered"})").empty());
  CHECK(down(Flavour::ga, R"({"type":"conversation.created"})").empty());
  const auto text = down(Flavour::beta, R"({"type":"response.output_text.delta","obfuscation":"x",
      "delta":"Hi"})");
  CHECK(text.at(0) == json::parse(R"({"type":"response.text.delta","delta":"Hi"})"));
}

TEST_CASE("a beta item becomes one that was added and one that is done") {
  const auto events = down(Flavour::ga, R"({"type":"conversation.item.created","event_id":"e",
      "item":{"id":"i","status":"completed","type":"message","role":"user","content":[]}})");
  REQUIRE(events.size() == 2);
  CHECK(events[0]["type"] == "conversation.item.added");
  CHECK(events[1]["type"] == "conversation.item.done");
  CHECK(events[0]["event_id"] != events[1]["event_id"]);
  CHECK(events[0]["item"] == events[1]["item"]);
  CHECK(events[1]["previous_item_id"].is_null());
}

TEST_CASE("a beta item that is being spoken is done with its output") {
  Translator translator(Flavour::ga, Flavour::beta);
  down(translator, R"({"type":"response.output_item.added","item":{"id":"i"}})");
  const auto added = down(translator, R"({"type":"conversation.item.created","event_id":"e1",
      "previous_item_id":"u","item":{"id":"i","status":"in_progress","type":"message",
      "role":"assistant","content":[]}})");
  REQUIRE(added.size() == 1);
  CHECK(added[0]["type"] == "conversation.item.added");
  const auto done = down(translator, R"({"type":"response.output_item.done","event_id":"e2",
      "item":{"id":"i","status":"completed","type":"message","role":"assistant",
      "content":[{"type":"audio","transcript":"Hi"}]}})");
  REQUIRE(done.size() == 2);
  CHECK(done[0]["type"] == "conversation.item.done");
  CHECK(done[0]["previous_item_id"] == "u");
  CHECK(done[0]["item"]["content"][0]["type"] == "output_audio");
  CHECK(done[1]["type"] == "response.output_item.done");
}

TEST_CASE("the output of a beta response out of band is no item of the conversation") {
  Translator translator(Flavour::ga, Flavour::beta);
  down(translator, R"({"type":"response.output_item.added","item":{"id":"i"}})");
  CHECK(down(translator, R"({"type":"response.output_item.done","item":{"id":"i"}})").size() == 1);
}

TEST_CASE("GA repeats a function's name when its arguments are done") {
  Translator translator(Flavour::ga, Flavour::beta);
  down(translator, R"({"type":"response.output_item.added","item":{"id":"i","name":"look"}})");
  const auto done = down(translator, R"({"type":"response.function_call_arguments.done",
      "item_id":"i","call_id":"c","arguments":"{}"})");
  CHECK(done.at(0)["name"] == "look");
}

TEST_CASE("however many items stay open, few are remembered") {
  Translator translator(Flavour::ga, Flavour::beta);
  for (int i = 0; i < 1000; ++i) {
    const json item = {{"id", "i" + std::to_string(i)}, {"status", "in_progress"}};
    const json event = {{"type", "conversation.item.created"}, {"item", item}};
    down(translator, event.dump());
  }
  const auto event = [](const char* id) {
    return json{{"type", "response.output_item.done"}, {"item", {{"id", id}}}}.dump();
  };
  CHECK(down(translator, event("i0")).size() == 1);
  CHECK(down(translator, event("i999")).size() == 2);
}

TEST_CASE("every published event goes through, and leaves no name of the other dialect") {
  const std::vector<std::string> ga_words = {"output_text", "output_audio.", "output_audio_tr",
                                             "output_modalities", "conversation.item.added"};
  const std::vector<std::string> beta_words = {"response.audio",
                                               "response.text",
                                               "\"modalities\"",
                                               "input_audio_format",
                                               "max_response_output_tokens",
                                               "temperature",
                                               "transcription_session.",
                                               "conversation.item.created"};
  const auto check = [](Flavour client, const std::string& dialect,
                        const std::vector<std::string>& words) {
    const Flavour upstream = client == Flavour::ga ? Flavour::beta : Flavour::ga;
    Translator translator(client, upstream);
    for (const auto& [source, frame] : protocol::spec_examples(dialect)) {
      if (source.starts_with("rest.") || source.starts_with("object.")) continue;
      CAPTURE(source);
      for (const json& event : down(translator, frame)) {
        for (const auto& word : words) CHECK(event.dump().find(word) == std::string::npos);
      }
    }
  };
  check(Flavour::beta, "ga", ga_words);
  check(Flavour::ga, "beta", beta_words);
}

TEST_CASE("with one dialect on both sides nothing changes") {
  for (const char* dialect : {"ga", "beta"}) {
    const Flavour flavour = dialect == std::string("ga") ? Flavour::ga : Flavour::beta;
    Translator translator(flavour, flavour);
    for (const auto& [source, frame] : protocol::spec_examples(dialect)) {
      CAPTURE(source);
      CHECK(down(translator, frame) == std::vector<json>{json::parse(frame)});
      CHECK(json_of(translator.to_upstream(value_of(frame))) == json::parse(frame));
    }
  }
}

TEST_CASE("odd shapes go through as they are") {
  for (const char* event :
       {R"({"type":"session.update","session":7})", R"({"type":"response.create","response":[]})",
        R"({"type":"conversation.item.create","item":"x"})", R"({"type":5})", R"({})",
        R"({"type":"session.update","session":{"audio":3}})",
        R"({"type":"conversation.item.create","item":{"content":[1,null,{"type":2}]}})",
        R"({"type":"error","error":null})",
        R"({"type":"response.done","response":{"output":3,"usage":{"input_token_details":1}}})"}) {
    CAPTURE(event);
    up(Flavour::ga, event);
    up(Flavour::beta, event);
    CHECK(down(Flavour::beta, event).size() == 1);
    CHECK(down(Flavour::ga, event).size() == 1);
  }
}

// The flows are whole, so what becomes of them must satisfy the other dialect's schema.
TEST_CASE("translated flows are written as a transcript for the schema check") {
  const char* folder = std::getenv("PARLEY_TRANSCRIPTS");
  if (folder == nullptr) return;
  for (const std::string from : {"ga", "beta"}) {
    const std::string to = from == "ga" ? "beta" : "ga";
    const Flavour client = to == "ga" ? Flavour::ga : Flavour::beta;
    std::ofstream out(std::string(folder) + "/" + to + ".jsonl");
    Translator translator(client, client == Flavour::ga ? Flavour::beta : Flavour::ga);
    for (const auto& event : protocol::spec_flow_events(from, "server")) {
      if (!fits_beta(event.source)) continue;
      for (const json& said : down(translator, event.frame)) {
        out << json{{"dir", "server"}, {"event", said}}.dump() << '\n';
      }
    }
    const Flavour speaker = from == "ga" ? Flavour::ga : Flavour::beta;
    for (const auto& event : protocol::spec_flow_events(from, "client")) {
      if (!fits_beta(event.source)) continue;
      out << json{{"dir", "client"}, {"event", up(speaker, event.frame)}}.dump() << '\n';
    }
    CHECK(out.flush().good());
  }
}

}  // namespace parley::relay
