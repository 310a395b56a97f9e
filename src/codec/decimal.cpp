/*
 * Shortest decimals, by the C++ library: a shim, for C has none.
 */
#include <cassert>
#include <charconv>

#include "codec/text_form.h"

char *recon_decimal_write(char *out, double value)
{
    const std::to_chars_result result =
        std::to_chars(out, out + RECON_PERCENT_SIZE_MAX, value, std::chars_format::fixed);
    assert(result.ec == std::errc());
    return result.ptr;
}
