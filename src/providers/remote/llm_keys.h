// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string_view>

#include "base/raw_json.h"
#include "providers/remote/endpoint.h"
#include "providers/section_reader.h"

// Keys that the sections of several language models have in common.
namespace parley::providers::remote {

std::optional<int> read_max_tokens(SectionReader& keys);
std::optional<double> read_temperature(SectionReader& keys);
// `extra_body`: a JSON object that is merged over every request.
void read_extra_body(SectionReader& keys, base::RawJson& extra_body);
// The service answers nobody without a key (or a header of one's own): better said at the start.
void require_key(SectionReader& keys, const Endpoint& endpoint, std::string_view service);

}  // namespace parley::providers::remote
