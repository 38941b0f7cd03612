// SPDX-License-Identifier: MIT
#include "protocol/json/read_settings.h"

#include <algorithm>

#include "protocol/json/read_mcp.h"
#include "protocol/json/writer.h"

namespace parley::protocol::json {
namespace {

base::RawJson keep(const Value& value) {
  base::RawJson raw;
  append_text(value, raw.text);
  return raw;
}

// The documented rate is 24000; 8, 16 and 48 kHz are our extension for plain PCM.
int read_pcm_rate(ObjectReader& format) {
  constexpr int kDefault = 24000;
  const auto rate = format.integer("rate", {});
  if (!rate) return kDefault;
  if (*rate == 8000 || *rate == 16000 || *rate == 24000 || *rate == 48000) return *rate;
  const std::string path = format.path("rate");
  if (*rate < kDefault) {
    format.reading().fail("integer_below_min_value",
                          "Invalid '" + path + "': integer below minimum value. Expected a value " +
                              ">= 24000, but got " + std::to_string(*rate) + " instead.",
                          path);
  } else {
    constexpr std::array<std::string_view, 4> kRates = {"8000", "16000", "24000", "48000"};
    format.reading().unsupported(std::to_string(*rate), kRates, path);
  }
  return kDefault;
}

constexpr int kG711RateHz = 8000;

// The words for a reasoning effort and for a transcription's delay.
constexpr std::array kLevels = {
    Name<int>{"minimal", 0}, Name<int>{"low", 1},   Name<int>{"medium", 2},
    Name<int>{"high", 3},    Name<int>{"xhigh", 4},
};

base::AudioFormat read_audio_format_ga(Value& value, const std::string& path, Reading& reading) {
  ObjectReader format(value, path, reading);
  base::AudioFormat out;
  out.encoding = format.required_name("type", kAudioTypesGa);
  if (out.encoding == base::AudioEncoding::pcm16) {
    out.rate_hz = read_pcm_rate(format);
  } else {
    // Only plain PCM documents a rate; some clients repeat G.711's own.
    out.rate_hz = kG711RateHz;
    if (const auto rate = format.integer("rate", {}); rate && *rate != kG711RateHz) {
      constexpr std::array<std::string_view, 1> kRates = {"8000"};
      reading.unsupported(std::to_string(*rate), kRates, format.path("rate"));
    }
  }
  format.finish();
  return out;
}

base::AudioFormat read_audio_format_beta(Value& value, const std::string& path, Reading& reading) {
  // Azure's rt-client spells it "g711-ulaw".
  if (std::string* text = value.string()) std::ranges::replace(*text, '-', '_');
  base::AudioFormat out;
  out.encoding = read_name(value, path, reading, kAudioFormatsBeta).value_or(out.encoding);
  if (out.encoding != base::AudioEncoding::pcm16) out.rate_hz = kG711RateHz;
  return out;
}

FunctionTool read_function(ObjectReader& fields) {
  FunctionTool tool;
  tool.name =
      fields.required_string("name", {.length_max = kToolNameLengthMax, .empty_allowed = false});
  tool.description = fields.string("description").value_or(std::string());
  if (Value* parameters = fields.find("parameters")) {
    if (parameters->object() == nullptr) {
      fields.reading().wrong_type(*parameters, "an object", fields.path("parameters"));
    } else {
      tool.parameters = keep(*parameters);
    }
  }
  fields.finish();
  return tool;
}

Tool read_tool(Value& value, const std::string& path, Reading& reading) {
  enum class Kind : std::uint8_t { function, mcp };
  constexpr std::array kKinds = {Name<Kind>{"function", Kind::function},
                                 Name<Kind>{"mcp", Kind::mcp}};
  constexpr std::array kKindsBeta = {Name<Kind>{"function", Kind::function}};
  ObjectReader fields(value, path, reading);
  const Kind kind = reading.flavour() == Flavour::ga ? fields.required_name("type", kKinds)
                                                     : fields.required_name("type", kKindsBeta);
  if (kind == Kind::mcp) return read_mcp_server(fields);
  return read_function(fields);
}

// What both kinds of detection know, and the fields that belong to one kind. GA refuses a field of
// the other kind; beta's one object lists them all, so there it is checked and not used.
TurnDetection read_turn_detection_fields(ObjectReader& fields) {
  const bool lenient = fields.reading().lenient();
  TurnDetection out;
  if (lenient) {
    out.type = fields.name("type", kTurnDetectionTypes).value_or(out.type);
  } else {
    out.type = fields.required_name("type", kTurnDetectionTypes);
  }
  const bool server_vad = out.type == TurnDetectionType::server_vad;
  if (server_vad || lenient) {
    const TurnDetection defaults;
    const auto threshold = fields.number("threshold", {0, 1});
    const auto padding = fields.integer("prefix_padding_ms", {.max = 10'000});
    const auto silence = fields.integer("silence_duration_ms", {.max = 30'000});
    std::optional<int> idle;
    if (Value* value = fields.find_nullable("idle_timeout_ms"); value && !value->is_null()) {
      idle = read_integer(*value, fields.path("idle_timeout_ms"), fields.reading(),
                          {.min = 5000, .max = 30'000});
    }
    if (server_vad) {
      out.threshold = threshold.value_or(defaults.threshold);
      out.prefix_padding_ms = padding.value_or(defaults.prefix_padding_ms);
      out.silence_duration_ms = silence.value_or(defaults.silence_duration_ms);
      out.idle_timeout_ms = idle;
    }
  }
  if (!server_vad || lenient) {
    const auto eagerness = fields.name("eagerness", kEagernesses);
    if (!server_vad) out.eagerness = eagerness.value_or(out.eagerness);
  }
  out.create_response = fields.boolean("create_response").value_or(true);
  out.interrupt_response = fields.boolean("interrupt_response").value_or(true);
  return out;
}

// Azure's preview clients switch detection off with {"type":"none"} instead of null.
bool says_none(const Value& value) {
  const Value* type = find(value, "type");
  const auto* text = type ? std::get_if<std::string>(&type->data) : nullptr;
  return text != nullptr && *text == "none";
}

std::optional<std::vector<std::string>> read_strings(ObjectReader& fields, std::string_view key) {
  constexpr std::size_t kStringsMax = 1000;
  Value* value = fields.find(key);
  if (value == nullptr) return std::nullopt;
  std::vector<std::string> out;
  for_each_element(*value, fields.path(key), fields.reading(), kStringsMax,
                   [&](Value& element, const std::string& path) {
                     out.push_back(read_string(element, path, fields.reading()).value_or(""));
                   });
  return out;
}

void check_object(ObjectReader& fields, std::string_view key) {
  Value* value = fields.find(key);
  if (value != nullptr && value->object() == nullptr) {
    fields.reading().wrong_type(*value, "an object", fields.path(key));
  }
}

void check_string(ObjectReader& fields, std::string_view key) {
  Value* value = fields.find(key);
  if (value != nullptr && value->string() == nullptr) {
    fields.reading().wrong_type(*value, "a string", fields.path(key));
  }
}

}  // namespace

base::AudioFormat read_audio_format(Value& value, const std::string& path, Reading& reading) {
  return reading.flavour() == Flavour::ga ? read_audio_format_ga(value, path, reading)
                                          : read_audio_format_beta(value, path, reading);
}

Modality read_modality(Value& value, const std::string& path, Reading& reading) {
  bool text = false;
  bool audio = false;
  std::string given;
  std::size_t count = 0;
  for_each_element(value, path, reading, 8, [&](Value& element, const std::string& element_at) {
    const auto modality = read_name(element, element_at, reading, kModalities);
    if (!modality) return;
    (*modality == Modality::text ? text : audio) = true;
    given += (given.empty() ? "'" : ", '") + std::string(wire_name(kModalities, *modality)) + "'";
    ++count;
  });
  const bool ga = reading.flavour() == Flavour::ga;
  if (text && !audio && count == 1) return Modality::text;
  if (audio && count == (ga ? 1U : 2U) && text == !ga) return Modality::audio;
  reading.fail("invalid_value",
               "Invalid modalities: [" + given + "]. Supported combinations are: ['text'] and " +
                   (ga ? "['audio']." : "['audio', 'text']."),
               path);
  return Modality::audio;
}

std::string read_voice(Value& value, const std::string& path, Reading& reading) {
  if (value.object() == nullptr) {
    return read_string(value, path, reading, {.length_max = 256, .empty_allowed = false})
        .value_or(std::string());
  }
  ObjectReader custom(value, path, reading);
  std::string id = custom.required_string("id", {.length_max = 256, .empty_allowed = false});
  custom.finish();
  return id;
}

std::vector<Tool> read_tools(Value& value, const std::string& path, Reading& reading) {
  std::vector<Tool> tools;
  for_each_element(value, path, reading, kToolsMax, [&](Value& element, const std::string& at) {
    tools.push_back(read_tool(element, at, reading));
  });
  return tools;
}

ToolChoice read_tool_choice(Value& value, const std::string& path, Reading& reading) {
  ToolChoice choice;
  if (value.object() == nullptr) {
    if (value.string() == nullptr) {
      reading.wrong_type(value, "one of a string or an object", path);
    } else {
      choice.mode = read_name(value, path, reading, kToolChoiceModes).value_or(choice.mode);
    }
    return choice;
  }
  constexpr std::array kTypes = {Name<ToolChoiceMode>{"function", ToolChoiceMode::function},
                                 Name<ToolChoiceMode>{"mcp", ToolChoiceMode::mcp}};
  constexpr std::array kTypesBeta = {Name<ToolChoiceMode>{"function", ToolChoiceMode::function}};
  ObjectReader fields(value, path, reading);
  choice.mode = reading.flavour() == Flavour::ga ? fields.required_name("type", kTypes)
                                                 : fields.required_name("type", kTypesBeta);
  if (choice.mode == ToolChoiceMode::mcp) {
    choice.server_label = fields.required_string("server_label", {.empty_allowed = false});
    if (Value* name = fields.find_nullable("name"); name != nullptr && !name->is_null()) {
      choice.function_name =
          read_string(*name, fields.path("name"), reading).value_or(std::string());
    }
    fields.finish();
    return choice;
  }
  // Azure's rt-client calls the field "function".
  const auto azure_name = reading.lenient() ? fields.string("function") : std::nullopt;
  if (azure_name && !fields.find("name")) {
    choice.function_name = *azure_name;
  } else {
    choice.function_name = fields.required_string("name", {.empty_allowed = false});
  }
  fields.finish();
  return choice;
}

std::optional<int> read_max_output_tokens(Value& value, const std::string& path, Reading& reading) {
  if (const std::string* text = value.string()) {
    constexpr std::array<std::string_view, 1> kWords = {"inf"};
    if (*text != kWords[0]) reading.unsupported(*text, kWords, path);
    return std::nullopt;
  }
  return read_integer(value, path, reading, {.min = 1, .max = kMaxOutputTokensMax});
}

std::optional<std::string> read_reasoning(Value& value, const std::string& path, Reading& reading) {
  if (value.is_null()) return std::nullopt;
  ObjectReader fields(value, path, reading);
  const auto effort = fields.name("effort", kLevels);
  fields.finish();
  if (!effort) return std::nullopt;
  return std::string(wire_name(kLevels, *effort));
}

std::optional<TurnDetection> read_turn_detection(Value& value, const std::string& path,
                                                 Reading& reading) {
  if (value.is_null() || (reading.lenient() && says_none(value))) return std::nullopt;
  ObjectReader fields(value, path, reading);
  TurnDetection out = read_turn_detection_fields(fields);
  fields.finish();
  return out;
}

std::optional<Transcription> read_transcription(Value& value, const std::string& path,
                                                Reading& reading) {
  if (value.is_null()) return std::nullopt;
  const auto nullable_string = [](ObjectReader& fields,
                                  std::string_view key) -> std::optional<std::string> {
    Value* text = fields.find_nullable(key);
    if (text == nullptr || text->is_null()) return std::nullopt;
    return read_string(*text, fields.path(key), fields.reading());
  };
  ObjectReader fields(value, path, reading);
  Transcription out;
  out.model = fields.string("model", {.empty_allowed = false}).value_or("whisper-1");
  // The server echoes both as null when unset, and clients send back what they were shown.
  out.language = nullable_string(fields, "language");
  out.prompt = nullable_string(fields, "prompt");
  out.languages = read_strings(fields, "languages");
  out.keywords = read_strings(fields, "keywords");
  if (const auto delay = fields.name("delay", kLevels)) out.delay = wire_name(kLevels, *delay);
  fields.finish();
  return out;
}

std::optional<NoiseReduction> read_noise_reduction(Value& value, const std::string& path,
                                                   Reading& reading) {
  if (value.is_null()) return std::nullopt;
  ObjectReader fields(value, path, reading);
  const NoiseReduction type = fields.required_name("type", kNoiseReductions);
  fields.finish();
  return type;
}

std::optional<std::vector<std::string>> read_include(Value& value, const std::string& path,
                                                     Reading& reading) {
  if (value.is_null()) return std::nullopt;
  constexpr std::size_t kIncludeMax = 16;
  constexpr std::array kKnown = {Name<int>{"item.input_audio_transcription.logprobs", 0}};
  std::vector<std::string> out;
  for_each_element(value, path, reading, kIncludeMax, [&](Value& element, const std::string& at) {
    if (reading.lenient()) {
      out.push_back(read_string(element, at, reading).value_or(std::string()));
    } else if (read_name(element, at, reading, kKnown)) {
      out.emplace_back(kKnown[0].wire);
    }
  });
  return out;
}

std::optional<Metadata> read_metadata(Value& value, const std::string& path, Reading& reading) {
  if (value.is_null()) return std::nullopt;
  Object* pairs = value.object();
  if (pairs == nullptr) {
    reading.wrong_type(value, "an object", path);
    return std::nullopt;
  }
  if (pairs->size() > kMetadataPairsMax) {
    reading.fail("array_above_max_length",
                 "Invalid '" + path + "': too many properties. Expected an object with at most " +
                     std::to_string(kMetadataPairsMax) + " properties, but got an object with " +
                     std::to_string(pairs->size()) + " properties instead.",
                 path);
    return std::nullopt;
  }
  Metadata out;
  for (Member& pair : *pairs) {
    Value key{pair.key};
    auto name = read_string(key, path, reading, {.length_max = kMetadataKeyLengthMax});
    if (!name) return std::nullopt;
    auto text = read_string(pair.value, path + "." + *name, reading,
                            {.length_max = kMetadataValueLengthMax});
    if (!text) return std::nullopt;
    out.emplace_back(std::move(*name), std::move(*text));
  }
  return out;
}

base::RawJson read_tracing(Value& value, const std::string& path, Reading& reading) {
  if (value.is_null()) return {};
  base::RawJson raw = keep(value);
  if (const std::string* text = value.string()) {
    constexpr std::array<std::string_view, 1> kWords = {"auto"};
    if (*text != kWords[0]) reading.unsupported(*text, kWords, path);
    return raw;
  }
  ObjectReader fields(value, path, reading);
  check_string(fields, "workflow_name");
  check_string(fields, "group_id");
  check_object(fields, "metadata");
  fields.finish();
  return raw;
}

namespace {

// Each is text, or a content part of a user's message.
void check_prompt_variables(Value& value, const std::string& path, Reading& reading) {
  Object* variables = value.object();
  if (variables == nullptr) {
    reading.wrong_type(value, "an object", path);
    return;
  }
  constexpr std::array kParts = {Name<int>{"input_text", 0}, Name<int>{"input_image", 1},
                                 Name<int>{"input_file", 2}};
  constexpr std::array<std::string_view, 3> kRequired = {"text", "", ""};
  for (Member& variable : *variables) {
    const std::string at = path + "." + variable.key;
    if (variable.value.string() != nullptr) continue;
    if (variable.value.object() == nullptr) {
      reading.wrong_type(variable.value, "one of a string or an object", at);
      return;
    }
    ObjectReader part(variable.value, at, reading);
    const auto kind = static_cast<std::size_t>(part.required_name("type", kParts));
    if (!kRequired[kind].empty()) part.required_string(kRequired[kind]);
    check_string(part, "image_url");
    check_string(part, "file_id");
    check_string(part, "file_url");
    check_string(part, "file_data");
    check_string(part, "filename");
    check_string(part, "detail");
    part.finish();
  }
}

}  // namespace

base::RawJson read_prompt(Value& value, const std::string& path, Reading& reading) {
  if (value.is_null()) return {};
  base::RawJson raw = keep(value);
  ObjectReader fields(value, path, reading);
  fields.required_string("id");
  if (Value* version = fields.find_nullable("version"); version && !version->is_null()) {
    read_string(*version, fields.path("version"), reading);
  }
  if (Value* variables = fields.find_nullable("variables"); variables && !variables->is_null()) {
    check_prompt_variables(*variables, fields.path("variables"), reading);
  }
  fields.finish();
  return raw;
}

Truncation read_truncation(Value& value, const std::string& path, Reading& reading) {
  Truncation out;
  if (value.object() == nullptr) {
    if (value.string() == nullptr) {
      reading.wrong_type(value, "one of a string or an object", path);
    } else {
      out.mode = read_name(value, path, reading, kTruncationWords).value_or(out.mode);
    }
    return out;
  }
  constexpr std::array kTypes = {
      Name<TruncationMode>{"retention_ratio", TruncationMode::retention_ratio}};
  ObjectReader fields(value, path, reading);
  out.mode = fields.required_name("type", kTypes);
  if (Value* ratio = fields.require("retention_ratio")) {
    out.retention_ratio =
        read_number(*ratio, fields.path("retention_ratio"), reading, {0, 1}).value_or(1);
  }
  if (auto limits = fields.object("token_limits")) {
    out.post_instructions = limits->integer("post_instructions", {.min = 0});
    limits->finish();
  }
  fields.finish();
  return out;
}

}  // namespace parley::protocol::json
