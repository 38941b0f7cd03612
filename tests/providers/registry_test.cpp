// SPDX-License-Identifier: MIT
#include "providers/registry.h"

#include <doctest/doctest.h>

namespace parley::tests {
namespace {

config::EngineSection section(std::string kind, std::string provider,
                              std::map<std::string, std::string> options = {}) {
  return {std::move(kind), "mine", std::move(provider), std::move(options), "parley.toml:7"};
}

TEST_CASE("the embedded engines are made from their sections and say what they are") {
  providers::embedded::WorkerPool pool(1);
  const auto ear =
      providers::make_stt(section("stt", "pocketsphinx", {{"decoders_max", "3"}}), pool);
  REQUIRE(ear.has_value());
  CHECK((*ear)->describe().find("up to 3 decoders") != std::string::npos);
  const auto model = providers::make_llm(section("llm", "builtin"), pool);
  REQUIRE(model.has_value());
  CHECK((*model)->describe().find("not a language model") != std::string::npos);
  CHECK(providers::make_tts(section("tts", "flite", {{"voice", "rms"}}), pool).has_value());
}

TEST_CASE("mistakes name the place, the key and what would be valid") {
  providers::embedded::WorkerPool pool(1);
  const auto provider = providers::make_tts(section("tts", "festival"), pool);
  REQUIRE_FALSE(provider.has_value());
  CHECK(provider.error().message.starts_with(
      "parley.toml:7: tts.mine.provider: 'festival' is unknown; valid: flite, espeak, "));

  const auto key =
      providers::make_stt(section("stt", "pocketsphinx", {{"decoder_max", "3"}}), pool);
  REQUIRE_FALSE(key.has_value());
  CHECK(key.error().param == "stt.mine.decoder_max");
  CHECK(key.error().message.find("decoders_max") != std::string::npos);

  const auto number =
      providers::make_stt(section("stt", "pocketsphinx", {{"decoders_max", "many"}}), pool);
  REQUIRE_FALSE(number.has_value());
  CHECK(number.error().message.find("'many' is not a whole number from 1 to 64") !=
        std::string::npos);
}

}  // namespace
}  // namespace parley::tests
