// SPDX-License-Identifier: MIT
// Joins the sources, weakest first, into one Options.
#include "config/load.h"

#include <algorithm>
#include <cerrno>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <span>
#include <system_error>

#include "config/detail/dotenv.h"
#include "config/detail/environment.h"
#include "config/detail/familiar.h"
#include "config/detail/model_section.h"
#include "config/detail/nearest.h"
#include "config/detail/profile.h"
#include "config/detail/settings.h"
#include "config/detail/toml_file.h"

namespace parley::config {

namespace {

constexpr const char* kDefaultFile = "parley.toml";
constexpr std::size_t kFileBytesMax = 1u << 20u;

using Done = base::Result<void>;

Done invalid(const std::string& origin, const std::string& what, std::string key = {}) {
  return base::fail("invalid_config", origin + ": " + what, std::move(key));
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ".") + word;
  return out;
}

class Loader {
 public:
  explicit Loader(Sources sources) : sources_(std::move(sources)) {}

  base::Result<Options> load() {
    for (const auto step : {&Loader::take_dotenv, &Loader::take_file, &Loader::take_environment,
                            &Loader::take_flags, &Loader::take_profile, &Loader::check_tls,
                            &Loader::gather_engines, &Loader::check_models}) {
      if (auto done = (this->*step)(); !done) return tl::unexpected(std::move(done.error()));
    }
    return std::move(options_);
  }

 private:
  Done take_dotenv();
  Done take_file();
  Done take_entry(const detail::FileEntry& entry);
  Done take_engine_entry(const detail::FileEntry& entry);
  Done take_model_entry(const detail::FileEntry& entry);
  Done take_environment();
  Done take_familiar_variables();
  void take_engine_variables(EngineSection& engine);
  Done refuse_unknown_variables() const;
  Done take_flags();
  Done take_profile();
  Done settle_static_dir(const detail::Profile* profile);
  std::string profile_name() const;
  Done take_engine_flag(const std::string& key, const std::string& value, EngineSection& first);
  Done check_tls();
  Done gather_engines();
  Done fill_in_variables(EngineSection& engine) const;
  Done check_models();

  Done put(const std::string& key, detail::RawValue value, const std::string& origin);
  Done unknown_section(const detail::FileEntry& entry);
  EngineSection* engine(const std::string& kind);
  EngineSection* named_engine(const std::string& kind, const std::string& name);
  static void set_provider(EngineSection& engine, const std::string& provider,
                           const std::string& origin);

  Sources sources_;
  Options options_;
  std::set<std::string, std::less<>> given_;  // keys that some source has set
  bool listen_settled_ = false;  // by a flag or PARLEY_SERVER_LISTEN, which HOST does not overrule
  std::set<std::string, std::less<>> file_engines_;  // kinds that the file has a section for
  // Engines of the file beyond the first of their kind, and all of those that have no default.
  std::deque<EngineSection> further_;
};

EngineSection engine_default(const std::string& kind) {
  const Options defaults;
  return kind == "stt" ? defaults.stt : kind == "llm" ? defaults.llm : defaults.tts;
}

// ---- keys --------------------------------------------------------------------------------------

std::vector<std::string> keys_of(const std::string& section) {
  std::vector<std::string> found;
  for (const detail::Setting& setting : detail::settings()) {
    const auto dot = setting.key.find('.');
    if (setting.key.substr(0, dot) == section) found.emplace_back(setting.key.substr(dot + 1));
  }
  return found;
}

// "server", "stt", …
std::vector<std::string> section_names() {
  std::vector<std::string> names;
  for (const detail::Setting& setting : detail::settings()) {
    const std::string section(setting.key.substr(0, setting.key.find('.')));
    if (names.empty() || names.back() != section) names.push_back(section);
  }
  for (const char* kind : {"stt", "llm", "tts", "s2s", "models"}) names.emplace_back(kind);
  return names;
}

Done Loader::put(const std::string& key, detail::RawValue value, const std::string& origin) {
  const detail::Setting* setting = detail::find_setting(key);
  if (setting == nullptr) {
    std::vector<std::string> known;
    for (const KeyInfo& info : keys()) known.push_back(info.key);
    return invalid(
        origin, "unknown key " + key + "; did you mean " + detail::nearest(key, known) + "?", key);
  }
  if (auto done = detail::assign(*setting, std::move(value), options_); !done) {
    return invalid(origin, done.error().message, key);
  }
  given_.insert(key);
  return {};
}

bool is_kind(const std::string& word) {
  return word == "stt" || word == "llm" || word == "tts" || word == "s2s";
}

// The one that the environment and flags are about, and the default model.
EngineSection* Loader::engine(const std::string& kind) {
  if (kind == "stt") return &options_.stt;
  if (kind == "llm") return &options_.llm;
  return kind == "tts" ? &options_.tts : nullptr;
}

EngineSection* Loader::named_engine(const std::string& kind, const std::string& name) {
  EngineSection* const first = engine(kind);
  if (first != nullptr && first->name == name) return first;
  const auto found = std::find_if(further_.begin(), further_.end(), [&](const EngineSection& e) {
    return e.kind == kind && e.name == name;
  });
  return found == further_.end() ? nullptr : &*found;
}

// Options belong to the provider they were written for.
void Loader::set_provider(EngineSection& engine, const std::string& provider,
                          const std::string& origin) {
  if (engine.provider != provider) {
    engine.options.clear();
    engine.origins.clear();
  }
  engine.provider = provider;
  engine.origin = origin;
}

// ---- files -------------------------------------------------------------------------------------

base::Result<std::string> read_file(const std::string& path, bool required) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    const int reason = errno;
    if (!required && reason == ENOENT) return std::string();
    return base::fail("invalid_config",
                      path + ": cannot be read: " + std::generic_category().message(reason));
  }
  std::string text;
  text.resize(kFileBytesMax + 1);
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return base::fail("invalid_config", path + ": cannot be read");
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kFileBytesMax) {
    return base::fail("invalid_config", path + ": larger than 1 MiB; is it the right file?");
  }
  return text;
}

// From here on the environment is what is set, and then what the file says.
Done Loader::take_dotenv() {
  if (sources_.dotenv.empty()) return {};
  const auto text = read_file(sources_.dotenv, false);
  if (!text) return tl::unexpected(text.error());
  auto variables = detail::read_dotenv(*text, sources_.dotenv, sources_.environment);
  if (!variables) return tl::unexpected(variables.error());
  for (const auto& [name, value] : *variables) {
    if (!detail::look_up(sources_.environment, name)) sources_.environment_names.push_back(name);
  }
  sources_.environment = [own = std::move(sources_.environment), file = std::move(*variables)](
                             const std::string& name) -> std::optional<std::string> {
    if (auto value = own ? own(name) : std::nullopt) return value;
    const auto found = file.find(name);
    return found == file.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
  return {};
}

Done Loader::take_file() {
  const std::string path = sources_.file.empty() ? kDefaultFile : sources_.file;
  const auto text = read_file(path, !sources_.file.empty());
  if (!text) return tl::unexpected(text.error());
  const auto entries = detail::read_toml(*text, path);
  if (!entries) return tl::unexpected(entries.error());
  for (const detail::FileEntry& entry : *entries) {
    if (auto done = take_entry(entry); !done) return done;
  }
  return {};
}

Done Loader::take_entry(const detail::FileEntry& entry) {
  const auto& section = entry.section;
  if (section.empty()) {
    return invalid(entry.origin, "key " + entry.key +
                                     " stands outside any section; put it under [" +
                                     section_names().front() + "] or another one");
  }
  if (is_kind(section.front())) return take_engine_entry(entry);
  if (section.front() == "models") return take_model_entry(entry);
  const std::vector<std::string> known = keys_of(section.front());
  if (section.size() > 1 || known.empty()) return unknown_section(entry);
  if (entry.key.empty()) return {};
  if (std::find(known.begin(), known.end(), entry.key) == known.end()) {
    return invalid(entry.origin, "unknown key " + entry.key + " in [" + section.front() +
                                     "]; did you mean " + detail::nearest(entry.key, known) + "?");
  }
  const std::string key = section.front() + '.' + entry.key;
  if (!entry.wrong_type.empty()) {
    return invalid(entry.origin,
                   key + " must be " + detail::accepted(*detail::find_setting(key)) + ", not " +
                       entry.wrong_type,
                   key);
  }
  return put(key, entry.value, entry.origin);
}

Done Loader::unknown_section(const detail::FileEntry& entry) {
  std::string meant = detail::nearest(entry.section.front(), section_names());
  if (is_kind(meant) || meant == "models") meant += ".NAME";
  return invalid(entry.origin,
                 "unknown section [" + joined(entry.section) + "]; did you mean [" + meant + "]?");
}

Done Loader::take_engine_entry(const detail::FileEntry& entry) {
  const std::string& kind = entry.section.front();
  EngineSection* const first = engine(kind);
  if (entry.section.size() == 1) {
    if (entry.key.empty()) return {};  // the table that holds the named ones
    const std::string name = first == nullptr ? "NAME" : engine_default(kind).name;
    return invalid(entry.origin, "engines have names: write " + entry.key + " under [" + kind +
                                     '.' + name + "], not under [" + kind + "]");
  }
  const std::string& name = entry.section[1];
  if (entry.key.empty()) {
    EngineSection section{kind, name, {}, {}, entry.origin};
    if (first != nullptr && file_engines_.insert(kind).second) {
      *first = std::move(section);
    } else {
      further_.push_back(std::move(section));
    }
    return {};
  }
  EngineSection& section = *named_engine(kind, name);
  const std::string key = joined(entry.section) + '.' + entry.key;
  if (!entry.scalar && !entry.flat) {
    return invalid(entry.origin,
                   key +
                       " must be a text, a number, true or false, or a list or "
                       "table of texts",
                   key);
  }
  if (entry.key == "provider" && !entry.scalar) {
    return invalid(entry.origin, key + " must be a text in quotes", key);
  }
  if (entry.key == "provider") {
    section.provider = entry.text;
  } else {
    section.options[entry.key] = entry.scalar ? entry.text : *entry.flat;
  }
  return {};
}

// ---- environment and flags ---------------------------------------------------------------------

Done Loader::take_environment() {
  const auto& environment = sources_.environment;
  for (const detail::Setting& setting : detail::settings()) {
    const std::string name = detail::variable_name(setting.key);
    auto value = detail::look_up(environment, name);
    if (!value) continue;
    auto done = put(std::string(setting.key),
                    {.data = std::move(*value), .form = detail::RawValue::Form::text},
                    "environment variable " + name);
    if (!done) return done;
    if (setting.key == "server.listen") listen_settled_ = true;
  }
  if (auto done = take_familiar_variables(); !done) return done;
  for (const char* kind : {"stt", "llm", "tts"}) take_engine_variables(*engine(kind));
  return refuse_unknown_variables();
}

// What the systems that we replace were configured with; the weakest of the environment.
Done Loader::take_familiar_variables() {
  const auto& environment = sources_.environment;
  const std::string profile = profile_name();
  const auto take = [&](const std::string& kind, detail::FamiliarEngine made) -> Done {
    if (!made) return tl::unexpected(std::move(made.error()));
    if (*made) *engine(kind) = std::move(**made);
    return {};
  };
  const auto in_file = [&](const char* kind) { return file_engines_.contains(kind); };
  Done done;
  if (!in_file("llm")) done = take("llm", detail::familiar_llm(environment, profile));
  if (done && !in_file("stt")) done = take("stt", detail::familiar_stt(environment, profile));
  if (done && !in_file("tts")) done = take("tts", detail::familiar_tts(environment, profile));
  if (!done) return done;
  if (!given_.contains("session.instructions")) {
    if (auto text = detail::familiar_instructions(environment)) {
      options_.session.instructions = std::move(*text);
      given_.insert("session.instructions");
    }
  }
  return detail::familiar_settings(
      environment, profile,
      [this](std::string_view key, std::string value, const std::string& origin) {
        if (given_.contains(key)) return Done();
        return put(std::string(key),
                   {.data = std::move(value), .form = detail::RawValue::Form::text}, origin);
      });
}

// It is needed before all flags are taken, because engines depend on it.
std::string Loader::profile_name() const {
  std::string name = options_.compat.profile;
  for (const auto& [key, value] : sources_.flags) {
    if (key == "compat.profile") name = value;
  }
  return name;
}

// A profile's defaults are weaker than everything that was said, but not than HOST and PORT, which
// speak about where it listens.
Done Loader::take_profile() {
  const detail::Profile* const profile = detail::find_profile(options_.compat.profile);
  if (profile != nullptr) {
    for (const auto& [key, value] : profile->defaults) {
      if (given_.contains(key)) continue;
      auto done =
          put(std::string(key), {.data = std::string(value), .form = detail::RawValue::Form::text},
              "profile " + options_.compat.profile);
      if (!done) return done;
    }
  }
  if (auto done = settle_static_dir(profile); !done) return done;
  if (listen_settled_) return {};
  static constexpr std::string_view kPorts[] = {"7866"};
  const std::string_view host = profile != nullptr ? profile->host : "127.0.0.1";
  const std::span<const std::string_view> ports =
      profile != nullptr ? std::span<const std::string_view>(profile->ports) : kPorts;
  auto listen = detail::listen_from_host_and_port(sources_.environment, host, ports,
                                                  options_.compat.profile == "speech-bridge");
  if (!listen) return tl::unexpected(std::move(listen.error()));
  if (*listen) {
    options_.server.listen = std::move(**listen);
  } else if (profile != nullptr && !given_.contains("server.listen")) {
    options_.server.listen.clear();
    for (const auto port : ports) {
      options_.server.listen.push_back(std::string(host) + ':' + std::string(port));
    }
  }
  return {};
}

// A folder that was named must be there; the one beside a server that was replaced may be.
Done Loader::settle_static_dir(const detail::Profile* profile) {
  std::string& folder = options_.compat.static_dir;
  std::error_code error;
  if (given_.contains("compat.static_dir")) {
    if (folder.empty() || std::filesystem::is_directory(folder, error)) return {};
    return base::fail("invalid_config",
                      "compat.static_dir must be a folder, not " + detail::toml_string(folder),
                      "compat.static_dir");
  }
  if (profile == nullptr || profile->static_dir.empty()) return {};
  if (std::filesystem::is_regular_file(std::filesystem::path(profile->static_dir) / "index.html",
                                       error)) {
    folder = profile->static_dir;
  }
  return {};
}

// PARLEY_STT_PROVIDER, and PARLEY_STT_<OPTION> for the provider's own keys.
void Loader::take_engine_variables(EngineSection& engine) {
  const std::string provider_name = detail::variable_name(engine.kind + ".provider");
  if (const auto provider = detail::look_up(sources_.environment, provider_name)) {
    set_provider(engine, *provider, "environment variable " + provider_name);
  }
  const std::string prefix = detail::variable_name(engine.kind + '.');
  for (const std::string& name : sources_.environment_names) {
    if (!name.starts_with(prefix) || name == provider_name) continue;
    if (detail::is_service_link(name)) continue;
    const auto value = detail::look_up(sources_.environment, name);
    if (!value) continue;
    const std::string option = detail::lower(name.substr(prefix.size()));
    engine.options[option] = *value;
    engine.origins[option] = "environment variable " + name;
  }
}

Done Loader::refuse_unknown_variables() const {
  std::vector<std::string> known;
  for (const detail::Setting& setting : detail::settings()) {
    known.push_back(detail::variable_name(setting.key));
  }
  for (const std::string& name : sources_.environment_names) {
    const bool ours = std::any_of(known.begin(), known.end(), [&name](const std::string& variable) {
      return name.starts_with(variable.substr(0, variable.find('_', sizeof "PARLEY_" - 1) + 1));
    });
    if (!ours || detail::is_service_link(name)) continue;
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return invalid("environment variable " + name,
                   "unknown; did you mean " + detail::nearest(name, known) + "?");
  }
  return {};
}

Done Loader::take_flags() {
  // A key that repeats makes a list; for a single value the last one counts.
  std::vector<std::pair<std::string, std::vector<std::string>>> grouped;
  for (const auto& [key, value] : sources_.flags) {
    const auto same = std::find_if(grouped.begin(), grouped.end(),
                                   [&key = key](const auto& entry) { return entry.first == key; });
    if (same == grouped.end()) {
      grouped.push_back({key, {value}});
    } else {
      same->second.push_back(value);
    }
  }
  // Providers first: choosing one drops the options of the one before.
  std::stable_partition(grouped.begin(), grouped.end(),
                        [](const auto& entry) { return entry.first.ends_with(".provider"); });
  for (auto& [key, values] : grouped) {
    const std::string kind = key.substr(0, key.find('.'));
    if (EngineSection* const wanted = engine(kind)) {
      if (auto done = take_engine_flag(key, values.back(), *wanted); !done) return done;
      continue;
    }
    const detail::Setting* setting = detail::find_setting(key);
    const bool list =
        setting != nullptr && std::holds_alternative<detail::ListField>(setting->field);
    detail::RawValue value{.data = values.back(), .form = detail::RawValue::Form::text};
    if (list) value.data = std::move(values);
    if (auto done = put(key, std::move(value), "command line"); !done) return done;
    if (key == "server.listen") listen_settled_ = true;
  }
  return {};
}

// "stt.provider" and "stt.OPTION" are about the first engine of the kind, "stt.NAME.OPTION" about
// that one.
Done Loader::take_engine_flag(const std::string& key, const std::string& value,
                              EngineSection& first) {
  EngineSection* section = &first;
  std::string option = key.substr(std::min(key.size(), first.kind.size() + 1));
  if (const auto dot = option.find('.'); dot != std::string::npos) {
    section = named_engine(first.kind, option.substr(0, dot));
    option = option.substr(dot + 1);
  }
  if (section == nullptr || option.empty() || option.find('.') != std::string::npos) {
    return invalid(
        "command line",
        "unknown key " + key + "; an engine's key looks like " + first.kind + ".provider", key);
  }
  if (option == "provider") {
    set_provider(*section, value, "command line");
  } else {
    section->options[option] = value;
    section->origins[option] = "command line";
  }
  return {};
}

// ---- what belongs together ---------------------------------------------------------------------

Done Loader::check_tls() {
  ServerOptions& server = options_.server;
  const bool any_file = !server.tls_cert.empty() || !server.tls_key.empty();
  if (any_file && given_.find("server.tls") == given_.end()) server.tls = "files";
  if (server.tls != "files") return {};
  if (server.tls_cert.empty() || server.tls_key.empty()) {
    const std::string missing = server.tls_cert.empty() ? "server.tls_cert" : "server.tls_key";
    return base::fail("invalid_config",
                      missing +
                          " is missing: TLS from files needs server.tls_cert and "
                          "server.tls_key",
                      missing);
  }
  return {};
}

// All engines in one place, the defaults first; each must say what it is.
Done Loader::gather_engines() {
  for (EngineSection* const section : {&options_.stt, &options_.llm, &options_.tts}) {
    if (auto done = fill_in_variables(*section); !done) return done;
    options_.engines.push_back(*section);
  }
  for (EngineSection& section : further_) {
    if (auto done = fill_in_variables(section); !done) return done;
    options_.engines.push_back(section);
  }
  for (const EngineSection& section : options_.engines) {
    if (!section.provider.empty()) continue;
    const std::string example =
        section.kind == "s2s" ? "openai" : engine_default(section.kind).provider;
    return invalid(section.origin,
                   "[" + section.kind + '.' + section.name +
                       "] needs a provider, e.g. provider = " + detail::toml_string(example));
  }
  return {};
}

// `api_key = "${OPENAI_API_KEY}"`: secrets need not stand in the file.
Done Loader::fill_in_variables(EngineSection& engine) const {
  for (auto& [key, value] : engine.options) {
    for (std::size_t begin = value.find("${"); begin != std::string::npos;
         begin = value.find("${", begin)) {
      const std::size_t end = value.find('}', begin);
      if (end == std::string::npos) break;
      const std::string name = value.substr(begin + 2, end - begin - 2);
      const auto text = detail::look_up(sources_.environment, name);
      if (!text) {
        return invalid(engine.origin, engine.kind + '.' + engine.name + '.' + key +
                                          ": environment variable " + name + " is not set");
      }
      value.replace(begin, end - begin + 1, *text);
      begin += text->size();
    }
  }
  return {};
}

Done Loader::take_model_entry(const detail::FileEntry& entry) {
  if (entry.section.size() == 1) {
    if (entry.key.empty()) return {};
    return invalid(entry.origin, "models have names: write " + entry.key + " under [models.NAME]");
  }
  auto& models = options_.models;
  if (entry.key.empty()) {
    models.emplace_back();
    models.back().name = entry.section[1];
    models.back().origin = entry.origin;
    return {};
  }
  const auto model = std::find_if(models.begin(), models.end(), [&](const ModelSection& m) {
    return m.name == entry.section[1];
  });
  return detail::assign_model_key(*model, entry);
}

Done Loader::check_models() {
  for (const ModelSection& model : options_.models) {
    const auto check = [&](const std::string& kind, const std::string& name) -> Done {
      if (name.empty() || named_engine(kind, name) != nullptr) return {};
      std::vector<std::string> known;
      for (const EngineSection& engine : options_.engines) {
        if (engine.kind == kind) known.push_back(engine.name);
      }
      const std::string hint =
          known.empty() ? "" : "; did you mean " + detail::nearest(name, known) + "?";
      return invalid(model.origin, "[models." + model.name + "]: there is no engine [" + kind +
                                       '.' + name + "]" + hint);
    };
    Done done = check("stt", model.stt);
    if (done) done = check("llm", model.llm);
    if (done) done = check("tts", model.tts);
    if (done) done = check("s2s", model.s2s);
    for (const auto& name : model.stt_fallback) done = done ? check("stt", name) : done;
    for (const auto& name : model.llm_fallback) done = done ? check("llm", name) : done;
    for (const auto& name : model.tts_fallback) done = done ? check("tts", name) : done;
    for (const auto& name : model.s2s_fallback) done = done ? check("s2s", name) : done;
    if (!done) return done;
  }
  return {};
}

}  // namespace

base::Result<Options> load(const Sources& sources) { return Loader(sources).load(); }

}  // namespace parley::config
