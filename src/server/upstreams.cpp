// SPDX-License-Identifier: MIT
#include "server/upstreams.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "relay/document.h"

namespace parley::server {
namespace {

using relay::object_value;
using relay::set;
using relay::text_value;
using relay::Value;

// null: none; an empty object: as the upstream has it.
Value turn_detection(const config::ModelSection& model) {
  Value turns = object_value();
  if (model.turn_detection == "none") return Value{};
  if (model.turn_detection == "semantic_vad") {
    set(turns, "type", text_value("semantic_vad"));
    return turns;
  }
  if (model.vad_threshold) set(turns, "threshold", Value{*model.vad_threshold});
  const auto set_ms = [&](const char* key, const std::optional<int>& value) {
    if (value) set(turns, key, Value{std::int64_t{*value}});
  };
  set_ms("prefix_padding_ms", model.vad_prefix_padding_ms);
  set_ms("silence_duration_ms", model.vad_silence_duration_ms);
  if (model.turn_detection || !turns.object()->empty()) {
    set(turns, "type", text_value("server_vad"));
  }
  return turns;
}

}  // namespace

base::Result<Upstreams> read_upstreams(const config::Options& options) {
  Upstreams upstreams;
  for (const auto& section : options.engines) {
    if (section.kind != "s2s") continue;
    auto upstream = relay::read_upstream(section);
    if (!upstream) return tl::unexpected(std::move(upstream.error()));
    upstreams.emplace(section.name, std::move(*upstream));
  }
  return upstreams;
}

std::string relay_settings(const config::ModelSection& model) {
  Value turns = turn_detection(model);
  Value input = object_value();
  if (turns.object() == nullptr || !turns.object()->empty()) {
    set(input, "turn_detection", std::move(turns));
  }
  Value output = object_value();
  if (model.voice) {
    const auto known = model.voices.find(*model.voice);
    set(output, "voice", text_value(known == model.voices.end() ? *model.voice : known->second));
  }
  Value audio = object_value();
  if (!input.object()->empty()) set(audio, "input", std::move(input));
  if (!output.object()->empty()) set(audio, "output", std::move(output));
  if (!model.instructions && audio.object()->empty()) return {};
  Value session = object_value();
  set(session, "type", text_value("realtime"));
  if (model.instructions) set(session, "instructions", text_value(*model.instructions));
  if (!audio.object()->empty()) set(session, "audio", std::move(audio));
  return relay::to_text(session);
}

}  // namespace parley::server
