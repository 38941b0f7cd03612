// SPDX-License-Identifier: MIT
// Parts that voices which answer with messages share.
#include <doctest/doctest.h>

#include <string>
#include <variant>
#include <vector>

#include "providers/openai/speech_objects.h"
#include "providers/openai/speech_timed.h"

namespace parley::tests {
namespace {

using providers::openai::JsonObjects;
using providers::openai::TimedSound;

// The objects, joined by '|'; "!" at the end when the stream was refused.
std::string cut(const std::string& stream, std::size_t piece, std::size_t bytes_max = 1000) {
  JsonObjects objects(bytes_max);
  std::string told;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    const bool fine = objects.feed(std::string_view(stream).substr(at, piece),
                                   [&](std::string_view object) { told.append(object) += '|'; });
    if (!fine) return told + "!";
  }
  return told;
}

TEST_CASE("objects are found however their stream is cut, and braces in texts do not count") {
  const std::string stream = "\n{\"a\": {\"b\": \"}\\\"{\\\\\"}}{\"c\": 1}\r\n {}\n";
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    CAPTURE(piece);
    CHECK(cut(stream, piece) == "{\"a\": {\"b\": \"}\\\"{\\\\\"}}|{\"c\": 1}|{}|");
  }
}

TEST_CASE("what is no object, and what is far too long, ends the stream") {
  CHECK(cut("{}x{}", 1) == "{}|!");
  CHECK(cut("}", 1) == "!");
  CHECK(cut("[{}]", 4) == "!");
  CHECK(cut("{\"a\": \"" + std::string(2000, 'x'), 100) == "!");
  CHECK(cut("{\"a\": \"" + std::string(2000, 'x') + "\"}", 5000) == "!");
}

const std::vector<std::uint8_t> kSample = {1, 0};

TEST_CASE("half a sample waits for its other half") {
  TimedSound sound("", 8000, false);
  std::vector<engine::TtsEvent> out;
  sound.add_sound(std::vector<std::uint8_t>{0xff}, out);
  CHECK(out.empty());
  CHECK_FALSE(sound.heard());
  sound.add_sound(std::vector<std::uint8_t>{0x7f, 0x00, 0x80, 0x05}, out);
  REQUIRE(out.size() == 1);
  CHECK((std::get<engine::TtsAudio>(out[0]).samples == std::vector<std::int16_t>{32767, -32768}));
  sound.finish(out);
  CHECK(out.size() == 1);
}

TEST_CASE("the same word twice has two places, and times never run backwards") {
  TimedSound sound("no, no", 8000, true);
  std::vector<engine::TtsEvent> out;
  sound.add_word("no", 500, 600);
  sound.add_word("no", 100, 200);
  sound.add_word("no", 900, 950);  // the text has no third one
  sound.add_sound(kSample, out);
  REQUIRE(out.size() == 2);
  const auto& words = std::get<engine::TtsWords>(out[0]).words;
  REQUIRE(words.size() == 2);
  CHECK(words[1].text_begin == 4);
  CHECK(words[1].start_ms == 500);
  CHECK(words[1].end_ms == 500);
}

TEST_CASE("a word is not looked up far ahead, so that the ones before it keep their places") {
  const std::string text = "4 " + std::string(100, 'x') + " four";
  TimedSound sound(text, 8000, true);
  std::vector<engine::TtsEvent> out;
  sound.add_word("four", 0, 100);
  sound.add_sound(kSample, out);
  sound.finish(out);
  REQUIRE(out.size() == 1);
  CHECK(std::holds_alternative<engine::TtsAudio>(out[0]));
}

TEST_CASE("words of other scripts and times beyond reason do no harm") {
  TimedSound sound("你好 世界", 8000, true);
  std::vector<engine::TtsEvent> out;
  sound.add_word("你好", 0, 1e300);
  sound.add_word("世界", 1e300, 1e301);
  sound.add_word("", 0, 1);
  sound.add_word("…", 0, 1);
  sound.add_sound(kSample, out);
  const auto& words = std::get<engine::TtsWords>(out[0]).words;
  REQUIRE(words.size() == 2);
  CHECK(words[1].text_begin == 7);
  CHECK(words[1].text_end == 13);
  CHECK(words[1].end_ms <= 3600 * 1000);
}

}  // namespace
}  // namespace parley::tests
