// SPDX-License-Identifier: MIT
#include "providers/azure/speech_frames.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <ctime>

#include "base/random.h"
#include "base/time.h"

namespace parley::providers::azure {

namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kBlankLine = "\r\n\r\n";

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  return text.substr(0, text.find_last_not_of(kBlank) + 1);
}

// "2026-01-31T10:00:00.000Z"
std::string timestamp() {
  const auto now = static_cast<std::time_t>(base::wall_now().unix_seconds);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S.000Z", &parts)};
}

std::string headers_of(std::string_view path, std::string_view request_id,
                       std::string_view content_type) {
  std::string headers;
  const auto add = [&](std::string_view name, std::string_view value) {
    headers.append(name).append(": ").append(value).append(kLineEnd);
  };
  add("Path", path);
  add("X-RequestId", request_id);
  add("X-Timestamp", timestamp());
  if (!content_type.empty()) add("Content-Type", content_type);
  return headers;
}

}  // namespace

std::string text_frame(std::string_view path, std::string_view request_id, std::string_view json) {
  std::string frame = headers_of(path, request_id, "application/json");
  return frame.append(kLineEnd).append(json);
}

std::string audio_frame(std::string_view request_id, std::string_view content_type,
                        std::string_view payload) {
  const std::string headers = headers_of("audio", request_id, content_type);
  std::string frame;
  frame.reserve(2 + headers.size() + payload.size());
  frame += static_cast<char>(headers.size() >> 8U);
  frame += static_cast<char>(headers.size() & 0xffU);
  return frame.append(headers).append(payload);
}

std::optional<ServiceMessage> read_text_frame(std::string_view frame) {
  // Bodies may hold blank lines; headers do not.
  const std::size_t blank = frame.find(kBlankLine);
  ServiceMessage message;
  if (blank != std::string_view::npos) message.body = frame.substr(blank + kBlankLine.size());
  for (std::string_view rest = frame.substr(0, blank); !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find(kLineEnd));
    rest.remove_prefix(std::min(rest.size(), line.size() + kLineEnd.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const std::string name = lower(trimmed(line.substr(0, colon)));
    if (name == "path") message.path = lower(trimmed(line.substr(colon + 1)));
    if (name == "x-requestid") message.request_id = lower(trimmed(line.substr(colon + 1)));
  }
  if (message.path.empty()) return std::nullopt;
  return message;
}

std::string new_id() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  constexpr int kBytes = 16;
  std::string id;
  for (int i = 0; i < kBytes / 8; ++i) {
    std::uint64_t bits = base::random_seed();
    for (int digit = 0; digit < 16; ++digit, bits >>= 4U) id += kDigits[bits & 0xfU];
  }
  return id;
}

}  // namespace parley::providers::azure
