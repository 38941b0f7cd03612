// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "config/options.h"
#include "engine/ports.h"

namespace parley::engine {

// What a client picks with `?model=`.
struct Model {
  config::ModelSection settings;
  EngineSet engines;
};

// The models that this server offers; never empty, immutable while it runs. The first one is for
// clients that name none.
class Catalog {
 public:
  explicit Catalog(std::vector<Model> models) : models_(std::move(models)) {
    PARLEY_ASSERT(!models_.empty());
  }

  const Model* find(std::string_view name) const {
    const auto found = std::find_if(models_.begin(), models_.end(),
                                    [&](const Model& m) { return m.settings.name == name; });
    return found == models_.end() ? nullptr : &*found;
  }
  const Model& first() const { return models_.front(); }
  const std::vector<Model>& models() const { return models_; }

 private:
  std::vector<Model> models_;
};

}  // namespace parley::engine
