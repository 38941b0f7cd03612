// SPDX-License-Identifier: MIT
// Chunks of chat completions as the servers write them, and what the session makes of them.
#include "providers/openai/chat_stream.h"

#include <doctest/doctest.h>

#include <initializer_list>

#include "audio/base64.h"
#include "audio/wav.h"
#include "tests/providers/remote/llm_bytes.h"
#include "tests/providers/remote/llm_transcript.h"

namespace parley::tests {
namespace {

using providers::openai::ChatStream;
using providers::remote::is_over;

std::shared_ptr<const providers::remote::Endpoint> endpoint() {
  providers::remote::Endpoint made;
  made.engine = "llm.fast";
  made.api_key = "sk-secret";
  return std::make_shared<const providers::remote::Endpoint>(made);
}

// The session's view of these chunks; "END" stands for the end of the body, "CUT" for a broken one.
std::string told(std::initializer_list<std::string> chunks, bool speaks = false) {
  ChatStream stream(endpoint(), speaks);
  std::vector<engine::LlmEvent> events;
  for (const auto& chunk : chunks) {
    if (is_over(events)) break;
    if (chunk == "END" || chunk == "CUT") {
      stream.on_end(chunk == "CUT", events);
    } else {
      stream.on_event({}, chunk, events);
    }
  }
  return transcript(events);
}

// A chunk with this delta (and finish reason).
std::string chunk(const std::string& delta, const std::string& finish = "null") {
  return R"({"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":)" + delta +
         R"(,"finish_reason":)" + finish + "}],\"usage\":null}";
}
const std::string kStop = chunk("{}", "\"stop\"");
const std::string kCalled = chunk("{}", "\"tool_calls\"");

std::string call(const std::string& fields) {
  return chunk(R"({"tool_calls":[{)" + fields + "}]}");
}

TEST_CASE("words stream, and figures come with the end") {
  CHECK(told({chunk(R"({"role":"assistant","content":""})"), chunk(R"({"content":"It is "})"),
              chunk(R"({"content":"three."})"), kStop,
              R"({"choices":[],"usage":{"prompt_tokens":20,"completion_tokens":5,
                  "prompt_tokens_details":{"cached_tokens":7}}})",
              "[DONE]"}) == "It is three. | stop 20/5/7");
}

TEST_CASE("half of a character that was cut in two is left out") {
  CHECK(told({chunk(R"({"content":"Fine \ud83d"})"), chunk(R"({"content":"\ude00."})"),
              chunk(R"({"content":" \ud83d\ude00 \\ud83d \u00e9"})"), kStop, "[DONE]"}) ==
        "Fine . \U0001F600 \\ud83d \u00e9 | stop");
}

TEST_CASE("every reason to finish has its meaning") {
  const auto finished = [](const char* reason) {
    return told({chunk(R"({"content":"A"})", reason), "[DONE]"});
  };
  CHECK(finished("\"stop\"") == "A | stop");
  CHECK(finished("\"length\"") == "A | length");
  CHECK(finished("\"content_filter\"") == "A | content_filter");
  CHECK(finished("\"error\"") == "A | failure: llm.fast broke off its answer");
}

TEST_CASE("an answer without its end is a failure, unless only the marker is missing") {
  CHECK(told({chunk(R"({"content":"It"})"), "END"}) ==
        "It | failure: llm.fast ended its answer without finishing it");
  CHECK(told({"END"}) == "failure: llm.fast ended its answer without finishing it");
  CHECK(told({chunk(R"({"content":"It"})"), kStop, "END"}) == "It | stop");
  CHECK(told({chunk(R"({"content":"It"})"), kStop, "CUT"}) == "It | stop");
  CHECK(told({chunk(R"({"content":"It"})"), "CUT"}) == "It");  // the connection's failure follows
  CHECK(told({chunk(R"({"content":"It"})"), "[DONE]"}) == "It | stop");
}

TEST_CASE("garbage is told as such, and errors inside the stream keep their kind") {
  CHECK(told({"{\"choices\":[{"}).find("no JSON object") != std::string::npos);
  CHECK(told({"17"}).find("no JSON object") != std::string::npos);
  CHECK(told({chunk(R"({"content":"A"})"),
              R"({"error":{"message":"oops sk-secret","type":"server_error","code":null}})"}) ==
        "A | failure: llm.fast failed: oops ***");
  CHECK(told({R"({"error":"model runner has stopped"})"}) ==
        "failure: llm.fast failed: model runner has stopped");
  CHECK(told({R"({"object":"error","message":"flat","code":400})"}) ==
        "failure: llm.fast failed: flat");
  // Odd, but no reason to fail.
  CHECK(told({"{}", R"({"choices":null})", R"({"choices":[null,7,{"delta":null}]})",
              R"({"choices":[{"delta":{"content":7,"tool_calls":[null,7]}}]})", kStop, "END"}) ==
        "stop");
}

TEST_CASE("Azure's first chunk without choices is skipped") {
  CHECK(told({R"({"choices":[],"created":0,"id":"","model":"","object":"",
                  "prompt_filter_results":[{"prompt_index":0}]})",
              chunk(R"({"content":"Hi"})"), kStop, "[DONE]"}) == "Hi | stop");
}

TEST_CASE("thinking is never said, in whatever form it comes") {
  CHECK(told({chunk(R"({"reasoning_content":"Hm. ","content":null})"),
              chunk(R"({"reasoning":"Hm."})"), chunk(R"({"content":"Yes."})"), kStop, "END"}) ==
        "Yes. | stop");
  CHECK(told({chunk(R"({"content":"<thi"})"), chunk(R"({"content":"nk>Hm"})"),
              chunk(R"({"content":"m.</th"})"), chunk(R"({"content":"ink>\n\n"})"),
              chunk(R"({"content":" Yes. 1 <"})"), chunk(R"({"content":" 2"})"), kStop, "END"}) ==
        "Yes. 1 < 2 | stop");
  CHECK(told({chunk(R"({"content":"\n</think>\nYes."})"), kStop, "END"}) == "\nYes. | stop");
  CHECK(told({chunk(R"({"content":"<think>never ends"})"), kStop, "END"}) == "stop");
  CHECK(told({chunk(R"({"content":"a <thin"})"), kStop, "END"}) == "a <thin | stop");
}

TEST_CASE("refusals and lists of text parts are said") {
  CHECK(told({chunk(R"({"refusal":"I "})"), chunk(R"({"refusal":"won't."})"), kStop, "END"}) ==
        "I won't. | stop");
  CHECK(told({chunk(R"({"content":[{"type":"text","text":"Hi"}]})"), kStop, "END"}) == "Hi | stop");
}

TEST_CASE("tool calls arrive however the server cuts them") {
  const std::string expected = R"(now#call_1({"tz":"UTC"}) | stop)";
  CHECK(told({call(R"("index":0,"id":"call_1","type":"function",
                      "function":{"name":"now","arguments":""})"),
              call(R"("index":0,"function":{"arguments":"{\"tz\":"})"),
              call(R"("index":0,"function":{"arguments":"\"UTC\"}"})"), kCalled, "[DONE]"}) ==
        expected);
  // Ollama: all at once, and a finish reason that does not say so.
  CHECK(told({call(R"("index":0,"id":"call_1","function":{"name":"now",
                      "arguments":"{\"tz\":\"UTC\"}"})"),
              kStop, "[DONE]"}) == expected);
  // An object instead of its text.
  CHECK(told({call(R"("id":"call_1","function":{"name":"now","arguments":{"tz":"UTC"}})"), kStop,
              "[DONE]"}) == expected);
  // The name every time, and the id.
  CHECK(told({call(R"("index":0,"id":"call_1","function":{"name":"now","arguments":"{\"tz\""})"),
              call(R"("index":0,"id":"call_1","function":{"name":"now","arguments":":\"UTC\"}"})"),
              kCalled, "[DONE]"}) == expected);
  // Without index, in fragments; the name after the arguments have begun.
  CHECK(told({call(R"("id":"call_1","function":{"arguments":"{\"tz\":"})"),
              call(R"("function":{"name":"now","arguments":"\"UTC\"}"})"), kCalled, "[DONE]"}) ==
        expected);
  // Neither index nor id nor arguments: another name is another call.
  CHECK(told({call(R"("function":{"name":"now"})"), call(R"("function":{"name":"day"})"), kCalled,
              "[DONE]"}) == "now#({}) | day#({}) | stop");
  // No arguments at all.
  CHECK(told({call(R"("index":0,"id":"","function":{"name":"now"})"), kCalled, "[DONE]"}) ==
        "now#({}) | stop");
}

TEST_CASE("parallel calls come one after the other, even when their fragments are mixed") {
  const std::string expected = R"(a#1({"x":1}) | b#2({"y":2}) | stop)";
  CHECK(told({call(R"("index":0,"id":"1","function":{"name":"a","arguments":"{\"x\""})"),
              call(R"("index":1,"id":"2","function":{"name":"b","arguments":"{\"y\""})"),
              call(R"("index":0,"function":{"arguments":":1}"})"),
              call(R"("index":1,"function":{"arguments":":2}"})"), kCalled, "[DONE]"}) == expected);
  // Index 0 for all, told apart by their ids.
  CHECK(told({call(R"("index":0,"id":"1","function":{"name":"a","arguments":"{\"x\":1}"})"),
              call(R"("index":0,"id":"2","function":{"name":"b","arguments":"{\"y\":2}"})"),
              kCalled, "[DONE]"}) == expected);
  // Neither index nor id.
  CHECK(told({call(R"("function":{"name":"a","arguments":"{\"x\":1}"})"),
              call(R"("function":{"name":"b","arguments":"{\"y\":2}"})"), kCalled, "[DONE]"}) ==
        R"(a#({"x":1}) | b#({"y":2}) | stop)");
  // Both in one delta.
  CHECK(told({chunk(R"({"tool_calls":[
                {"id":"1","function":{"name":"a","arguments":"{\"x\":1}"}},
                {"id":"2","function":{"name":"b","arguments":"{\"y\":2}"}}]})"),
              kCalled, "[DONE]"}) == expected);
}

TEST_CASE("the older form of a call is understood") {
  CHECK(told({chunk(R"({"function_call":{"name":"now","arguments":"{\"tz\":"}})"),
              chunk(R"({"function_call":{"arguments":"1}"}})"), chunk("{}", "\"function_call\""),
              "[DONE]"}) == "now#({\"tz\":1}) | stop");
}

TEST_CASE("an id that two calls share is given to the first") {
  CHECK(told({call(R"("index":0,"id":"call_1","function":{"name":"now","arguments":"{}"})"),
              call(R"("index":1,"id":"call_1","function":{"name":"day","arguments":"{}"})"),
              kCalled, "[DONE]"}) == "now#call_1({}) | day#({}) | stop");
}

TEST_CASE("words before a call stream, words after it wait for the calls") {
  CHECK(told({chunk(R"({"content":"Let me see."})"),
              call(R"("index":0,"id":"1","function":{"name":"a","arguments":"{"})"),
              chunk(R"({"content":"One moment."})"),
              call(R"("index":0,"function":{"arguments":"}"})"), chunk(R"({"content":"\n"})"),
              kCalled, "[DONE]"}) == "Let me see. | a#1({}) | One moment.\n | stop");
}

TEST_CASE("calls without end are refused") {
  ChatStream stream(endpoint(), false);
  std::vector<engine::LlmEvent> events;
  for (int i = 0; i < 200 && !is_over(events); ++i) {
    stream.on_event({}, call("\"index\":" + std::to_string(i) + R"(,"function":{"name":"a"})"),
                    events);
  }
  CHECK(transcript(events).find("too many tool calls") != std::string::npos);
}

TEST_CASE("a whole answer in place of a stream is taken") {
  ChatStream stream(endpoint(), false);
  std::vector<engine::LlmEvent> events;
  SUBCASE("words and calls") {
    stream.on_document(R"({"object":"chat.completion","choices":[{"index":0,"message":{
      "role":"assistant","content":"Hi.","tool_calls":[{"id":"1","type":"function",
      "function":{"name":"a","arguments":"{}"}}]},"finish_reason":"tool_calls"}],
      "usage":{"prompt_tokens":1,"completion_tokens":2}})",
                       events);
    CHECK(transcript(events) == "Hi. | a#1({}) | stop 1/2/-1");
  }
  SUBCASE("an error with status 200") {
    stream.on_document(R"({"error":{"message":"no","code":"insufficient_quota"}})", events);
    CHECK(transcript(events) == "failure: llm.fast has no quota left for us: no");
  }
  SUBCASE("something else") {
    stream.on_document(R"({"hello":"world"})", events);
    CHECK(transcript(events) == "failure: llm.fast answered with JSON that is no completion");
  }
}

TEST_CASE("a stream means the same wherever it is cut") {
  const std::string bytes =
      "\xef\xbb\xbf: ping\r\n\r\ndata: " + chunk(R"({"content":"Grüße <think>no</think>"})") +
      "\r\n\r\ndata: " + chunk(R"({"content":"你好"})") +
      "\n\ndata:" + call(R"("index":0,"id":"1","function":{"name":"a","arguments":"{\"x\":"})") +
      "\n\ndata: " + call(R"("index":0,"function":{"arguments":"1}"})") + "\n\ndata: " + kCalled +
      "\n\ndata: [DONE]\n\n";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    ChatStream stream(endpoint(), false);
    CHECK(decoded(stream, bytes, cut) == R"(Grüße 你好 | a#1({"x":1}) | stop)");
  }
}

// ---- sound

std::string base64(std::string_view bytes) {
  const std::vector<std::uint8_t> raw(bytes.begin(), bytes.end());
  std::string text;
  audio::base64_encode(raw, text);
  return text;
}

std::string pcm(std::size_t bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>(i + 1);
  return out;
}

std::string wav(std::size_t samples, int rate_hz) {
  return audio::write_wav(std::vector<std::int16_t>(samples, 77), rate_hz);
}

std::string sound(std::string_view bytes) {
  return chunk(R"({"audio":{"id":"a","data":")" + base64(bytes) + "\"}}");
}

TEST_CASE("OpenAI's sound: transcript and PCM in turn") {
  CHECK(told({chunk(R"({"audio":{"id":"a","transcript":"It "}})"), sound(pcm(8)),
              chunk(R"({"audio":{"transcript":"is."}})"), sound(pcm(5)), sound(pcm(3)),
              chunk(R"({"audio":{"expires_at":1}})"), kStop, "[DONE]"},
             true) == "It  | sound 4@24000 | is. | sound 4@24000 | stop");
}

TEST_CASE("samples cut in two by the pieces come out whole") {
  ChatStream stream(endpoint(), true);
  std::vector<engine::LlmEvent> events;
  for (const char byte : pcm(6)) stream.on_event({}, sound(std::string(1, byte)), events);
  std::vector<std::int16_t> samples;
  for (const auto& event : events) {
    const auto& piece = std::get<engine::LlmAudio>(event).samples;
    samples.insert(samples.end(), piece.begin(), piece.end());
  }
  CHECK(samples == std::vector<std::int16_t>{0x0201, 0x0403, 0x0605});
}

TEST_CASE("Qwen's sound: text beside it, PCM with a WAV header at most at the start") {
  CHECK(told({chunk(R"({"content":"Hi."})"), sound(pcm(10)), sound(pcm(10)), kStop, "[DONE]"},
             true) == "Hi. | sound 10@24000 | stop");
  const std::string file = wav(50, 16000);
  CHECK(told({sound(file.substr(0, 20)), sound(file.substr(20, 31)), sound(file.substr(51)), kStop,
              "[DONE]"},
             true) == "sound 50@16000 | stop");
  // Text in one place only, even when a server fills both.
  CHECK(told({chunk(R"({"content":"Hi.","audio":{"transcript":"Hi."}})"), kStop, "[DONE]"}, true) ==
        "Hi. | stop");
}

TEST_CASE("vLLM-Omni's sound: a small WAV as content, and a finish reason every time") {
  const auto modal = [](const char* modality, const std::string& content, const char* finish) {
    return std::string(R"({"modality":")") + modality + R"(","choices":[{"index":0,"delta":{)" +
           R"("role":"assistant","content":")" + content + R"("},"finish_reason":)" + finish +
           "}]}";
  };
  const std::string piece = base64(wav(30, 24000));
  CHECK(told({modal("text", "Hi ", "null"), modal("text", "you.", "\"stop\""),
              modal("audio", piece, "\"stop\""), modal("audio", piece, "\"stop\""), "[DONE]"},
             true) == "Hi you. | sound 60@24000 | stop");
  // Not asked for: never said, never played.
  CHECK(told({modal("text", "Hi.", "null"), modal("audio", piece, "\"stop\""), "[DONE]"}) ==
        "Hi. | stop");
}

TEST_CASE("sound that cannot be decoded is a failure") {
  CHECK(told({chunk(R"({"audio":{"data":"!!!!"}})")}, true) ==
        "failure: llm.fast sent sound that cannot be decoded");
}

}  // namespace
}  // namespace parley::tests
