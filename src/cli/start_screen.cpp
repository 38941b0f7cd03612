// SPDX-License-Identifier: MIT
#include "cli/start_screen.h"

#include <string_view>

namespace parley::cli {

namespace {

// Quoted for a shell only where it must be, so that most paths can be read as they are.
std::string shell_word(const std::string& text) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/+@%:=,";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

void add_addresses(const StartScreen& screen, std::string& out) {
  for (const std::string& address : screen.addresses) {
    if (screen.schemes != Schemes::tls) out += "  ws://" + address + "/v1/realtime\n";
    if (screen.schemes != Schemes::plain) out += "  wss://" + address + "/v1/realtime\n";
  }
}

void add_talk(const StartScreen& screen, const std::string& host, std::string& out) {
  const bool tls = screen.schemes == Schemes::tls;
  out +=
      "\nTalk to it in a browser:\n  " + std::string(tls ? "https://" : "http://") + host + "/\n";
  out += "\nor from here:\n  " + shell_word(screen.program) + " talk --url ";
  out += (tls ? "wss://" : "ws://") + host + "/v1/realtime";
  if (screen.token_required) out += " --token TOKEN";
  out += " --text \"Hello, who are you?\"\n";
}

void add_python(const StartScreen& screen, const std::string& host, std::string& out) {
  const char* scheme = screen.schemes == Schemes::tls ? "https://" : "http://";
  out += "\nFrom Python (pip install 'openai[realtime]'):\n";
  out += "  from openai import OpenAI\n";
  out += "  client = OpenAI(base_url=\"" + (scheme + host) + "/v1\", api_key=\"" +
         (screen.token_required ? "TOKEN" : "none") + "\")\n";
  out += "  with client.realtime.connect(model=\"" + screen.model + "\") as connection: ...\n";
}

// The official Node client always dials wss:.
void add_trust(const StartScreen& screen, const std::string& host, std::string& out) {
  if (screen.schemes == Schemes::plain) {
    out += "\nThe official Node client always speaks wss: start with --tls auto for it.\n";
    return;
  }
  if (screen.authority_file.empty()) return;
  const std::string file = shell_word(screen.authority_file);
  out += "\nOver wss, with the base URL https://" + host +
         "/v1, clients must trust our certificate:\n";
  out += "  Node     NODE_EXTRA_CA_CERTS=" + file + " node app.mjs\n";
  out += "  Python   SSL_CERT_FILE=" + file + " python app.py\n";
  out += "  curl     --cacert " + file + "\n";
  out += "  parley   parley talk --ca " + file + "\n";
  out += "  browser  import that file as an authority\n";
}

}  // namespace

std::string reachable(const std::string& address) {
  const auto colon = address.rfind(':');
  const std::string host = address.substr(0, colon);
  const std::string port = colon == std::string::npos ? std::string() : address.substr(colon);
  if (host == "0.0.0.0") return "127.0.0.1" + port;
  if (host == "[::]") return "[::1]" + port;
  return address;
}

std::string to_text(const StartScreen& screen) {
  std::string out = "Parley " + screen.version + " listens on\n\n";
  add_addresses(screen, out);
  out += "\n  hears    " + screen.hearing + "\n";
  out += "  answers  " + screen.answering + "\n";
  out += "  speaks   " + screen.speaking + "\n";
  out += "  access   ";
  out += screen.token_required ? "with a token\n" : "open to everyone who can reach it\n";
  const std::string host = reachable(screen.addresses.front());
  add_talk(screen, host, out);
  add_python(screen, host, out);
  add_trust(screen, host, out);
  return out + "\nCtrl-C ends it.\n";
}

}  // namespace parley::cli
