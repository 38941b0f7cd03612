// SPDX-License-Identifier: MIT
#include "protocol/json/write_item.h"

#include "protocol/json/names.h"

namespace parley::protocol::json {
namespace {

void write_content(const ContentPart& part, Flavour flavour, Writer& w) {
  const bool ga = flavour == Flavour::ga;
  w.begin_object();
  switch (part.type) {
    case PartType::input_text:
      w.string("type", "input_text");
      w.string("text", part.text);
      break;
    case PartType::text:
      w.string("type", ga ? "output_text" : "text");
      w.string("text", part.text);
      break;
    case PartType::input_audio:
    case PartType::audio:
      w.string("type", part.type == PartType::input_audio ? "input_audio"
                                                          : (ga ? "output_audio" : "audio"));
      w.string_or_null("transcript", part.transcript);
      if (!part.audio_base64.empty()) w.string("audio", part.audio_base64);
      break;
    case PartType::input_image:
      w.string("type", "input_image");
      w.string("image_url", part.image_url);
      if (!part.detail.empty()) w.string("detail", part.detail);
      break;
  }
  w.end_object();
}

}  // namespace

// `object` is in every beta item; GA's captures lack it, its guide and SDK types have it.
void write_item_fields(const Item& item, Flavour flavour, Writer& w) {
  w.string("id", item.id);
  w.string("object", "realtime.item");
  w.string("type", wire_name(kItemTypes, item.type));
  w.string("status", wire_name(kItemStatuses, item.status));
  switch (item.type) {
    case ItemType::message:
      w.string("role", wire_name(kRoles, item.role));
      w.begin_array("content");
      for (const ContentPart& part : item.content) write_content(part, flavour, w);
      w.end_array();
      break;
    case ItemType::function_call:
      w.string("name", item.name);
      w.string("call_id", item.call_id);
      w.string("arguments", item.arguments);
      break;
    case ItemType::function_call_output:
      w.string("call_id", item.call_id);
      w.string("output", item.output);
      break;
  }
}

void write_response_part(const ContentPart& part, Writer& w) {
  w.begin_object("part");
  if (part.type == PartType::audio) {
    w.string("type", "audio");
    w.string("transcript", part.transcript ? std::string_view(*part.transcript) : "");
  } else {
    w.string("type", "text");
    w.string("text", part.text);
  }
  w.end_object();
}

}  // namespace parley::protocol::json
