// SPDX-License-Identifier: MIT
#include "net/multipart.h"

#include <doctest/doctest.h>

namespace parley::net {
namespace {

constexpr const char* kType = "multipart/form-data; boundary=\"b 1\"";

std::string code_of(std::string_view type, std::string_view body) {
  const auto form = read_form(type, body);
  return form ? "" : form.error().code;
}

TEST_CASE("fields and files are read, whatever bytes they hold") {
  const std::string file("\0--b\r\n--b 2\r\n\r\n\xff", 15);
  const std::string body =
      "preamble\r\n--b 1\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n"
      "--b 1\r\ncontent-disposition: form-data; name=file; filename=\"a \\\"b\\\".wav\"\r\n"
      "Content-Type: audio/wav\r\n\r\n" +
      file + "\r\n--b 1--\r\nepilogue";
  const auto form = read_form(kType, body);
  REQUIRE(form);
  REQUIRE(form->size() == 2);
  CHECK((*form)[0].name == "model");
  CHECK((*form)[0].body == "whisper-1");
  CHECK((*form)[0].filename.empty());
  CHECK((*form)[1].name == "file");
  CHECK((*form)[1].filename == "a \"b\".wav");
  CHECK((*form)[1].content_type == "audio/wav");
  CHECK((*form)[1].body == file);
}

TEST_CASE("an empty field and an empty form are no mistakes") {
  const auto one = read_form("Multipart/Form-Data;boundary=x",
                             "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n--x--");
  REQUIRE(one);
  REQUIRE(one->size() == 1);
  CHECK((*one)[0].body.empty());
  REQUIRE(read_form("multipart/form-data; boundary=x", "--x--\r\n"));
}

TEST_CASE("what is no form is refused") {
  CHECK(code_of("application/json", "{}") == "invalid_form");
  CHECK(code_of("multipart/form-data", "--x--") == "invalid_form");
  CHECK(code_of("multipart/form-data; boundary=", "--x--") == "invalid_form");
  CHECK(code_of(kType, "") == "invalid_form");
  CHECK(code_of(kType, "--b 1\r\n") == "invalid_form");
  CHECK(code_of(kType, "--b 1\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b 1--") ==
        "invalid_form");
  CHECK(code_of(kType, "--b 1\r\nno header\r\n--b 1--") == "invalid_form");
  CHECK(code_of(kType, "x--b 1\r\n--b 1--") == "invalid_form");
}

TEST_CASE("a form cut at any byte is refused, and harms nobody") {
  const std::string whole =
      "--b 1\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nvalue\r\n--b 1--";
  for (std::size_t length = 0; length < whole.size() - 2; ++length) {
    CHECK(code_of(kType, std::string_view(whole).substr(0, length)) == "invalid_form");
  }
  CHECK(code_of(kType, whole).empty());
}

}  // namespace
}  // namespace parley::net
