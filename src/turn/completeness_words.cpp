// SPDX-License-Identifier: MIT
// What the words say: punctuation where the recogniser writes it, then the language's rules.
#include "turn/detail/completeness_words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace parley::turn {
namespace {

constexpr std::size_t kBytesMax = 400;  // of the end; a sentence's beginning matters little
constexpr double kOpen = 0.1;
constexpr double kDone = 0.88;
constexpr double kUnsure = 0.5;

struct LanguageRules {
  std::string_view language;
  std::string_view open;  // last words after which a sentence goes on, between spaces
};

constexpr std::array<LanguageRules, 3> kRules = {{
    {"de",
     " der die das den dem des ein eine einen einem einer und oder aber weil dass wenn ob als mein "
     "meine meinen dein deine ihr ihre unser sein seine ich wir er für von mit zu zum zur im am "
     "bei nach aus in über unter vor um auf an bin ist sind war habe hat haben kann können möchte "
     "will würde werde muss soll sehr ähm äh also noch nicht-nur denn sondern damit möchten "
     "kannst könnten bitte-den "},
    {"fr",
     " le la les un une des de du et ou mais parce que qui si mon ma mes ton ta tes son sa ses "
     "notre votre leur je tu il elle nous on ils à au aux dans sur avec pour par sans chez en est "
     "sont suis ai a ont veux voudrais peux pouvez dois très euh donc alors comme c'est j'ai qu'il "
     "quand lorsque d' l' entre vers depuis ce cette "},
    {"es",
     " el la los las un una unos unas de del y o pero porque que si mi mis tu tus su sus nuestro "
     "yo en a al con por para sin sobre es son soy está estoy hay ha he quiero quisiera puedo "
     "puede puedes podría necesito debo muy eh este pues entonces como cuando donde entre desde "
     "hasta cada también me te se lo "},
}};

// Scripts written without spaces, and those whose last syllables tell: endings, not words.
constexpr std::string_view kOpenEndings[] = {
    "但是", "因为", "所以", "如果", "而且",   "还有", "和", "的",   "在",    "把",  "是", "我想",
    "我要", "那个", "就是", "然后", "は",     "が",   "を", "に",   "で",    "と",  "の", "も",
    "けど", "から", "ので", "たら", "えっと", "あの", "और", "लेकिन", "क्योंकि", "अगर", "का", "की",
    "के",    "में",    "को",   "से",    "पर",     "कि",   "तो", "मैं",    "कृपया"};
constexpr std::string_view kDoneEndings[] = {
    "吗",    "呢",     "吧",     "了",       "谢谢",   "好的",   "再见",   "です",
    "ます",  "ですか", "ますか", "ください", "ました", "ません", "でした", "よ",
    "ね",    "か",     "だ",     "है",        "हैं",      "हूँ",      "था",     "थी",
    "दीजिए", "धन्यवाद", "जी",     "गया",      "चाहिए",  "नमस्ते",   "कीजिए"};

bool ends_with_any(std::string_view text, std::span<const std::string_view> endings) {
  return std::ranges::any_of(endings, [text](auto ending) { return text.ends_with(ending); });
}

constexpr std::string_view kOpenMarks[] = {"...", "…", ",",  "-",  "–",  "—",
                                           ":",   ";", "、", "，", "：", "；"};
constexpr std::string_view kAskingMarks[] = {"?", "!", "？", "！", "؟"};
constexpr std::string_view kFullStops[] = {".", "。", "।", "．"};

std::string_view without_trailing_space(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
    text.remove_suffix(1);
  }
  return text;
}

bool is_word_byte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '\'' ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::string lower_case(std::string_view text) {
  constexpr std::string_view kApostrophe = "\u2019";
  std::string lower;
  lower.reserve(text.size());
  while (!text.empty()) {
    if (text.starts_with(kApostrophe)) {
      lower += '\'';
      text.remove_prefix(kApostrophe.size());
      continue;
    }
    const auto byte = static_cast<unsigned char>(text.front());
    lower += byte < 0x80 ? static_cast<char>(std::tolower(byte)) : text.front();
    text.remove_prefix(1);
  }
  return lower;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && is_word_byte(text[end])) ++end;
    if (end > at) words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

bool has_word(std::string_view list, std::string_view word) {
  return list.find(' ' + std::string(word) + ' ') != std::string_view::npos;
}

// Han, kana and Devanagari begin with these bytes in UTF-8.
bool is_ending_script(std::string_view text) {
  return std::ranges::any_of(text,
                             [](char c) {
                               const auto byte = static_cast<unsigned char>(c);
                               return byte >= 0xe3 && byte <= 0xe9;
                             }) ||
         text.find("\xe0\xa4") != std::string_view::npos;
}

std::string_view guess_language(const std::vector<std::string_view>& words) {
  constexpr std::string_view kEnglish =
      " the a i you is are was were my it to and of in what can do this that have for no so me on "
      "an if be who he we or will not your its how where am um as am at ";
  std::string_view best = "en";
  auto hits = [&words](std::string_view list) {
    return std::ranges::count_if(words, [list](auto word) { return has_word(list, word); });
  };
  auto most = hits(kEnglish);
  for (const auto& rules : kRules) {
    if (const auto count = hits(rules.open); count > most) {
      most = count;
      best = rules.language;
    }
  }
  return best;
}

double by_rules(const std::vector<std::string_view>& words, std::string_view text,
                std::string_view language) {
  if (words.empty()) return kUnsure;
  if (is_ending_script(text)) {
    if (ends_with_any(text, kDoneEndings)) return kDone;
    return ends_with_any(text, kOpenEndings) ? kOpen : kUnsure + 0.1;
  }
  if (language.empty()) language = guess_language(words);
  language = language.substr(0, 2);
  if (language == "en") return english_completeness(words);
  for (const auto& rules : kRules) {
    if (rules.language == language) return has_word(rules.open, words.back()) ? kOpen : 0.82;
  }
  return kUnsure;
}

}  // namespace

double words_completeness(std::string_view words, std::string_view language) {
  words = without_trailing_space(words);
  if (words.size() > kBytesMax) {
    words.remove_prefix(words.size() - kBytesMax);
    words.remove_prefix(std::min(words.find(' ') + 1, words.size()));
  }
  if (words.empty()) return kUnsure;
  if (ends_with_any(words, kOpenMarks)) {
    return kOpen;
  }
  if (ends_with_any(words, kAskingMarks)) return 0.95;
  const std::string text = lower_case(words);
  const auto parts = words_of(text);
  if (ends_with_any(words, kFullStops)) {
    // Recognisers put a full stop behind whatever they have: "I want to."
    std::string_view bare = text;
    bare.remove_suffix(text.ends_with('.') ? 1 : 3);
    return by_rules(parts, bare, language) < 0.15 ? 0.3 : 0.95;
  }
  return by_rules(parts, text, language);
}

}  // namespace parley::turn
