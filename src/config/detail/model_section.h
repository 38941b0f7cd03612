// SPDX-License-Identifier: MIT
// The keys of `[models.NAME]`.
#pragma once

#include "base/result.h"
#include "config/detail/toml_file.h"
#include "config/options.h"

namespace parley::config::detail {

// Writes one entry of the file into the model. Errors: "invalid_config" with the entry's place, and
// what would be accepted or the nearest key.
base::Result<void> assign_model_key(ModelSection& model, const FileEntry& entry);

// The model as TOML, without defaults.
std::string print_model(const ModelSection& model);

// Every key with its meaning, for the reference.
struct ModelKey {
  std::string_view name;
  std::string_view meaning;
};
std::vector<ModelKey> model_keys();

}  // namespace parley::config::detail
