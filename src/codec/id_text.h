/*
 * The text of an ID of several fields: they are joined by `|`. Where one of them holds a `|` itself the text alone
 * would not tell `a|b`,`c` from `a`,`b|c`, which are two IDs: then they are joined by a byte that no UTF-8 has. Whoever
 * shows such a text shows a `|` for it; whoever must tell IDs apart by it (keys of messages) does not.
 */
#ifndef RECON_CODEC_ID_TEXT_H
#define RECON_CODEC_ID_TEXT_H

#include <stdbool.h>
#include <string.h>

#include "recon/record.h"

#define RECON_ID_JOINT 0xff

/* What the fields of an ID are joined by. */
static inline char recon_id_joint(const struct recon_text *fields, size_t count)
{
    for (size_t i = 0; i < count && count > 1; i++)
        if (fields[i].size > 0 && memchr(fields[i].bytes, '|', fields[i].size) != NULL)
            return (char)RECON_ID_JOINT;
    return '|';
}

/* Whether that text needs the care above. */
static inline bool recon_id_has_joint(struct recon_text id)
{
    return id.size > 0 && memchr(id.bytes, RECON_ID_JOINT, id.size) != NULL;
}

#endif
