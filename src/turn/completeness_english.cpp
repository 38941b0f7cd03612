// SPDX-License-Identifier: MIT
// English as recognisers write it, without punctuation: which last words leave a sentence open. A
// rule looks at the last word, the ones before it and the first; what no rule knows is finished.
#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>

#include "turn/detail/completeness_words.h"

namespace parley::turn {
namespace {

constexpr double kOpen = 0.08;
constexpr double kLikelyOpen = 0.25;
constexpr double kUnsure = 0.5;
constexpr double kDone = 0.88;

using Words = std::span<const std::string_view>;

// Whether `list`, words between spaces, has the word.
bool among(std::string_view word, std::string_view list) {
  if (word.empty()) return false;
  for (std::size_t at = list.find(word); at != std::string_view::npos;
       at = list.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || list[at - 1] == ' ') && (end == list.size() || list[end] == ' ')) return true;
  }
  return false;
}

constexpr std::string_view kAlwaysOpen =
    "a an the and or but because although though whereas unless whether if while my your our their "
    "its um uh er erm uhm hmm mm into onto upon than between without within towards during "
    "every each very quite i'm i've i'll i'd it's that's there's what's where's who's how's he's "
    "she's we're they're you're we've they've you've we'll they'll you'll let's we'd they'd "
    "you'd isn't basically gonna wanna gotta plus minus equals percent-of as dear mister mrs "
    "via per versus whose some any another also even just only always well";
constexpr std::string_view kAuxiliaries =
    "is are was were am be been being will would could can should shall may might must has have "
    "had do does did cannot can't don't won't doesn't didn't wasn't aren't haven't hasn't "
    "couldn't wouldn't shouldn't";
constexpr std::string_view kQuestionWords =
    "what who whom where when why how which what's where's who's how's";
constexpr std::string_view kPronouns = "i you he she it we they this that there these those";
constexpr std::string_view kPrepositions =
    "to of for with from at by about in on under behind near against through around after before "
    "since until like so then";
// Verbs that want something after them.
constexpr std::string_view kTransitive =
    "want need tell give show find make take put book order send buy get bring set add play ask "
    "have use change check schedule remind recommend suggest explain describe translate read write "
    "open close cancel reserve know think feel wonder believe mean guess like prefer love hate "
    "said says told asked keep let try see got needs wants wanted needed";
constexpr std::string_view kParticiples =
    "trying thinking wondering looking calling going hoping planning asking having getting making";
constexpr std::string_view kDigits =
    "zero oh one two three four five six seven eight nine double triple 0 1 2 3 4 5 6 7 8 9";
constexpr std::string_view kTens = "twenty thirty forty fifty sixty seventy eighty ninety";
constexpr std::string_view kAdjectives =
    "new big small good bad little few red blue green cheap nice large first second next last best "
    "other whole different couple quick short long great single double local main current";

struct Sentence {
  Words words;
  std::string_view at_end(std::size_t back) const {
    return back < words.size() ? words[words.size() - 1 - back] : std::string_view{};
  }
  bool asks() const { return among(words.front(), kQuestionWords); }
  bool has(std::string_view list) const {
    return std::ranges::any_of(words, [list](auto word) { return among(word, list); });
  }
  // "yes it is", "no i don't": an answer may end where a statement may not.
  bool short_answer() const {
    return words.size() <= 5 &&
           among(words.front(), "yes no yeah sure okay nope sorry of so neither");
  }
};

double after_auxiliary(const Sentence& said) {
  if (said.short_answer() && said.words.size() >= 3) return 0.8;
  if (said.words.size() == 1) return kLikelyOpen;
  // "what should i do", "where could it be"
  if (said.asks() && among(said.at_end(0), "do have be been") &&
      among(said.at_end(1), "i you he she it we they")) {
    return 0.8;
  }
  // "do you know where the station is": the question word stands two words or more before the end.
  for (std::size_t back = 2; back + 1 < said.words.size(); ++back) {
    if (among(said.at_end(back), kQuestionWords)) return 0.75;
  }
  return among(said.at_end(0), "can't don't won't didn't couldn't") ? 0.35 : kOpen;
}

double after_pronoun(const Sentence& said) {
  const auto last = said.at_end(0);
  const auto before = said.at_end(1);
  if (said.words.size() == 1) return among(last, "this that") ? 0.4 : kLikelyOpen;
  if (among(before, kAuxiliaries)) {
    if (said.short_answer()) return 0.85;
    const bool be = among(before, "is are was were am");
    if (be && said.asks()) return kDone;
    return kOpen;
  }
  if (among(last, "i he she we they")) return kOpen;
  if (among(last, "there")) return kDone;
  if (among(before, "if because when as while whether think what how why where")) return kOpen;
  if (last == "that" && among(before, "said say says believe hope sure heard so me")) {
    return kLikelyOpen;
  }
  if (among(last, "these those") && !said.asks()) return kUnsure;
  return kDone;
}

double after_preposition(const Sentence& said) {
  const auto last = said.at_end(0);
  const auto before = said.at_end(1);
  if (last == "so") {
    return among(before, "think hope guess believe say said suppose afraid told") ? kDone : kOpen;
  }
  if (among(last, "then before after around") && said.words.size() > 2 &&
      !among(before, "and or but day week year hour minutes weeks days")) {
    return 0.6;
  }
  if (last == "like" && !said.asks()) return kOpen;
  // "turn the lights on", "come in"
  if (among(last, "on in") &&
      (among(said.words.front(), "turn switch put leave keep") ||
       among(before, "hold come go log sign it them check move carry")) &&
      !said.asks()) {
    return 0.8;
  }
  // "where are you from", "who am i talking to": nothing follows where the question word belongs.
  if (said.asks() && said.words.size() >= 3 && last != "in" &&
      among(before,
            "you it this that they she he these those looking waiting talking going come coming "
            "called made used listening interested working belong live speaking staying thinking "
            "we weather look sound taste")) {
    return last == "to" && among(before, "you it this that they she he we") ? kOpen : 0.85;
  }
  return kOpen;
}

// Digits one by one: whether as many came as the thing has that they belong to.
double after_digits(const Sentence& said, std::size_t count) {
  if (among(said.at_end(0), "double triple")) return kOpen;
  if (said.has("code pin extension digits")) return count == 4 || count == 6 ? 0.8 : kLikelyOpen;
  if (said.has("zip postcode")) return count == 5 ? kDone : kLikelyOpen;
  if (said.has("card")) return count == 16 ? kDone : kLikelyOpen;
  if (said.has("phone number account telephone mobile call") || count >= 3) {
    return count == 7 || count == 10 || count == 11 ? kDone : 0.2;
  }
  return count == 2 ? 0.45 : kDone;
}

double after_question_word(const Sentence& said) {
  if (said.words.size() == 1) return 0.75;
  if (among(said.at_end(1), "know say see sure me guess understand since till until and")) {
    return among(said.at_end(0), "which what") ? 0.4 : 0.7;
  }
  return kOpen;
}

// "i need", "can you give", "what do you want"
double after_verb(const Sentence& said) {
  const auto before = said.at_end(1);
  if (said.words.size() == 1) return 0.3;
  if (said.has("don't didn't") && among(said.at_end(0), "know think want understand like")) {
    return said.at_end(0) == "know" ? kDone : kUnsure;
  }
  if (said.asks() && among(before, "you i we they he she to")) return 0.85;
  if (said.at_end(0) == "know" && among(before, "you i")) return said.words.size() > 2 ? 0.6 : 0.3;
  if (among(before, "all everything thing what")) return kUnsure;
  return among(before,
               "to you please i we they he she can could will would i'd you'd just also really and "
               "should don't it that let's not")
             ? 0.12
             : 0.8;
}

// "the cheapest flight to" is judged by its last word; these are judged by their first.
bool waits_for_main_clause(const Sentence& said) {
  const auto first = said.words.front();
  if (said.words.size() > 6 || said.words.size() < 2) return false;
  if (among(first, "if although unless while whenever once")) return true;
  return among(first, "when after before as since") && among(said.words[1], "i you we they he she");
}

}  // namespace

double english_completeness(Words words) {
  if (words.empty()) return kUnsure;
  const Sentence said{words};
  const auto last = said.at_end(0);
  const auto before = said.at_end(1);
  if (among(last, "well just") && among(before, "as very now yet")) return kDone;
  if (among(last, kAlwaysOpen)) return kOpen;
  if (last == "her") return among(before, "tell ask call love see with for to about") ? 0.7 : 0.3;
  if (among(last, kQuestionWords)) return after_question_word(said);
  if (among(last, kPronouns)) return after_pronoun(said);
  if (among(last, kAuxiliaries)) return after_auxiliary(said);
  if (among(last, kPrepositions)) return after_preposition(said);

  std::size_t digits = 0;
  while (digits < words.size() && among(said.at_end(digits), kDigits)) ++digits;
  if (digits > 0 && !(digits == 1 && among(before, kTens))) return after_digits(said, digits);
  if (among(last, kTens) && before == "the") return kLikelyOpen;
  if (among(last, "point dot slash underscore dash hyphen")) return kLikelyOpen;
  if (last == "at" || (last == "number" && among(before, "my phone order account"))) {
    return said.asks() || words.size() > 4 ? 0.6 : kLikelyOpen;
  }
  if (among(last,
            "january february march april june july august september october november "
            "december") &&
      among(before, "on until from before after by")) {
    return 0.35;
  }
  if (last == "not") {
    return among(before, "why course probably hope definitely or if certainly maybe") ? kDone : 0.2;
  }
  if (last == "me" && words.size() <= 5 && among(before, "tell show give let get make ask send")) {
    return kOpen;
  }
  if (among(last, "really actually maybe perhaps probably") && words.size() > 1 && !said.asks()) {
    return 0.4;
  }
  if (among(last, kParticiples)) {
    if (said.asks()) return kDone;
    return words.size() == 1 ? kUnsure : 0.2;
  }
  if (among(last, kTransitive)) return after_verb(said);
  if (among(last, kAdjectives) && among(before, "a an the my your our some any very this"))
    return kLikelyOpen;
  if (words.size() == 2 && words[0] == "how" && last == "many") return kLikelyOpen;
  if (waits_for_main_clause(said)) return 0.3;
  return kDone;
}

}  // namespace parley::turn
