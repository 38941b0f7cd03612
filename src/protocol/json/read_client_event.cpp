// SPDX-License-Identifier: MIT
#include "protocol/json/read_client_event.h"

#include <span>

#include "protocol/json/read_item.h"
#include "protocol/json/read_response_create.h"
#include "protocol/json/read_session.h"
#include "protocol/json/read_settings.h"

namespace parley::protocol::json {
namespace {

// What a reader of one event type gets: the event's fields, and where an append's audio goes.
struct Source {
  ObjectReader& fields;
  std::string& audio;

  Reading& reading() { return fields.reading(); }
};

using ReadBody = ClientEventBody (*)(Source&);

ClientEventBody read_session_update(Source& source) {
  SessionUpdate out;
  Value* session = source.fields.require("session");
  if (session == nullptr) return out;
  out.session =
      source.reading().flavour() == Flavour::ga
          ? read_session_ga(*session, "session", source.reading())
          : read_session_beta(*session, "session", SessionType::realtime, source.reading());
  return out;
}

ClientEventBody read_transcription_session_update(Source& source) {
  SessionUpdate out;
  if (Value* session = source.fields.require("session")) {
    out.session =
        read_session_beta(*session, "session", SessionType::transcription, source.reading());
  }
  return out;
}

ClientEventBody read_append(Source& source) {
  source.audio = source.fields.required_string("audio");
  return InputAudioBufferAppend{source.audio};
}

template <class Event>
ClientEventBody read_nothing(Source&) {
  return Event{};
}

ClientEventBody read_item_create(Source& source) {
  ConversationItemCreate out;
  if (Value* previous = source.fields.find_nullable("previous_item_id");
      previous != nullptr && !previous->is_null()) {
    out.previous_item_id = read_string(*previous, "previous_item_id", source.reading());
  }
  if (Value* item = source.fields.require("item")) {
    out.item = read_item(*item, "item", source.reading());
  }
  return out;
}

ClientEventBody read_item_retrieve(Source& source) {
  return ConversationItemRetrieve{source.fields.required_string("item_id")};
}

ClientEventBody read_item_delete(Source& source) {
  return ConversationItemDelete{source.fields.required_string("item_id")};
}

ClientEventBody read_item_truncate(Source& source) {
  ConversationItemTruncate out;
  out.item_id = source.fields.required_string("item_id");
  out.content_index = source.fields.required_integer("content_index", {});
  out.audio_end_ms = source.fields.required_integer("audio_end_ms", {});
  return out;
}

ClientEventBody read_response_create_event(Source& source) {
  Value* response = source.fields.find("response");
  if (response == nullptr) return ResponseCreate{};
  return read_response_create(*response, "response", source.reading());
}

ClientEventBody read_response_cancel(Source& source) {
  return ResponseCancel{source.fields.string("response_id")};
}

struct Entry {
  std::string_view type;
  ReadBody read;
};

// The beta dialect has one more than GA: the last.
constexpr std::array kEvents = {
    Entry{"session.update", read_session_update},
    Entry{"input_audio_buffer.append", read_append},
    Entry{"input_audio_buffer.commit", read_nothing<InputAudioBufferCommit>},
    Entry{"input_audio_buffer.clear", read_nothing<InputAudioBufferClear>},
    Entry{"conversation.item.create", read_item_create},
    Entry{"conversation.item.truncate", read_item_truncate},
    Entry{"conversation.item.delete", read_item_delete},
    Entry{"conversation.item.retrieve", read_item_retrieve},
    Entry{"response.create", read_response_create_event},
    Entry{"response.cancel", read_response_cancel},
    Entry{"output_audio_buffer.clear", read_nothing<OutputAudioBufferClear>},
    Entry{"transcription_session.update", read_transcription_session_update},
};

std::span<const Entry> events_of(Flavour flavour) {
  return std::span(kEvents).first(kEvents.size() - (flavour == Flavour::ga ? 1 : 0));
}

ReadBody find_reader(const std::string& type, Reading& reading) {
  const auto events = events_of(reading.flavour());
  for (const Entry& entry : events) {
    if (entry.type == type) return entry.read;
  }
  std::vector<std::string_view> supported;
  for (const Entry& entry : events) supported.push_back(entry.type);
  reading.unsupported(type, supported, "type");
  return nullptr;
}

void read_event(Source& source, ClientEvent& event) {
  event.event_id =
      source.fields.string("event_id", {.length_max = kEventIdLengthMax}).value_or(std::string());
  Value* type = source.fields.find_nullable("type");
  if (type == nullptr) {
    source.reading().fail("invalid_event", "Invalid event: missing 'type'.", "type");
    return;
  }
  const auto name = read_string(*type, "type", source.reading());
  if (!name) return;
  const ReadBody read = find_reader(*name, source.reading());
  if (read == nullptr) return;
  event.body = read(source);
  source.fields.finish();
}

base::Result<ClientEvent> read_document(Value& document, Reading& reading, std::string& event_id,
                                        std::string& audio) {
  event_id.clear();
  if (document.object() == nullptr) {
    return base::fail("invalid_event", "Invalid event: expected a JSON object.");
  }
  ObjectReader fields(document, {}, reading);
  Source source{fields, audio};
  ClientEvent event;
  read_event(source, event);
  event_id = event.event_id;
  if (reading.failed()) return tl::unexpected(reading.fault());
  return event;
}

}  // namespace

base::Result<ClientEvent> read_client_event(std::string_view frame, Flavour flavour,
                                            std::string& event_id, std::string& audio,
                                            UnknownFields unknown) {
  event_id.clear();
  auto document = parse(frame);
  if (!document) {
    return base::fail("invalid_json", "Invalid event: failed to parse JSON value. ");
  }
  Reading reading(flavour, unknown);
  return read_document(*document, reading, event_id, audio);
}

base::Result<ClientEvent> read_client_event(Value& document, Flavour flavour, std::string& event_id,
                                            std::string& audio, std::size_t id_length_max) {
  Reading reading(flavour, UnknownFields::ignored, id_length_max);
  return read_document(document, reading, event_id, audio);
}

}  // namespace parley::protocol::json
