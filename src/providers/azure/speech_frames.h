// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

// The messages of Azure Speech on WebSockets, as its SDKs write and read them: headers and a body
// in a text frame; in a binary one the length of the headers (big-endian), they, and a payload.
// Source: github.com/microsoft/cognitive-services-speech-sdk-js, WebsocketMessageFormatter
namespace parley::providers::azure {

std::string text_frame(std::string_view path, std::string_view request_id, std::string_view json);
// `content_type` may be empty, and so may the payload.
std::string audio_frame(std::string_view request_id, std::string_view content_type,
                        std::string_view payload);

struct ServiceMessage {
  std::string path;        // in small letters
  std::string request_id;  // in small letters
  std::string_view body;   // borrowed from the frame; may be empty
};
// Nothing: it is no message with a path.
std::optional<ServiceMessage> read_text_frame(std::string_view frame);

// For requests and connections: 32 hexadecimal digits.
std::string new_id();

}  // namespace parley::providers::azure
