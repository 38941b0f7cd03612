// SPDX-License-Identifier: MIT
#include "relay/translate.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "relay/translate_session.h"

namespace parley::relay {
namespace {

constexpr std::size_t kOpenItemsMax = 64;

struct NamePair {
  std::string_view ga;
  std::string_view beta;
};

constexpr std::array<NamePair, 6> kServerTypes = {{
    {"response.output_text.delta", "response.text.delta"},
    {"response.output_text.done", "response.text.done"},
    {"response.output_audio.delta", "response.audio.delta"},
    {"response.output_audio.done", "response.audio.done"},
    {"response.output_audio_transcript.delta", "response.audio_transcript.delta"},
    {"response.output_audio_transcript.done", "response.audio_transcript.done"},
}};

// What `error.param` calls the fields whose place differs; the longer path of two comes first.
constexpr std::array<NamePair, 15> kParams = {{
    {"session.audio.input.format", "session.input_audio_format"},
    {"session.audio.input.transcription", "session.input_audio_transcription"},
    {"session.audio.input.noise_reduction", "session.input_audio_noise_reduction"},
    {"session.audio.input.turn_detection", "session.turn_detection"},
    {"session.audio.output.format", "session.output_audio_format"},
    {"session.audio.output.voice", "session.voice"},
    {"session.audio.output.speed", "session.speed"},
    {"session.output_modalities", "session.modalities"},
    {"session.max_output_tokens", "session.max_response_output_tokens"},
    {"response.audio.output.format", "response.output_audio_format"},
    {"response.audio.output.voice", "response.voice"},
    {"response.output_modalities", "response.modalities"},
    {"response.max_output_tokens", "response.max_response_output_tokens"},
    {"session.type", "session"},
    {"session.audio", "session"},
}};

// Events that beta clients never heard of; some of them end the session over an unknown type.
constexpr std::array<std::string_view, 3> kGaOnly = {
    "conversation.item.done",
    "input_audio_buffer.timeout_triggered",
    "input_audio_buffer.dtmf_event_received",
};

std::string_view in(Flavour flavour, const NamePair& names) {
  return flavour == Flavour::ga ? names.ga : names.beta;
}

Flavour other(Flavour flavour) { return flavour == Flavour::ga ? Flavour::beta : Flavour::ga; }

void set_type(Value& event, std::string_view type) { set(event, "type", text_value(type)); }

template <class F>
void replace(Value& event, std::string_view key, F change) {
  if (Value* found = member(event, key)) *found = change(std::move(*found));
}

template <class F>
void each_item(Value& response, std::string_view key, F change) {
  Value* items = member(response, key);
  if (items == nullptr || items->array() == nullptr) return;
  for (Value& item : *items->array()) change(item);
}

bool is_transcription(const Value& event) {
  const Value* session = protocol::json::find(event, "session");
  return session != nullptr && text_at(*session, "type") == "transcription";
}

Value client_event_to_ga(Value event) {
  const bool transcription = text_at(event, "type") == "transcription_session.update";
  if (transcription) set_type(event, "session.update");
  const auto kind = transcription ? SessionKind::transcription : SessionKind::realtime;
  replace(event, "session",
          [&](Value given) { return session_to_ga(std::move(given), kind, Speaker::client); });
  replace(event, "response", [](Value given) {
    Value response = response_to_ga(std::move(given), Speaker::client);
    each_item(response, "input", [](Value& item) { item_to_ga(item); });
    return response;
  });
  if (Value* item = member(event, "item")) item_to_ga(*item);
  return event;
}

Value client_event_to_beta(Value event) {
  const bool transcription = is_transcription(event);
  if (transcription) set_type(event, "transcription_session.update");
  const auto kind = transcription ? SessionKind::transcription : SessionKind::realtime;
  replace(event, "session",
          [&](Value given) { return session_to_beta(std::move(given), kind, Speaker::client); });
  replace(event, "response", [](Value given) {
    Value response = response_to_beta(std::move(given), Speaker::client);
    each_item(response, "input", [](Value& item) { item_to_beta(item, Speaker::client); });
    return response;
  });
  if (Value* item = member(event, "item")) item_to_beta(*item, Speaker::client);
  return event;
}

void translate_param(Value& event, Flavour to) {
  Value* error = member(event, "error");
  if (error == nullptr) return;
  const std::string param(text_at(*error, "param"));
  for (const NamePair& names : kParams) {
    const std::string_view from = in(other(to), names);
    if (!param.starts_with(from)) continue;
    const std::string_view rest = std::string_view(param).substr(from.size());
    if (!rest.empty() && rest.front() != '.' && rest.front() != '[') continue;
    // "session" alone is no one field of GA's.
    if (to == Flavour::ga && names.beta == "session") return;
    set(*error, "param", text_value(std::string(in(to, names)).append(rest)));
    return;
  }
}

std::vector<Value> one(Value event) {
  std::vector<Value> events;
  events.push_back(std::move(event));
  return events;
}

std::vector<Value> server_event_to_beta(Value event) {
  const std::string type(text_at(event, "type"));
  if (std::ranges::find(kGaOnly, type) != kGaOnly.end()) return {};
  set_type(event, server_type_in(Flavour::beta, type));
  if (type == "conversation.item.added") set_type(event, "conversation.item.created");
  const bool transcription = is_transcription(event);
  if (transcription && type.starts_with("session.")) set_type(event, "transcription_" + type);
  drop(event, "obfuscation");
  const auto kind = transcription ? SessionKind::transcription : SessionKind::realtime;
  replace(event, "session",
          [&](Value given) { return session_to_beta(std::move(given), kind, Speaker::server); });
  replace(event, "response", [](Value given) {
    Value response = response_to_beta(std::move(given), Speaker::server);
    each_item(response, "output", [](Value& item) { item_to_beta(item, Speaker::server); });
    return response;
  });
  if (Value* item = member(event, "item")) item_to_beta(*item, Speaker::server);
  translate_param(event, Flavour::beta);
  return one(std::move(event));
}

}  // namespace

std::string_view server_type_in(Flavour flavour, std::string_view type) {
  for (const NamePair& names : kServerTypes) {
    if (type == in(other(flavour), names)) return in(flavour, names);
  }
  return type;
}

Value Translator::to_upstream(Value event) const {
  if (same()) return event;
  return upstream_ == Flavour::ga ? client_event_to_ga(std::move(event))
                                  : client_event_to_beta(std::move(event));
}

std::vector<Value> Translator::to_client(Value event) {
  if (same()) return one(std::move(event));
  return client_ == Flavour::ga ? to_ga_client(std::move(event))
                                : server_event_to_beta(std::move(event));
}

std::vector<Value> Translator::to_ga_client(Value event) {
  std::string type(text_at(event, "type"));
  // Documented, never sent by the hosted service.
  if (type == "conversation.created") return {};
  const bool transcription = type.starts_with("transcription_session.");
  if (transcription) type.erase(0, std::string_view("transcription_").size());
  set_type(event, server_type_in(Flavour::ga, type));
  const auto kind = transcription ? SessionKind::transcription : SessionKind::realtime;
  replace(event, "session",
          [&](Value given) { return session_to_ga(std::move(given), kind, Speaker::server); });
  replace(event, "response", [](Value given) {
    Value response = response_to_ga(std::move(given), Speaker::server);
    each_item(response, "output", [](Value& item) { item_to_ga(item); });
    return response;
  });
  Value* item = member(event, "item");
  if (item != nullptr) item_to_ga(*item);
  translate_param(event, Flavour::ga);
  if (type == "conversation.item.created") return item_created_to_ga(std::move(event));
  if (type == "response.output_item.added" && item != nullptr) {
    open_item(text_at(*item, "id")).function_name = text_at(*item, "name");
  } else if (type == "response.output_item.done") {
    return output_item_done_to_ga(std::move(event));
  } else if (type == "response.function_call_arguments.done") {
    const OpenItem* open = find_open(text_at(event, "item_id"));
    if (open != nullptr) set_missing(event, "name", text_value(open->function_name));
  }
  return one(std::move(event));
}

// An item that is being spoken is done with its output item; every other one is done at once.
std::vector<Value> Translator::item_created_to_ga(Value event) {
  set_type(event, "conversation.item.added");
  set_missing(event, "previous_item_id", Value{});
  const Value* item = member(event, "item");
  if (item != nullptr && text_at(*item, "status") == "in_progress") {
    OpenItem& open = open_item(text_at(*item, "id"));
    open.in_conversation = true;
    open.previous_item_id = *member(event, "previous_item_id");
    return one(std::move(event));
  }
  Value done = event;
  set_type(done, "conversation.item.done");
  set(done, "event_id", text_value(std::string(text_at(event, "event_id")) + "_done"));
  auto events = one(std::move(event));
  events.push_back(std::move(done));
  return events;
}

std::vector<Value> Translator::output_item_done_to_ga(Value event) {
  const Value* item = member(event, "item");
  OpenItem* open = item == nullptr ? nullptr : find_open(text_at(*item, "id"));
  if (open == nullptr) return one(std::move(event));
  const OpenItem closed = *open;
  std::erase_if(open_, [&](const OpenItem& each) { return each.id == closed.id; });
  // The output of a response out of band is no item of the conversation.
  if (!closed.in_conversation) return one(std::move(event));
  Value done = object_value();
  set_type(done, "conversation.item.done");
  set(done, "event_id", text_value(std::string(text_at(event, "event_id")) + "_done"));
  set(done, "previous_item_id", closed.previous_item_id);
  set(done, "item", *item);
  auto events = one(std::move(done));
  events.push_back(std::move(event));
  return events;
}

Translator::OpenItem* Translator::find_open(std::string_view id) {
  const auto found =
      std::ranges::find_if(open_, [&](const OpenItem& each) { return each.id == id; });
  return found == open_.end() ? nullptr : &*found;
}

Translator::OpenItem& Translator::open_item(std::string_view id) {
  if (OpenItem* open = find_open(id)) return *open;
  if (open_.size() >= kOpenItemsMax) open_.pop_front();
  return open_.emplace_back(OpenItem{std::string(id), {}, false, {}});
}

}  // namespace parley::relay
