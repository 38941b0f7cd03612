// SPDX-License-Identifier: MIT
// What the file and the flags set, and what is said about mistakes in them.
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "config/load.h"
#include "tests/config/sources.h"

namespace parley::config::test {

namespace {

// A folder of its own, gone with the object.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "parley-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

base::Result<Options> load_given(const Given& given) {
  const Folder folder;
  Sources sources;
  const std::string path = (folder.path() / "parley.toml").string();
  sources.file = path;
  std::ofstream(path, std::ios::binary) << given.file;
  sources.environment = [&given](const std::string& name) -> std::optional<std::string> {
    const auto found = given.environment.find(name);
    if (found == given.environment.end()) return std::nullopt;
    return found->second;
  };
  for (const auto& [name, value] : given.environment) sources.environment_names.push_back(name);
  sources.flags = given.flags;
  auto loaded = load(sources);
  if (!loaded) {
    std::string& message = loaded.error().message;
    const std::string prefix = folder.path().string() + '/';
    if (message.starts_with(prefix)) message.erase(0, prefix.size());
  }
  return loaded;
}

std::string error_of(const Given& given) {
  const auto loaded = load_given(given);
  if (loaded) return {};
  CHECK(loaded.error().code == "invalid_config");
  return loaded.error().message;
}

TEST_CASE("without any source every key has its default") {
  const auto options = load_given({});
  REQUIRE(options);
  CHECK(print(*options) == print(Options{}));
  CHECK(options->server.listen == std::vector<std::string>{"127.0.0.1:7866"});
}

TEST_CASE("the file sets every kind of value") {
  const auto options = load_given({.file = R"(
[server]
listen = ["0.0.0.0:9000", "[::1]:9000"]
tokens = ["one", "two"]
sessions_max = 5
[turn]
detector = "energy"
[session]
voice = "verse"
instructions = """
Be brief."""
[log]
level = "warn"
)",
                                   .environment = {},
                                   .flags = {}});
  REQUIRE(options);
  CHECK(options->server.listen == std::vector<std::string>{"0.0.0.0:9000", "[::1]:9000"});
  CHECK(options->server.tokens == std::vector<std::string>{"one", "two"});
  CHECK(options->server.sessions_max == 5);
  CHECK(options->turn.detector == "energy");
  CHECK(options->session.voice == "verse");
  CHECK(options->session.instructions == "Be brief.");
  CHECK(options->log.level == "warn");
}

TEST_CASE("a list may be written as a single text") {
  const auto options =
      load_given({.file = "[server]\nlisten = \"127.0.0.1:1\"\n", .environment = {}, .flags = {}});
  REQUIRE(options);
  CHECK(options->server.listen == std::vector<std::string>{"127.0.0.1:1"});
}

TEST_CASE("an engine's section names its provider and keeps the provider's keys as text") {
  const auto options = load_given({.file = R"(
[tts.house]
provider = "espeak"
rate = 170
pitch = 0.5
loud = true
variant = "f3"
)",
                                   .environment = {},
                                   .flags = {}});
  REQUIRE(options);
  CHECK(options->tts.kind == "tts");
  CHECK(options->tts.name == "house");
  CHECK(options->tts.provider == "espeak");
  CHECK(options->tts.options ==
        std::map<std::string, std::string>{
            {"loud", "true"}, {"pitch", "0.5"}, {"rate", "170"}, {"variant", "f3"}});
  CHECK(options->tts.origin.ends_with("parley.toml:2"));
  CHECK(options->stt.provider == "pocketsphinx");
}

TEST_CASE("a mistake in the file is told with file, line and what would be right") {
  struct Row {
    const char* file;
    const char* message;
  };
  const Row rows[] = {
      {"[server]\n\nlissen = []\n",
       "parley.toml:3: unknown key lissen in [server]; did you mean listen?"},
      {"[sever]\n", "parley.toml:1: unknown section [sever]; did you mean [server]?"},
      {"[server.tls]\n", "parley.toml:1: unknown section [server.tls]; did you mean [server]?"},
      {"[sst.embedded]\n", "parley.toml:1: unknown section [sst]; did you mean [stt.NAME]?"},
      {"listen = 1\n",
       "parley.toml:1: key listen stands outside any section; put it under [server] or another "
       "one"},
      {"[turn]\naggressiveness = 4\n",
       "parley.toml:2: turn.aggressiveness must be a whole number from 0 to 3, not 4"},
      {"[turn]\naggressiveness = -1\n",
       "parley.toml:2: turn.aggressiveness must be a whole number from 0 to 3, not -1"},
      {"[turn]\naggressiveness = 99999999999\n",
       "parley.toml:2: turn.aggressiveness must be a whole number from 0 to 3, not 99999999999"},
      {"[turn]\naggressiveness = \"2\"\n",
       "parley.toml:2: turn.aggressiveness must be a whole number from 0 to 3, not \"2\""},
      {"[turn]\naggressiveness = 1.5\n",
       "parley.toml:2: turn.aggressiveness must be a whole number from 0 to 3, not a fraction"},
      {"[turn]\ndetector = \"silero\"\n",
       "parley.toml:2: turn.detector must be one of \"webrtc\" or \"energy\", not \"silero\""},
      {"[server]\ntls = true\n",
       "parley.toml:2: server.tls must be one of \"off\", \"auto\" or \"files\", "
       "not true or false"},
      {"[session]\nvoice = 3\n", "parley.toml:2: session.voice must be a text in quotes"},
      {"[server]\nlisten = [7866]\n",
       "parley.toml:2: server.listen must be one or more addresses like \"127.0.0.1:7866\" or "
       "\"[::1]:7866\", not a list with a whole number in it"},
      {"[server]\nlisten = []\n",
       "parley.toml:2: server.listen must be one or more addresses like \"127.0.0.1:7866\" or "
       "\"[::1]:7866\", not an empty list"},
      {"[server]\nlisten = \"7866\"\n",
       "parley.toml:2: server.listen must be one or more addresses like \"127.0.0.1:7866\" or "
       "\"[::1]:7866\", not \"7866\""},
      {"[server]\ntokens = [\"\"]\n",
       "parley.toml:2: server.tokens must be a list of texts, none of them empty"},
      {"[stt]\nprovider = \"pocketsphinx\"\n",
       "parley.toml:2: engines have names: write provider under [stt.embedded], not under [stt]"},
      {"[stt.mine]\nmodel = \"x\"\n",
       "parley.toml:1: [stt.mine] needs a provider, e.g. provider = \"pocketsphinx\""},
      {"[stt.mine]\nprovider = [\"x\"]\n",
       "parley.toml:2: stt.mine.provider must be a text in quotes"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.file);
    std::string message = error_of({.file = row.file, .environment = {}, .flags = {}});
    CHECK(message == row.message);
  }
}

TEST_CASE("text that is no TOML is told with its line") {
  const auto message = error_of({.file = "[server]\nlisten = \n", .environment = {}, .flags = {}});
  CHECK(message.starts_with("parley.toml:2: not valid TOML: "));
}

// ---- engines and models ------------------------------------------------------------------------

const EngineSection* engine_of(const Options& options, const std::string& kind,
                               const std::string& name) {
  for (const auto& engine : options.engines) {
    if (engine.kind == kind && engine.name == name) return &engine;
  }
  return nullptr;
}

TEST_CASE("a file may have many engines and combine them into models") {
  const auto options = load_given({.file = R"(
[stt.whisper]
provider = "openai"
base_url = "http://127.0.0.1:9000/v1"
[llm.fast]
provider = "openai"
api_key = "${MY_KEY}"
headers = ["X-A: 1", "X-B: 2"]
[llm.slow]
provider = "anthropic"
voices = { alloy = "a", echo = "e" }
[models.assistant]
llm = "slow"
llm_fallback = ["fast"]
voices = { alloy = "af_heart", echo = "am_adam" }
instructions = "Be kind."
turn_detection = "semantic_vad"
vad_threshold = 0.7
vad_silence_duration_ms = 400
input_tokens_max = 8000
[models.other]
stt = "whisper"
llm = "fast"
)",
                                   .environment = {{"MY_KEY", "sk-1"}},
                                   .flags = {{"llm.slow.model", "m"}, {"llm.timeout", "5"}}});
  REQUIRE(options);
  CHECK(options->stt.name == "whisper");
  CHECK(options->llm.name == "fast");
  CHECK(options->tts.provider == "flite");
  const auto* fast = engine_of(*options, "llm", "fast");
  REQUIRE(fast != nullptr);
  CHECK(fast->options.at("api_key") == "sk-1");
  CHECK(fast->options.at("headers") == "X-A: 1, X-B: 2");
  CHECK(fast->options.at("timeout") == "5");
  const auto* slow = engine_of(*options, "llm", "slow");
  REQUIRE(slow != nullptr);
  CHECK(slow->options.at("voices") == "alloy = a, echo = e");
  CHECK(slow->options.at("model") == "m");
  REQUIRE(options->models.size() == 2);
  const auto& model =
      options->models[0].name == "assistant" ? options->models[0] : options->models[1];
  CHECK(model.llm == "slow");
  CHECK(model.stt.empty());
  CHECK(model.llm_fallback == std::vector<std::string>{"fast"});
  CHECK(model.voices.at("echo") == "am_adam");
  CHECK(model.instructions == "Be kind.");
  CHECK(model.vad_threshold == 0.7);
  CHECK(model.vad_silence_duration_ms == 400);
  CHECK(model.input_tokens_max == 8000);
  const std::string printed = print(*options);
  CHECK(printed.find("sk-1") == std::string::npos);
  CHECK(printed.find("vad_threshold = 0.7") != std::string::npos);
  CHECK(printed.find("[llm.slow]") != std::string::npos);
}

TEST_CASE("a mistake in a model is told with what would be right") {
  struct Row {
    const char* file;
    const char* message;
  };
  const Row rows[] = {
      {"[models.a]\nllm = \"fst\"\n[llm.fast]\nprovider = \"openai\"\n",
       "parley.toml:1: [models.a]: there is no engine [llm.fst]; did you mean fast?"},
      {"[models.a]\nvoise = \"x\"\n",
       "parley.toml:2: unknown key voise in [models.a]; did you mean voice?"},
      {"[models.a]\nturn_detection = \"x\"\n",
       "parley.toml:2: models.a.turn_detection must be one of \"server_vad\", \"semantic_vad\", "
       "\"none\""},
      {"[models.a]\nvad_threshold = 2\n",
       "parley.toml:2: models.a.vad_threshold must be a number from 0 to 1"},
      {"[models.a]\nvad_silence_duration_ms = 1.5\n",
       "parley.toml:2: models.a.vad_silence_duration_ms must be a whole number from 0 to 30000"},
      {"[models.a]\nvoices = \"x\"\n", "parley.toml:2: models.a.voices must be a table of texts"},
      {"[models]\nllm = \"x\"\n",
       "parley.toml:2: models have names: write llm under [models.NAME]"},
      {"[llm.a]\nprovider = \"openai\"\napi_key = \"${NOT_SET}\"\n",
       "parley.toml:1: llm.a.api_key: environment variable NOT_SET is not set"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.file);
    std::string message = error_of({.file = row.file, .environment = {}, .flags = {}});
    CHECK(message == row.message);
  }
}

TEST_CASE("a file that was named must be there, the one that was not need not") {
  Sources named;
  named.file = "/nowhere/parley.toml";
  const auto refused = load(named);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message ==
        "/nowhere/parley.toml: cannot be read: No such file or directory");

  const Folder empty;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(empty.path());
  CHECK(load(Sources{}));
  std::ofstream("parley.toml") << "[session]\nvoice = \"ash\"\n";
  const auto found = load(Sources{});
  std::filesystem::current_path(before);
  REQUIRE(found);
  CHECK(found->session.voice == "ash");
}

TEST_CASE("a folder in the file's place is an error, not an empty file") {
  Sources sources;
  sources.file = "/";
  CHECK_FALSE(load(sources));
}

TEST_CASE("flags are the strongest, and repeated ones make a list") {
  const auto options = load_given({.file = "[server]\nlisten = \"127.0.0.1:1\"\n",
                                   .environment = {{"PARLEY_SERVER_LISTEN", "127.0.0.1:2"},
                                                   {"PARLEY_TURN_AGGRESSIVENESS", "1"}},
                                   .flags = {{"server.listen", "127.0.0.1:3"},
                                             {"turn.aggressiveness", "3"},
                                             {"server.listen", "127.0.0.1:4"},
                                             {"server.tokens", "a,b"}}});
  REQUIRE(options);
  CHECK(options->server.listen == std::vector<std::string>{"127.0.0.1:3", "127.0.0.1:4"});
  CHECK(options->turn.aggressiveness == 3);
  CHECK(options->server.tokens == std::vector<std::string>{"a,b"});  // a token may hold a comma
}

TEST_CASE("a wrong flag is told with the nearest key or the accepted form") {
  const auto with_flag = [](const char* key, const char* value) {
    return error_of({.file = {}, .environment = {}, .flags = {{key, value}}});
  };
  CHECK(with_flag("server.lisen", "x") ==
        "command line: unknown key server.lisen; did you mean server.listen?");
  CHECK(with_flag("log.level", "loud") ==
        "command line: log.level must be one of \"debug\", \"info\", \"warn\" or \"error\", "
        "not \"loud\"");
  CHECK(with_flag("stt", "x") ==
        "command line: unknown key stt; an engine's key looks like stt.provider");
}

TEST_CASE("an engine can be chosen by flag; another provider's options do not stick to it") {
  const auto options = load_given({.file = "[tts.mine]\nprovider = \"flite\"\nstretch = 2\n",
                                   .environment = {},
                                   .flags = {{"tts.variant", "f3"}, {"tts.provider", "espeak"}}});
  REQUIRE(options);
  CHECK(options->tts.provider == "espeak");
  CHECK(options->tts.options == std::map<std::string, std::string>{{"variant", "f3"}});
  CHECK(options->tts.origin == "command line");
}

TEST_CASE("certificate files turn TLS on, and one alone is an error") {
  const auto both =
      load_given({.file = {},
                  .environment = {},
                  .flags = {{"server.tls_cert", "c.pem"}, {"server.tls_key", "k.pem"}}});
  REQUIRE(both);
  CHECK(both->server.tls == "files");
  CHECK(error_of({.file = {}, .environment = {}, .flags = {{"server.tls_cert", "c.pem"}}}) ==
        "server.tls_key is missing: TLS from files needs server.tls_cert and server.tls_key");
  CHECK(error_of({.file = "[server]\ntls = \"files\"\n", .environment = {}, .flags = {}}) ==
        "server.tls_cert is missing: TLS from files needs server.tls_cert and server.tls_key");
  const auto off = load_given({.file = {},
                               .environment = {},
                               .flags = {{"server.tls", "off"}, {"server.tls_cert", "c.pem"}}});
  REQUIRE(off);
  CHECK(off->server.tls == "off");
}

}  // namespace parley::config::test
