// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/types.h"
#include "providers/remote/stt_socket.h"

// Scribe's realtime recognition: the address that says what is wanted, and the messages. Pure.
// Source: ElevenLabs API reference, "Realtime speech to text".
namespace parley::providers::elevenlabs {

struct ScribeOptions {
  std::string model = "scribe_v2_realtime";
  std::string language;  // when the session names none; empty: Scribe finds out
  std::vector<std::string> keyterms;
  std::map<std::string, std::string> fields;  // more parameters; they replace ours
};

std::string scribe_path(const ScribeOptions& options, const engine::SttRequest& request);

// `timed`: the committed words come with their logprobs, as scribe_path() asks for them then.
std::unique_ptr<remote::SttProtocol> make_scribe_protocol(
    std::shared_ptr<const remote::Endpoint> endpoint, bool timed);

}  // namespace parley::providers::elevenlabs
