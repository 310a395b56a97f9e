/*
 * Tables by which vectors judge UTF-8 (RFC 3629): a byte and the one before it, half a byte at a look.
 *
 * What may be wrong with the two is a bit each. It is wrong if the bit is set in all three tables, where the upper half
 * of the byte before, its lower half, and the upper half of the byte itself say. RECON_UTF8_FOLLOWERS alone is no fault
 * where a lead of three bytes stands two before or one of four bytes three before: there it must be.
 */
#ifndef RECON_CODEC_UTF8_PAIRS_H
#define RECON_CODEC_UTF8_PAIRS_H

#define RECON_UTF8_NO_FOLLOWER 0x01 /* behind a lead */
#define RECON_UTF8_NO_LEAD 0x02     /* before a follower: ASCII */
#define RECON_UTF8_LONG_2 0x04      /* C0, C1: what one byte says */
#define RECON_UTF8_LONG_3 0x08      /* E0, 80 to 9F: what two say */
#define RECON_UTF8_SURROGATE 0x10   /* ED, A0 to BF */
#define RECON_UTF8_LONG_4 0x20      /* F0, 80 to 8F: what three say; and so F5 to FF */
#define RECON_UTF8_BEYOND 0x40      /* F4, 90 to BF; and so F5 to FF */
#define RECON_UTF8_FOLLOWERS 0x80   /* two of them */

#define RECON_UTF8_FOLLOWER_OF(bits) ((char)(RECON_UTF8_NO_LEAD | RECON_UTF8_LONG_2 | RECON_UTF8_FOLLOWERS | (bits)))
#define RECON_UTF8_ANY(bits) ((char)(RECON_UTF8_NO_FOLLOWER | RECON_UTF8_NO_LEAD | RECON_UTF8_FOLLOWERS | (bits)))
#define RECON_UTF8_PAST_F4 RECON_UTF8_ANY(RECON_UTF8_LONG_4 | RECON_UTF8_BEYOND)

/* By the upper half of the byte before: 0 to 7, 8 to B, C, D, E, F. */
#define RECON_UTF8_BEFORE_HIGH                                                                                         \
    RECON_UTF8_NO_LEAD, RECON_UTF8_NO_LEAD, RECON_UTF8_NO_LEAD, RECON_UTF8_NO_LEAD, RECON_UTF8_NO_LEAD,                \
        RECON_UTF8_NO_LEAD, RECON_UTF8_NO_LEAD, RECON_UTF8_NO_LEAD, (char)RECON_UTF8_FOLLOWERS,                        \
        (char)RECON_UTF8_FOLLOWERS, (char)RECON_UTF8_FOLLOWERS, (char)RECON_UTF8_FOLLOWERS,                            \
        RECON_UTF8_NO_FOLLOWER | RECON_UTF8_LONG_2, RECON_UTF8_NO_FOLLOWER,                                            \
        RECON_UTF8_NO_FOLLOWER | RECON_UTF8_LONG_3 | RECON_UTF8_SURROGATE,                                             \
        RECON_UTF8_NO_FOLLOWER | RECON_UTF8_LONG_4 | RECON_UTF8_BEYOND

/* By its lower half: 0, 1, 2, 3, 4, then all that is past F4, but for ED. */
#define RECON_UTF8_BEFORE_LOW                                                                                          \
    RECON_UTF8_ANY(RECON_UTF8_LONG_2 | RECON_UTF8_LONG_3 | RECON_UTF8_LONG_4), RECON_UTF8_ANY(RECON_UTF8_LONG_2),      \
        RECON_UTF8_ANY(0), RECON_UTF8_ANY(0), RECON_UTF8_ANY(RECON_UTF8_BEYOND), RECON_UTF8_PAST_F4,                   \
        RECON_UTF8_PAST_F4, RECON_UTF8_PAST_F4, RECON_UTF8_PAST_F4, RECON_UTF8_PAST_F4, RECON_UTF8_PAST_F4,            \
        RECON_UTF8_PAST_F4, RECON_UTF8_PAST_F4,                                                                        \
        RECON_UTF8_ANY(RECON_UTF8_LONG_4 | RECON_UTF8_BEYOND | RECON_UTF8_SURROGATE), RECON_UTF8_PAST_F4,              \
        RECON_UTF8_PAST_F4

/* By the upper half of the byte itself: no follower; 8, 9, A, B; no follower. */
#define RECON_UTF8_HERE_HIGH                                                                                           \
    RECON_UTF8_NO_FOLLOWER, RECON_UTF8_NO_FOLLOWER, RECON_UTF8_NO_FOLLOWER, RECON_UTF8_NO_FOLLOWER,                    \
        RECON_UTF8_NO_FOLLOWER, RECON_UTF8_NO_FOLLOWER, RECON_UTF8_NO_FOLLOWER, RECON_UTF8_NO_FOLLOWER,                \
        RECON_UTF8_FOLLOWER_OF(RECON_UTF8_LONG_3 | RECON_UTF8_LONG_4),                                                 \
        RECON_UTF8_FOLLOWER_OF(RECON_UTF8_LONG_3 | RECON_UTF8_BEYOND),                                                 \
        RECON_UTF8_FOLLOWER_OF(RECON_UTF8_SURROGATE | RECON_UTF8_BEYOND),                                              \
        RECON_UTF8_FOLLOWER_OF(RECON_UTF8_SURROGATE | RECON_UTF8_BEYOND), RECON_UTF8_NO_FOLLOWER,                      \
        RECON_UTF8_NO_FOLLOWER, RECON_UTF8_NO_FOLLOWER, RECON_UTF8_NO_FOLLOWER

#endif
