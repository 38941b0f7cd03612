// SPDX-License-Identifier: MIT
// Which variable wins, and what is said about values that do not parse.
#include <doctest/doctest.h>

#include "tests/config/sources.h"

namespace parley::config::test {

namespace {

using Variables = std::map<std::string, std::string>;

std::vector<std::string> listen_with(const Variables& environment, const std::string& file = {}) {
  const auto options = load_given({.file = file, .environment = environment, .flags = {}});
  REQUIRE(options);
  return options->server.listen;
}

}  // namespace

TEST_CASE("every key has a variable, and lists are separated by commas") {
  const auto options = load_given({.file = {},
                                   .environment = {{"PARLEY_SERVER_LISTEN", "127.0.0.1:1, [::1]:2"},
                                                   {"PARLEY_SERVER_TOKENS", "a,b"},
                                                   {"PARLEY_SERVER_SESSIONS_MAX", "7"},
                                                   {"PARLEY_SESSION_VOICE", "coral"},
                                                   {"PARLEY_LOG_LEVEL", "debug"},
                                                   {"PARLEY_TTS_PROVIDER", "espeak"}},
                                   .flags = {}});
  REQUIRE(options);
  CHECK(options->server.listen == std::vector<std::string>{"127.0.0.1:1", "[::1]:2"});
  CHECK(options->server.tokens == std::vector<std::string>{"a", "b"});
  CHECK(options->server.sessions_max == 7);
  CHECK(options->session.voice == "coral");
  CHECK(options->log.level == "debug");
  CHECK(options->tts.provider == "espeak");
}

TEST_CASE("the listen address comes from the strongest source that has one") {
  const std::string file = "[server]\nlisten = \"127.0.0.1:10\"\n";
  Variables variables;
  CHECK(listen_with(variables, file) == std::vector<std::string>{"127.0.0.1:10"});
  variables["SERVER_NAME"] = "127.0.0.2";
  variables["SERVER_PORT"] = "20";
  CHECK(listen_with(variables, file) == std::vector<std::string>{"127.0.0.2:20"});
  variables["HOST"] = "127.0.0.3";
  variables["PORT"] = "30";
  CHECK(listen_with(variables, file) == std::vector<std::string>{"127.0.0.3:30"});
  variables["PARLEY_SERVER_LISTEN"] = "127.0.0.4:40";
  CHECK(listen_with(variables, file) == std::vector<std::string>{"127.0.0.4:40"});
}

TEST_CASE("a host or a port alone keeps the other's default") {
  CHECK(listen_with({{"HOST", "0.0.0.0"}}) == std::vector<std::string>{"0.0.0.0:7866"});
  CHECK(listen_with({{"PORT", "8080"}}) == std::vector<std::string>{"127.0.0.1:8080"});
  CHECK(listen_with({{"SERVER_NAME", "0.0.0.0"}}) == std::vector<std::string>{"0.0.0.0:7866"});
  CHECK(listen_with({{"SERVER_PORT", "8080"}}) == std::vector<std::string>{"127.0.0.1:8080"});
}

TEST_CASE("the two pairs of names do not mix") {
  CHECK(listen_with({{"PORT", "1"}, {"SERVER_NAME", "0.0.0.0"}}) ==
        std::vector<std::string>{"127.0.0.1:1"});
}

TEST_CASE("an IPv6 host is put in brackets") {
  CHECK(listen_with({{"HOST", "::1"}}) == std::vector<std::string>{"[::1]:7866"});
  CHECK(listen_with({{"HOST", "[::]"}, {"PORT", "0"}}) == std::vector<std::string>{"[::]:0"});
}

TEST_CASE("a variable that is set to nothing counts as not set") {
  CHECK(listen_with({{"HOST", ""}, {"PORT", ""}, {"PARLEY_SERVER_LISTEN", ""}}) ==
        std::vector<std::string>{"127.0.0.1:7866"});
}

TEST_CASE("a value that does not parse is told with its variable and the accepted form") {
  struct Row {
    Variables environment;
    const char* message;
  };
  const Row rows[] = {
      {{{"PORT", "http"}},
       "environment variable PORT: must be a port from 0 to 65535, not \"http\""},
      {{{"PORT", "65536"}},
       "environment variable PORT: must be a port from 0 to 65535, not \"65536\""},
      {{{"PORT", "80 "}}, "environment variable PORT: must be a port from 0 to 65535, not \"80 \""},
      {{{"SERVER_PORT", "-1"}},
       "environment variable SERVER_PORT: must be a port from 0 to 65535, not \"-1\""},
      {{{"HOST", "a b"}},
       "environment variable HOST: must be an address like 127.0.0.1 or ::1, not \"a b\""},
      {{{"PARLEY_TURN_AGGRESSIVENESS", "two"}},
       "environment variable PARLEY_TURN_AGGRESSIVENESS: turn.aggressiveness must be "
       "a whole number from 0 to 3, not \"two\""},
      {{{"PARLEY_SERVER_LISTEN", "7866"}},
       "environment variable PARLEY_SERVER_LISTEN: server.listen must be one or more addresses "
       "like "
       "\"127.0.0.1:7866\" or \"[::1]:7866\", not \"7866\""},
      {{{"PARLEY_LOG_LEVEL", "loud"}},
       "environment variable PARLEY_LOG_LEVEL: log.level must be one of \"debug\", \"info\", "
       "\"warn\" or \"error\", not \"loud\""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.message);
    CHECK(error_of({.file = {}, .environment = row.environment, .flags = {}}) == row.message);
  }
}

TEST_CASE("a mistyped variable of ours is told with the nearest one") {
  CHECK(error_of({.file = {}, .environment = {{"PARLEY_SERVER_LISTTEN", "x"}}, .flags = {}}) ==
        "environment variable PARLEY_SERVER_LISTTEN: unknown; did you mean PARLEY_SERVER_LISTEN?");
}

TEST_CASE("variables that are not ours are let be") {
  CHECK(listen_with({{"PARLEY_HOME", "x"},
                     {"PARLEY_SERVICE_HOST", "10.0.0.1"},
                     {"PARLEY_SERVER_SERVICE_HOST", "10.0.0.1"},
                     {"PARLEY_SERVER_PORT", "tcp://10.0.0.1:7866"},
                     {"PARLEY_SERVER_PORT_7866_TCP_ADDR", "10.0.0.1"}}) ==
        std::vector<std::string>{"127.0.0.1:7866"});
}

TEST_CASE("an engine's own keys have variables too") {
  const auto options = load_given({.file = "[stt.mine]\nprovider = \"pocketsphinx\"\n"
                                           "decoders_max = 2\n",
                                   .environment = {{"PARLEY_STT_DECODERS_MAX", "3"},
                                                   {"PARLEY_TTS_PROVIDER", "flite"},
                                                   {"PARLEY_TTS_VOICE", "rms"}},
                                   .flags = {}});
  REQUIRE(options);
  CHECK(options->stt.options == std::map<std::string, std::string>{{"decoders_max", "3"}});
  CHECK(options->tts.options == std::map<std::string, std::string>{{"voice", "rms"}});
}

TEST_CASE("a weaker variable that is not used is not judged") {
  CHECK(listen_with({{"PORT", "nonsense"}, {"PARLEY_SERVER_LISTEN", "127.0.0.1:1"}}) ==
        std::vector<std::string>{"127.0.0.1:1"});
}

// ---- variables of other servers ----------------------------------------------------------------

TEST_CASE("the variables of other servers make a language model and its instructions") {
  const auto options = load_given({.file = "",
                                   .environment = {{"OPENAI_API_BASE", "http://127.0.0.1:1/v1"},
                                                   {"OPENAI_API_KEY", "sk-1"},
                                                   {"OPENAI_API_MODEL", "gemma"},
                                                   {"REQUEST_TIMEOUT", "2.5"},
                                                   {"DEFAULT_SYSTEM_PROMPT", "Be kind."}},
                                   .flags = {}});
  REQUIRE(options);
  CHECK(options->llm.provider == "openai");
  CHECK(options->llm.options.at("base_url") == "http://127.0.0.1:1/v1");
  CHECK(options->llm.options.at("api_key") == "sk-1");
  CHECK(options->llm.options.at("model") == "gemma");
  CHECK(options->llm.options.at("total_timeout_ms") == "2500");
  CHECK(options->session.instructions == "Be kind.");
  CHECK(options->stt.provider == "pocketsphinx");
}

TEST_CASE("a file and our own variables are stronger than those of other servers") {
  const auto file = load_given({.file = "[llm.mine]\nprovider = \"ollama\"\n",
                                .environment = {{"OPENAI_API_KEY", "sk-1"}},
                                .flags = {}});
  REQUIRE(file);
  CHECK(file->llm.provider == "ollama");
  const auto ours = load_given({.file = "",
                                .environment = {{"OPENAI_API_KEY", "sk-1"},
                                                {"PARLEY_LLM_PROVIDER", "builtin"},
                                                {"OPENAI_SYSTEM_PROMPT", "theirs"},
                                                {"PARLEY_SESSION_INSTRUCTIONS", "ours"}},
                                .flags = {}});
  REQUIRE(ours);
  CHECK(ours->llm.provider == "builtin");
  CHECK(ours->llm.options.empty());
  CHECK(ours->session.instructions == "ours");
}

TEST_CASE("a time limit that is none is told by its variable") {
  const auto message =
      error_of({.file = "",
                .environment = {{"OPENAI_API_KEY", "k"}, {"REQUEST_TIMEOUT", "soon"}},
                .flags = {}});
  CHECK(message ==
        "environment variable REQUEST_TIMEOUT: must be seconds from 0.1 to 3600, not \"soon\"");
}

}  // namespace parley::config::test
