// SPDX-License-Identifier: MIT
#include "protocol/json/documents.h"

#include <doctest/doctest.h>

namespace parley::protocol {

TEST_CASE("models are listed in OpenAI's shape") {
  CHECK(write_models({}, {0}) == R"({"object":"list","data":[]})");
  CHECK(write_models({"a", "b\""}, {1'790'000'000}) ==
        R"({"object":"list","data":[{"id":"a","object":"model","created":1790000000,)"
        R"("owned_by":"parley"},{"id":"b\"","object":"model","created":1790000000,)"
        R"("owned_by":"parley"}]})");
}

TEST_CASE("errors of HTTP routes have OpenAI's shape") {
  CHECK(write_rest_error({"invalid_api_key", "Wrong \"key\".", ""}, "invalid_request_error") ==
        R"({"error":{"message":"Wrong \"key\".","type":"invalid_request_error",)"
        R"("param":null,"code":"invalid_api_key"}})");
  CHECK(write_rest_error({"", "No.", "model"}, "server_error") ==
        R"({"error":{"message":"No.","type":"server_error","param":"model","code":null}})");
}

TEST_CASE("health is one word") {
  CHECK(write_health() == R"({"status":"ok"})");
  CHECK(write_health("draining") == R"({"status":"draining"})");
}

}  // namespace parley::protocol
