// SPDX-License-Identifier: MIT
// The OpenAI Realtime API as it was in its beta (`OpenAI-Beta: realtime=v1`): flat session, older
// event names, lenient about unknown fields because its clients are.
#include <memory>

#include "protocol/dialect/dialect.h"
#include "protocol/dialect/openai.h"

namespace parley::protocol {

std::unique_ptr<Dialect> make_openai_beta() {
  return std::make_unique<OpenAiDialect>(json::Flavour::beta, "openai-beta");
}

}  // namespace parley::protocol
