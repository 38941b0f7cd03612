// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string_view>

#include "net/http.h"
#include "server/auth.h"

namespace parley::server {

// What a carrier asks when a call comes in: `/twilio/voice` and `/telnyx/voice` answer that it is
// to be connected to the media stream beside them (`/twilio`, `/telnyx`), on the host that was
// asked. With tokens the address holds one (`?token=`), which the stream then shows as a parameter;
// the other query values are handed over as parameters too (`?instructions=…&voice=…`). Nothing:
// not such a path. Any thread. Source: twilio.com/docs/voice/twiml/stream; developers.telnyx.com,
// TeXML `<Stream>`.
std::optional<net::HttpResponse> call_answer(const net::HttpRequest& request,
                                             const Authenticator& authenticator);
bool answers_calls(std::string_view path);

}  // namespace parley::server
