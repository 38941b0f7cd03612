// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/types.h"
#include "providers/remote/stt_socket.h"

// Deepgram's live recognition: the address that says what is wanted, and the messages. Pure.
// Source: Deepgram API reference, "Live Audio" (/v1/listen) and "Turn-based Audio" (/v2/listen).
namespace parley::providers::deepgram {

struct ListenOptions {
  std::string model = "nova-3";
  std::string language;  // when the session names none
  std::vector<std::string> keyterms;
  bool smart_format = true;
  std::map<std::string, std::string> fields;  // more parameters; they replace ours
};

// Flux finds turns by itself and has an API of its own.
bool is_flux(const ListenOptions& options);

// "/v1/listen?…"
std::string listen_path(const ListenOptions& options, const engine::SttRequest& request);

// `logprobs`: the logarithm of each word's confidence.
std::unique_ptr<remote::SttProtocol> make_listen_protocol(
    std::shared_ptr<const remote::Endpoint> endpoint, bool flux, bool logprobs);

}  // namespace parley::providers::deepgram
