// SPDX-License-Identifier: MIT
#include "config/detail/settings.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace parley::config::detail {

namespace {

constexpr std::string_view kMask = "***";

std::vector<Setting> make_settings() {
  return {
      {.key = "server.listen",
       .field = [](Options& o) -> auto& { return o.server.listen; },
       .meaning = "Addresses to listen on. Port 0 takes a free port.",
       .address = true},
      {.key = "server.tokens",
       .field = [](Options& o) -> auto& { return o.server.tokens; },
       .meaning = "Clients must present one of these tokens; empty: open to everyone.",
       .secret = true},
      {.key = "server.tls",
       .field = [](Options& o) -> auto& { return o.server.tls; },
       .meaning = "`off`; `auto`: make and use a local certificate, `ws://` still answered on the "
                  "same port; `files`: use `tls_cert` and `tls_key` (implied by giving them).",
       .choices = {"off", "auto", "files"}},
      {.key = "server.tls_cert",
       .field = [](Options& o) -> auto& { return o.server.tls_cert; },
       .meaning = "PEM file: the server's certificate, followed by its chain."},
      {.key = "server.tls_key",
       .field = [](Options& o) -> auto& { return o.server.tls_key; },
       .meaning = "PEM file: the certificate's private key."},
      {.key = "server.loops",
       .field = [](Options& o) -> auto& { return o.server.loops; },
       .meaning = "Event loops, one thread each; 0: one per processor core.",
       .max = 1024},
      {.key = "server.unknown_models",
       .field = [](Options& o) -> auto& { return o.server.unknown_models; },
       .meaning = "A client that names a model which is not here gets the `default` one, or is "
                  "refused (`refuse`).",
       .choices = {"default", "refuse"}},
      {.key = "server.sessions_max",
       .field = [](Options& o) -> auto& { return o.server.sessions_max; },
       .meaning = "Sessions at once; more are refused with 503 and `Retry-After`.",
       .min = 1,
       .max = 1'000'000},
      {.key = "server.send_queue_bytes_max",
       .field = [](Options& o) -> auto& { return o.server.send_queue_bytes_max; },
       .meaning = "A client that leaves more than this unread is closed with 1008.",
       .min = 1 << 16,
       .max = 1 << 30},
      {.key = "server.ping_interval_s",
       .field = [](Options& o) -> auto& { return o.server.ping_interval_s; },
       .meaning = "A WebSocket client that is silent for so many seconds is pinged, and given up "
                  "after twice that.",
       .min = 1,
       .max = 3600},
      {.key = "turn.detector",
       .field = [](Options& o) -> auto& { return o.turn.detector; },
       .meaning = "What hears speech behind `server_vad`: `webrtc` or `energy`.",
       .choices = {"webrtc", "energy"}},
      {.key = "turn.aggressiveness",
       .field = [](Options& o) -> auto& { return o.turn.aggressiveness; },
       .meaning =
           "The `webrtc` detector, from 0 (hears everything) to 3 (hears only clear speech).",
       .max = 3},
      {.key = "session.model",
       .field = [](Options& o) -> auto& { return o.session.model; },
       .meaning = "The model's name when the client asks for none."},
      {.key = "session.instructions",
       .field = [](Options& o) -> auto& { return o.session.instructions; },
       .meaning = "Instructions of a new session, until the client changes them."},
      {.key = "session.voice",
       .field = [](Options& o) -> auto& { return o.session.voice; },
       .meaning = "Voice of a new session, until the client changes it."},
      {.key = "session.duration_max_s",
       .field = [](Options& o) -> auto& { return o.session.duration_max_s; },
       .meaning = "A session's lifetime in seconds; then it is closed with 1001.",
       .min = 1,
       .max = 7 * 24 * 3600},
      {.key = "session.output_lead_ms",
       .field = [](Options& o) -> auto& { return o.session.output_lead_ms; },
       .meaning = "How far audio is sent ahead of its playback, in milliseconds.",
       .max = 60'000},
      {.key = "compat.profile",
       .field = [](Options& o) -> auto& { return o.compat.profile; },
       .meaning = "Takes the place of another server: its paths, ports and defaults.",
       .choices = {"", "open-realtime", "realtime-ai", "speech-bridge", "azure"}},
      {.key = "compat.static_dir",
       .field = [](Options& o) -> auto& { return o.compat.static_dir; },
       .meaning = "A folder that is served at `/` and `/static/`; empty: the playground."},
      {.key = "compat.azure_rate_hz",
       .field = [](Options& o) -> auto& { return o.compat.azure_rate_hz; },
       .meaning = "Rate of the `pcm16` that comes in on Azure's preview path; `auto` measures it "
                  "over the first second.",
       .choices = {"24000", "16000", "auto"}},
      {.key = "compat.realtime_ai_rate_hz",
       .field = [](Options& o) -> auto& { return o.compat.realtime_ai_rate_hz; },
       .meaning = "Rate of realtime-ai's audio, both ways.",
       .min = 8000,
       .max = 48000},
      {.key = "compat.leading_pad_bytes",
       .field = [](Options& o) -> auto& { return o.compat.leading_pad_bytes; },
       .meaning = "Zeros before the samples of each of realtime-ai's messages: its page cuts 12 "
                  "bytes off.",
       .max = 1024},
      {.key = "compat.session_timeout_s",
       .field = [](Options& o) -> auto& { return o.compat.session_timeout_s; },
       .meaning = "A page of realtime-ai that sends nothing for so many seconds is closed; 0: "
                  "never.",
       .max = 604'800},
      {.key = "compat.barge_in_level_permille",
       .field = [](Options& o) -> auto& { return o.compat.barge_in_level_permille; },
       .meaning = "Speech to realtime-ai that is quieter does not end an answer: the mean of its "
                  "samples, in thousandths of the largest; 0: any speech does.",
       .max = 1000},
      {.key = "compat.vad_aggressiveness",
       .field = [](Options& o) -> auto& { return o.compat.vad_aggressiveness; },
       .meaning = "speech-bridge: what `turn_detection.aggressiveness` begins with.",
       .max = 3},
      {.key = "compat.vad_start_ms",
       .field = [](Options& o) -> auto& { return o.compat.vad_start_ms; },
       .meaning = "speech-bridge: speech that begins a turn, in milliseconds.",
       .min = 20,
       .max = 10'000},
      {.key = "compat.vad_end_ms",
       .field = [](Options& o) -> auto& { return o.compat.vad_end_ms; },
       .meaning = "speech-bridge: silence that ends a turn.",
       .min = 60,
       .max = 10'000},
      {.key = "compat.vad_pad_ms",
       .field = [](Options& o) -> auto& { return o.compat.vad_pad_ms; },
       .meaning = "speech-bridge: audio kept around a turn.",
       .max = 10'000},
      {.key = "compat.vad_max_ms",
       .field = [](Options& o) -> auto& { return o.compat.vad_max_ms; },
       .meaning = "speech-bridge: the longest turn.",
       .min = 20,
       .max = 600'000},
      {.key = "compat.vad_responds",
       .field = [](Options& o) -> auto& { return o.compat.vad_responds; },
       .meaning = "speech-bridge: a turn that was detected is answered.",
       .choices = {"true", "false"}},
      {.key = "compat.vad_interrupts",
       .field = [](Options& o) -> auto& { return o.compat.vad_interrupts; },
       .meaning = "speech-bridge: speech over an answer ends it.",
       .choices = {"true", "false"}},
      {.key = "compat.commit_responds",
       .field = [](Options& o) -> auto& { return o.compat.commit_responds; },
       .meaning = "speech-bridge: a commit is answered by itself.",
       .choices = {"true", "false"}},
      {.key = "log.level",
       .field = [](Options& o) -> auto& { return o.log.level; },
       .meaning = "How much is logged to standard error.",
       .choices = {"debug", "info", "warn", "error"}},
  };
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  while (!trim(text).empty()) {
    const auto comma = text.find(',');
    items.emplace_back(trim(text.substr(0, comma)));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return items;
}

std::optional<int> whole_number(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

base::Result<void> refuse(const Setting& setting, const std::string& shown) {
  std::string message = std::string(setting.key) + " must be " + accepted(setting);
  if (!setting.secret && !shown.empty()) message += ", not " + shown;
  return base::fail("invalid_config", std::move(message), std::string(setting.key));
}

base::Result<void> assign_text(const Setting& setting, const RawValue& value, std::string& out) {
  const auto* text = std::get_if<std::string>(&value.data);
  if (text == nullptr) return refuse(setting, {});
  const auto& choices = setting.choices;
  if (!choices.empty() && std::find(choices.begin(), choices.end(), *text) == choices.end()) {
    return refuse(setting, toml_string(*text));
  }
  out = *text;
  return {};
}

base::Result<void> assign_list(const Setting& setting, RawValue value,
                               std::vector<std::string>& out) {
  std::vector<std::string> items;
  if (auto* list = std::get_if<std::vector<std::string>>(&value.data)) {
    items = std::move(*list);
  } else if (const auto* text = std::get_if<std::string>(&value.data)) {
    items = value.form == RawValue::Form::text ? split_list(*text) : std::vector{*text};
  } else {
    return refuse(setting, {});
  }
  if (setting.address && items.empty()) return refuse(setting, "an empty list");
  for (const std::string& item : items) {
    if (item.empty() || (setting.address && !is_listen_address(item))) {
      return refuse(setting, toml_string(item));
    }
  }
  out = std::move(items);
  return {};
}

base::Result<void> assign_number(const Setting& setting, const RawValue& value, int& out) {
  std::optional<int> number;
  std::string shown;
  if (const auto* integer = std::get_if<long long>(&value.data)) {
    shown = std::to_string(*integer);
    number = whole_number(shown);
  } else if (const auto* text = std::get_if<std::string>(&value.data)) {
    shown = toml_string(*text);
    if (value.form == RawValue::Form::text) number = whole_number(trim(*text));
  }
  if (!number || *number < setting.min || *number > setting.max) return refuse(setting, shown);
  out = *number;
  return {};
}

}  // namespace

std::span<const Setting> settings() {
  static const std::vector<Setting> table = make_settings();
  return table;
}

const Setting* find_setting(std::string_view key) {
  for (const Setting& setting : settings()) {
    if (setting.key == key) return &setting;
  }
  return nullptr;
}

base::Result<void> assign(const Setting& setting, RawValue value, Options& options) {
  if (const auto* text = std::get_if<TextField>(&setting.field)) {
    return assign_text(setting, value, (*text)(options));
  }
  if (const auto* list = std::get_if<ListField>(&setting.field)) {
    return assign_list(setting, std::move(value), (*list)(options));
  }
  return assign_number(setting, value, std::get<NumberField>(setting.field)(options));
}

std::string accepted(const Setting& setting) {
  if (setting.address) return "one or more addresses like \"127.0.0.1:7866\" or \"[::1]:7866\"";
  if (std::holds_alternative<ListField>(setting.field))
    return "a list of texts, none of them empty";
  if (std::holds_alternative<NumberField>(setting.field)) {
    return "a whole number from " + std::to_string(setting.min) + " to " +
           std::to_string(setting.max);
  }
  if (setting.choices.empty()) return "a text in quotes";
  std::string words = "one of ";
  for (std::size_t i = 0; i < setting.choices.size(); ++i) {
    if (i > 0) words += i + 1 == setting.choices.size() ? " or " : ", ";
    words += toml_string(setting.choices[i]);
  }
  return words;
}

std::string toml_string(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += kHex[byte >> 4u];
      out += kHex[byte & 15u];
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string toml_value(const Setting& setting, const Options& options) {
  Options copy = options;  // the accessors hand out mutable references
  if (const auto* number = std::get_if<NumberField>(&setting.field)) {
    return std::to_string((*number)(copy));
  }
  if (const auto* text = std::get_if<TextField>(&setting.field)) {
    const std::string& value = (*text)(copy);
    return toml_string(setting.secret && !value.empty() ? kMask : value);
  }
  std::string out = "[";
  for (const std::string& item : std::get<ListField>(setting.field)(copy)) {
    if (out.size() > 1) out += ", ";
    out += toml_string(setting.secret ? kMask : item);
  }
  return out + ']';
}

bool is_listen_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (host.empty() || (!bracketed && host.find_first_of(":[] /") != std::string_view::npos)) {
    return false;
  }
  const auto number = whole_number(port);
  return number && *number >= 0 && *number <= 65535 && port.front() != '-';
}

}  // namespace parley::config::detail
