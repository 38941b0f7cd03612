// SPDX-License-Identifier: MIT
// What Azure Speech's recogniser answers, and how it is asked.
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "providers/azure/stt_engine.h"
#include "providers/azure/stt_phrase.h"
#include "providers/azure/stt_request.h"

namespace parley::tests {
namespace {

using engine::FailureKind;
using providers::azure::read_phrase;
using providers::azure::recognition_path;
using providers::azure::stt_language;
using providers::azure::SttOptions;

providers::remote::Endpoint endpoint() {
  providers::remote::Endpoint made;
  made.engine = "stt.mine";
  return made;
}

TEST_CASE("words are read from both forms, and silence is no words") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"RecognitionStatus":"Success","DisplayText":"Turn it on.","Offset":7,"Duration":8})",
       "Turn it on."},
      {R"({"RecognitionStatus":"Success","Offset":"7","Duration":"8","NBest":
          [{"Confidence":0.93,"Lexical":"turn it on","Display":"Turn it on."},{"Display":"No."}]})",
       "Turn it on."},
      {R"({"RecognitionStatus":"Success","DisplayText":"Top.","NBest":[{"Lexical":"x"}]})", "Top."},
      {R"({"RecognitionStatus":"Success","DisplayText":"Top.","NBest":[]})", "Top."},
      {R"({"RecognitionStatus":"Success"})", ""},
      {R"({"RecognitionStatus":"Success","DisplayText":7,"NBest":{"a":1}})", ""},
      {R"({"RecognitionStatus":"NoMatch","DisplayText":"?"})", ""},
      {R"({"RecognitionStatus":"InitialSilenceTimeout"})", ""},
      {R"({"RecognitionStatus":"BabbleTimeout"})", ""},
      {R"({"RecognitionStatus":"EndOfDictation"})", ""},
  };
  for (const auto& [body, words] : cases) {
    CAPTURE(body);
    const auto read = read_phrase(endpoint(), body);
    REQUIRE(read.has_value());
    CHECK(*read == words);
  }
}

TEST_CASE("what is no result is told with its reason") {
  struct Case {
    std::string body;
    FailureKind kind;
    std::string told;
  };
  const std::vector<Case> cases = {
      {"", FailureKind::unavailable, "stt.mine answered with nothing"},
      {" \n", FailureKind::unavailable, "stt.mine answered with nothing"},
      {"<html>", FailureKind::protocol, "stt.mine answered with a web page: is the address right?"},
      {"{", FailureKind::protocol, "stt.mine answered with what is no JSON"},
      {"[]", FailureKind::protocol, "stt.mine answered with what is no JSON"},
      {"{}", FailureKind::protocol, "stt.mine answered without a result"},
      {R"({"RecognitionStatus":null})", FailureKind::protocol,
       "stt.mine answered without a result"},
      {R"({"RecognitionStatus":"Error"})", FailureKind::unavailable,
       "stt.mine failed to recognise what it heard"},
      {R"({"RecognitionStatus":"TooManyRequests"})", FailureKind::rate_limited,
       "stt.mine asks for fewer requests"},
      {R"({"RecognitionStatus":"BadRequest"})", FailureKind::invalid_request,
       "stt.mine refused the request"},
      {R"({"RecognitionStatus":"Forbidden"})", FailureKind::quota,
       "stt.mine has no quota left for us"},
      {R"({"RecognitionStatus":"Else"})", FailureKind::unavailable, "stt.mine failed: Else"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.body);
    const auto read = read_phrase(endpoint(), c.body);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().kind == c.kind);
    CHECK(read.error().message == c.told);
  }
}

TEST_CASE("a session's language gets a region") {
  SttOptions options;
  options.language = "en-GB";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "en-GB"},      {"en", "en-GB"},  {"de", "de-DE"},    {"zh", "zh-CN"},
      {"no", "nb-NO"},    {"ja", "ja-JP"},  {"pt-BR", "pt-BR"}, {"en-US", "en-US"},
      {"d&x=1", "en-GB"}, {"e n", "en-GB"}, {"1", "en-GB"},
  };
  for (const auto& [wanted, language] : cases) {
    CAPTURE(wanted);
    CHECK(stt_language(options, wanted) == language);
  }
}

TEST_CASE("the address says language and options") {
  SttOptions options;
  engine::SttRequest request;
  request.language = "de";
  const std::string path = "/speech/recognition/conversation/cognitiveservices/v1?language=de-DE";
  CHECK(recognition_path(options, request) == path + "&format=simple&profanity=raw");
  options.profanity = "masked";
  options.deployment = "0a-1b";
  CHECK(recognition_path(options, request) == path + "&format=simple&profanity=masked&cid=0a-1b");
}

TEST_CASE("mistakes in a recogniser's section are told") {
  const auto made = [](std::map<std::string, std::string> options) {
    auto engine = providers::azure::make_stt({"stt", "mine", "azure", std::move(options), {}});
    return engine ? (*engine)->describe() : engine.error().message;
  };
  CHECK(made({{"api_key", "k"}, {"region", "westus"}}) ==
        "Azure Speech, en-US, streamed to https://westus.stt.speech.microsoft.com");
  CHECK(
      made({{"api_key", "k"}, {"region", "chinaeast2"}, {"language", "zh-CN"}, {"mode", "rest"}}) ==
      "Azure Speech, zh-CN at https://chinaeast2.stt.speech.azure.cn");
  const auto mistaken = [&](const std::string& key, const std::string& value) {
    return made({{"api_key", "k"}, {"region", "westus"}, {key, value}});
  };
  CHECK(mistaken("language", "en&x") == "stt.mine.language: must be a language such as en-US");
  CHECK(mistaken("language", "") == "stt.mine.language: must be a language such as en-US");
  CHECK(mistaken("deployment", "x y") == "stt.mine.deployment: must be a deployment's id");
  CHECK(mistaken("profanity", "loud").starts_with("stt.mine.profanity: 'loud' is unknown"));
  CHECK(mistaken("mode", "pigeon").starts_with("stt.mine.mode: 'pigeon' is unknown; valid: "));
}

}  // namespace
}  // namespace parley::tests
