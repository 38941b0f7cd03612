// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/dialect/dialect.h"
#include "protocol/json/value.h"

// Scenarios are written in GA's words. This is how they are said in another dialect, and how its
// events are looked at.
namespace parley::tests {

class Wire {
 public:
  explicit Wire(const std::string& dialect);

  protocol::Dialect& dialect() { return *dialect_; }
  bool beta() const { return beta_; }

  // A client's event, given in GA's shape, as this dialect's client would say it.
  std::string client_frame(const std::string& type, std::string_view json) const;
  // The name of a server event; empty when the dialect has none.
  std::string server_type(const std::string& ga_type) const;
  // Where a field stands, e.g. `session.audio.output.voice` is `session.voice` in beta.
  std::string server_path(const std::string& ga_path) const;

 private:
  bool beta_;
  std::unique_ptr<protocol::Dialect> dialect_;
};

// The value at `item.content[0].text`; [-1] is the last one. `.size` behind an array is its length,
// `.bytes` behind base64 text that of what it holds. Nothing when the path leads nowhere.
std::optional<protocol::json::Value> value_at(const protocol::json::Value& root,
                                              std::string_view path);

}  // namespace parley::tests
