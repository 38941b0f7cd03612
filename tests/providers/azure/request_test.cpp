// SPDX-License-Identifier: MIT
// Requests to Azure Speech, and the sections that configure them. What the network does to the
// answers is the contract tests'.
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "providers/azure/region.h"
#include "providers/azure/tts_engine.h"
#include "providers/azure/tts_request.h"

namespace parley::tests {
namespace {

using providers::azure::speech_host;
using providers::azure::tts_format;
using providers::azure::tts_path;
using providers::azure::tts_ssml;
using providers::azure::TtsOptions;
using providers::azure::voice_language;
using providers::azure::xml_text;

const std::string kRoot =
    "<speak version='1.0' xmlns='http://www.w3.org/2001/10/synthesis' "
    "xmlns:mstts='https://www.w3.org/2001/mstts' xml:lang='";

engine::TtsRequest saying(const std::string& voice, double speed = 1.0) {
  return {"Hello.", voice, speed};
}

TEST_CASE("each cloud has its domain") {
  CHECK(speech_host("westeurope", "tts") == "https://westeurope.tts.speech.microsoft.com");
  CHECK(speech_host("westus", "stt") == "https://westus.stt.speech.microsoft.com");
  CHECK(speech_host("chinanorth3", "tts") == "https://chinanorth3.tts.speech.azure.cn");
  CHECK(speech_host("usgovvirginia", "stt") == "https://usgovvirginia.stt.speech.azure.us");
}

TEST_CASE("formats are named as the service names them") {
  CHECK(tts_format(8000) == "raw-8khz-16bit-mono-pcm");
  CHECK(tts_format(22050) == "raw-22050hz-16bit-mono-pcm");
  CHECK(tts_format(24000) == "raw-24khz-16bit-mono-pcm");
  CHECK(tts_format(44100) == "raw-44100hz-16bit-mono-pcm");
}

TEST_CASE("a voice's language is what its name begins with") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"en-US-JennyNeural", "en-US"},
      {"zh-CN-liaoning-XiaobeiNeural", "zh-CN-liaoning"},
      {"fil-PH-BlessicaNeural", "fil-PH"},
      {"en-US-Ava:DragonHDLatestNeural", "en-US"},
      {"alloy", ""},
      {"", ""},
      {"-", ""},
      {"My-Own-Voice", ""},
      {"en-US-", ""},
      {"e'-US-X", ""},
      {"en-U/S-X", ""},
  };
  for (const auto& [voice, language] : cases) {
    CAPTURE(voice);
    CHECK(voice_language(voice) == language);
  }
}

TEST_CASE("text is escaped, and what XML cannot hold is left out") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a < b && c > \"d\" 'e'", "a &lt; b &amp;&amp; c &gt; &quot;d&quot; &apos;e&apos;"},
      {"</voice><break/>", "&lt;/voice&gt;&lt;break/&gt;"},
      {"&amp;", "&amp;amp;"},
      {"one\ttwo\r\nthree", "one\ttwo\r\nthree"},
      {std::string("a\0b\x01\x0b\x1f\x7f", 7), "ab"},
      {"\xc2\x85 next line", " next line"},
      {"Zwölf 你好 😀", "Zwölf 你好 😀"},
      {"a\xef\xbf\xbe\xef\xbf\xbf z", "a z"},            // U+FFFE, U+FFFF
      {"a\xed\xa0\x80z", "az"},                          // a surrogate
      {"a\xc0\xaf\xe0\x80\xaf\xf0\x80\x80\xafz", "az"},  // overlong
      {"a\xf4\x90\x80\x80\xf5\x80\x80\x80\xffz", "az"},  // beyond Unicode
      {"cut \xe4\xbd", "cut "},
      {"\xe4<", "&lt;"},
      {"", ""},
  };
  for (const auto& [text, written] : cases) {
    CAPTURE(text);
    CHECK(xml_text(text) == written);
  }
}

TEST_CASE("a client's voice is the configured one, one of the service's, or the default") {
  TtsOptions options;
  options.voice = "de-DE-KatjaNeural";
  options.voices = {{"echo", "My Voice"}};
  const auto ssml = [&](const std::string& voice) { return tts_ssml(options, saying(voice)); };
  CHECK(ssml("alloy") == kRoot + "de-DE'><voice name='de-DE-KatjaNeural'>Hello.</voice></speak>");
  CHECK(ssml("") == ssml("alloy"));
  CHECK(ssml("'/><x") == ssml("alloy"));
  CHECK(ssml("fr-FR-DeniseNeural") ==
        kRoot + "fr-FR'><voice name='fr-FR-DeniseNeural'>Hello.</voice></speak>");
  CHECK(ssml("echo") == kRoot + "en-US'><voice name='My Voice'>Hello.</voice></speak>");
  options.language = "pt-BR";
  CHECK(ssml("echo") == kRoot +
                            "pt-BR'><voice name='My Voice'><lang xml:lang='pt-BR'>Hello.</lang>"
                            "</voice></speak>");
}

TEST_CASE("no voice name breaks out of its attribute") {
  TtsOptions options;
  options.voices = {{"echo", "a'/><b c='\x01"}};
  CHECK(tts_ssml(options, saying("echo")) ==
        kRoot + "en-US'><voice name='a&apos;/&gt;&lt;b c=&apos;'>Hello.</voice></speak>");
  CHECK(tts_ssml(options, saying("en-US-'><x/>")).find("<x/>") == std::string::npos);
}

TEST_CASE("speed, language and style are said where they differ from the voice's own") {
  TtsOptions options;
  options.voice = "en-US-JennyNeural";
  const auto inside = [&](double speed) {
    const std::string ssml = tts_ssml(options, saying("alloy", speed));
    const std::string begin = kRoot + "en-US'><voice name='en-US-JennyNeural'>";
    REQUIRE(ssml.starts_with(begin));
    REQUIRE(ssml.ends_with("</voice></speak>"));
    return ssml.substr(begin.size(), ssml.rfind("</voice>") - begin.size());
  };
  CHECK(inside(1.0) == "Hello.");
  CHECK(inside(1.001) == "Hello.");
  CHECK(inside(1.25) == "<prosody rate='+25%'>Hello.</prosody>");
  CHECK(inside(0.9) == "<prosody rate='-10%'>Hello.</prosody>");
  CHECK(inside(0.25) == "<prosody rate='-50%'>Hello.</prosody>");
  CHECK(inside(4) == "<prosody rate='+100%'>Hello.</prosody>");
  options.language = "en-US";
  CHECK(inside(1.0) == "Hello.");
  options.language = "de-DE";
  options.style = "cheerful";
  CHECK(inside(1.5) ==
        "<mstts:express-as style='cheerful'><lang xml:lang='de-DE'><prosody rate='+50%'>Hello."
        "</prosody></lang></mstts:express-as>");
}

TEST_CASE("a custom voice is asked for by its deployment") {
  TtsOptions options;
  CHECK(tts_path(options) == "/cognitiveservices/v1");
  options.deployment = "0a-1b";
  CHECK(tts_path(options) == "/cognitiveservices/v1?deploymentId=0a-1b");
}

TEST_CASE("mistakes in a voice's section are told") {
  const auto made = [](std::map<std::string, std::string> options) {
    auto engine = providers::azure::make_tts({"tts", "mine", "azure", std::move(options), {}});
    return engine ? (*engine)->describe() : engine.error().message;
  };
  CHECK(made({{"api_key", "k"}, {"region", "westus"}}) ==
        "Azure Speech, voice en-US-AvaMultilingualNeural at "
        "https://westus.tts.speech.microsoft.com");
  CHECK(made({{"base_url", "http://127.0.0.1:5000"}}) ==
        "Azure Speech, voice en-US-AvaMultilingualNeural at http://127.0.0.1:5000");
  CHECK(made({{"api_key", "k"}}) == "tts.mine.region: is missing; or give base_url");
  CHECK(made({{"api_key", "k"}, {"region", "a.b/c"}}) ==
        "tts.mine.region: must be a region's name, such as westeurope");
  CHECK(made({{"region", "westus"}}) == "tts.mine.api_key: is missing: Azure Speech asks for one");
  CHECK(made({{"region", "chinaeast2"}}) ==
        "tts.mine.api_key: is missing: Azure Speech asks for one");
  CHECK(made({{"base_url", "https://mine.cognitiveservices.azure.com/tts"}}) ==
        "tts.mine.api_key: is missing: Azure Speech asks for one");
  const auto mistaken = [&](const std::string& key, const std::string& value) {
    return made({{"api_key", "k"}, {"region", "westus"}, {key, value}});
  };
  CHECK(mistaken("voice", "") == "tts.mine.voice: is empty");
  CHECK(mistaken("language", "e n") == "tts.mine.language: must be a language such as en-US");
  CHECK(mistaken("deployment", "1&x=2") == "tts.mine.deployment: must be a deployment's id");
  CHECK(mistaken("pcm_rate", "11025").starts_with("tts.mine.pcm_rate: '11025' is unknown; valid"));
}

}  // namespace
}  // namespace parley::tests
