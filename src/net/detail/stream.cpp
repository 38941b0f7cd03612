// SPDX-License-Identifier: MIT
#include "net/detail/stream.h"

namespace parley::net::detail {

namespace {

constexpr auto kFinishTimeMax = std::chrono::seconds(1);

void close_quietly(Socket& socket) {
  error_code ignored;
  socket.close(ignored);
}

}  // namespace

Stream::Stream(Socket socket) : state_(std::make_shared<State>(std::move(socket))) {}

asio::ssl::stream<Socket>& Stream::start_tls(std::shared_ptr<asio::ssl::context> context) {
  state_->context = std::move(context);
  state_->tls =
      std::make_unique<asio::ssl::stream<Socket>>(std::move(state_->plain), *state_->context);
  return *state_->tls;
}

void Stream::finish() {
  if (state_->finishing || !socket().is_open()) return;
  state_->finishing = true;
  state_->deadline.emplace(get_executor(), kFinishTimeMax);
  state_->deadline->async_wait([weak = std::weak_ptr<State>(state_)](error_code error) {
    const auto state = weak.lock();
    if (state && !error) close_quietly(state->socket());
  });
  if (state_->tls) {
    state_->tls->async_shutdown([state = state_](error_code) { end_sending(state); });
  } else {
    end_sending(state_);
  }
}

void Stream::end_sending(std::shared_ptr<State> state) {
  error_code ignored;
  state->socket().shutdown(Socket::shutdown_send, ignored);
  drain(std::move(state));
}

void Stream::drain(std::shared_ptr<State> state) {
  State& open = *state;
  open.socket().async_read_some(asio::buffer(open.discarded),
                                [state = std::move(state)](error_code error, std::size_t) mutable {
                                  if (!error) return drain(std::move(state));
                                  state->deadline->cancel();
                                  close_quietly(state->socket());
                                });
}

void Stream::close() {
  if (!state_->finishing) close_quietly(socket());
}

void Stream::abort() { close_quietly(socket()); }

}  // namespace parley::net::detail
