// SPDX-License-Identifier: MIT
#pragma once

#include <curl/curl.h>

#include <memory>
#include <optional>
#include <string>

#include "net/http_client.h"

namespace parley::net::detail {

class CurlLoop;

// One request while it runs. Kept by the loop until it is done or cancelled.
class CurlTransfer : public std::enable_shared_from_this<CurlTransfer> {
 public:
  CurlTransfer(CurlLoop& owner, HttpClientRequest request, HttpClientHandlers handlers);
  ~CurlTransfer();
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  void start();
  void cancel();   // no handler is called any more
  void abandon();  // the loop is gone
  void finished(CURLcode result);
  // Calls the handlers for what has arrived; not from inside curl.
  void hand_out();

  CURL* easy() const { return easy_; }
  // What may share a connection: the URL's origin and how its certificate is checked.
  const std::string& pool_key() const { return pool_key_; }
  static std::string pool_key_of(const std::string& url, const ClientTls& tls);
  bool queued = false;  // waits for hand_out()

 private:
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);

  bool set_up();
  void set_tls();
  bool send_again();
  void end(base::Result<void> result);
  void take_header_line(std::string_view line);
  base::Error error_of(CURLcode result) const;
  void arm_deadline();
  void on_deadline();

  CurlLoop& owner_;
  HttpClientRequest request_;
  const std::string pool_key_;
  HttpClientHandlers handlers_;
  CURL* easy_ = nullptr;
  curl_slist* header_list_ = nullptr;
  char error_text_[CURL_ERROR_SIZE] = {};

  int status_ = 0;
  HeaderList headers_;
  bool headers_whole_ = false;
  bool headers_told_ = false;
  std::string body_;  // arrived, not handed out
  std::optional<base::Result<void>> result_;
  bool over_ = false;

  base::Instant started_;
  base::Instant last_piece_;
  Timer deadline_;
};

}  // namespace parley::net::detail
