// SPDX-License-Identifier: MIT
#include "net/detail/curl_transfer.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "net/detail/curl_loop.h"

namespace parley::net::detail {

namespace {

constexpr const char* kUserAgent = "User-Agent: parley";
constexpr base::Duration kConnectTimeMax = std::chrono::hours(24);  // for no limit at all
constexpr long kConnectionAgeMaxS = 60;  // idle; many servers close earlier

bool has_header(const HeaderList& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(), [&](const auto& header) {
    return std::equal(header.first.begin(), header.first.end(), name.begin(), name.end(),
                      [](unsigned char a, unsigned char b) { return (a | 32) == (b | 32); });
  });
}

// Text that is sent as it stands must not smuggle in lines of its own.
bool has_line_break(const HttpClientRequest& request) {
  const auto bad = [](const std::string& text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos;
  };
  return bad(request.method) ||
         std::any_of(request.headers.begin(), request.headers.end(),
                     [&](const auto& header) { return bad(header.first) || bad(header.second); });
}

long milliseconds(base::Duration duration) {
  return static_cast<long>(std::chrono::duration_cast<base::Milliseconds>(duration).count());
}

}  // namespace

CurlTransfer::CurlTransfer(CurlLoop& owner, HttpClientRequest request, HttpClientHandlers handlers)
    : owner_(owner),
      request_(std::move(request)),
      pool_key_(pool_key_of(request_.url, request_.tls)),
      handlers_(std::move(handlers)),
      deadline_(owner.loop()) {}

CurlTransfer::~CurlTransfer() {
  if (easy_ != nullptr) curl_easy_cleanup(easy_);
  curl_slist_free_all(header_list_);
}

std::string CurlTransfer::pool_key_of(const std::string& url, const ClientTls& tls) {
  const std::size_t scheme = std::min(url.find("://"), url.size());
  return url.substr(0, url.find_first_of("/?#", scheme + 3)) + (tls.verify ? " 1 " : " 0 ") +
         tls.ca_file;
}

void CurlTransfer::start() {
  started_ = last_piece_ = owner_.loop().now();
  if (has_line_break(request_)) {
    result_ = base::fail("protocol_error", "the method or a header holds a line break");
    owner_.mark_ready(*this);
    return;
  }
  const bool web = request_.url.starts_with("http://") || request_.url.starts_with("https://");
  if (!web || !set_up()) {
    result_ = base::fail("invalid_url", "not an http or https address");
    owner_.mark_ready(*this);
    return;
  }
  owner_.add(shared_from_this());
  arm_deadline();
}

bool CurlTransfer::set_up() {
  easy_ = curl_easy_init();
  PARLEY_ASSERT(easy_ != nullptr);
  const auto set = [this](CURLoption option, auto value) {
    return curl_easy_setopt(easy_, option, value);
  };
  if (set(CURLOPT_URL, request_.url.c_str()) != CURLE_OK) return false;
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);  // a name that is being resolved holds nobody up
  set(CURLOPT_ERRORBUFFER, error_text_);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(CURLOPT_TCP_NODELAY, 1L);
  set(CURLOPT_MAXAGE_CONN, kConnectionAgeMaxS);
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  const auto connect = request_.timeouts.connect;
  set(CURLOPT_CONNECTTIMEOUT_MS,
      milliseconds(connect > base::Duration::zero() ? connect : kConnectTimeMax));
  set(CURLOPT_HEADERFUNCTION, &CurlTransfer::on_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &CurlTransfer::on_body);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_PRIVATE, this);
  if (request_.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (!request_.body.empty() || request_.method == "POST") {
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set(CURLOPT_POSTFIELDS, request_.body.data());  // not copied; the request is kept
  }
  set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  const auto add = [this](const std::string& line) {
    header_list_ = curl_slist_append(header_list_, line.c_str());
  };
  for (const auto& [name, value] : request_.headers) {
    // curl's way of sending a header without a value.
    add(std::string(name).append(value.empty() ? ";" : ": ").append(value));
  }
  add("Expect:");  // no waiting for 100
  if (!has_header(request_.headers, "content-type")) add("Content-Type:");
  if (!has_header(request_.headers, "user-agent")) add(kUserAgent);
  set(CURLOPT_HTTPHEADER, header_list_);
  set_tls();
  return true;
}

void CurlTransfer::set_tls() {
  if (!request_.tls.verify) {
    curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  // The system's certificates stay trusted: they come from its folder (CURLOPT_CAPATH).
  if (!request_.tls.ca_file.empty()) {
    curl_easy_setopt(easy_, CURLOPT_CAINFO, request_.tls.ca_file.c_str());
  }
}

// ---- from inside curl --------------------------------------------------------------------------

std::size_t CurlTransfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  static_cast<CurlTransfer*>(self)->take_header_line({data, size * count});
  return size * count;
}

void CurlTransfer::take_header_line(std::string_view line) {
  if (headers_whole_) return;  // trailers
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {
    headers_.clear();
    return;
  }
  if (line.empty()) {
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200) return;  // interim
    status_ = static_cast<int>(status);
    headers_whole_ = true;
    last_piece_ = owner_.loop().now();
    owner_.mark_ready(*this);
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  std::string_view value = line.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  headers_.emplace_back(line.substr(0, colon), value);
}

std::size_t CurlTransfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  transfer.body_.append(data, size * count);
  transfer.last_piece_ = transfer.owner_.loop().now();
  transfer.owner_.mark_ready(transfer);
  return size * count;
}

// ---- the end -----------------------------------------------------------------------------------

void CurlTransfer::finished(CURLcode code) {
  if (code == CURLE_SEND_ERROR && send_again()) return;
  if (code == CURLE_OK) {
    end({});
  } else {
    end(tl::unexpected(error_of(code)));
  }
}

// A kept connection may have died before it was used. curl itself takes a new one when it learns so
// from reading, but not when from writing, as with a long body. True: it is on its way.
bool CurlTransfer::send_again() {
  long made = 0;
  curl_easy_getinfo(easy_, CURLINFO_NUM_CONNECTS, &made);
  if (made != 0 || !headers_.empty() || headers_whole_ || result_ || over_) return false;
  const auto self = shared_from_this();
  owner_.remove(*this);
  curl_easy_setopt(easy_, CURLOPT_FRESH_CONNECT, 1L);  // so that this happens once
  owner_.add(self);
  return true;
}

void CurlTransfer::end(base::Result<void> result) {
  if (result_) return;
  result_ = std::move(result);
  owner_.mark_ready(*this);
}

base::Error CurlTransfer::error_of(CURLcode code) const {
  std::string text = error_text_[0] != '\0' ? error_text_ : curl_easy_strerror(code);
  const auto error = [&text](const char* name) { return base::Error{name, text, {}}; };
  switch (code) {
    case CURLE_URL_MALFORMAT:
      return error("invalid_url");
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return error("resolve_failed");
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
      return error("connect_failed");
    case CURLE_OPERATION_TIMEDOUT:
      return error("timeout_connect");  // the other phases are timed here
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return error("tls_failed");
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_HTTP2_STREAM:
      return error("closed_early");
    default:  // also CURLE_UNSUPPORTED_PROTOCOL: an answer without a status line
      return error("protocol_error");
  }
}

void CurlTransfer::cancel() {
  over_ = true;
  const auto handlers = std::exchange(handlers_, {});  // may own whoever cancels
  deadline_.disarm();
  owner_.remove(*this);
}

void CurlTransfer::abandon() {
  over_ = true;
  const auto handlers = std::exchange(handlers_, {});
}

// ---- what the caller hears ---------------------------------------------------------------------

void CurlTransfer::hand_out() {
  const auto self = shared_from_this();  // a handler may drop the call
  if (over_) return;
  if (headers_whole_ && !headers_told_) {
    headers_told_ = true;
    if (handlers_.on_headers) handlers_.on_headers(status_, headers_);
  }
  if (!over_ && !body_.empty()) {
    const std::string piece = std::exchange(body_, {});
    if (handlers_.on_body) handlers_.on_body(piece);
  }
  if (over_) return;
  if (!result_) return arm_deadline();
  over_ = true;
  deadline_.disarm();
  owner_.remove(*this);
  const auto handlers = std::exchange(handlers_, {});
  if (handlers.on_done) handlers.on_done(std::move(*result_));
}

void CurlTransfer::arm_deadline() {
  const auto& timeouts = request_.timeouts;
  std::optional<base::Instant> next;
  const auto consider = [&next](base::Instant from, base::Duration limit) {
    if (limit <= base::Duration::zero()) return;
    const base::Instant at = from + limit;
    if (!next || at < *next) next = at;
  };
  consider(started_, timeouts.total);
  if (headers_whole_) {
    consider(last_piece_, timeouts.idle);
  } else {
    consider(started_, timeouts.first_byte);
  }
  if (!next) return deadline_.disarm();
  deadline_.arm(*next, [this] { on_deadline(); });
}

void CurlTransfer::on_deadline() {
  const base::Instant now = owner_.loop().now();
  const auto passed = [now](base::Instant from, base::Duration limit) {
    return limit > base::Duration::zero() && now >= from + limit;
  };
  const auto& timeouts = request_.timeouts;
  const char* phase = nullptr;
  if (passed(started_, timeouts.total)) {
    phase = "timeout_total";
  } else if (!headers_whole_ && passed(started_, timeouts.first_byte)) {
    phase = "timeout_first_byte";
  } else if (headers_whole_ && passed(last_piece_, timeouts.idle)) {
    phase = "timeout_idle";
  }
  if (phase == nullptr) return arm_deadline();
  end(base::fail(phase, "no answer in time"));
}

}  // namespace parley::net::detail
