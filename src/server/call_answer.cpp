// SPDX-License-Identifier: MIT
#include "server/call_answer.h"

#include <string>

#include "base/time.h"
#include "server/rest_api.h"

namespace parley::server {

namespace {

constexpr std::string_view kTwilio = "/twilio/voice";
constexpr std::string_view kTelnyx = "/telnyx/voice";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20) out += c;
    }
  }
  return out;
}

}  // namespace

bool answers_calls(std::string_view path) { return path == kTwilio || path == kTelnyx; }

std::optional<net::HttpResponse> call_answer(const net::HttpRequest& request,
                                             const Authenticator& authenticator) {
  if (!answers_calls(request.path)) return std::nullopt;
  if (!authenticator.admit(request, base::wall_now())) {
    return error_response(401, invalid_api_key());
  }
  const bool telnyx = request.path == kTelnyx;
  // Carriers only speak to wss; what ends TLS in front of us passes the host on.
  std::string url =
      "wss://" + std::string(request.header("Host")) + (telnyx ? "/telnyx" : "/twilio");
  std::string parameters;
  for (const auto& [name, value] : request.query) {
    parameters +=
        "      <Parameter name=\"" + escaped(name) + "\" value=\"" + escaped(value) + "\"/>\n";
  }
  net::HttpResponse response;
  response.content_type = "text/xml; charset=utf-8";
  response.headers.emplace_back("Cache-Control", "no-store");
  response.body =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response>\n  <Connect>\n    <Stream url=\"" +
      escaped(url) + "\"" + (telnyx ? " bidirectionalMode=\"rtp\"" : "") + ">\n" + parameters +
      "    </Stream>\n  </Connect>\n</Response>\n";
  return response;
}

}  // namespace parley::server
