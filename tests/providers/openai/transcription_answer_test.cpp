// SPDX-License-Identifier: MIT
// Answers of transcription APIs as servers write them, and the forms that ask for them. No network.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <variant>
#include <vector>

#include "net/multipart.h"
#include "providers/openai/transcription_answer.h"
#include "providers/openai/transcription_engine.h"
#include "providers/openai/transcription_request.h"

namespace parley::tests {
namespace {

using engine::Failure;
using engine::FailureKind;
using engine::SttEvent;
using engine::SttFinal;
using engine::SttPartial;
using providers::openai::TranscriptionAnswer;
using providers::openai::TranscriptionOptions;
using Flavour = TranscriptionOptions::Flavour;

TranscriptionAnswer fresh(bool logprobs = false) {
  auto endpoint = std::make_shared<providers::remote::Endpoint>();
  endpoint->engine = "stt.mine";
  endpoint->api_key = "secret-key";
  return {endpoint, logprobs};
}

// "hel~hello there!" for two partials and the final text, "?message" for a failure.
std::string told(const std::vector<TranscriptionAnswer::News>& all) {
  std::string out;
  for (const auto& news : all) {
    if (!news) continue;
    if (const auto* partial = std::get_if<SttPartial>(&*news)) {
      CHECK(partial->stable == partial->text.size());
      out += partial->text + "~";
    } else if (const auto* last = std::get_if<SttFinal>(&*news)) {
      out += last->text + "!";
    } else {
      out += "?" + std::get<Failure>(*news).message;
    }
  }
  return out;
}

std::string streamed(const std::vector<std::string>& events) {
  TranscriptionAnswer answer = fresh();
  std::vector<TranscriptionAnswer::News> news;
  for (const auto& event : events) news.push_back(answer.on_event(event));
  news.push_back(answer.on_end());
  return told(news);
}

std::string documented(const std::string& body) { return told({fresh().on_document(body)}); }

std::string delta(const std::string& text) {
  return R"({"type":"transcript.text.delta","delta":")" + text + R"("})";
}
std::string done(const std::string& text) {
  return R"({"type":"transcript.text.done","text":")" + text + R"(","usage":{"type":"tokens"}})";
}
std::string chunk(const std::string& text) {
  return R"({"object":"transcription.chunk","choices":[{"delta":{"content":")" + text + R"("}}]})";
}

TEST_CASE("streams of every server are told as words that grow") {
  struct Row {
    std::vector<std::string> events;
    std::string told;
  };
  const std::vector<Row> rows = {
      {{delta("Hel"), delta("lo."), done("Hello.")}, "Hel~Hello.~Hello.!"},
      {{delta("Hel"), delta("lo."), done("Hello."), "[DONE]"}, "Hel~Hello.~Hello.!"},
      {{delta(" One."), delta(" Two. "), done(" One. Two. ")}, "One.~One. Two.~One. Two.!"},
      {{delta("Hello."), "[DONE]"}, "Hello.~Hello.!"},
      {{delta(""), delta(" "), done("")}, "!"},
      {{R"({"type":"transcript.text.done"})"}, "!"},
      {{R"({"type":"transcript.text.segment","text":"x","speaker":"A"})", done("Hi.")}, "Hi.!"},
      {{R"({"type":"something.new"})", delta("a"), done("a")}, "a~a!"},
      {{chunk(" Hel"), chunk("lo."), R"({"choices":[{"delta":{},"finish_reason":"stop"}]})",
        R"({"choices":[],"usage":{"prompt_tokens":14}})", "[DONE]"},
       "Hel~Hello.~Hello.!"},
      {{chunk("Hi."), R"({"choices":[{"delta":{"content":""},"finish_reason":"stop"}]})"},
       "Hi.~Hi.!"},
      {{R"({"text":" One."})", R"({"text":" Two."})"}, "One.~One. Two.~One. Two.!"},
      {{delta("Grüße"), delta("\\u00a0!"), done("Grüße\\u00a0!")},
       "Grüße~Grüße\u00a0!~Grüße\u00a0!!"},
  };
  for (const auto& row : rows) CHECK(streamed(row.events) == row.told);
}

TEST_CASE("a stream that stops early, or says so, is a failure in the engine's name") {
  CHECK(streamed({}) == "?stt.mine ended its answer without finishing it");
  CHECK(streamed({delta("Hel")}) == "Hel~?stt.mine ended its answer without finishing it");
  CHECK(streamed({chunk("Hel")}) == "Hel~?stt.mine ended its answer without finishing it");
  CHECK(streamed({delta("a"), "{\"half\":"}) ==
        "a~?stt.mine sent something in its stream that is no JSON object");
  CHECK(streamed({"[1]"}) == "?stt.mine sent something in its stream that is no JSON object");
  CHECK(streamed({chunk("a"), R"({"error":{"message":"out of memory","code":500}})", "[DONE]"}) ==
        "a~?stt.mine failed: out of memory");
  const std::string busy = R"({"message":"key secret-key","code":"rate_limit_exceeded"})";
  CHECK(streamed({R"({"type":"error","error":)" + busy + "}"}) ==
        "?stt.mine asks for fewer requests: key ***");
}

TEST_CASE("documents of every server are told as one line of words") {
  struct Row {
    std::string body;
    std::string told;
  };
  const std::vector<Row> rows = {
      {R"({"text":"Hello.","usage":{"type":"duration","seconds":2}})", "Hello.!"},
      {R"({"text":" Hello there.\n How are you?\n"})", "Hello there. How are you?!"},
      {R"({"text":""})", "!"},
      {R"({"text":" [BLANK_AUDIO]\n"})", "!"},
      {R"({"text":"hi","language":"en","duration":"2.1","segments":[],"words":[]})", "hi!"},
      {R"({"text":"你好。再见。","segments":[{"text":"你好。"},{"text":"再见。"}]})",
       "你好。再见。!"},
      {"", "?stt.mine answered with nothing"},
      {" \n", "?stt.mine answered with nothing"},
      {"hello", "?stt.mine answered with something that is no JSON object"},
      {"[]", "?stt.mine answered with something that is no JSON object"},
      {"{}", "?stt.mine answered with JSON that is no transcript"},
      {R"({"text":7})", "?stt.mine answered with JSON that is no transcript"},
      {R"({"error":{"message":"broken"}})", "?stt.mine failed: broken"},
      {R"({"detail":"Model is not installed"})", "?stt.mine failed: Model is not installed"},
      {"{\"text\":\"\xff\"}", "?stt.mine answered with something that is no JSON object"},
  };
  for (const auto& row : rows) CHECK(documented(row.body) == row.told);
}

TEST_CASE("what Whisper invents in silence is left out") {
  const auto segment = [](const char* text, const char* no_speech, const char* logprob) {
    return std::string(R"({"text":")") + text + R"(","no_speech_prob":)" + no_speech +
           R"(,"avg_logprob":)" + logprob + "}";
  };
  const std::string said = segment(" Stop it.", "0.7", "-0.3");
  const std::string sure = segment(" Go on.", "0.1", "-1.4");
  const std::string ghost = segment(" Thanks for watching!", "0.9", "-1.2");
  const std::string blank = segment(" [BLANK_AUDIO]", "0.1", "-0.2");
  const auto whole = [](const std::string& segments) {
    return R"({"text":" all of it","segments":[)" + segments + "]}";
  };
  CHECK(documented(whole(said + "," + sure)) == "all of it!");
  CHECK(documented(whole(said + "," + ghost + "," + sure)) == "Stop it. Go on.!");
  CHECK(documented(whole(ghost)) == "!");
  CHECK(documented(whole(blank + "," + said)) == "Stop it.!");
}

TEST_CASE("how sure an engine is of each token is told when it was asked for") {
  const std::string tokens = R"([{"token":"Hi","logprob":-0.5,"bytes":[72,105]},{"token":"!"}])";
  const auto of = [&](bool wanted, const std::string& body, bool stream) {
    TranscriptionAnswer answer = fresh(wanted);
    TranscriptionAnswer::News news;
    if (stream) {
      answer.on_event(R"({"type":"transcript.text.delta","delta":"Hi","logprobs":)" + tokens + "}");
      news = answer.on_event(body);
    } else {
      news = answer.on_document(body);
    }
    return std::get<SttFinal>(*news).logprobs;
  };
  const std::string document = R"({"text":"Hi","logprobs":)" + tokens + "}";
  CHECK(of(false, document, false).empty());
  REQUIRE(of(true, document, false).size() == 1);
  CHECK(of(true, document, false)[0].token == "Hi");
  CHECK(of(true, document, false)[0].logprob == -0.5);
  CHECK(of(true, done("Hi"), true).size() == 1);
  const std::string again = R"({"type":"transcript.text.done","text":"Hi","logprobs":)" + tokens;
  CHECK(of(true, again + "}", true).size() == 1);
  const std::string whisper =
      R"({"text":" Hi","segments":[{"text":" Hi","words":[)"
      R"({"word":" Hi","probability":0.5},{"word":"!","probability":0}]}]})";
  const auto heard = of(true, whisper, false);
  REQUIRE(heard.size() == 2);
  CHECK(heard[0].logprob == doctest::Approx(std::log(0.5)));
  CHECK(std::isfinite(heard[1].logprob));
}

// ---- what is asked ------------------------------------------------------------------------------

// "model=whisper-1 response_format=json file(audio.wav, audio/wav)"
std::string asked(const TranscriptionOptions& options, const engine::SttRequest& request = {}) {
  const net::Form form = transcription_form(options, request, "RIFF");
  const auto parts = net::read_form(form.content_type, form.body);
  REQUIRE(parts);
  std::string out;
  for (const auto& part : *parts) {
    if (!out.empty()) out += ' ';
    if (part.filename.empty()) {
      out += part.name + "=" + std::string(part.body);
    } else {
      CHECK(part.body == "RIFF");
      out += part.name + "(" + part.filename + ", " + part.content_type + ")";
    }
  }
  return out;
}

TranscriptionOptions of(Flavour flavour, const std::string& model) {
  TranscriptionOptions options;
  options.flavour = flavour;
  options.model = model;
  return options;
}

TEST_CASE("each server is asked for the most that it offers") {
  const std::string file = " file(audio.wav, audio/wav)";
  CHECK(asked(of(Flavour::openai, "gpt-4o-transcribe")) ==
        "model=gpt-4o-transcribe response_format=json stream=true" + file);
  CHECK(asked(of(Flavour::openai, "whisper-1")) ==
        "model=whisper-1 response_format=verbose_json" + file);
  CHECK(asked(of(Flavour::groq, "whisper-large-v3")) ==
        "model=whisper-large-v3 response_format=verbose_json" + file);
  CHECK(asked(of(Flavour::speaches, "m")) == "model=m response_format=json stream=true" + file);
  CHECK(asked(of(Flavour::vllm, "")) == "response_format=json stream=true" + file);
  CHECK(asked(of(Flavour::whispercpp, "")) ==
        "language=auto response_format=verbose_json no_language_probabilities=true" + file);
  CHECK(asked(of(Flavour::openai, "gpt-4o-transcribe-diarize"), {"", "de", "Namen"}) ==
        "model=gpt-4o-transcribe-diarize language=de response_format=json stream=true "
        "chunking_strategy=auto" +
            file);
  TranscriptionOptions azure = of(Flavour::azure, "");
  azure.deployment = "my-Whisper";
  CHECK(asked(azure) == "model=my-Whisper response_format=verbose_json" + file);
  azure.model = "gpt-4o-transcribe";
  CHECK(asked(azure) == "model=my-Whisper response_format=json stream=true" + file);
}

TEST_CASE("the session's wishes win over the configured ones, and fields over all") {
  TranscriptionOptions options = of(Flavour::openai, "gpt-4o-transcribe");
  options.language = "en";
  options.prompt = "Names.";
  options.temperature = 0.2;
  options.stream = false;
  options.upload = TranscriptionOptions::Upload::webm;
  const std::string file = " file(audio.webm, audio/webm)";
  CHECK(asked(options) ==
        "model=gpt-4o-transcribe language=en prompt=Names. response_format=json "
        "temperature=0.2" +
            file);
  engine::SttRequest request{"whisper-1", "de-AT", "Namen.", true};
  CHECK(asked(options, request) ==
        "model=gpt-4o-transcribe language=de prompt=Namen. response_format=json temperature=0.2 "
        "include[]=logprobs" +
            file);
  options.fields = {{"temperature", "0"}, {"vad", "true"}};
  CHECK(asked(options) ==
        "model=gpt-4o-transcribe language=en prompt=Names. response_format=json "
        "temperature=0 vad=true" +
            file);
}

TEST_CASE("a client chooses among OpenAI's models where nobody else has") {
  TranscriptionOptions options = of(Flavour::openai, "gpt-4o-mini-transcribe");
  const auto model = [&](const char* wish) { return manner_of(options, {wish, "", ""}).model; };
  CHECK(model("whisper-1") == "gpt-4o-mini-transcribe");
  options.clients_model = true;
  CHECK(model("whisper-1") == "whisper-1");
  CHECK(model("gpt-4o-transcribe") == "gpt-4o-transcribe");
  CHECK(model("gpt-realtime-whisper") == "gpt-4o-mini-transcribe");
  CHECK(model("") == "gpt-4o-mini-transcribe");
}

TEST_CASE("logprobs are asked of models that have them") {
  const auto asks = [](Flavour flavour, const char* model) {
    return manner_of(of(flavour, model), {"", "", "", true}).logprobs;
  };
  CHECK(asks(Flavour::openai, "gpt-4o-mini-transcribe"));
  CHECK_FALSE(asks(Flavour::openai, "whisper-1"));
  CHECK_FALSE(asks(Flavour::openai, "gpt-4o-transcribe-diarize"));
  CHECK_FALSE(asks(Flavour::vllm, "m"));
  CHECK(asks(Flavour::whispercpp, ""));  // its tokens
}

// ---- the section --------------------------------------------------------------------------------

// What is wrong with a section; empty: nothing.
std::string mistake(const std::string& provider, std::map<std::string, std::string> options) {
  const auto made =
      providers::openai::make_transcription({"stt", "mine", provider, std::move(options), {}});
  return made ? std::string() : made.error().message;
}

TEST_CASE("a section is taken or its mistake is named") {
  CHECK(mistake("openai", {{"api_key", "k"}}).empty());
  CHECK(mistake("openai", {{"base_url", "http://127.0.0.1:9/v1"}}).empty());
  for (const char* provider : {"speaches", "vllm", "whispercpp"}) {
    CHECK(mistake(provider, {}).empty());
  }
  const std::vector<std::pair<std::string, std::map<std::string, std::string>>> wrong = {
      {"openai", {}},  // its key
      {"groq", {}},
      {"azure_openai", {{"base_url", "https://a.example"}, {"api_key", "k"}}},  // its deployment
      {"azure_openai", {{"deployment", "d"}, {"api_key", "k"}}},                // its address
      {"openai", {{"api_key", "k"}, {"stream", "maybe"}}},
      {"openai", {{"api_key", "k"}, {"upload", "mp3"}}},
      {"openai", {{"api_key", "k"}, {"response_format", "srt"}}},
      {"openai", {{"api_key", "k"}, {"utterance_max_s", "0"}}},
      {"openai", {{"api_key", "k"}, {"fields", "nonsense"}}},
      {"openai", {{"api_key", "k"}, {"path", "/inference"}}},
      {"whispercpp", {{"path", "inference"}}},
  };
  for (const auto& [provider, options] : wrong) {
    CAPTURE(provider);
    CHECK_FALSE(mistake(provider, options).empty());
  }
}

}  // namespace
}  // namespace parley::tests
