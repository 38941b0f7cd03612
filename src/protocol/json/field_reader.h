// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "protocol/item.h"
#include "protocol/json/flavour.h"
#include "protocol/json/names.h"
#include "protocol/json/value.h"

// Reading fields out of a document with errors that name their path. The first fault of a frame is
// kept and everything after it reads as absent, so that readers are plain lists of fields without a
// branch per field; whoever started the reading looks at the fault once, at the end.
namespace parley::protocol::json {

// One frame's reading: its shape and its first fault.
class Reading {
 public:
  explicit Reading(Flavour flavour, UnknownFields unknown = UnknownFields::refused,
                   std::size_t id_length_max = kItemIdLengthMax)
      : flavour_(flavour), unknown_(unknown), id_length_max_(id_length_max) {}

  Flavour flavour() const { return flavour_; }
  std::size_t id_length_max() const { return id_length_max_; }  // of items and calls
  bool lenient() const { return flavour_ == Flavour::beta; }
  bool ignores_unknown() const { return unknown_ == UnknownFields::ignored; }
  bool failed() const { return fault_.has_value(); }
  const base::Error& fault() const { return *fault_; }

  // Codes and sentences are OpenAI's (behaviour.md §9.2). Only the first call has an effect.
  void fail(std::string_view code, std::string message, std::string param);
  void missing(std::string param);
  void wrong_type(const Value& got, std::string_view expected, std::string param);
  void unsupported(std::string_view got, std::span<const std::string_view> supported,
                   std::string param);

 private:
  Flavour flavour_;
  UnknownFields unknown_;
  std::size_t id_length_max_;
  std::optional<base::Error> fault_;
};

struct StringRule {
  std::size_t length_max = std::numeric_limits<std::size_t>::max();  // characters
  bool empty_allowed = true;
};

struct IntegerRange {
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<int>::max();
};

struct NumberRange {
  double min;
  double max;
};

// One value that must be of a type. On a fault: recorded, and nothing returned. Strings move out.
std::optional<std::string> read_string(Value& value, std::string path, Reading& reading,
                                       StringRule rule = {});
std::optional<int> read_integer(Value& value, std::string path, Reading& reading,
                                IntegerRange range);
std::optional<double> read_number(Value& value, std::string path, Reading& reading,
                                  NumberRange range);
std::optional<bool> read_boolean(Value& value, std::string path, Reading& reading);

template <class E, std::size_t N>
std::optional<E> read_name(Value& value, std::string path, Reading& reading,
                           const std::array<Name<E>, N>& names) {
  const auto text = read_string(value, path, reading);
  if (!text) return std::nullopt;
  for (const Name<E>& name : names) {
    if (name.wire == *text) return name.value;
  }
  std::array<std::string_view, N> supported;
  for (std::size_t i = 0; i < N; ++i) supported[i] = names[i].wire;
  reading.unsupported(*text, supported, std::move(path));
  return std::nullopt;
}

// The fields of one object. Ask for every field the object may have, then call finish(), which
// refuses what is left over. Borrows the document and the reading.
class ObjectReader {
 public:
  // A value that is no object is a fault; all fields then read as absent.
  ObjectReader(Value& value, std::string path, Reading& reading);

  std::string path(std::string_view key) const;
  Reading& reading() { return reading_; }

  // The field's value, nullptr when absent or after a fault. find() treats null as absent where the
  // flavour is lenient; find_nullable() hands it out, for fields that null clears.
  Value* find(std::string_view key);
  Value* find_nullable(std::string_view key);
  Value* require(std::string_view key);

  std::optional<std::string> string(std::string_view key, StringRule rule = {});
  std::optional<int> integer(std::string_view key, IntegerRange range);
  std::optional<double> number(std::string_view key, NumberRange range);
  std::optional<bool> boolean(std::string_view key);
  template <class E, std::size_t N>
  std::optional<E> name(std::string_view key, const std::array<Name<E>, N>& names) {
    Value* value = find(key);
    return value ? read_name(*value, path(key), reading_, names) : std::nullopt;
  }

  // The required_ forms return an empty value after a fault.
  std::string required_string(std::string_view key, StringRule rule = {});
  int required_integer(std::string_view key, IntegerRange range);
  template <class E, std::size_t N>
  E required_name(std::string_view key, const std::array<Name<E>, N>& names) {
    Value* value = require(key);
    return value ? read_name(*value, path(key), reading_, names).value_or(E{}) : E{};
  }

  // A member that is itself an object.
  std::optional<ObjectReader> object(std::string_view key);

  void finish();

 private:
  Object* object_ = nullptr;
  std::string path_;
  Reading& reading_;
};

// Calls `read(element, path)` for each element of an array, and stops at the first fault.
template <class F>
void for_each_element(Value& value, const std::string& path, Reading& reading, std::size_t size_max,
                      F read);

// Checks that `value` is an array within bounds; nullptr (and a fault) otherwise.
Array* read_array(Value& value, const std::string& path, Reading& reading, std::size_t size_max);
std::string element_path(const std::string& path, std::size_t index);

template <class F>
void for_each_element(Value& value, const std::string& path, Reading& reading, std::size_t size_max,
                      F read) {
  Array* array = read_array(value, path, reading, size_max);
  if (array == nullptr) return;
  for (std::size_t i = 0; i < array->size() && !reading.failed(); ++i) {
    read((*array)[i], element_path(path, i));
  }
}

}  // namespace parley::protocol::json
