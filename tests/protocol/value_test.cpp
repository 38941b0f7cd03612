// SPDX-License-Identifier: MIT
#include "protocol/json/value.h"

#include <doctest/doctest.h>

#include <string>

#include "base/random.h"
#include "protocol/json/writer.h"

namespace parley::protocol::json {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  append_string(text, out);
  return out;
}

std::string again(std::string_view text) {
  const auto value = parse(text);
  if (!value) return "refused";
  std::string out;
  append_text(*value, out);
  return out;
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

}  // namespace

TEST_CASE("a document is written as it was read, members in their order") {
  CHECK(again(R"( { "b" : [ 1 , -2.5, true,false, null ] , "a" : { "x" : "\u00e9\n\"" } } )") ==
        "{\"b\":[1,-2.5,true,false,null],\"a\":{\"x\":\"é\\n\\\"\"}}");
  CHECK(again("[]") == "[]");
  CHECK(again("{\"a\":{},\"b\":[{}]}") == "{\"a\":{},\"b\":[{}]}");
  CHECK(again("[9223372036854775807,-9223372036854775808]") ==
        "[9223372036854775807,-9223372036854775808]");
  CHECK(again("18446744073709551615") == "18446744073709551616");
}

TEST_CASE("what is not JSON is refused") {
  for (const char* text : {"",
                           " ",
                           "nope",
                           "{",
                           "{]",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "[1,]",
                           "[1 2]",
                           "01",
                           "1.",
                           "+1",
                           ".5",
                           "1e999",
                           "\"",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\ud800\"",
                           "'a'",
                           "{a:1}",
                           "{\"a\":1}}",
                           "{\"a\":1} {}",
                           "/**/1",
                           "NaN",
                           "Infinity",
                           "\"\x01\"",
                           "\"\xC3\"",
                           "\"\xED\xA0\x80\"",
                           "tru",
                           "nulll",
                           "{\"a\":1",
                           "[\"a\""}) {
    CAPTURE(text);
    CHECK(again(text) == "refused");
  }
  CHECK(again(std::string_view("1\0", 2)) == "refused");
}

TEST_CASE("depth and number of values are bounded") {
  CHECK(again(repeated("[", 64) + repeated("]", 64)) != "refused");
  CHECK(again(repeated("[", 65) + repeated("]", 65)) == "refused");
  CHECK(again(repeated("{\"a\":", 65) + "1" + repeated("}", 65)) == "refused");
  CHECK(again("[1" + repeated(",1", kValuesMax - 2) + "]") != "refused");
  CHECK(again("[1" + repeated(",1", kValuesMax - 1) + "]") == "refused");
}

TEST_CASE("of a key that is there twice the last one counts") {
  const auto value = parse(R"({"a":1,"a":2})");
  REQUIRE(value.has_value());
  CHECK(std::get<std::int64_t>(find(*value, "a")->data) == 2);
  CHECK(find(*value, "b") == nullptr);
  CHECK(find(Value{}, "a") == nullptr);
}

TEST_CASE("strings are escaped, and what is not UTF-8 is replaced") {
  CHECK(quoted("plain") == "\"plain\"");
  CHECK(quoted("\"\\\n\r\t\b\x1f/") == R"("\"\\\n\r\t\u0008\u001f/")");
  CHECK(quoted("é€\xF0\x9F\x98\x80") == "\"é€\xF0\x9F\x98\x80\"");
  CHECK(quoted(std::string_view("\0", 1)) == "\"\\u0000\"");
  const std::string replacement = "\xEF\xBF\xBD";
  CHECK(quoted("a\xFF"
               "b") == "\"a" + replacement + "b\"");
  CHECK(quoted("\xC3") == "\"" + replacement + "\"");
  CHECK(quoted("\xC0\xAF") == "\"" + replacement + replacement + "\"");
  CHECK(quoted("\xED\xA0\x80") == "\"" + replacement + replacement + replacement + "\"");
  CHECK(quoted("\xF4\x90\x80\x80") == "\"" + repeated(replacement, 4) + "\"");
}

TEST_CASE("whatever bytes a string has, its JSON text can be read back") {
  base::Random random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes;
    for (auto left = random.below(24); left > 0; --left) {
      bytes += static_cast<char>(random.below(256));
    }
    const auto value = parse(quoted(bytes));
    REQUIRE(value.has_value());
    REQUIRE(again(quoted(bytes)) == quoted(bytes));
  }
}

TEST_CASE("numbers are written with the shortest digits that read back") {
  std::string out;
  Writer w(out);
  w.begin_object();
  w.number("half", 0.5);
  w.number("one", 1.0);
  w.number("tenth", 0.1);
  w.number("small", 1e-7);
  w.integer("big", -9'000'000'000'000);
  w.end_object();
  CHECK(out == R"({"half":0.5,"one":1,"tenth":0.1,"small":1e-07,"big":-9000000000000})");
}

}  // namespace parley::protocol::json
