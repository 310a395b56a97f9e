#include "generate/line.h"

#include <string.h>

struct piece {
    const char *text;
    size_t size;
};
#define PIECE(text)                                                                                                    \
    {                                                                                                                  \
        (text), sizeof(text) - 1                                                                                       \
    }
#define PIECE_COUNT 16

/* All of them as they stand in JSON: with escapes that a reader must undo, and with UTF-8 that it must not. */
static const struct piece names[PIECE_COUNT] = {
    PIECE("Ada Lovelace"),
    PIECE("Zoë Brânză"),
    PIECE("José \\\"Pepe\\\" Ruiz"),
    PIECE("Łucja Wójcik"),
    PIECE("山田 太郎"),
    PIECE("Anne O'Neill"),
    PIECE("J\\u00fcrgen Wei\\u00df"),
    PIECE("Fatima Al-Sayed"),
    PIECE("Σωκράτης Παππάς"),
    PIECE("Ngozi Okafor"),
    PIECE("Ivan Petrov"),
    PIECE("Mei-Ling Chen"),
    PIECE("Bj\\u00f6rn Åkesson"),
    PIECE("Priya Sharma"),
    PIECE("Tom\\/Tina Baker"),
    PIECE("Lucia Rossi"),
};
static const struct piece cities[PIECE_COUNT] = {
    PIECE("Lisbon"), PIECE("Kraków"), PIECE("Osaka"),  PIECE("Nairobi"), PIECE("Lima"),   PIECE("Reykjavík"),
    PIECE("Athens"), PIECE("Québec"), PIECE("Pune"),   PIECE("Gdańsk"),  PIECE("Bogotá"), PIECE("Saint-Malo"),
    PIECE("Tromsø"), PIECE("Zürich"), PIECE("Aarhus"), PIECE("Hanoi"),
};
static const struct piece notes[PIECE_COUNT] = {
    PIECE("none"),
    PIECE("leave at the door"),
    PIECE("ring twice\\nthen wait"),
    PIECE("gift wrap, card: \\\"thank you\\\""),
    PIECE("call first"),
    PIECE("C:\\\\labels\\\\print.txt"),
    PIECE("fragile \\ud83c\\udf77"),
    PIECE("before 10 a.m."),
    PIECE("☎ only after 18:00"),
    PIECE("none"),
    PIECE("2nd floor\\tleft"),
    PIECE("with {receipt} [signed]"),
    PIECE("no substitutes, please"),
    PIECE("neighbour: №7"),
    PIECE("keep cool: 4 °C"),
    PIECE("as always"),
};

static char *put(char *to, const char *text, size_t size)
{
    memcpy(to, text, size);
    return to + size;
}
#define PUT(to, literal) put((to), (literal), sizeof(literal) - 1)

static char *put_piece(char *to, const struct piece *pieces, uint64_t drawn)
{
    const struct piece *piece = &pieces[drawn % PIECE_COUNT];
    return put(to, piece->text, piece->size);
}

static char *put_number(char *to, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return put(to, digits + at, sizeof digits - at);
}

static char *put_fixed(char *to, uint64_t number, int digit_count)
{
    for (int digit = digit_count - 1; digit >= 0; digit--) {
        to[digit] = (char)('0' + number % 10);
        number /= 10;
    }
    return to + digit_count;
}

static char *put_hex(char *to, uint64_t word, int digit_count)
{
    for (int digit = 0; digit < digit_count; digit++)
        *to++ = "0123456789abcdef"[word >> (4 * (digit_count - 1 - digit)) & 15];
    return to;
}

/* A UUID of version 4. Its last 62 bits are a bijection of i, so that no two are the same. */
static char *put_id(const struct recon_plan *plan, uint64_t i, char *to)
{
    uint64_t high = recon_plan_draw(plan, RECON_DRAW_ID, i);
    const uint64_t bits = (UINT64_C(1) << 62) - 1;
    uint64_t low = (i ^ plan->key[RECON_DRAW_ID_REST]) & bits;
    for (int turn = 0; turn < 2; turn++) {
        low = (low ^ low >> 31) * UINT64_C(0x9e3779b97f4a7c15) & bits;
        low = (low ^ low >> 29) * UINT64_C(0xbf58476d1ce4e5b9) & bits;
    }
    low ^= low >> 31;
    to = put_hex(to, high >> 32, 8);
    *to++ = '-';
    to = put_hex(to, high >> 16, 4);
    to = PUT(to, "-4");
    to = put_hex(to, high, 3);
    *to++ = '-';
    to = put_hex(to, UINT64_C(0x8000) | low >> 48, 4);
    *to++ = '-';
    return put_hex(to, low, 12);
}

static char *put_time(char *to, int64_t time, struct recon_second_text *second)
{
    int64_t of_second = time % 1000;
    if (of_second < 0)
        of_second += 1000;
    if (!second->is_set || second->second != time - of_second) {
        second->is_set = true;
        second->second = time - of_second;
        recon_time_format(second->second, second->text);
    }
    to = put(to, second->text, sizeof "2024-01-01T00:00:00." - 1);
    to = put_fixed(to, (uint64_t)of_second, 3);
    *to++ = 'Z';
    return to;
}

static char *put_source(const struct recon_plan *plan, uint64_t i, char *to)
{
    to = PUT(to, ",\"source\":\"shop-");
    to = put_fixed(to, recon_plan_source(plan, i), 3);
    *to++ = '"';
    return to;
}

/* What was ordered; both streams tell of it. */
struct order {
    uint64_t name, city, note, sku, quantity, cents;
};

static struct order order_of(const struct recon_plan *plan, uint64_t i)
{
    uint64_t drawn = recon_plan_draw(plan, RECON_DRAW_TEXT, i);
    return (struct order){.name = drawn,
                          .city = drawn >> 4,
                          .note = drawn >> 8,
                          .sku = (drawn >> 16) % 10000,
                          .quantity = 1 + (drawn >> 32) % 4,
                          .cents = 99 + (drawn >> 40) % 100000};
}

static char *put_money(char *to, uint64_t cents)
{
    to = put_number(to, cents / 100);
    *to++ = '.';
    return put_fixed(to, cents % 100, 2);
}

char *recon_line_audit(const struct recon_plan *plan, uint64_t i, int64_t time, int64_t emitted,
                       struct recon_second_text *second, char *to)
{
    struct order order = order_of(plan, i);
    to = PUT(to, "{\"id\":\"");
    to = put_id(plan, i, to);
    to = PUT(to, "\",\"event_time\":\"");
    to = put_time(to, time, second);
    to = PUT(to, "\",\"emitted_time\":\"");
    to = put_time(to, emitted, second);
    *to++ = '"';
    to = put_source(plan, i, to);
    to = PUT(to, ",\"context\":\"order ");
    to = put_number(to, 10000000 + i);
    to = PUT(to, " of ");
    to = put_piece(to, names, order.name);
    to = PUT(to, ", ");
    to = put_piece(to, cities, order.city);
    to = PUT(to, ": ");
    to = put_number(to, order.quantity);
    to = PUT(to, " x SKU-");
    to = put_fixed(to, order.sku, 4);
    to = PUT(to, ", ");
    to = put_money(to, order.quantity * order.cents);
    to = PUT(to, " EUR; sent by the checkout\"}\n");
    return to;
}

char *recon_line_event(const struct recon_plan *plan, uint64_t i, int64_t time, struct recon_second_text *second,
                       char *to)
{
    struct order order = order_of(plan, i);
    to = PUT(to, "{\"id\":\"");
    to = put_id(plan, i, to);
    to = PUT(to, "\",\"time\":\"");
    to = put_time(to, time, second);
    *to++ = '"';
    to = put_source(plan, i, to);
    to = PUT(to, ",\"order\":{\"number\":");
    to = put_number(to, 10000000 + i);
    to = PUT(to, ",\"customer\":{\"name\":\"");
    to = put_piece(to, names, order.name);
    to = PUT(to, "\",\"city\":\"");
    to = put_piece(to, cities, order.city);
    to = PUT(to, "\"},\"items\":[{\"sku\":\"SKU-");
    to = put_fixed(to, order.sku, 4);
    to = PUT(to, "\",\"quantity\":");
    to = put_number(to, order.quantity);
    to = PUT(to, ",\"price\":");
    to = put_money(to, order.cents);
    to = PUT(to, "}],\"note\":\"");
    to = put_piece(to, notes, order.note);
    to = PUT(to, "\"}}\n");
    return to;
}

static char *put_text(char *to, const char *text)
{
    return put(to, text, strlen(text));
}

char *recon_line_truth(const struct recon_plan *plan, uint64_t i, int64_t time, const struct recon_truth *truth,
                       struct recon_second_text *second, char *to)
{
    to = PUT(to, "{\"fate\":\"");
    to = put_text(to, truth->fate);
    to = PUT(to, "\",\"id\":\"");
    to = put_id(plan, i, to);
    to = PUT(to, "\",\"time\":\"");
    to = put_time(to, time, second);
    *to++ = '"';
    to = put_source(plan, i, to);
    if (truth->stream != NULL) {
        to = PUT(to, ",\"stream\":\"");
        to = put_text(to, truth->stream);
        *to++ = '"';
    }
    if (truth->reach != NULL) {
        to = PUT(to, ",\"late\":\"");
        to = put_text(to, truth->reach);
        to = PUT(to, "\",\"late_ms\":");
        to = put_number(to, (uint64_t)truth->late_ms);
        to = truth->stalled ? PUT(to, ",\"stalled\":true") : to;
    }
    return PUT(to, "}\n");
}
