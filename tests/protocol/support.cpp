// SPDX-License-Identifier: MIT
#include "tests/protocol/support.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "protocol/json/value.h"

namespace parley::protocol {

ClientEvent accepted(Dialect& dialect, std::string_view frame) {
  std::string event_id = "left over";
  auto event = dialect.parse(frame, event_id);
  if (!event) {
    INFO(frame.substr(0, 400));
    FAIL(event.error().code << " at '" << event.error().param << "': " << event.error().message);
  }
  CHECK(event->event_id == event_id);
  return std::move(*event);
}

ClientEvent accepted_ga(std::string_view frame) { return accepted(*make_openai_ga(), frame); }
ClientEvent accepted_beta(std::string_view frame) { return accepted(*make_openai_beta(), frame); }

Refusal refused(Dialect& dialect, std::string_view frame) {
  std::string event_id = "left over";
  const auto event = dialect.parse(frame, event_id);
  if (event) {
    FAIL("accepted: " << frame.substr(0, 400));
    return {};
  }
  return {event.error().code, event.error().param, event.error().message, event_id};
}

Refusal refused_ga(std::string_view frame) { return refused(*make_openai_ga(), frame); }
Refusal refused_beta(std::string_view frame) { return refused(*make_openai_beta(), frame); }

namespace {

std::string session_update(std::string_view session) {
  return R"({"type":"session.update","session":)" + std::string(session) + "}";
}

std::string written(Dialect& dialect, const ServerEvent& event) {
  std::string out = "before ";
  REQUIRE(dialect.write(event, out));
  REQUIRE(out.starts_with("before {"));
  return out.substr(7);
}

std::vector<std::filesystem::path> files(const std::string& folder) {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::directory_iterator(PARLEY_SPEC_DIR "/" + folder)) {
    out.push_back(entry.path());
  }
  std::ranges::sort(out);
  return out;
}

std::string text_of(const json::Value& value) {
  std::string out;
  append_text(value, out);
  return out;
}

}  // namespace

SessionPatch session_ga(std::string_view session) {
  return std::get<SessionUpdate>(accepted_ga(session_update(session)).body).session;
}

SessionPatch session_beta(std::string_view session) {
  return std::get<SessionUpdate>(accepted_beta(session_update(session)).body).session;
}

std::string written_ga(const ServerEvent& event) { return written(*make_openai_ga(), event); }
std::string written_beta(const ServerEvent& event) { return written(*make_openai_beta(), event); }

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE_MESSAGE(file.good(), path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<SpecEvent> spec_examples(const std::string& dialect) {
  std::vector<SpecEvent> out;
  for (const auto& path : files("examples/" + dialect)) {
    const std::string name = path.filename().string();
    if (name.starts_with("translation.")) continue;
    out.push_back({name, read_file(path.string())});
  }
  return out;
}

std::vector<SpecEvent> spec_flow_events(const std::string& dialect, const std::string& direction) {
  std::vector<SpecEvent> out;
  for (const auto& path : files("flows/" + dialect)) {
    const std::string name = path.filename().string();
    if (name.starts_with("translation")) continue;
    std::istringstream lines(read_file(path.string()));
    int number = 0;
    for (std::string line; std::getline(lines, line);) {
      ++number;
      const auto record = json::parse(line);
      REQUIRE(record.has_value());
      if (std::get<std::string>(json::find(*record, "dir")->data) != direction) continue;
      // A deliberately broken frame is kept as the text that the client sent.
      const json::Value* event = json::find(*record, "event");
      if (event == nullptr) continue;
      out.push_back({name + ":" + std::to_string(number), text_of(*event)});
    }
  }
  return out;
}

}  // namespace parley::protocol
