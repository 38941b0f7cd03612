// SPDX-License-Identifier: MIT
// docs/reference/dialects.md says what a bare connection speaks, and is made from the code that
// decides it. PARLEY_UPDATE_GOLDEN=1 writes it anew.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "server/negotiation.h"

namespace parley::tests {
namespace {

using server::Door;

std::string protocol_of(const std::optional<Door>& door) {
  if (!door) return "–";
  if (door->carrier) {
    return *door->carrier == compat::Carrier::twilio ? "Twilio media streams"
                                                     : "Telnyx media streams";
  }
  if (door->realtime_ai) return "realtime-ai";
  if (door->translation) return "GA, translation";
  const std::string name(server::make_dialect(door->dialect)->name());
  const bool transcription = door->type == protocol::SessionType::transcription;
  return "`" + name + "`" + (transcription ? ", transcription" : "");
}

struct Way {
  const char* shown;
  const char* path;
  net::HeaderList query;
  net::HeaderList headers;
};

std::string table() {
  const Way ways[] = {
      {"`/v1/realtime`", "/v1/realtime", {}, {}},
      {"`/v1/realtime`, header `OpenAI-Beta: realtime=v1`",
       "/v1/realtime",
       {},
       {{"OpenAI-Beta", "realtime=v1"}}},
      {"`/v1/realtime`, sub-protocol `openai-beta.realtime-v1`",
       "/v1/realtime",
       {},
       {{"Sec-WebSocket-Protocol", "realtime, openai-beta.realtime-v1"}}},
      {"`/v1/realtime?intent=transcription`", "/v1/realtime", {{"intent", "transcription"}}, {}},
      {"`/v1/realtime/translations`", "/v1/realtime/translations", {}, {}},
      {"`/openai/v1/realtime`", "/openai/v1/realtime", {}, {}},
      {"`/openai/realtime?api-version=2025-04-01-preview`",
       "/openai/realtime",
       {{"api-version", "2025-04-01-preview"}},
       {}},
      {"`/openai/realtime?api-version=2024-10-01-preview`",
       "/openai/realtime",
       {{"api-version", "2024-10-01-preview"}},
       {}},
      {"`/realtime`", "/realtime", {}, {}},
      {"`/ws`", "/ws", {}, {}},
      {"`/twilio`", "/twilio", {}, {}},
      {"`/telnyx`", "/telnyx", {}, {}},
  };
  const char* const profiles[] = {"", "open-realtime", "realtime-ai", "speech-bridge", "azure"};
  std::string out = "| connection |";
  for (const char* profile : profiles) {
    out += std::string(" ") + (*profile == 0 ? "no profile" : profile) + " |";
  }
  out += "\n| --- |";
  for (std::size_t i = 0; i < std::size(profiles); ++i) out += " --- |";
  out += '\n';
  for (const Way& way : ways) {
    out += std::string("| ") + way.shown + " |";
    for (const char* profile : profiles) {
      net::HttpRequest request;
      request.method = "GET";
      request.path = way.path;
      request.query = way.query;
      request.headers = way.headers;
      config::CompatOptions compat;
      compat.profile = profile;
      out += ' ' + protocol_of(server::find_door(request, compat)) + " |";
    }
    out += '\n';
  }
  return out;
}

TEST_CASE("the page on dialects says what the server does") {
  constexpr const char* kBegin = "<!-- table -->\n";
  constexpr const char* kEnd = "<!-- end of table -->";
  std::ifstream file(PARLEY_DIALECTS_PAGE, std::ios::binary);
  REQUIRE(file.good());
  std::string page{std::istreambuf_iterator<char>(file), {}};
  const auto begin = page.find(kBegin);
  const auto end = page.find(kEnd);
  REQUIRE(begin != std::string::npos);
  REQUIRE(end != std::string::npos);
  const auto first = begin + std::string(kBegin).size();
  if (std::getenv("PARLEY_UPDATE_GOLDEN") != nullptr) {
    page.replace(first, end - first, table());
    std::ofstream(PARLEY_DIALECTS_PAGE, std::ios::binary) << page;
    return;
  }
  CHECK(page.substr(first, end - first) == table());
}

}  // namespace
}  // namespace parley::tests
