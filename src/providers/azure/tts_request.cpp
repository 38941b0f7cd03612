// SPDX-License-Identifier: MIT
#include "providers/azure/tts_request.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>

namespace parley::providers::azure {

namespace {

// What the service takes; beyond it the sound is no speech any more.
constexpr double kSpeedMin = 0.5;
constexpr double kSpeedMax = 2.0;
constexpr int kHzPerKhz = 1000;

struct Character {
  std::uint32_t code = 0;
  std::size_t bytes = 0;  // 0: not UTF-8
};

// The first character; overlong forms are none (RFC 3629).
Character first_of(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) return {};
  std::uint32_t code = lead & (0x7fU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0U) != 0x80U) return {};
    code = (code << 6U) | (next & 0x3fU);
  }
  const bool overlong = (bytes == 3 && code < 0x800) || (bytes == 4 && code < 0x10000);
  return overlong ? Character{} : Character{code, bytes};
}

// XML 1.0 §2.2, without the control characters that it only discourages.
bool is_xml(std::uint32_t code) {
  if (code < 0x20) return code == '\t' || code == '\n' || code == '\r';
  return (code < 0x7f || code > 0x9f) && (code < 0xd800 || code > 0xdfff) &&
         (code & 0xfffeU) != 0xfffeU && code <= 0x10ffff;
}

std::string_view entity_of(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&apos;";
    default:
      return {};
  }
}

// A name of the service begins with its language; others are the client's own or OpenAI's.
std::string voice_of(const TtsOptions& options, const std::string& wanted) {
  if (const auto found = options.voices.find(wanted); found != options.voices.end()) {
    return found->second;
  }
  return voice_language(wanted).empty() ? options.voice : wanted;
}

std::string attribute(std::string_view name, std::string_view value) {
  return std::string(" ").append(name) + "='" + xml_text(value) + "'";
}

// The content, inside of another element.
void wrap(std::string& content, const std::string& element, const std::string& attributes) {
  content = "<" + element + attributes + ">" + content + "</" + element + ">";
}

std::string percent(double speed) {
  const auto change =
      static_cast<int>(std::lround((std::clamp(speed, kSpeedMin, kSpeedMax) - 1) * 100));
  return (change < 0 ? "" : "+") + std::to_string(change) + "%";
}

}  // namespace

std::string tts_path(const TtsOptions& options) {
  std::string path = "/cognitiveservices/v1";
  if (!options.deployment.empty()) path += "?deploymentId=" + options.deployment;
  return path;
}

std::string tts_format(int pcm_rate_hz) {
  const bool round = pcm_rate_hz % kHzPerKhz == 0;
  return "raw-" +
         (round ? std::to_string(pcm_rate_hz / kHzPerKhz) + "khz"
                : std::to_string(pcm_rate_hz) + "hz") +
         "-16bit-mono-pcm";
}

std::string tts_ssml(const TtsOptions& options, const engine::TtsRequest& request) {
  const std::string voice = voice_of(options, request.voice);
  std::string content = xml_text(request.text);
  if (const std::string rate = percent(request.speed); rate != "+0%") {
    wrap(content, "prosody", attribute("rate", rate));
  }
  const std::string own = voice_language(voice);
  if (!options.language.empty() && options.language != own) {
    wrap(content, "lang", attribute("xml:lang", options.language));
  }
  if (!options.style.empty()) {
    wrap(content, "mstts:express-as", attribute("style", options.style));
  }
  wrap(content, "voice", attribute("name", voice));
  std::string root = attribute("version", "1.0") +
                     attribute("xmlns", "http://www.w3.org/2001/10/synthesis") +
                     attribute("xmlns:mstts", "https://www.w3.org/2001/mstts");
  const std::string otherwise = options.language.empty() ? std::string("en-US") : options.language;
  root += attribute("xml:lang", own.empty() ? otherwise : own);
  wrap(content, "speak", root);
  return content;
}

std::string voice_language(std::string_view voice) {
  const std::size_t last = voice.rfind('-');
  if (last == std::string_view::npos) return {};
  const std::string_view tag = voice.substr(0, last);
  const std::size_t primary = tag.find('-');
  const auto is_lower = [](unsigned char c) { return c >= 'a' && c <= 'z'; };
  const auto is_part = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; };
  // At least a language of two or three letters and a region.
  if ((primary != 2 && primary != 3) || last + 1 == voice.size() || tag.ends_with('-') ||
      !std::all_of(tag.begin(), tag.begin() + static_cast<std::ptrdiff_t>(primary), is_lower) ||
      !std::all_of(tag.begin(), tag.end(), is_part)) {
    return {};
  }
  return std::string(tag);
}

std::string xml_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character character = first_of(text);
    if (character.bytes != 0 && is_xml(character.code)) {
      const std::string_view entity = entity_of(text.front());
      out += entity.empty() ? text.substr(0, character.bytes) : entity;
    }
    text.remove_prefix(std::max<std::size_t>(character.bytes, 1));
  }
  return out;
}

}  // namespace parley::providers::azure
