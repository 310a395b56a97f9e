/*
 * The scan of a block of lines: by vectors, or in several passes; which, is found out when it runs.
 */
#include "codec/json_scan.h"

#include <string.h>

#include "recon/status.h"

static void put(struct recon_json_scan *scan, uint32_t *count, uint32_t position, char form)
{
    scan->tokens[*count] = (uint16_t)position;
    scan->forms[(*count)++] = (uint8_t)form;
}

static int scan_anywhere(struct recon_json_scan *scan, struct recon_json_index *index, const char *bytes, uint32_t size,
                         uint32_t *token_count, uint32_t *escape_count)
{
    const uint32_t *position;
    int status = recon_json_index_run(index, bytes, size, &position);
    if (status != RECON_OK)
        return status;
    for (uint32_t start = 0; start < size;) {
        const char *newline = memchr(bytes + start, '\n', size - start);
        const uint32_t end = newline ? (uint32_t)(newline - bytes) : size;
        for (; *position < end; position++)
            put(scan, token_count, *position, bytes[*position]);
        if (newline)
            put(scan, token_count, end, '\n');
        start = end + 1;
    }
    for (uint32_t start = 0; start < size;) {
        const char *backslash = memchr(bytes + start, '\\', size - start);
        if (!backslash)
            break;
        scan->escapes[(*escape_count)++] = (uint32_t)(backslash - bytes);
        start = (uint32_t)(backslash - bytes) + 2;
    }
    return RECON_OK;
}

int recon_json_scan_run(struct recon_json_scan *scan, struct recon_json_index *index, const char *bytes, uint32_t size)
{
    uint32_t token_count = 0, escape_count = 0;
    int status;
#ifdef RECON_JSON_SCAN_VECTORS
    if (recon_json_scan_has_avx512())
        status = recon_json_scan_avx512(scan, bytes, size, &token_count, &escape_count);
    else if (recon_json_scan_has_avx2())
        status = recon_json_scan_avx2(scan, bytes, size, &token_count, &escape_count);
    else
#endif
        status = scan_anywhere(scan, index, bytes, size, &token_count, &escape_count);
    if (status != RECON_OK)
        return status;
    if (bytes[size - 1] != '\n')
        put(scan, &token_count, size, '\n');
    scan->forms[token_count] = scan->forms[token_count + 1] = '\0';
    scan->escapes[escape_count] = UINT32_MAX;
    return RECON_OK;
}

bool recon_json_scan_has_quotes(void)
{
#ifdef RECON_JSON_SCAN_VECTORS
    return recon_json_scan_has_avx512() || recon_json_scan_has_avx2();
#else
    return false;
#endif
}

int recon_json_scan_quotes(struct recon_json_scan *scan, const char *bytes, uint32_t size, uint32_t *token_count)
{
#ifdef RECON_JSON_SCAN_VECTORS
    uint32_t escape_count = 0;
    const int status = recon_json_scan_has_avx512()
                           ? recon_json_quotes_avx512(scan, bytes, size, token_count, &escape_count)
                           : recon_json_quotes_avx2(scan, bytes, size, token_count, &escape_count);
    scan->escapes[escape_count] = UINT32_MAX;
    return status;
#else
    (void)scan, (void)bytes, (void)size, (void)token_count;
    return RECON_ERROR_INVALID;
#endif
}
