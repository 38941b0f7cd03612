// SPDX-License-Identifier: MIT
// Profiles, the variables of the servers that Parley replaces, and the .env file.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <tuple>

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

TEST_CASE("row 35: the bridge goes where it went, and speaks as it spoke, when it is not told") {
  const Options options = loaded(
      {{"AUDIO_API_KEY", "a"}, {"OPENAI_API_KEY", "b"}, {"TTS_API_KEY", "c"}}, "speech-bridge");
  CHECK(options.stt.options.at("base_url") == "https://api-audio2txt.cloud-pi-native.com/v1");
  CHECK(options.tts.options.at("base_url") == "https://api-txt2audio.cloud-pi-native.com/v1");
  CHECK(options.tts.options.at("instructions") ==
        "Speak clearly and positively using short sentences and natural pauses.");
  CHECK(options.llm.options.at("model") == "gpt-oss");
  CHECK_FALSE(options.llm.options.contains("base_url"));
  CHECK(options.session.voice == "shimmer");
  CHECK_FALSE(loaded({{"AUDIO_API_KEY", "a"}}).stt.options.contains("base_url"));
  const Options later = loaded(
      {{"STT_API_KEY", "a"}, {"TTS_API_KEY", "c"}, {"OPENAI_API_BASE", "http://127.0.0.1:2/v1"}},
      "speech-bridge");
  CHECK(later.stt.options.at("base_url") == "http://127.0.0.1:2/v1");
  CHECK(later.tts.options.at("base_url") == "http://127.0.0.1:2/v1");
}

TEST_CASE("row 35: blanks around values and gaps in the list of tokens do not matter") {
  const Options options = loaded({{"API_TOKENS", ",one,, two ,"},
                                  {"DEFAULT_VAD_END_MS", " 600 "},
                                  {"DEFAULT_VAD_AUTORESP", " off "}},
                                 "speech-bridge");
  CHECK(options.server.tokens == std::vector<std::string>{"one", "two"});
  CHECK(options.compat.vad_end_ms == 600);
  CHECK(options.compat.vad_responds == "false");
  CHECK(error_with({{"API_TOKENS", ",,"}}) ==
        "environment variable API_TOKENS: must be one or more texts, separated by commas, not "
        "\",,\"");
}

TEST_CASE("row 35: the bridge's own variables say where it listens") {
  const Variables both = {{"PORT", "8000"}, {"SERVER_PORT", "9000"}};
  CHECK(loaded(both, "speech-bridge").server.listen == std::vector<std::string>{"0.0.0.0:9000"});
  CHECK(loaded(both).server.listen == std::vector<std::string>{"127.0.0.1:8000"});
}

TEST_CASE("a .env file may speak of variables") {
  const auto variables = detail::read_dotenv(
      "A=one\n"
      "B=\"${A} and ${OUTER}\"\n"
      "C=${MISSING}x${MISSING:-y}\n"
      "D='${A}'\n"
      "E=${A\n"
      "F=pa$word${1}\n",
      ".env", [](const std::string& name) -> std::optional<std::string> {
        if (name != "OUTER") return std::nullopt;
        return "two";
      });
  REQUIRE(variables);
  CHECK(*variables == Variables{{"A", "one"},
                                {"B", "one and two"},
                                {"C", "xy"},
                                {"D", "${A}"},
                                {"E", "${A"},
                                {"F", "pa$word${1}"}});
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

TEST_CASE("row 23: realtime-ai's other variables have a meaning, under its profile") {
  const Variables own = {{"SESSION_TIMEOUT", "120"},
                         {"WEBSOCKET_PING_INTERVAL", "15"},
                         {"VOICE_ENERGY_THRESHOLD", "0.05"},
                         {"DEBUG", "True"}};
  Options options = loaded(own, "realtime-ai");
  CHECK(options.compat.session_timeout_s == 120);
  CHECK(options.server.ping_interval_s == 15);
  CHECK(options.compat.barge_in_level_permille == 50);
  CHECK(options.log.level == "debug");
  options = loaded(own);  // names that anybody may use for anything
  CHECK(options.compat.session_timeout_s == 600);
  CHECK(options.server.ping_interval_s == 30);
  CHECK(options.compat.barge_in_level_permille == 0);
}

TEST_CASE("row 23: what realtime-ai assumed when nothing was said") {
  const Options options = loaded({{"OPENAI_API_KEY", "k"},
                                  {"AZURE_SPEECH_KEY", "a"},
                                  {"AZURE_SPEECH_REGION", "eastus"},
                                  {"LLM_PROVIDER", "openai"}},
                                 "realtime-ai");
  CHECK(options.llm.options.at("model") == "gpt-3.5-turbo");
  CHECK(options.tts.options.at("voice") == "en-US-AriaNeural");
  CHECK(options.session.instructions ==
        "You are an intelligent voice assistant. Please provide concise, conversational answers.");
  const Options minimax =
      loaded({{"TTS_PROVIDER", "minimax"}, {"MINIMAX_API_KEY", "m"}}, "realtime-ai");
  CHECK(minimax.tts.options == Text{{"api_key", "m"},
                                    {"base_url", "https://api.minimax.chat"},
                                    {"model", "speech-01-turbo"},
                                    {"voice", "male-qn-qingse"}});
}

TEST_CASE("row 23: a value of realtime-ai's that does not parse is told by its variable") {
  for (const auto& [name, value, message] :
       std::vector<std::tuple<std::string, std::string, std::string>>{
           {"SESSION_TIMEOUT", "soon", "must be a whole number from 0 to 604800, not \"soon\""},
           {"SESSION_TIMEOUT", "-1", "must be a whole number from 0 to 604800, not \"-1\""},
           {"WEBSOCKET_PING_INTERVAL", "0", "must be a whole number from 1 to 3600, not \"0\""},
           {"VOICE_ENERGY_THRESHOLD", "5%", "must be a number from 0 to 1, not \"5%\""},
           {"VOICE_ENERGY_THRESHOLD", "nan", "must be a number from 0 to 1, not \"nan\""},
           {"DEBUG", "maybe", "must be true or false, not \"maybe\""},
           {"LLM_PROVIDER", "ollama", "must be \"openai\", not \"ollama\""}}) {
    CHECK(error_with({{name, value}}, "realtime-ai") ==
          "environment variable " + name + ": " + message);
    CHECK(error_with({{name, value}}).empty());
  }
  CHECK(error_with({{"LLM_PROVIDER", "openai"}}, "realtime-ai") ==
        "environment variable OPENAI_API_KEY: must be set to answer with OpenAI");
}

TEST_CASE("row 23: an engine knows which variable each of its options came from") {
  const Options options = loaded({{"AZURE_SPEECH_KEY", "a"},
                                  {"AZURE_SPEECH_REGION", "east us"},
                                  {"ASR_LANGUAGE", "english please"},
                                  {"PARLEY_STT_VOCABULARY", "x"},
                                  {"OPENAI_API_KEY", "k"},
                                  {"OPENAI_BASE_URL", "nonsense"}},
                                 "realtime-ai");
  CHECK(options.stt.origins == Text{{"language", "environment variable ASR_LANGUAGE"},
                                    {"region", "environment variable AZURE_SPEECH_REGION"},
                                    {"vocabulary", "environment variable PARLEY_STT_VOCABULARY"}});
  CHECK(options.llm.origins.at("base_url") == "environment variable OPENAI_BASE_URL");
}

TEST_CASE("row 12: realtime-ai's page is served from the folder beside it, if there is one") {
  namespace fs = std::filesystem;
  const fs::path before = fs::current_path();
  const fs::path folder = fs::temp_directory_path() / "parley_compat_test_static";
  fs::remove_all(folder);
  fs::create_directories(folder / "static");
  fs::current_path(folder);
  const std::string without = loaded({}, "realtime-ai").compat.static_dir;
  std::ofstream(folder / "static" / "index.html") << "page";
  const std::string with = loaded({}, "realtime-ai").compat.static_dir;
  const std::string other = loaded({}, "open-realtime").compat.static_dir;
  const std::string told =
      loaded({{"PARLEY_COMPAT_STATIC_DIR", folder.string()}}, "realtime-ai").compat.static_dir;
  fs::current_path(before);
  fs::remove_all(folder);
  CHECK(without.empty());
  CHECK(with == "static");
  CHECK(other.empty());
  CHECK(told == folder.string());
  CHECK(error_with({{"PARLEY_COMPAT_STATIC_DIR", "no/such/folder"}}) ==
        "compat.static_dir must be a folder, not \"no/such/folder\"");
}

TEST_CASE("row 11: open-realtime's speech goes where OpenAI's own library would send it") {
  const Options options = loaded(
      {{"OPENAI_API_KEY", "k"}, {"OPENAI_BASE_URL", "http://127.0.0.1:1/v1"}}, "open-realtime");
  CHECK(options.stt.options.at("base_url") == "http://127.0.0.1:1/v1");
  CHECK(options.tts.options.at("base_url") == "http://127.0.0.1:1/v1");
}

TEST_CASE("open-realtime heard and spoke with OpenAI's key, or spoke with ElevenLabs'") {
  Options options = loaded({{"OPENAI_API_KEY", "k"}}, "open-realtime");
  CHECK(options.stt.provider == "openai");
  CHECK(options.tts.provider == "openai");
  options = loaded({{"OPENAI_API_KEY", "k"}, {"ELEVENLABS_API_KEY", "e"}}, "open-realtime");
  CHECK(options.tts.provider == "elevenlabs");
  CHECK(options.tts.options.at("model") == "eleven_multilingual_v2");
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
      "F=a#b\n"
      "G=\"two\r\nlines\tand \\t a tab\" # x\n"
      "\n"
      "H='it\\'s'\n",
      ".env");
  REQUIRE(variables);
  CHECK(*variables == Variables{{"A", "1"},
                                {"B", "two words"},
                                {"C", "with # and \"quotes\"\nand a line"},
                                {"D", "as $it is\\n"},
                                {"E", ""},
                                {"F", "a#b"},
                                {"G", "two\nlines\tand \t a tab"},
                                {"H", "it's"}});
  CHECK(*detail::read_dotenv("\xef\xbb\xbf"
                             "A=1",
                             ".env") == Variables{{"A", "1"}});
  for (const auto& [text, message] : std::map<std::string, std::string>{
           {"A=1\nnonsense\n", ".env:2: must be NAME=VALUE, a comment or nothing"},
           {"1A=1", ".env:1: must be NAME=VALUE, a comment or nothing"},
           {"A=\"open", ".env:1: a quoted value must end with its quote"},
           {"A='a\nb'\nB='c' d\n", ".env:3: a quoted value must end with its quote"}}) {
    const auto refused = detail::read_dotenv(text, ".env");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message == message);
  }
}

}  // namespace parley::config::test
