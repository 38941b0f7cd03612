// SPDX-License-Identifier: MIT
// The published examples and flows (tests/spec) as a client would send them, and the shapes of the
// flows' server events against ours.
#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "protocol/json/client_side.h"
#include "protocol/json/value.h"
#include "tests/protocol/sample_events.h"
#include "tests/protocol/support.h"

namespace parley::protocol {
namespace {

const std::set<std::string> kClientTypes = {"session.update",
                                            "transcription_session.update",
                                            "input_audio_buffer.append",
                                            "input_audio_buffer.commit",
                                            "input_audio_buffer.clear",
                                            "output_audio_buffer.clear",
                                            "conversation.item.create",
                                            "conversation.item.retrieve",
                                            "conversation.item.truncate",
                                            "conversation.item.delete",
                                            "response.create",
                                            "response.cancel"};

std::string type_of(const std::string& frame) {
  const auto event = json::parse(frame);
  REQUIRE(event.has_value());
  const json::Value* type = json::find(*event, "type");
  return type ? std::get<std::string>(type->data) : std::string();
}

bool has_mcp(const std::string& frame) { return frame.find("\"mcp") != std::string::npos; }

// "item.content[].text" and the like: every path that leads to a value.
void collect_paths(const json::Value& value, const std::string& path, std::set<std::string>& out) {
  if (const auto* object = std::get_if<json::Object>(&value.data)) {
    for (const auto& member : *object) collect_paths(member.value, path + "." + member.key, out);
  } else if (const auto* array = std::get_if<json::Array>(&value.data)) {
    for (const auto& element : *array) collect_paths(element, path + "[]", out);
  } else {
    out.insert(path);
  }
}

// What the flows show and we leave out, on purpose.
bool left_out(const std::string& type, const std::string& path) {
  if (path == ".obfuscation") return true;  // padding against traffic analysis, optional
  // We count an utterance by its duration, not in tokens.
  return type.ends_with("input_audio_transcription.completed") && path.starts_with(".usage.");
}

bool not_ours(const std::string& type) {
  return type.starts_with("mcp_") || type.starts_with("response.mcp_") ||
         type.starts_with("output_audio_buffer.");
}

void check_shapes(const std::string& dialect_name, Dialect& dialect) {
  std::map<std::string, std::set<std::string>> ours;
  std::vector<ServerEvent> events = sample_events();
  std::ranges::move(sample_image_events(), std::back_inserter(events));
  for (const ServerEvent& event : events) {
    std::string text;
    if (!dialect.write(event, text)) continue;
    const auto value = json::parse(text);
    REQUIRE_MESSAGE(value.has_value(), text);
    collect_paths(*value, "", ours[type_of(text)]);
  }
  int compared = 0;
  for (const SpecEvent& event : spec_flow_events(dialect_name, "server")) {
    const std::string type = type_of(event.frame);
    if (not_ours(type) || has_mcp(event.frame)) continue;
    CAPTURE(event.source);
    CHECK_MESSAGE(ours.contains(type), type);
    std::set<std::string> paths;
    collect_paths(*json::parse(event.frame), "", paths);
    // What a client chose to be in there is no field of the protocol's.
    std::erase_if(paths, [](const std::string& path) {
      return path.find(".parameters.") != std::string::npos ||
             path.find(".metadata.") != std::string::npos;
    });
    for (const std::string& path : paths) {
      if (!left_out(type, path))
        CHECK_MESSAGE(ours[type].contains(path), type << " has no " << path);
    }
    ++compared;
  }
  CHECK(compared > 50);
}

}  // namespace

TEST_CASE("the official client examples parse, in both dialects") {
  for (const std::string dialect : {"ga", "beta"}) {
    int parsed = 0;
    for (const SpecEvent& example : spec_examples(dialect)) {
      if (!kClientTypes.contains(type_of(example.frame))) continue;
      CAPTURE(example.source);
      accepted(dialect == "ga" ? *make_openai_ga() : *make_openai_beta(), example.frame);
      ++parsed;
    }
    CHECK(parsed >= 11);
  }
}

TEST_CASE("the client's lines of the published flows parse, in both dialects") {
  for (const std::string dialect : {"ga", "beta"}) {
    int parsed = 0;
    for (const SpecEvent& event : spec_flow_events(dialect, "client")) {
      if (has_mcp(event.frame)) continue;
      CAPTURE(event.source);
      accepted(dialect == "ga" ? *make_openai_ga() : *make_openai_beta(), event.frame);
      ++parsed;
    }
    CHECK(parsed >= 12);
  }
}

TEST_CASE("GA: our events have every field that the published flows show") {
  check_shapes("ga", *make_openai_ga());
}

TEST_CASE("beta: our events have every field that the published flows show") {
  check_shapes("beta", *make_openai_beta());
}

TEST_CASE("our small client understands the server's lines of the published flows") {
  int read = 0;
  for (const SpecEvent& event : spec_flow_events("ga", "server")) {
    CAPTURE(event.source);
    const auto message = read_server_message(event.frame);
    REQUIRE(message.has_value());
    CHECK(message->type == type_of(event.frame));
    ++read;
  }
  CHECK(read > 200);
}

}  // namespace parley::protocol
