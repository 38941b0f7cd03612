// SPDX-License-Identifier: MIT
#include "providers/remote/endpoint.h"

#include <doctest/doctest.h>

namespace parley::tests {
namespace {

using providers::SectionReader;
using providers::remote::Endpoint;
using providers::remote::read_endpoint;
using std::chrono::milliseconds;
using std::chrono::seconds;

config::EngineSection section(std::map<std::string, std::string> options) {
  return {"llm", "fast", "openai", std::move(options), "parley.toml:7"};
}

// The endpoint's mistake, empty if there is none.
std::string mistake_of(std::map<std::string, std::string> options) {
  const auto mine = section(std::move(options));
  SectionReader keys(mine);
  read_endpoint(keys, mine, {});
  const auto mistake = keys.mistake();
  return mistake ? mistake->message : std::string();
}

TEST_CASE("an endpoint is read over its provider's defaults") {
  const auto mine = section({{"base_url", "http://127.0.0.1:9000/v1/"},
                             {"api_key", " secret "},
                             {"headers", "X-Title: Parley; X-Org:  a b ;"},
                             {"ca_file", "/dev/null"},
                             {"tls_verify", "false"},
                             {"connect_timeout_ms", "700"},
                             {"total_timeout_ms", "0"},
                             {"retries", "3"}});
  SectionReader keys(mine);
  Endpoint defaults;
  defaults.timeouts.first_byte = seconds(77);
  const Endpoint endpoint = read_endpoint(keys, mine, defaults);
  REQUIRE_FALSE(keys.mistake());
  CHECK(endpoint.engine == "llm.fast");
  CHECK(endpoint.base_url == "http://127.0.0.1:9000/v1");
  CHECK(endpoint.api_key == "secret");
  CHECK(endpoint.headers == net::HeaderList{{"X-Title", "Parley"}, {"X-Org", "a b"}});
  CHECK(endpoint.tls.ca_file == "/dev/null");
  CHECK_FALSE(endpoint.tls.verify);
  CHECK(endpoint.timeouts.connect == milliseconds(700));
  CHECK(endpoint.timeouts.first_byte == seconds(77));
  CHECK(endpoint.timeouts.total == seconds(0));
  CHECK(endpoint.retries == 3);
  CHECK(endpoint.breaker != nullptr);
}

TEST_CASE("mistakes in an endpoint name the key and repeat no secret") {
  CHECK(mistake_of({}).find("llm.fast.base_url: is missing") != std::string::npos);
  CHECK(mistake_of({{"base_url", "example.com/v1"}}).find("must be a URL") != std::string::npos);
  CHECK(mistake_of({{"base_url", "https://me:word@x.y/v1"}}).find("api_key") != std::string::npos);
  const std::string headers = mistake_of({{"base_url", "http://x"}, {"headers", "sk-secret"}});
  CHECK(headers.find("llm.fast.headers") != std::string::npos);
  CHECK(headers.find("sk-secret") == std::string::npos);
  CHECK(mistake_of({{"base_url", "http://x"}, {"idle_timeout_ms", "soon"}})
            .find("not a whole number from 0 to 3600000") != std::string::npos);
  CHECK(
      mistake_of({{"base_url", "http://x"}, {"tls_verify", "no"}}).find("neither true nor false") !=
      std::string::npos);
  CHECK(mistake_of({{"base_url", "http://x"}, {"ca_file", "gone.pem"}}).find("cannot be read") !=
        std::string::npos);
  CHECK(mistake_of({{"base_url", "http://x"}, {"api_key", "a\nb"}}).find("control character") !=
        std::string::npos);
}

TEST_CASE("certificates may go unchecked on this machine and in private networks only") {
  for (const char* url :
       {"https://localhost:1", "https://127.0.0.1", "https://[::1]:8443/v1", "https://10.1.2.3",
        "https://172.20.0.1", "https://gpu.local", "https://vllm:8000", "https://[fd00::1]"}) {
    CAPTURE(url);
    CHECK(mistake_of({{"base_url", url}, {"tls_verify", "false"}}).empty());
  }
  for (const char* url : {"https://api.openai.com/v1", "https://8.8.8.8", "https://172.32.0.1",
                          "https://10.example.com", "https://fd.example.com"}) {
    CAPTURE(url);
    CHECK(mistake_of({{"base_url", url}, {"tls_verify", "false"}}).find("tls_verify") !=
          std::string::npos);
  }
}

TEST_CASE("a section's lists, pairs, words and numbers are read or blamed") {
  const auto mine = section({{"names", "a, b ,,c"},
                             {"voices", "alloy = af_heart, echo=am_adam"},
                             {"speed", "1.25"},
                             {"format", "pcm"},
                             {"bad", "x, y"}});
  SectionReader keys(mine);
  std::vector<std::string> names;
  std::map<std::string, std::string> voices;
  double speed = 1;
  std::string format = "wav";
  keys.list("names", names);
  keys.map("voices", voices);
  keys.number("speed", 0.5, 2, speed);
  keys.choice("format", {"wav", "pcm"}, format);
  CHECK(names == std::vector<std::string>{"a", "b", "c"});
  CHECK(voices == std::map<std::string, std::string>{{"alloy", "af_heart"}, {"echo", "am_adam"}});
  CHECK(speed == 1.25);
  CHECK(format == "pcm");
  keys.map("bad", voices);
  REQUIRE(keys.mistake());
  CHECK(keys.mistake()->message.find("'x' is not of the form name = other") != std::string::npos);
}

}  // namespace
}  // namespace parley::tests
