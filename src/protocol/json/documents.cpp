// SPDX-License-Identifier: MIT
#include "protocol/json/documents.h"

#include "protocol/json/writer.h"

namespace parley::protocol {

namespace {

void write_model_fields(json::Writer& w, const std::string& id, base::WallTime created) {
  w.string("id", id);
  w.string("object", "model");
  w.integer("created", created.unix_seconds);
  w.string("owned_by", "parley");
}

}  // namespace

std::string write_model(const std::string& id, base::WallTime created) {
  std::string out;
  json::Writer w(out);
  w.begin_object();
  write_model_fields(w, id, created);
  w.end_object();
  return out;
}

std::string write_models(const std::vector<std::string>& ids, base::WallTime created) {
  std::string out;
  json::Writer w(out);
  w.begin_object();
  w.string("object", "list");
  w.begin_array("data");
  for (const std::string& id : ids) {
    w.begin_object();
    write_model_fields(w, id, created);
    w.end_object();
  }
  w.end_array();
  w.end_object();
  return out;
}

std::string write_rest_error(const base::Error& error, std::string_view type) {
  const auto string_or_null = [](json::Writer& w, std::string_view key, const std::string& value) {
    if (value.empty()) {
      w.null(key);
    } else {
      w.string(key, value);
    }
  };
  std::string out;
  json::Writer w(out);
  w.begin_object();
  w.begin_object("error");
  w.string("message", error.message);
  w.string("type", type);
  string_or_null(w, "param", error.param);
  string_or_null(w, "code", error.code);
  w.end_object();
  w.end_object();
  return out;
}

std::string write_health(std::string_view status) {
  std::string out;
  json::Writer w(out);
  w.begin_object();
  w.string("status", status);
  w.end_object();
  return out;
}

}  // namespace parley::protocol
