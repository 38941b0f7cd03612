// SPDX-License-Identifier: MIT
// Profiles, the variables of the servers that Parley replaces, and the .env file.
#include <doctest/doctest.h>

#include "config/detail/dotenv.h"
#include "tests/config/sources.h"

namespace parley::config::test {

namespace {

using Variables = std::map<std::string, std::string>;
using Text = std::map<std::string, std::string>;

Options loaded(const Variables& environment, const std::string& profile = {},
               const std::string& file = {}) {
  Given given{.file = file, .environment = environment, .flags = {}};
  if (!profile.empty()) given.flags.emplace_back("compat.profile", profile);
  const auto options = load_given(given);
  REQUIRE_MESSAGE(options, options.error().message);
  return *options;
}

std::string error_with(const Variables& environment, const std::string& profile = {}) {
  Given given{.file = {}, .environment = environment, .flags = {}};
  if (!profile.empty()) given.flags.emplace_back("compat.profile", profile);
  return error_of(given);
}

}  // namespace

TEST_CASE("a profile listens where its server did, unless told otherwise") {
  using List = std::vector<std::string>;
  CHECK(loaded({}, "open-realtime").server.listen == List{"0.0.0.0:7866", "0.0.0.0:7860"});
  CHECK(loaded({}, "realtime-ai").server.listen == List{"127.0.0.1:8000"});
  CHECK(loaded({}, "speech-bridge").server.listen == List{"0.0.0.0:8080"});
  CHECK(loaded({}, "azure").server.listen == List{"127.0.0.1:7866"});
  CHECK(loaded({{"PORT", "9000"}}, "open-realtime").server.listen == List{"0.0.0.0:9000"});
  CHECK(loaded({{"HOST", "127.0.0.1"}}, "open-realtime").server.listen ==
        List{"127.0.0.1:7866", "127.0.0.1:7860"});
  CHECK(
      loaded({{"SERVER_NAME", "127.0.0.1"}, {"SERVER_PORT", "1"}}, "speech-bridge").server.listen ==
      List{"127.0.0.1:1"});
  CHECK(loaded({}, "speech-bridge", "[server]\nlisten = \"127.0.0.1:2\"\n").server.listen ==
        List{"127.0.0.1:2"});
  CHECK(loaded({{"PARLEY_SERVER_LISTEN", "127.0.0.1:3"}, {"PORT", "4"}}, "azure").server.listen ==
        List{"127.0.0.1:3"});
}

TEST_CASE("a profile may come from any source, and its defaults are the weakest") {
  CHECK(loaded({{"PARLEY_COMPAT_PROFILE", "realtime-ai"}}).server.listen ==
        std::vector<std::string>{"127.0.0.1:8000"});
  CHECK(loaded({}, {}, "[compat]\nprofile = \"speech-bridge\"\n").session.voice == "shimmer");
  CHECK(loaded({{"PARLEY_SESSION_VOICE", "verse"}}, "speech-bridge").session.voice == "verse");
  CHECK(loaded({{"DEFAULT_SYSTEM_PROMPT", "Be loud."}}, "speech-bridge").session.instructions ==
        "Be loud.");
  CHECK(loaded({}, "azure").server.tls == "auto");
  CHECK(loaded({}, "azure", "[server]\ntls = \"off\"\n").server.tls == "off");
  CHECK(error_with({}, "other") ==
        "command line: compat.profile must be one of \"\", \"open-realtime\", \"realtime-ai\", "
        "\"speech-bridge\" or \"azure\", not \"other\"");
}

TEST_CASE("the bridge's environment makes all three engines") {
  const Options options = loaded({{"AUDIO_API_KEY", "a"},
                                  {"WHISPER_URL", "http://127.0.0.1:1/v1/audio/transcriptions"},
                                  {"OPENAI_API_KEY", "b"},
                                  {"OPENAI_API_BASE", "http://127.0.0.1:2/v1"},
                                  {"TTS_API_KEY", "c"},
                                  {"TTS_API_URL", "http://127.0.0.1:3/v1/audio/speech/"},
                                  {"DEFAULT_TTS_INSTRUCTIONS", "Slowly."},
                                  {"REQUEST_TIMEOUT", "30"}},
                                 "speech-bridge");
  CHECK(options.stt.provider == "openai");
  CHECK(options.stt.options == Text{{"api_key", "a"},
                                    {"base_url", "http://127.0.0.1:1/v1"},
                                    {"first_byte_timeout_ms", "30000"},
                                    {"model", "whisper-1"},
                                    {"total_timeout_ms", "30000"}});
  CHECK(options.llm.options.at("model") == "gpt-oss");
  CHECK(options.llm.options.at("base_url") == "http://127.0.0.1:2/v1");
  CHECK(options.tts.options.at("base_url") == "http://127.0.0.1:3/v1");
  CHECK(options.tts.options.at("instructions") == "Slowly.");
  CHECK(options.tts.options.at("model") == "gpt-4o-mini-tts");
}

TEST_CASE("the bridge's other variables keep their spellings and their bounds") {
  const CompatOptions compat = loaded({{"API_TOKENS", "one, two"},
                                       {"DEFAULT_VAD_AGGR", "9"},
                                       {"DEFAULT_VAD_START_MS", "5"},
                                       {"DEFAULT_VAD_END_MS", "600"},
                                       {"DEFAULT_VAD_AUTORESP", "No"},
                                       {"DEFAULT_VAD_INTERRUPT_RESPONSE", "on"},
                                       {"COMMIT_AUTORESP", "0"}})
                                   .compat;
  CHECK(compat.vad_aggressiveness == 3);
  CHECK(compat.vad_start_ms == 20);
  CHECK(compat.vad_end_ms == 600);
  CHECK(compat.vad_responds == "false");
  CHECK(compat.vad_interrupts == "true");
  CHECK(compat.commit_responds == "false");
  CHECK(loaded({{"API_TOKENS", "one, two"}}).server.tokens ==
        std::vector<std::string>{"one", "two"});
  CHECK(error_with({{"DEFAULT_VAD_AGGR", "soft"}}) ==
        "environment variable DEFAULT_VAD_AGGR: must be a whole number, not \"soft\"");
  CHECK(error_with({{"COMMIT_AUTORESP", "perhaps"}}) ==
        "environment variable COMMIT_AUTORESP: must be 1 or 0, true or false, yes or no, on or "
        "off, not \"perhaps\"");
}

TEST_CASE("realtime-ai's environment makes Azure or MiniMax speak") {
  Variables azure = {{"ASR_PROVIDER", "azure"},     {"TTS_PROVIDER", "azure"},
                     {"AZURE_SPEECH_KEY", "k"},     {"AZURE_SPEECH_REGION", "eastasia"},
                     {"ASR_LANGUAGE", "zh-CN"},     {"AZURE_TTS_VOICE", "zh-CN-XiaoxiaoNeural"},
                     {"OPENAI_SYSTEM_PROMPT", "Hi"}};
  Options options = loaded(azure, "realtime-ai");
  CHECK(options.stt.provider == "azure");
  CHECK(options.stt.options ==
        Text{{"api_key", "k"}, {"language", "zh-CN"}, {"region", "eastasia"}});
  CHECK(options.tts.options ==
        Text{{"api_key", "k"}, {"region", "eastasia"}, {"voice", "zh-CN-XiaoxiaoNeural"}});
  CHECK(options.session.instructions == "Hi");
  azure["TTS_PROVIDER"] = "minimax";
  CHECK(error_with(azure) ==
        "environment variable MINIMAX_API_KEY: must be set to speak with MiniMax");
  azure["MINIMAX_API_KEY"] = "m";
  azure["MINIMAX_VOICE_ID"] = "male-qn-qingse";
  options = loaded(azure);
  CHECK(options.tts.provider == "minimax");
  CHECK(options.tts.options == Text{{"api_key", "m"}, {"voice", "male-qn-qingse"}});
  azure["TTS_PROVIDER"] = "festival";
  CHECK(error_with(azure) ==
        "environment variable TTS_PROVIDER: must be \"azure\" or \"minimax\", "
        "not \"festival\"");
  CHECK(error_with({{"AZURE_SPEECH_KEY", "k"}}) ==
        "environment variable AZURE_SPEECH_REGION: must be set to speak with Azure");
}

TEST_CASE("open-realtime heard and spoke with OpenAI's key, or spoke with ElevenLabs'") {
  Options options = loaded({{"OPENAI_API_KEY", "k"}}, "open-realtime");
  CHECK(options.stt.provider == "openai");
  CHECK(options.tts.provider == "openai");
  options = loaded({{"OPENAI_API_KEY", "k"}, {"ELEVENLABS_API_KEY", "e"}}, "open-realtime");
  CHECK(options.tts.provider == "elevenlabs");
  options = loaded({{"OPENAI_API_KEY", "k"}});
  CHECK(options.stt.provider == "pocketsphinx");
  CHECK(options.tts.provider == "flite");
}

TEST_CASE("engines of the file are stronger than the variables") {
  const Options options = loaded({{"AUDIO_API_KEY", "a"}, {"TTS_API_KEY", "b"}}, {},
                                 "[stt.mine]\nprovider = \"pocketsphinx\"\n");
  CHECK(options.stt.provider == "pocketsphinx");
  CHECK(options.tts.provider == "openai");
}

TEST_CASE("a .env file is read as shells and Python read it") {
  const auto variables = detail::read_dotenv(
      "# a comment\n"
      "\n"
      "export A=1\r\n"
      "B = two words # a comment\n"
      "C=\"with # and \\\"quotes\\\"\\nand a line\" # x\n"
      "D='as $it is\\n'\n"
      "E=\n"
      "F=a#b",
      ".env");
  REQUIRE(variables);
  CHECK(*variables == Variables{{"A", "1"},
                                {"B", "two words"},
                                {"C", "with # and \"quotes\"\nand a line"},
                                {"D", "as $it is\\n"},
                                {"E", ""},
                                {"F", "a#b"}});
  for (const auto& [text, message] : std::map<std::string, std::string>{
           {"A=1\nnonsense\n", ".env:2: must be NAME=VALUE, a comment or nothing"},
           {"1A=1", ".env:1: must be NAME=VALUE, a comment or nothing"},
           {"A=\"open", ".env:1: a quoted value must end with its quote"}}) {
    const auto refused = detail::read_dotenv(text, ".env");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message == message);
  }
}

}  // namespace parley::config::test
