// SPDX-License-Identifier: MIT
#pragma once

#include "protocol/item.h"
#include "protocol/json/flavour.h"
#include "protocol/json/writer.h"

namespace parley::protocol::json {

// The fields of an item, between a begin_object and an end_object of the caller's.
void write_item_fields(const Item& item, Flavour flavour, Writer& w);

// The `part` of the content_part events, which both dialects call "text" or "audio".
void write_response_part(const ContentPart& part, Writer& w);

}  // namespace parley::protocol::json
