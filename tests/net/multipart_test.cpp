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

TEST_CASE("a form that was written is read as it was, whatever its parts hold") {
  const std::string trap = "--parley-form-boundary-0\r\n--parley-form-boundary-1--\r\n";
  const std::string bytes("\0\r\n--\xff\r\n", 9);
  const std::vector<FormPart> parts = {{"model", "", "", "whisper-1"},
                                       {"empty", "", "", ""},
                                       {"file", "speech.wav", "audio/wav", bytes},
                                       {"other", "notes", "", trap}};
  const Form form = write_form(parts);
  const auto read = read_form(form.content_type, form.body);
  REQUIRE(read);
  REQUIRE(read->size() == parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    CHECK((*read)[i].name == parts[i].name);
    CHECK((*read)[i].filename == parts[i].filename);
    CHECK((*read)[i].body == parts[i].body);
  }
  CHECK((*read)[2].content_type == "audio/wav");
  CHECK((*read)[3].content_type == "application/octet-stream");
  CHECK(write_form(parts).body == form.body);
}

TEST_CASE("a name cannot smuggle in a header") {
  const Form form = write_form({{"a\"; x=\"\r\nX-More: b", "f\r\n\r\n.wav", "", "v"}});
  CHECK(form.body.find("\r\nX-More") == std::string::npos);
  const auto read = read_form(form.content_type, form.body);
  REQUIRE(read);
  CHECK((*read)[0].name == "a%22; x=%22%0D%0AX-More: b");
  CHECK((*read)[0].filename == "f%0D%0A%0D%0A.wav");
  CHECK((*read)[0].body == "v");
}

TEST_CASE("a form without parts is still a form") {
  const Form form = write_form({});
  const auto read = read_form(form.content_type, form.body);
  REQUIRE(read);
  CHECK(read->empty());
}

}  // namespace
}  // namespace parley::net
