// SPDX-License-Identifier: MIT
#include "compat/telephony/media_order.h"

#include <doctest/doctest.h>

#include <string>

namespace parley::compat {
namespace {

// Pieces of 20 ms that are told apart by their byte; silence is `_`.
class Line {
 public:
  Line& piece(char name, std::optional<std::int64_t> at_ms) {
    const std::vector<std::uint8_t> audio(160, static_cast<std::uint8_t>(name));
    order_.push(audio, at_ms, out_);
    return *this;
  }
  std::string heard() const {  // a letter for 20 ms
    std::string text;
    for (std::size_t i = 0; i < out_.size(); i += 160) {
      text += out_[i] == 0xff ? '_' : static_cast<char>(out_[i]);
    }
    return text;
  }

 private:
  MediaOrder order_;
  std::vector<std::uint8_t> out_;
};

TEST_CASE("sound that comes in order is heard at once") {
  CHECK(Line().piece('a', 100).piece('b', 120).piece('c', 140).heard() == "abc");
}

TEST_CASE("sound that comes out of order is put right") {
  CHECK(Line().piece('a', 0).piece('c', 40).piece('b', 20).piece('d', 60).heard() == "abcd");
}

TEST_CASE("what stays away is silence, and what comes after that or twice is dropped") {
  CHECK(Line().piece('a', 0).piece('d', 60).piece('e', 80).heard() == "a");
  Line line;
  line.piece('a', 0).piece('d', 60).piece('e', 80).piece('f', 100);
  CHECK(line.heard() == "a__def");
  CHECK(line.piece('b', 20).piece('f', 100).piece('g', 120).heard() == "a__defg");
}

TEST_CASE("a long gap is five seconds of silence at most") {
  Line line;
  line.piece('a', 0).piece('b', 600'000).piece('c', 600'020).piece('d', 600'040);
  CHECK(line.heard() == "a" + std::string(250, '_') + "bcd");
}

TEST_CASE("a clock that begins anew loses nothing") {
  CHECK(Line().piece('a', 5000).piece('b', 0).piece('c', 20).heard() == "abc");
}

TEST_CASE("sound without timestamps is heard as it comes") {
  CHECK(Line().piece('a', {}).piece('b', {}).piece('c', {}).heard() == "abc");
}

TEST_CASE("half a sample is cut") {
  MediaOrder order({base::AudioEncoding::pcm16, 16000});
  std::vector<std::uint8_t> out;
  order.push(std::vector<std::uint8_t>{1, 2, 3}, 0, out);
  CHECK(out == std::vector<std::uint8_t>{1, 2});
}

}  // namespace
}  // namespace parley::compat
