// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "protocol/dialect/dialect.h"
#include "protocol/json/flavour.h"

namespace parley::protocol {

// What OpenAI's two dialects share: the fast path for appends, then the document readers and the
// writers, which know the differences by their flavour.
class OpenAiDialect final : public Dialect {
 public:
  OpenAiDialect(json::Flavour flavour, std::string_view name,
                json::UnknownFields unknown = json::UnknownFields::refused)
      : flavour_(flavour), unknown_(unknown), name_(name) {}

  base::Result<ClientEvent> parse(std::string_view frame, std::string& event_id_out) override;
  bool write(const ServerEvent& event, std::string& out) override;
  std::string_view name() const override { return name_; }

 private:
  json::Flavour flavour_;
  json::UnknownFields unknown_;
  std::string_view name_;
  std::string audio_;  // what the last append borrows from when its frame could not be borrowed
};

}  // namespace parley::protocol
