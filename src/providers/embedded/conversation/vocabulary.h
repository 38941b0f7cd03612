// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

// The words by which tools are recognised: which say nothing, which mean the same, which do things.
namespace parley::providers::embedded {

constexpr std::array<std::string_view, 66> kStopWords = {
    "a",     "an",       "the",   "is",       "are",  "am",   "of",      "in",      "on",
    "at",    "to",       "for",   "and",      "or",   "it",   "i",       "me",      "my",
    "you",   "your",     "what",  "which",    "who",  "how",  "do",      "does",    "can",
    "could", "will",     "would", "please",   "get",  "give", "tell",    "with",    "from",
    "by",    "about",    "this",  "that",     "be",   "if",   "any",     "current", "like",
    "use",   "user",     "when",  "function", "tool", "call", "returns", "given",   "information",
    "data",  "info",     "up",    "us",       "was",  "has",  "have",    "as",      "its",
    "web",   "internet", "today"};

// Words of an utterance that are no argument either.
constexpr std::array<std::string_view, 34> kFillers = {
    "hello", "hi",       "hey",     "okay",  "ok",   "thanks", "thank",  "some", "let",
    "want",  "need",     "now",     "right", "just", "turn",   "switch", "put",  "off",
    "make",  "set",      "there",   "not",   "no",   "yes",    "so",     "then", "also",
    "order", "tomorrow", "tonight", "whats", "show", "look",   "google"};

// Words that ask for the same thing.
constexpr std::array<std::array<std::string_view, 8>, 14> kSynonyms = {{
    {"weather", "forecast", "temperature", "rain", "sunny", "snow", "raining", "umbrella"},
    {"time", "clock", "", "", "", "", "", ""},
    {"order", "buy", "purchase", "", "", "", "", ""},
    {"book", "reserve", "reservation", "booking", "schedule", "", "", ""},
    {"search", "find", "look", "lookup", "google", "", "", ""},
    {"end", "hang", "hangup", "bye", "goodbye", "finish", "terminate", "disconnect"},
    {"transfer", "connect", "forward", "human", "agent", "operator", "representative", "redirect"},
    {"send", "write", "", "", "", "", "", ""},
    {"email", "mail", "", "", "", "", "", ""},
    {"light", "lights", "lamp", "lamps", "", "", "", ""},
    {"set", "turn", "switch", "put", "make", "change", "dim", "toggle"},
    {"control", "turn", "switch", "set", "toggle", "adjust", "", ""},
    {"cancel", "delete", "remove", "", "", "", "", ""},
    {"add", "put", "create", "make", "new", "", "", ""},
}};

// A tool whose name begins so does something, so the user must say that it shall be done.
constexpr std::array<std::string_view, 32> kDoing = {
    "set",     "turn",    "transfer", "end",       "order",  "book",     "send",   "cancel",
    "create",  "add",     "delete",   "remove",    "update", "schedule", "play",   "start",
    "stop",    "open",    "close",    "hang",      "search", "control",  "toggle", "switch",
    "reserve", "forward", "connect",  "terminate", "make",   "change",   "buy",    "lookup"};
// Of those, the ones that say too little without what they are done to.
constexpr std::array<std::string_view, 17> kVague = {
    "set",   "turn", "send", "create", "add",     "delete", "remove", "update", "play",
    "start", "stop", "open", "close",  "control", "make",   "change", "switch"};

}  // namespace parley::providers::embedded
