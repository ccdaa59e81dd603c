/* File descriptors: connections may take nearly all there are, and never the last ones. */
#pragma once

#include "net/http_server.h"

/* Raises the limit of this process as far as it needs and may, and lowers connections_max to what the limit then allows:
 * a part of it is kept for the database, the local socket and calls of our own. A line in the log says so when it is less
 * than was asked for. */
void descriptors_settle(struct http_server_limits *limits);
