// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "providers/remote/endpoint.h"
#include "providers/remote/stt_socket.h"

namespace parley::providers::azure {

// The streaming recogniser, as Microsoft's Speech SDKs speak to it: speech.config, then turns of
// speech.context and audio, which the service answers with speech.hypothesis and speech.phrase
// until its turn.end. A turn that the service cuts is followed by another one on the same
// connection, which hears again what no phrase covers.
std::unique_ptr<remote::SttProtocol> make_stt_protocol(
    std::shared_ptr<const remote::Endpoint> endpoint, std::string language,
    std::vector<std::string> phrases);

}  // namespace parley::providers::azure
