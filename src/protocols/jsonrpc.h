/* JSON-RPC 2.0 texts. An id is echoed as the JSON it was sent as, so that 1 stays a number and "1" a string. */
#pragma once

#include "contract/json.h"

#define JSONRPC_PARSE_ERROR      (-32700)
#define JSONRPC_INVALID_REQUEST  (-32600)
#define JSONRPC_METHOD_NOT_FOUND (-32601)
#define JSONRPC_INVALID_PARAMS   (-32602)
#define JSONRPC_INTERNAL_ERROR   (-32603)

/* {"jsonrpc":"2.0","id":<id>,"result":<result>}; `id` and `result` are JSON texts, an empty id is null. */
struct str jsonrpc_result(struct arena *a, struct str id, struct str result);

/* What stands before the result: {"jsonrpc":"2.0","id":<id>,"result": */
struct str jsonrpc_result_lead(struct arena *a, struct str id);

/* {"jsonrpc":"2.0","id":<id>,"error":{"code":..,"message":..,"data":..}}; `data` is JSON text or empty. */
struct str jsonrpc_error(struct arena *a, struct str id, int code, const char *message, struct str data);

/* The id of a request as JSON text: a string, an integer or null; empty for anything else or none. */
struct str jsonrpc_id(struct arena *a, yyjson_val *request);
