// SPDX-License-Identifier: MIT
#include "protocol/json/session_documents.h"

#include <algorithm>
#include <utility>

#include "protocol/json/field_reader.h"
#include "protocol/json/read_session.h"
#include "protocol/json/value.h"
#include "protocol/json/write_session.h"
#include "protocol/json/writer.h"

namespace parley::protocol {

namespace {

using json::ObjectReader;
using json::Reading;
using json::Value;

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

base::Result<Value> parse_body(std::string_view body) {
  auto document = json::parse(is_blank(body) ? std::string_view("{}") : body);
  if (!document) {
    return base::fail("invalid_json", "We could not parse the JSON body of your request.");
  }
  return std::move(*document);
}

// {"anchor":"created_at","seconds":600}; some SDKs leave the anchor out.
std::optional<int> read_expiry(ObjectReader& fields) {
  auto expiry = fields.object("expires_after");
  if (!expiry) return std::nullopt;
  constexpr std::array kAnchors = {json::Name<int>{"created_at", 0}};
  expiry->name("anchor", kAnchors);
  const auto seconds =
      expiry->integer("seconds", {.min = kSecretSecondsMin, .max = kSecretSecondsMax});
  expiry->finish();
  return seconds;
}

// Takes a member out of an object, so that the reader of the rest does not meet it.
std::optional<Value> take_member(Value& value, std::string_view key) {
  json::Object* object = value.object();
  if (object == nullptr) return std::nullopt;
  const auto found = std::find_if(object->begin(), object->end(),
                                  [&](const json::Member& member) { return member.key == key; });
  if (found == object->end()) return std::nullopt;
  Value taken = std::move(found->value);
  object->erase(found);
  return taken;
}

}  // namespace

base::Result<ClientSecretRequest> read_client_secret_request(std::string_view body) {
  auto document = parse_body(body);
  if (!document) return tl::unexpected(std::move(document.error()));
  Reading reading(json::Flavour::ga);
  ClientSecretRequest out;
  ObjectReader fields(*document, "", reading);
  out.seconds = read_expiry(fields);
  if (Value* session = fields.find("session")) {
    out.session = json::read_session_ga(*session, "session", reading);
  }
  fields.finish();
  if (reading.failed()) return tl::unexpected(reading.fault());
  return out;
}

base::Result<ClientSecretRequest> read_translation_secret_request(std::string_view body) {
  auto document = parse_body(body);
  if (!document) return tl::unexpected(std::move(document.error()));
  Reading reading(json::Flavour::ga);
  ClientSecretRequest out;
  ObjectReader fields(*document, "", reading);
  out.seconds = read_expiry(fields);
  if (Value* session = fields.require("session")) {
    out.session = read_translation_binding(*session, "session", reading);
  }
  fields.finish();
  if (reading.failed()) return tl::unexpected(reading.fault());
  return out;
}

base::Result<ClientSecretRequest> read_session_request(std::string_view body, SessionType type) {
  auto document = parse_body(body);
  if (!document) return tl::unexpected(std::move(document.error()));
  // Pages made for GA ask for their keys here, with some of GA's fields.
  Reading reading(json::Flavour::beta, json::UnknownFields::ignored);
  ClientSecretRequest out;
  if (auto secret = take_member(*document, "client_secret"); secret && !secret->is_null()) {
    ObjectReader fields(*secret, "client_secret", reading);
    out.seconds = read_expiry(fields);
    fields.finish();
  }
  out.session = json::read_session_beta(*document, "", type, reading);
  if (reading.failed()) return tl::unexpected(reading.fault());
  return out;
}

std::string write_client_secret(const ClientSecret& secret, const std::string& session_id,
                                const SessionConfig& config) {
  std::string out;
  json::Writer w(out);
  w.begin_object();
  w.string("value", secret.value);
  w.integer("expires_at", secret.expires_at.unix_seconds);
  json::write_session("session", {session_id, {0}, {}}, config, json::Flavour::ga, w);
  w.end_object();
  return out;
}

std::string write_translation_secret(const ClientSecret& secret, const std::string& session_id,
                                     const TranslationConfig& config) {
  std::string out;
  json::Writer w(out);
  w.begin_object();
  w.string("value", secret.value);
  w.integer("expires_at", secret.expires_at.unix_seconds);
  write_translation_fields({session_id, {0}, {}}, config, w);
  w.end_object();
  return out;
}

std::string write_session_with_secret(const ClientSecret& secret, const std::string& session_id,
                                      const SessionConfig& config) {
  std::string out;
  json::Writer w(out);
  w.begin_object();
  json::write_session_fields({session_id, {0}, secret}, config, json::Flavour::beta, w);
  w.end_object();
  return out;
}

}  // namespace parley::protocol
