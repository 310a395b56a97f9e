/*
 * UTF-8. ASCII is passed over eight bytes at a time.
 */
#include "codec/utf8.h"

#include <stdint.h>
#include <string.h>

#include "codec/text_form.h"

bool recon_utf8_is_valid(const char *bytes, size_t size)
{
    for (size_t at = 0; at < size;) {
        uint64_t word;
        if (size - at >= sizeof word) {
            memcpy(&word, bytes + at, sizeof word);
            if ((word & UINT64_C(0x8080808080808080)) == 0) {
                at += sizeof word;
                continue;
            }
        }
        uint32_t code;
        at += recon_utf8_next(bytes + at, size - at, &code);
        if (code == UINT32_MAX)
            return false;
    }
    return true;
}
