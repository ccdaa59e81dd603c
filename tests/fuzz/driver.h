/* A fuzz target: looks at the bytes, aborts when a property does not hold. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
