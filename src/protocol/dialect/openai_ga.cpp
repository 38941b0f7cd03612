// SPDX-License-Identifier: MIT
// The OpenAI Realtime API as it is since August 2025: nested session, strict about unknown fields.
#include <memory>

#include "protocol/dialect/dialect.h"
#include "protocol/dialect/openai.h"

namespace parley::protocol {

std::unique_ptr<Dialect> make_openai_ga() {
  return std::make_unique<OpenAiDialect>(json::Flavour::ga, "openai-ga");
}

}  // namespace parley::protocol
