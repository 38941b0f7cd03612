// SPDX-License-Identifier: MIT
#include "relay/upstream.h"

#include <doctest/doctest.h>

#include <map>

namespace parley::relay {
namespace {

using Keys = std::map<std::string, std::string>;
using protocol::json::Flavour;

base::Result<std::shared_ptr<const Upstream>> read(const std::string& provider, Keys keys) {
  return read_upstream({"s2s", "live", provider, std::move(keys), "parley.toml:3"});
}

std::string header(const Upstream& upstream, const std::string& wanted) {
  for (const auto& [name, value] : upstream.headers) {
    if (name == wanted) return value;
  }
  return {};
}

}  // namespace

TEST_CASE("an upstream's address is made of its base, its model and its version") {
  struct Case {
    const char* provider;
    Keys keys;
    const char* url;
  };
  const Case cases[] = {
      {"openai",
       {{"model", "gpt-realtime"}},
       "wss://api.openai.com/v1/realtime?model=gpt-realtime"},
      {"openai",
       {{"model", "a b/c"}, {"base_url", "http://127.0.0.1:8000/v1/"}},
       "ws://127.0.0.1:8000/v1/realtime?model=a%20b%2Fc"},
      {"openai",
       {{"model", "m"}, {"base_url", "wss://host/proxy/realtime?model=x&y=z"}},
       "wss://host/proxy/realtime?model=x&y=z"},
      {"openai",
       {{"model", "m"}, {"base_url", "https://host/v1?y=z"}},
       "wss://host/v1/realtime?y=z&model=m"},
      {"azure_openai",
       {{"deployment", "d"}, {"base_url", "https://res.openai.azure.com"}},
       "wss://res.openai.azure.com/openai/v1/realtime?model=d"},
      {"azure_openai",
       {{"model", "d"}, {"base_url", "https://res.openai.azure.com/openai/v1"}},
       "wss://res.openai.azure.com/openai/v1/realtime?model=d"},
      {"azure_openai",
       {{"deployment", "d"},
        {"api_version", "2025-04-01-preview"},
        {"base_url", "https://res.openai.azure.com/openai"}},
       "wss://res.openai.azure.com/openai/realtime?api-version=2025-04-01-preview&deployment=d"},
  };
  for (const Case& each : cases) {
    const auto upstream = read(each.provider, each.keys);
    REQUIRE_MESSAGE(upstream.has_value(), each.url);
    CHECK((*upstream)->url == each.url);
  }
}

TEST_CASE("a transcription session's address names no model") {
  const auto openai = read("openai", {{"model", "m"}});
  REQUIRE(openai.has_value());
  CHECK((*openai)->transcription_url == "wss://api.openai.com/v1/realtime?intent=transcription");
  const auto azure = read(
      "azure_openai",
      {{"deployment", "d"}, {"api_version", "2025-04-01-preview"}, {"base_url", "https://a.b"}});
  REQUIRE(azure.has_value());
  CHECK((*azure)->transcription_url ==
        "wss://a.b/openai/realtime?api-version=2025-04-01-preview&intent=transcription");
}

TEST_CASE("the key goes into the header that the provider reads, and nowhere else") {
  const auto openai = read("openai", {{"model", "m"}, {"api_key", "sk-1"}, {"project", "p"}});
  REQUIRE(openai.has_value());
  CHECK(header(**openai, "Authorization") == "Bearer sk-1");
  CHECK(header(**openai, "OpenAI-Project") == "p");
  CHECK(header(**openai, "OpenAI-Beta").empty());
  CHECK((*openai)->url.find("sk-1") == std::string::npos);
  const auto azure =
      read("azure_openai", {{"model", "d"}, {"api_key", "k-1"}, {"base_url", "https://a.b"}});
  REQUIRE(azure.has_value());
  CHECK(header(**azure, "api-key") == "k-1");
  CHECK(header(**azure, "Authorization").empty());
}

TEST_CASE("the dialect is configured, or told by Azure's version") {
  const auto beta = read("openai", {{"model", "m"}, {"dialect", "beta"}});
  REQUIRE(beta.has_value());
  CHECK((*beta)->dialect == Flavour::beta);
  CHECK(header(**beta, "OpenAI-Beta") == "realtime=v1");
  const Keys azure = {{"model", "d"}, {"base_url", "https://a.b"}, {"api_version", "2024-12-17"}};
  CHECK((*read("azure_openai", azure))->dialect == Flavour::beta);
  CHECK((*read("openai", {{"model", "m"}}))->dialect == Flavour::ga);
}

TEST_CASE("mistakes name the section and the key") {
  const auto message = [](const std::string& provider, Keys keys) {
    const auto upstream = read(provider, std::move(keys));
    return upstream ? std::string("none") : upstream.error().message + " " + upstream.error().param;
  };
  CHECK(message("openai", {}).find("model") != std::string::npos);
  CHECK(message("azure_openai", {{"base_url", "https://a.b"}}).find("deployment") !=
        std::string::npos);
  CHECK(message("azure_openai", {{"model", "d"}}).find("base_url") != std::string::npos);
  CHECK(message("openai", {{"model", "m"}, {"modle", "x"}}).find("modle") != std::string::npos);
  CHECK(message("openai", {{"model", "m"}, {"dialect", "x"}}).find("dialect") != std::string::npos);
  CHECK(message("openai", {{"model", "m"}, {"project", "a\r\nb"}}).find("project") !=
        std::string::npos);
  CHECK(message("acme", {}).find("azure_openai, openai") != std::string::npos);
  CHECK(message("acme", {}).find("s2s.live") != std::string::npos);
}

TEST_CASE("what authenticates counts as secret") {
  const auto upstream = read(
      "openai", {{"model", "m"},
                 {"api_key", "sk-123456"},
                 {"headers", "X-Auth: Bearer abc-23456; X-Region: westeurope; X-Token: true"}});
  REQUIRE(upstream.has_value());
  const std::vector<std::string> expected = {"sk-123456", "Bearer abc-23456", "abc-23456"};
  CHECK((*upstream)->secrets == expected);
}

}  // namespace parley::relay
