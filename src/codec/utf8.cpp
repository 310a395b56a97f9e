// The thin shim over simdjson's judgement of UTF-8.
#include "codec/utf8.h"

#include <simdjson.h>

bool recon_utf8_is_valid(const char *bytes, size_t size)
{
    return simdjson::validate_utf8(bytes, size);
}
