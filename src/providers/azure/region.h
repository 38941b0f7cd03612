// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "config/options.h"
#include "providers/remote/endpoint.h"
#include "providers/section_reader.h"

// Where Azure Speech is, and how it is told who asks: the same for voices and recognisers.
namespace parley::providers::azure {

// "https://westus.tts.speech.microsoft.com"; service is "tts" or "stt". The clouds of China and of
// the US government have domains of their own.
std::string speech_host(std::string_view region, std::string_view service);

// The shared keys and `region`, of which or `base_url` one must be there; and the `api_key`, which
// Azure's own hosts ask for.
remote::Endpoint read_speech_endpoint(SectionReader& keys, const config::EngineSection& section,
                                      std::string_view service, base::Duration first_byte);

// The key as the service wants it; nothing without a key (a token may be among the endpoint's own
// headers).
void add_key(const remote::Endpoint& endpoint, net::HeaderList& headers);

// `deployment`: the id of a custom voice or model, which becomes part of addresses.
void read_deployment(SectionReader& keys, std::string& deployment);

// "en-US" and its kin: letters, digits and '-'; becomes part of addresses and of SSML.
bool is_language_tag(std::string_view text);

}  // namespace parley::providers::azure
