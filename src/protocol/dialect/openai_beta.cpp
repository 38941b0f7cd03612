// SPDX-License-Identifier: MIT
// The OpenAI Realtime API as it was in its beta (`OpenAI-Beta: realtime=v1`): flat session, older
// event names. An optional null counts as absent; an unknown field is refused, as it was.
#include <memory>

#include "protocol/dialect/dialect.h"
#include "protocol/dialect/openai.h"

namespace parley::protocol {

std::unique_ptr<Dialect> make_openai_beta() {
  return std::make_unique<OpenAiDialect>(json::Flavour::beta, "openai-beta");
}

}  // namespace parley::protocol
