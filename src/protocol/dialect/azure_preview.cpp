// SPDX-License-Identifier: MIT
// Azure's preview route, `/openai/realtime?api-version=…`: the beta, as it was when that version
// was dated. Azure's reference has fields that OpenAI's never had (`commit`, `cancel_previous`);
// they are passed over. Clients of the first version (Microsoft's rt-client) close on any event
// that it did not have, so they are sent none.
#include <memory>

#include "protocol/dialect/openai.h"

namespace parley::protocol {

namespace {

class AzureFirstPreview final : public Dialect {
 public:
  base::Result<ClientEvent> parse(std::string_view frame, std::string& event_id_out) override {
    auto event = beta_.parse(frame, event_id_out);
    if (event && std::holds_alternative<ConversationItemRetrieve>(event->body)) {
      return base::fail("invalid_value",
                        "Invalid value: 'conversation.item.retrieve'. This api-version does not "
                        "have it; use 2025-04-01-preview.",
                        "type");
    }
    return event;
  }

  bool write(const ServerEvent& event, std::string& out) override {
    if (std::holds_alternative<TranscriptionDelta>(event.body)) return false;
    return beta_.write(event, out);
  }

  std::string_view name() const override { return "azure-2024-10-01-preview"; }

 private:
  OpenAiDialect beta_{json::Flavour::beta, "openai-beta", json::UnknownFields::ignored};
};

}  // namespace

std::unique_ptr<Dialect> make_azure_preview() {
  return std::make_unique<OpenAiDialect>(json::Flavour::beta, "openai-beta",
                                         json::UnknownFields::ignored);
}

std::unique_ptr<Dialect> make_azure_first_preview() {
  return std::make_unique<AzureFirstPreview>();
}

}  // namespace parley::protocol
