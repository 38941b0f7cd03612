// SPDX-License-Identifier: MIT
// The fast path is only allowed to be fast: whatever it accepts, the full parser must read the
// same, and what is unusual it must leave to the full parser.
#include "protocol/json/append_scan.h"

#include "base/random.h"
#include "protocol/json/read_client_event.h"
#include "tests/protocol/support.h"

namespace parley::protocol {
namespace {

using json::scan_append;

struct FullResult {
  bool append = false;
  std::string event_id;
  std::string audio;
};

FullResult read_fully(std::string_view frame) {
  FullResult out;
  const auto event = json::read_client_event(frame, json::Flavour::ga, out.event_id, out.audio);
  out.append = event && std::holds_alternative<InputAudioBufferAppend>(event->body);
  return out;
}

// Accepted by the scan means: the full parser agrees, to the letter.
bool scan_agrees(std::string_view frame) {
  const auto scanned = scan_append(frame);
  if (!scanned) return true;
  const FullResult full = read_fully(frame);
  return full.append && full.event_id == scanned->event_id && full.audio == scanned->audio_base64;
}

std::string_view pick(base::Random& random, std::initializer_list<std::string_view> choices) {
  return choices.begin()[random.below(choices.size())];
}

std::string random_audio(base::Random& random) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
  std::string out;
  for (auto left = random.below(200); left > 0; --left) {
    out += kAlphabet[random.below(kAlphabet.size())];
  }
  return out;
}

// A frame of the usual form when `oddity` is 0; otherwise something in it may be out of the
// ordinary.
std::string random_frame(base::Random& random, std::uint64_t oddity) {
  const auto space = [&] { return pick(random, {"", "", " ", "\n", "\t", "\r\n  "}); };
  const auto odd = [&] { return oddity != 0 && random.below(oddity) == 0; };
  std::vector<std::string> members = {
      std::string(odd() ? pick(random, {"\"typ\\u0065\"", "\"Type\""}) : "\"type\"") +
          std::string(space()) + ":" + std::string(space()) +
          std::string(odd() ? pick(random, {"\"input_audio_buffer.commit\"",
                                            "\"input_audio_buffer.appen\\u0064\"", "null"})
                            : "\"input_audio_buffer.append\""),
      "\"audio\"" + std::string(space()) + ":" + std::string(space()) + "\"" +
          random_audio(random) +
          std::string(odd() ? pick(random, {"\\/", "\\n", "\xC3\xA9", "\x01", "\\", "\xFF", "\x7F"})
                            : "") +
          "\""};
  if (random.below(2) == 0) {
    members.push_back("\"event_id\":" +
                      std::string(odd()
                                      ? pick(random, {"null", "7", "\"\\u0041\"", "\"é\"", "\"\""})
                                      : "\"evt_1\""));
  }
  if (odd()) members.emplace_back(pick(random, {"\"extra\":1", "\"audio\":\"AAAA\"", "\"a\":{}"}));
  if (odd()) members.pop_back();
  for (std::size_t i = members.size(); i > 1; --i) {
    std::swap(members[i - 1], members[random.below(i)]);
  }
  std::string out = std::string(space()) + "{";
  for (const std::string& member : members) {
    if (out.back() != '{') out += ",";
    out += std::string(space()) + member + std::string(space());
  }
  out += "}" + std::string(space());
  if (odd()) out += pick(random, {"x", "}", ",", "\v"});
  return out;
}

}  // namespace

TEST_CASE("an append of the usual form is recognised without a document") {
  const auto plain = scan_append(R"({"type":"input_audio_buffer.append","audio":"AAAA"})");
  REQUIRE(plain.has_value());
  CHECK(plain->audio_base64 == "AAAA");
  CHECK(plain->event_id.empty());

  const auto spaced = scan_append(
      " { \"event_id\" : \"e1\" ,\n\"audio\":\"\",\t\"type\" : \"input_audio_buffer.append\" } \n");
  REQUIRE(spaced.has_value());
  CHECK(spaced->audio_base64.empty());
  CHECK(spaced->event_id == "e1");
}

TEST_CASE("the scan declines whatever is out of the ordinary") {
  for (const std::string_view frame : {
           R"({"type":"input_audio_buffer.append","audio":"AA\/A"})",
           R"({"type":"input_audio_buffer.append","audio":"AAAA","audio":"BBBB"})",
           R"({"type":"input_audio_buffer.append","audio":"AAAA","extra":"1"})",
           R"({"type":"input_audio_buffer.append","audio":null})",
           R"({"type":"input_audio_buffer.append"})",
           R"({"audio":"AAAA"})",
           R"({"type":"input_audio_buffer.commit"})",
           R"({"type":"input_audio_buffer.append","audio":"AAAA"},)",
           R"({"type":"input_audio_buffer.append","audio":"AAAA",})",
           R"({"type":"input_audio_buffer.append","audio":"AAAA)",
           "{\"type\":\"input_audio_buffer.append\",\"audio\":\"AA\xC3\xA9\"}",
           "{\"type\":\"input_audio_buffer.append\",\"audio\":\"AA\n\"}",
           "[]",
           "",
           "{}",
       }) {
    CAPTURE(frame);
    CHECK_FALSE(scan_append(frame).has_value());
  }
  const std::string long_id(513, 'a');
  CHECK_FALSE(scan_append(R"({"type":"input_audio_buffer.append","audio":"AAAA","event_id":")" +
                          long_id + "\"}")
                  .has_value());
}

TEST_CASE("the scan accepts every usual frame, and agrees with the full parser") {
  base::Random random(1);
  for (int round = 0; round < 5000; ++round) {
    const std::string frame = random_frame(random, 0);
    CAPTURE(frame);
    REQUIRE(scan_append(frame).has_value());
    REQUIRE(scan_agrees(frame));
  }
}

TEST_CASE("on unusual frames the scan declines or agrees with the full parser") {
  base::Random random(2);
  for (int round = 0; round < 20000; ++round) {
    const std::string frame = random_frame(random, 3);
    CAPTURE(frame);
    REQUIRE(scan_agrees(frame));
  }
}

TEST_CASE("on damaged frames the scan declines or agrees with the full parser") {
  base::Random random(3);
  for (int round = 0; round < 20000; ++round) {
    std::string frame = random_frame(random, 10);
    for (auto left = 1 + random.below(3); left > 0; --left) {
      const auto at = static_cast<std::size_t>(random.below(frame.size()));
      if (random.below(2) == 0) {
        frame[at] = static_cast<char>(random.below(256));
      } else {
        frame.erase(at, 1);
      }
    }
    CAPTURE(frame);
    REQUIRE(scan_agrees(frame));
  }
}

TEST_CASE("an append with escapes keeps its decoded audio alive beyond the parse") {
  const auto dialect = make_openai_ga();
  std::string event_id;
  std::string frame =
      R"({"type":"input_audio_buffer.append","audio":"\/\/8A\u0041A==","event_id":"e"})";
  const auto event = dialect->parse(frame, event_id);
  REQUIRE(event.has_value());
  frame.assign(frame.size(), '#');
  CHECK(std::get<InputAudioBufferAppend>(event->body).audio_base64 == "//8AAA==");
  CHECK(event_id == "e");
}

}  // namespace parley::protocol
